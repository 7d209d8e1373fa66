"""The open picker: thumbnails by class, by number or at random, and a canvas."""

from __future__ import annotations

import zlib

import numpy as np
import streamlit as st

from vae_core.data import handwriting
from vae_core.data.dataset import Refusal
from vae_core.training.run import Run
from widgets import address, paint, png
from widgets.picker import choice, sheet
from widgets.picker.source import Source

WAYS = ("Choose", "Draw")
ALL = -1  # of the classes
WIDTHS = {"Choose": 404, "Draw": 320}  # pixels


def panel(key: str, run: Run, source: Source, default: int) -> None:
    """What is open beside the image in use."""
    drawn = choice.is_drawn(key) or not len(source)
    way = st.segmented_control(
        "Where the image comes from",
        WAYS,
        default=WAYS[drawn],
        required=True,
        key=f"{key}-way",
        label_visibility="collapsed",
    )
    with st.container(width=WIDTHS[str(way)]):
        if way == "Draw":
            _draw(key, run)
        else:
            _choose(key, source, None if drawn else choice.index(key, len(source), default))


def _choose(key: str, source: Source, chosen: int | None) -> None:
    if source.note is not None:
        st.caption(f"{source.note} These are the images kept with the run." if len(source) else source.note)
    if not len(source):
        return
    label = _tools(key, source, chosen)
    numbers = source.of_class(label)
    page = choice.recall(key, "page")
    if not isinstance(page, int):
        place = np.flatnonzero(numbers == chosen) if chosen is not None else ()
        page = int(place[0]) // sheet.PAGE if len(place) else 0
    page = min(max(page, 0), max(0, (len(numbers) - 1) // sheet.PAGE))

    def take(number: int) -> None:
        if number < len(source):
            choice.remember(key, "page", page)  # the sheet stays where it is
            choice.take(key, number)

    def turn(pages: int) -> None:
        choice.remember(key, "page", page + max(-1, min(1, pages)))

    sheet.sheet(f"{key}-sheet", source, numbers, page, chosen, take, turn)


def _tools(key: str, source: Source, chosen: int | None) -> int | None:
    """Class, number, at random; returns the class."""
    label: int | None = None
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        if source.labels is not None and source.classes:
            asked = st.selectbox(
                "Class",
                [ALL, *range(len(source.classes))],
                format_func=lambda k: "all" if k == ALL else source.classes[k],
                key=f"{key}-class",
                on_change=lambda: choice.remember(key, "page", 0),
                help="Only images of this class.",
                width=130,
            )
            label = None if asked == ALL else asked
        number = address.key_showing(f"{key}-number", chosen)
        st.number_input(
            "Number",
            0,
            len(source) - 1,
            step=1,
            key=number,
            on_change=lambda: _by_number(key, st.session_state[number]),
            help=f"Of the image in the {source.kind} set.",
            width=130,
        )
        st.button(
            "At random",
            key=f"{key}-random",
            icon=":material/casino:",
            on_click=_at_random,
            args=(key, source.of_class(label)),
            help="Any image of the class.",
        )
    return label


def _by_number(key: str, number: int | None) -> None:
    if number is not None:
        choice.remember(key, "page", None)  # the sheet opens where the image is
        choice.take(key, number)


def _at_random(key: str, numbers: np.ndarray) -> None:
    turn = choice.recall(key, "turn", 0)
    assert isinstance(turn, int)
    choice.remember(key, "turn", turn + 1)
    if len(numbers):
        generator = np.random.default_rng([zlib.crc32(key.encode()), turn])
        _by_number(key, int(generator.choice(numbers)))


def _draw(key: str, run: Run) -> None:
    source = run.spec.data
    drawn = paint.draw(
        choice.canvas_key(key, source),
        choice.canvas_shape(source),
        size=WIDTHS["Draw"],
        label="Canvas",
        on_change=lambda: choice.take_drawing(key),
    )
    if drawn is None:
        st.caption("Draw with pointer, finger or keyboard. The drawing stays in this browser tab.")
        return
    try:
        image = handwriting.like_data(drawn, source.name, source.shape)
    except Refusal as refusal:
        st.caption(f"{str(refusal).capitalize()}.")
        return
    centred = "Centred and scaled as the data are" if source.name in handwriting.BOXES else "Resized"
    st.html(
        f'<div class="elbo-picked small"><img alt="As the model gets it" src="{png.address(image)}">'
        f"<p><small>{centred}: this is what the model gets. A link cannot hold it; it stays in this tab."
        "</small></p></div>"
    )
    if not choice.is_drawn(key):
        st.button("Use this drawing", key=f"{key}-use", on_click=choice.take_drawing, args=(key,))

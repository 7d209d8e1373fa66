"""The open picker: thumbnails by class, by number or at random; a canvas; a file of one's own."""

from __future__ import annotations

import zlib
from dataclasses import replace
from html import escape

import numpy as np
import streamlit as st

from vae_core.data import handwriting
from vae_core.data.dataset import Refusal
from vae_core.data.folder import SUFFIXES
from vae_core.runs.run import Run
from widgets.components import paint
from widgets.components.picker import choice, sheet, unlike
from widgets.components.picker.source import Source
from widgets.shell import data_url, url_state
from widgets.shell.error_boundary import callback

ALL = -1  # of the classes
CHOOSE, DRAW, UPLOAD = "Choose", "Draw", "Upload"
WIDTHS = {CHOOSE: 404, DRAW: 320, UPLOAD: 320}  # pixels
MOST_UPLOADED = 10  # MB


def panel(key: str, run: Run, source: Source, default: int) -> None:
    """What is open beside the image in use."""
    made = choice.made(key)
    numbered = len(source) > 0 and made is None
    way = st.segmented_control(
        "Where the image comes from",
        list(WIDTHS),
        default=CHOOSE if numbered else UPLOAD if made == choice.OWN else DRAW,
        required=True,
        key=f"{key}-way",
        label_visibility="collapsed",
        persist_state="session",
    )
    with st.container(width=WIDTHS[str(way)]):
        if way == DRAW:
            _draw(key, run, source)
        elif way == UPLOAD:
            _upload(key, run, source)
        else:
            _choose(key, source, choice.index(key, len(source), default) if numbered else None)


def _choose(key: str, source: Source, chosen: int | None) -> None:
    if source.note is not None:
        st.caption(f"{source.note} These are the images kept with the run." if len(source) else source.note)
    if not len(source):
        return
    label = _tools(key, source, chosen)
    numbers = source.of_class(label)
    page = choice.recall(key, "page")
    if not isinstance(page, int):
        place = np.flatnonzero(numbers == chosen) if chosen is not None else np.zeros(0, int)
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
                key=f"{key}-class-{len(source.classes)}",
                persist_state="session",
                on_change=callback(lambda: choice.remember(key, "page", 0)),
                help="Only images of this class.",
                width=130,
            )
            label = None if asked == ALL else asked
        number = url_state.key_showing(f"{key}-number", chosen)
        st.number_input(
            "Number",
            0,
            len(source) - 1,
            step=1,
            key=number,
            on_change=url_state.heard(number, lambda chosen: _by_number(key, chosen)),
            help=f"Of the image in the {source.kind} set.",
            width=130,
        )
        st.button(
            "At random",
            key=f"{key}-random",
            icon=":material/casino:",
            on_click=callback(_at_random),
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


def _draw(key: str, run: Run, source: Source) -> None:
    data = run.spec.data
    drawn = paint.draw(
        choice.canvas_key(key, data),
        choice.canvas_shape(data),
        size=WIDTHS[DRAW],
        label="Canvas",
        on_change=callback(lambda: choice.take_made(key, choice.DRAWN)),
    )
    if drawn is None:
        st.caption("Draw with the pointer, a finger or the keyboard.")
    else:
        _result(key, run, source, choice.DRAWN, f"{_adapted(data.name)}: this is what the model gets.")


def _adapted(name: str) -> str:
    return "Centred and scaled as the data are" if name in handwriting.BOXES else "Resized"


def _upload(key: str, run: Run, source: Source) -> None:
    channels, height, width = run.spec.data.shape
    colour = "grey" if channels == 1 else "colour"
    widget = f"{key}-file"

    def take() -> None:
        file = st.session_state[widget]
        choice.upload(key, None if file is None else choice.File(file.name, file.getvalue()))

    st.file_uploader(
        "An image of your own",
        [suffix.removeprefix(".") for suffix in SUFFIXES],
        key=widget,
        max_upload_size=MOST_UPLOADED,
        on_change=callback(take),
        help=f"It is cut to shape from its middle and brought to {height} × {width} pixels, in {colour}.",
    )
    file = choice.uploaded(key)
    if file is None:
        return
    st.toggle(
        "Invert",
        value=file.inverted,
        key=f"{key}-invert",
        on_change=callback(
            lambda: choice.upload(key, replace(file, inverted=st.session_state[f"{key}-invert"]))
        ),
        help="Dark ink on light paper becomes light on dark, as MNIST's digits are.",
    )
    _result(key, run, source, choice.OWN, f"{file.name}: this is what the model gets.")


def _result(key: str, run: Run, source: Source, how: str, words: str) -> None:
    """What a drawing or a file is for the model."""
    try:
        image = choice.image(key, how, run.spec.data)
    except Refusal as refusal:
        st.caption(sentence(refusal))
        return
    if image is None:
        return
    st.html(
        f'<div class="elbo-picked small"><img alt="As the model gets it" src="{data_url.address(image)}">'
        f"<p><small>{escape(words)} A link cannot hold it; it stays in this tab.</small></p></div>"
    )
    if source.kind == "test":
        unlike.say(run, image)
    if choice.made(key) != how:
        st.button("Use this image", key=f"{key}-use", on_click=callback(choice.take_made), args=(key, how))


def sentence(refusal: Refusal) -> str:
    text = str(refusal)
    return f"{text[:1].upper()}{text[1:]}."

"""The open picker: thumbnails by class, by number or at random; a canvas; pictures of one's own."""

from __future__ import annotations

import zlib
from html import escape

import numpy as np
import streamlit as st

from vae_core.data import handwriting
from vae_core.data.dataset import Refusal
from vae_core.runs.run import Run
from widgets.components import paint
from widgets.components.picker import choice, own_pictures, result, sheet
from widgets.components.picker.source import Source
from widgets.shell import data_url, url_state
from widgets.shell.error_boundary import callback
from widgets.shell.link_pictures import Drawing, Picture, StoredFile

ALL = -1  # of the classes
CHOOSE, DRAW, UPLOAD, CAMERA = "Choose", "Draw", "Upload", "Camera"
WIDTHS = {CHOOSE: 404, DRAW: 320, UPLOAD: 320, CAMERA: 320}  # pixels


def panel(field: Picture, run: Run, source: Source, default: int) -> None:
    """What is open beside the image in use."""
    key, picture = field.name, choice.picture(field)
    numbered = len(source) > 0 and not isinstance(picture, Drawing | StoredFile)
    way = st.segmented_control(
        "Where the image comes from",
        list(WIDTHS),
        default=CHOOSE if numbered else UPLOAD if isinstance(picture, StoredFile) else DRAW,
        required=True,
        key=f"{key}-way",
        label_visibility="collapsed",
        persist_state="session",
    )
    with st.container(width=WIDTHS[str(way)]):
        if way == DRAW:
            _draw(field, run, source)
        elif way == UPLOAD:
            own_pictures.upload(field, run, source)
        elif way == CAMERA:
            own_pictures.camera(field, run, source)
        else:
            number = default if picture is None else picture
            _choose(field, source, min(number, len(source) - 1) if isinstance(number, int) else None)


def _choose(field: Picture, source: Source, chosen: int | None) -> None:
    key = field.name
    if source.note is not None:
        st.caption(f"{source.note} These are the images kept with the run." if len(source) else source.note)
    if not len(source):
        return
    label = _tools(field, source, chosen)
    numbers = source.of_class(label)
    page = choice.recall(key, "page")
    if not isinstance(page, int):
        place = np.flatnonzero(numbers == chosen) if chosen is not None else np.zeros(0, int)
        page = int(place[0]) // sheet.PAGE if len(place) else 0
    page = min(max(page, 0), max(0, (len(numbers) - 1) // sheet.PAGE))

    def take(number: int) -> None:
        if number < len(source):
            choice.remember(key, "page", page)  # the sheet stays where it is
            choice.take(field, number)

    def turn(pages: int) -> None:
        choice.remember(key, "page", page + max(-1, min(1, pages)))

    sheet.sheet(f"{key}-sheet", source, numbers, page, chosen, take, turn)


def _tools(field: Picture, source: Source, chosen: int | None) -> int | None:
    """Class, number, at random; returns the class."""
    key, label = field.name, None
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        if source.labels is not None and source.classes:
            class_chosen = st.selectbox(
                "Class",
                [ALL, *range(len(source.classes))],
                format_func=lambda k: "all" if k == ALL else source.classes[k],
                key=f"{key}-class-{len(source.classes)}",
                persist_state="session",
                on_change=callback(lambda: choice.remember(key, "page", 0)),
                help="Only images of this class.",
                width=130,
            )
            label = None if class_chosen == ALL else class_chosen
        number = url_state.key_showing(f"{key}-number", chosen)
        st.number_input(
            "Number",
            0,
            len(source) - 1,
            chosen,
            step=1,
            key=number,
            on_change=url_state.heard(number, lambda chosen: _by_number(field, chosen)),
            help=f"Of the image in the {source.kind} set.",
            width=130,
        )
        st.button(
            "At random",
            key=f"{key}-random",
            icon=":material/casino:",
            on_click=callback(_at_random),
            args=(field, source.of_class(label)),
            help="Any image of the class.",
        )
    return label


def _by_number(field: Picture, number: int | None) -> None:
    if number is not None:
        choice.remember(field.name, "page", None)  # the sheet opens where the image is
        choice.take(field, number)


def _at_random(field: Picture, numbers: np.ndarray) -> None:
    key = field.name
    turn = choice.recall(key, "turn", 0)
    assert isinstance(turn, int)
    choice.remember(key, "turn", turn + 1)
    if len(numbers):
        generator = np.random.default_rng([zlib.crc32(key.encode()), turn])
        _by_number(field, int(generator.choice(numbers)))


def _draw(field: Picture, run: Run, source: Source) -> None:
    data = run.spec.data
    shape = choice.canvas_shape(data)
    canvas = choice.canvas(field, shape)
    drawing = canvas.holder().state or Drawing(np.zeros(shape, bool))
    paint.draw(
        canvas.key,
        shape,
        image=np.uint8(255) * drawing.pixels,
        revision=canvas.revision,
        size=WIDTHS[DRAW],
        label="Canvas",
        on_change=callback(lambda grey: choice.draw(field, canvas, grey)),
    )
    if not drawing.pixels.any():
        st.caption("Draw with the pointer, a finger or the keyboard.")
        return
    words = f"{_adapted(data.name)}: {result.gets(run)} The link holds the drawing."
    try:
        image = choice.image(drawing, data)
    except Refusal as refusal:
        st.caption(result.sentence(refusal))
    else:
        assert image is not None
        st.html(
            f'<div class="elbo-picked small"><img alt="As the model gets it" src="{data_url.address(image)}">'
            f"<p><small>{escape(words)}</small></p></div>"
        )
        result.compare(run, source, image)
    if not isinstance(choice.picture(field), Drawing):
        st.button(
            "Use this image",
            key=f"{field.name}-use",
            on_click=callback(choice.use_drawing),
            args=(field, drawing),
        )


def _adapted(name: str) -> str:
    return "Centred and scaled as the data are" if name in handwriting.BOXES else "Resized"

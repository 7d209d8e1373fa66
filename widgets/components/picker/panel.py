"""The open picker: thumbnails by class, by number or at random; a canvas; a file of one's own."""

from __future__ import annotations

import zlib
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
from widgets.shell.link_pictures import Drawing, Picture, StoredFile

ALL = -1  # of the classes
CHOOSE, DRAW, UPLOAD = "Choose", "Draw", "Upload"
WIDTHS = {CHOOSE: 404, DRAW: 320, UPLOAD: 320}  # pixels
MOST_UPLOADED = 10  # MB


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
            _upload(field, run, source)
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
    words = f"{_adapted(data.name)}: this is what the model gets. The link holds the drawing."
    _result(run, source, drawing, words)
    if not isinstance(choice.picture(field), Drawing):
        st.button(
            "Use this image",
            key=f"{field.name}-use",
            on_click=callback(choice.use_drawing),
            args=(field, drawing),
        )


def _adapted(name: str) -> str:
    return "Centred and scaled as the data are" if name in handwriting.BOXES else "Resized"


def _upload(field: Picture, run: Run, source: Source) -> None:
    key = field.name
    channels, height, width = run.spec.data.shape
    colour = "grey" if channels == 1 else "colour"
    widget = f"{key}-file"

    def take() -> None:
        file = st.session_state[widget]
        if file is None:
            return
        try:
            choice.upload(field, file.name, file.getvalue())
        except Refusal as refusal:
            choice.remember(key, "refused", sentence(refusal))

    st.file_uploader(
        "An image of your own",
        [suffix.removeprefix(".") for suffix in SUFFIXES],
        key=widget,
        max_upload_size=MOST_UPLOADED,
        on_change=callback(take),
        help=f"It is cut to shape from its middle and brought to {height} × {width} pixels, in {colour}.",
    )
    if (refused := choice.recall(key, "refused")) is not None:
        choice.remember(key, "refused", None)
        st.caption(refused)
    picture = choice.picture(field)
    if isinstance(picture, StoredFile):
        choice.remember(key, "stored", picture)
    stored = choice.recall(key, "stored")
    if not isinstance(stored, StoredFile) or (file := choice.file_of(stored)) is None:
        return
    invert = url_state.key_showing(f"{key}-invert", stored.inverted)
    st.toggle(
        "Invert",
        stored.inverted,
        key=invert,
        on_change=url_state.heard(
            invert, lambda inverted: url_state.write(field, StoredFile(stored.mark, inverted).text())
        ),
        help="Dark ink on light paper becomes light on dark, as MNIST's digits are.",
    )
    words = (
        f"{file.name}: this is what the model gets. The picture stays in this browser; in another one the "
        "link shows another image."
    )
    _result(run, source, stored, words)
    if picture != stored:
        st.button(
            "Use this image",
            key=f"{key}-use",
            on_click=callback(url_state.write),
            args=(field, stored.text()),
        )


def _result(run: Run, source: Source, made: Drawing | StoredFile, words: str) -> None:
    """What a drawing or a file is for the model."""
    try:
        image = choice.image(made, run.spec.data)
    except Refusal as refusal:
        st.caption(sentence(refusal))
        return
    if image is None:
        return
    st.html(
        f'<div class="elbo-picked small"><img alt="As the model gets it" src="{data_url.address(image)}">'
        f"<p><small>{escape(words)}</small></p></div>"
    )
    if source.kind == "test":
        unlike.warn(run, image)


def sentence(refusal: Refusal) -> str:
    text = str(refusal)
    return f"{text[:1].upper()}{text[1:]}."

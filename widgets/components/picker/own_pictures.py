"""Pictures of one's own in the open picker: files and the camera, and what becomes of them.

A photo of ink on paper is shown before and after: the photo, the ink found, the image as the model sees it.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import streamlit as st

from vae_core.data import handwriting, photo
from vae_core.data.dataset import Refusal
from vae_core.data.folder import SUFFIXES, read_one
from vae_core.runs.run import Run
from widgets.components.picker import choice, result, sheet
from widgets.components.picker.source import Source
from widgets.shell import sheets, url_state
from widgets.shell.error_boundary import callback
from widgets.shell.link_pictures import Picture, StoredFile

MOST_UPLOADED = 10  # MB
THUMBNAIL, ACROSS = 48, 6  # pixels a side, and pictures in a line, of the strip
SHOWN = 240  # pixels a side, at most, of a photo that is shown small
FRAME = (15, 106, 115)  # around the ink, on the photo
UNSEEN = 5  # per cent: the threshold offered where none is found


def upload(field: Picture, run: Run, source: Source) -> None:
    """Files, and those of the session to choose from."""
    # Another one for each upload: what it gave stands in the strip.
    widget = f"{field.name}-file-{choice.recall(field.name, 'uploads', 0)}"

    def heard() -> None:
        if given := st.session_state[widget]:
            choice.remember(field.name, "uploads", choice.recall(field.name, "uploads", 0) + 1)
            take(field, [(file.name, file.getvalue()) for file in given])

    st.file_uploader(
        "Pictures of your own",
        [suffix.removeprefix(".") for suffix in SUFFIXES],
        accept_multiple_files=True,
        key=widget,
        max_upload_size=MOST_UPLOADED,
        on_change=callback(heard),
        help="Photos of ink on paper too. A picture can also be dropped on the image in use, or pasted with "
        "Ctrl+V.",
    )
    refused(field)
    _used(field, run, source)


def camera(field: Picture, run: Run, source: Source) -> None:
    widget = f"{field.name}-camera"

    def heard() -> None:
        if (taken := st.session_state[widget]) is not None:
            take(field, [("photo of the camera", taken.getvalue())])

    st.camera_input(
        "A photo",
        key=widget,
        on_change=callback(heard),
        help="Ink on paper: one digit, as large as the picture allows. The browser asks before it looks.",
    )
    refused(field)
    _used(field, run, source)


def take(field: Picture, files: Sequence[tuple[str, bytes]]) -> None:
    """Files by name and content, however they came."""
    most = choice.MOST_FILES
    sentences = [result.sentence(each) for each in choice.upload(field, files[:most])]
    if len(files) > most:
        sentences.append(f"At most {most} pictures are taken at once: the first ones.")
    choice.remember(field.name, "refused", (" ".join(sentences), url_state.read(field)))


def refused(field: Picture) -> None:
    """Says what could not be read, until another image is chosen."""
    sentences, used = choice.recall(field.name, "refused", ("", None))
    if sentences and used == url_state.read(field):
        st.caption(sentences)


def _used(field: Picture, run: Run, source: Source) -> None:
    """The file in use, else the last one that was: how it is looked at, before and after."""
    key, picture = field.name, choice.picture(field)
    if isinstance(picture, StoredFile):
        choice.remember(key, "stored", picture)
    stored = choice.recall(key, "stored")
    if not isinstance(stored, StoredFile) or (file := choice.file_of(stored)) is None:
        return
    _strip(field, stored)
    try:
        ink = choice.is_ink(stored, file, run.spec.data)
    except Refusal as refusal:
        st.caption(result.sentence(refusal))
        return
    image = _before_and_after(run, stored, file, ink)
    _controls(field, run, stored, file, ink)
    if image is not None:
        _said(run, source, stored, image, ink)
    if picture != stored:
        st.button(
            "Use this image",
            key=f"{key}-use",
            on_click=callback(url_state.write),
            args=(field, stored.text()),
        )


def _strip(field: Picture, stored: StoredFile) -> None:
    """The pictures of the session, where there are several."""
    files = choice.files()
    if len(files) < 2:
        return
    thumbnails = np.stack([_thumbnail(file.content) for file in files])
    pictures = Source(thumbnails, None, (), "own", names=tuple(file.name for file in files))
    chosen = [file.mark for file in files].index(stored.mark)
    sheet.sheet(
        f"{field.name}-strip",
        pictures,
        np.arange(len(files)),
        0,
        chosen,
        lambda number: url_state.write(field, StoredFile(files[number].mark).text()),
        lambda pages: None,
        columns=ACROSS,
    )


@st.cache_data(max_entries=64, show_spinner=False)
def _thumbnail(content: bytes) -> np.ndarray:
    return read_one("the file", content, (3, THUMBNAIL, THUMBNAIL))


def _controls(field: Picture, run: Run, stored: StoredFile, file: choice.File, ink: bool) -> None:
    key, mark = field.name, stored.mark
    by_look = choice.is_ink(StoredFile(mark), file, run.spec.data)

    def write(how: StoredFile) -> None:
        url_state.write(field, how.text())

    def looked_at(ink: bool) -> StoredFile:
        return StoredFile(mark, ink=None if ink == by_look else ink)

    switch = url_state.key_showing(f"{key}-ink", ink)
    st.toggle(
        "Ink on paper",
        ink,
        key=switch,
        on_change=url_state.heard(switch, lambda ink: write(looked_at(ink))),
        help="Finds the ink on a photo, or the chalk on a board, and makes it white on black. Where the data "
        "are handwritten, it is on by itself for what looks like such a photo.",
    )
    if ink:
        _threshold(field, stored, file)
        return
    invert = url_state.key_showing(f"{key}-invert", stored.inverted)
    st.toggle(
        "Invert",
        stored.inverted,
        key=invert,
        on_change=url_state.heard(
            invert, lambda invert: write(StoredFile(mark, inverted=True) if invert else looked_at(False))
        ),
        help="The picture as it is, with dark for light: the ground of MNIST's digits is black.",
    )


def _threshold(field: Picture, stored: StoredFile, file: choice.File) -> None:
    """A slider, at what was found until it is moved."""
    try:
        found = choice.ink(StoredFile(stored.mark), file).automatic
    except Refusal:
        found = None
    usual = UNSEEN if found is None else round(100 * found)
    value = stored.threshold or usual
    slider = url_state.key_showing(f"{field.name}-threshold", value)

    def write(threshold: int) -> None:
        how = StoredFile(stored.mark, ink=True, threshold=None if threshold == usual else threshold)
        url_state.write(field, how.text())

    st.slider(
        "Threshold, %",
        1,
        99,
        value,
        key=slider,
        on_change=url_state.heard(slider, write),
        help="What is darker than the paper by more than this is ink."
        + ("" if found is None else f" Found by itself: {usual} %."),
    )


def _before_and_after(run: Run, stored: StoredFile, file: choice.File, looking: bool) -> np.ndarray | None:
    """Shows and gives back the image as the model gets it; None, after a sentence, where there is none."""
    try:
        pixels = choice.pixels(file)
        ink = choice.ink(stored, file) if looking else None
        image = choice.image(stored, run.spec.data)
    except Refusal as refusal:
        st.caption(result.sentence(refusal))
        return None
    assert image is not None
    steps = [("Photo" if looking else "Picture", _small(pixels, ink), file.name)]
    if ink is not None:
        steps.append(("Ink found", _ink(ink), f"Darker than the paper by more than {ink.threshold:.0%}"))
    steps.append(("As the model sees it", image, "As the model gets it"))
    sheets.row(steps, 100, 3)
    return image


def _said(run: Run, source: Source, stored: StoredFile, image: np.ndarray, looking: bool) -> None:
    if not looking:
        how = f"Cut to shape from its middle, {'inverted, ' if stored.inverted else ''}resized"
    elif run.spec.data.name in handwriting.BOXES:
        how = "Cropped to its ink, centred, scaled and drawn as thick as the data are"
    else:
        how = "Its ink, cut to shape from the middle of the photo and resized"
    st.caption(
        f"{how}: {result.gets(run)} The picture stays in this browser; in another one the link shows another "
        "image."
    )
    if not looking and len(source) and photo.light_ground(image) and not _light(source):
        st.caption(
            "The ground is light, where that of the test images is black: **Ink on paper** finds what is "
            "drawn, **Invert** makes dark light."
        )
    result.compare(run, source, image)


def _light(source: Source) -> bool:
    """Whether the ground of most of the first images is light."""
    return bool(np.mean([photo.light_ground(image) for image in source.images[:20]]) > 0.5)


def _small(pixels: np.ndarray, ink: photo.Ink | None) -> np.ndarray:
    """A photo, uint8 [H, W, 3], as uint8 [3, h, w], with a frame around the ink."""
    step = -(-max(pixels.shape[:2]) // SHOWN)
    small = pixels[::step, ::step].transpose(2, 0, 1).copy()
    if ink is not None:
        top, left, bottom, right = (side // step for side in ink.box)
        line = 2  # pixels, around the box: the browser shows it at half the size
        frame = np.zeros(small.shape[1:], bool)
        frame[max(0, top - line) : bottom + line, max(0, left - line) : right + line] = True
        frame[top:bottom, left:right] = False
        small[:, frame] = np.array(FRAME, np.uint8)[:, None]
    return small


def _ink(ink: photo.Ink) -> np.ndarray:
    """Its mask as uint8 [1, h, w]: thin lines stay whole."""
    step = -(-max(ink.mask.shape) // SHOWN)
    height, width = (-(-side // step) for side in ink.mask.shape)
    whole = np.zeros((height * step, width * step), bool)
    whole[: ink.mask.shape[0], : ink.mask.shape[1]] = ink.mask
    small = np.asarray(whole.reshape(height, step, width, step).any((1, 3)), np.uint8)
    return 255 * small[None]

"""Images of one's own, uploaded, and kept under a name for everybody who uses this server."""

from __future__ import annotations

from html import escape
from pathlib import Path
from zlib import crc32

import numpy as np
import streamlit as st

from pages.sections.train import draft
from vae_core.data import own_sets, suggestion, uploads
from vae_core.data.dataset import Refusal
from vae_core.data.folder import SUFFIXES
from vae_core.data.suggestion import Suggestion
from vae_core.data.uploads import Upload
from vae_core.spec import Likelihood, titles
from widgets.shell import data_url, fragments, words
from widgets.shell.error_boundary import callback

DIALOG = "own_dialog"  # in the session: which dialog is open, if one is, also while the page runs anew
UPLOAD, DRAW = "upload", "draw"
READ = "own_read"  # in the session: (which files, their size in pixels, what was read of them)
SHOWN = 6  # sentences on refused files, and classes; the rest are counted
PREVIEW = 12  # images
COLOUR, GREY = "Colour", "Grey"
BINARISATIONS = {"none": "no binarisation", "dynamic": "dynamic binarisation"}


def close() -> None:
    st.session_state.pop(DIALOG, None)


@fragments.dialog("Upload your own images", width="medium", on_dismiss=callback(close))
def dialog() -> None:
    files = st.file_uploader(
        "Pictures, a folder of them as a zip, .npy or .npz",
        accept_multiple_files=True,
        key="own-files",
        help=f"Pictures are {', '.join(SUFFIXES)}. Folders in a zip name the classes.",
    )
    if not files:
        st.session_state.pop(READ, None)
        st.caption(
            "Each picture is cut to a square from its middle. What you keep stays on the machine of this "
            "server: whoever uses it can train on the set, and delete it."
        )
        return
    named = tuple(file.file_id for file in files)
    turn = crc32(repr(named).encode())  # other files have other suggestions
    try:
        found = _read(named, [(file.name, file.getvalue()) for file in files], f"own-side-{turn}")
    except Refusal as refusal:
        st.error(words.literal(sentence(refusal)), icon=":material/error:")
        return
    images = _size_and_colour(found, turn)
    _preview(images, found)
    suggested = suggestion.of(images)
    likelihood = titles(Likelihood)[suggested.likelihood]
    st.markdown(f"**Suggested: {likelihood}, {BINARISATIONS[suggested.binarisation]}.** {suggested.reason}")
    for warning in filter(None, (suggestion.warning(len(images)), found.note)):
        st.caption(f":orange[:material/warning: {words.literal(warning)}]")
    _keep(files[0].name, turn, images, found, suggested)
    _refused(found.refused)


def sentence(refusal: Refusal) -> str:
    text = str(refusal)
    return f"{text[:1].upper()}{text[1:]}."


def _read(named: tuple[str, ...], files: list[tuple[str, bytes]], side_key: str) -> Upload:
    """What the files hold; read again only where files or size are others."""
    side = st.session_state.get(side_key)
    before = st.session_state.get(READ)
    if before is not None and before[0] == named and side in (None, before[1]):
        kept: Upload = before[2]
        return kept
    bar = st.progress(0.0, "Reading the files")

    def report(done: float, text: str) -> None:
        bar.progress(done, text)

    try:
        found = uploads.read(files, side, report)
    finally:
        bar.empty()
    st.session_state[READ] = named, found.side, found
    return found


def _size_and_colour(found: Upload, turn: int) -> np.ndarray:
    """The images in the size and the colours that are chosen, uint8 [N, C, S, S]."""
    coloured = suggestion.has_colour(found.images)
    left, right = st.columns(2, vertical_alignment="bottom")
    with left:
        st.number_input(
            "Size in pixels",
            uploads.LEAST_SIDE,
            uploads.MOST_SIDE,
            found.side,
            key=f"own-side-{turn}",
            help="Images are brought to this height and width. MNIST has 28, and small ones train fast.",
        )
    with right:
        colours = st.segmented_control(
            "Colours",
            [COLOUR, GREY],
            default=COLOUR if coloured else GREY,
            required=True,
            key=f"own-colours-{turn}",
            help="Suggested: colour, as the pictures have some."
            if coloured
            else "Suggested: grey, as the pictures have no colours. It is a third of the numbers.",
        )
    return found.images if colours == COLOUR else suggestion.to_grey(found.images)


def _preview(images: np.ndarray, found: Upload) -> None:
    row = own_sets.side_by_side(images, found.labels, min(PREVIEW, len(images)), min(64, found.side))
    picture = data_url.address(row.transpose(2, 0, 1))
    width = 100 * min(PREVIEW, len(images)) / PREVIEW
    st.html(
        f'<div class="elbo-strip"><img alt="The first images of each class, as a model gets them" '
        f'style="width: {width:.0f}%" src="{picture}"></div>'
    )
    counts = own_sets.counts(found.labels, found.class_names)
    kinds = [f"{escape(name)} {count:,}" for name, count in list(counts.items())[:SHOWN]]
    more = [f"{len(counts) - SHOWN:,} more"] if len(counts) > SHOWN else []
    said = f" in {len(counts):,} classes: {', '.join(kinds + more)}" if counts else ", without classes"
    st.html(f"<p><b>{len(images):,} images</b>{said}.</p>")


def _refused(sentences: tuple[str, ...]) -> None:
    if not sentences:
        return
    files = "file is" if len(sentences) == 1 else "files are"
    lines = [f"- {words.literal(each)}" for each in sentences[:SHOWN]]
    more = [f"- and {len(sentences) - SHOWN:,} more"] if len(sentences) > SHOWN else []
    st.warning(
        "\n".join([f"{len(sentences):,} {files} left out; the others stay.\n", *lines, *more]),
        icon=":material/block:",
    )


def _keep(file: str, turn: int, images: np.ndarray, found: Upload, suggested: Suggestion) -> None:
    left, right = st.columns([0.7, 0.3], vertical_alignment="bottom")
    with left:
        name = st.text_input(
            "Name of the set",
            own_sets.free_name(Path(file).stem),
            max_chars=own_sets.NAME_LENGTH,
            key=f"own-name-{turn}",
            help="Under which it stands among the images from now on, for everybody on this server.",
        )
    few = len(images) < uploads.own.MIN_IMAGES
    if not right.button("Keep and use", key="own-keep", type="primary", disabled=few, width="stretch"):
        return
    channels, height, width = images.shape[1:]
    about = own_sets.About(
        (channels, height, width),
        len(images),
        found.class_names,
        likelihood=suggested.likelihood,
        binarisation=suggested.binarisation,
    )
    try:
        kept = own_sets.save(name, own_sets.Content(about, images, found.labels, found.test))
    except Refusal as refusal:
        st.error(words.literal(sentence(refusal)), icon=":material/error:")
        return
    st.session_state.pop(READ, None)
    draft.use_own(kept)
    close()
    st.rerun()

"""Choosing the images to learn from, by looking at some of them."""

from __future__ import annotations

import base64
import io
from html import escape
from typing import Any

import numpy as np
import streamlit as st

from pages.sections.train import draft, own_drawings, own_images
from pages.sections.train.fields import say
from vae_core import data
from vae_core.data import own_sets
from vae_core.data.catalogue import CATALOGUE, DOWNLOAD, title
from vae_core.data.dataset import Refusal
from vae_core.spec import Data, Spec
from widgets.server import paths
from widgets.shell import words
from widgets.shell.error_boundary import callback

OPEN = "images-open"  # whether the popover is
DELETED = "own_deleted"  # in the session: (name, mark) of the set that was deleted last


@st.cache_data(max_entries=32, show_spinner=False, ttl=60)
def strip(name: str) -> str | None:
    """A few of the dataset's images side by side as a PNG, base64; None where the data are not there yet."""
    picture = data.thumbnail(name)
    return None if picture is None else _png(picture)


@st.cache_data(max_entries=256, show_spinner=False)
def _own_strip(name: str, stamp: tuple[int, int]) -> str:
    """The same of a set of own images. stamp: of its file."""
    return _png(own_sets.strip(name))


def _png(picture: np.ndarray) -> str:
    from PIL import Image

    file = io.BytesIO()
    Image.fromarray(picture).save(file, "PNG")
    return base64.b64encode(file.getvalue()).decode()


def _strip_html(name: str) -> str:
    png = strip(name)
    if png is None:
        missing = (
            "downloaded on first use" if CATALOGUE[name].needs == DOWNLOAD else "where you have its file"
        )
        return f'<div class="elbo-strip none">{missing}</div>'
    alt = f"Images of {CATALOGUE[name].title}"
    return f'<div class="elbo-strip"><img alt="{alt}" src="data:image/png;base64,{png}"></div>'


def _own_html(name: str) -> str:
    """Raises Refusal where the set cannot be read."""
    png = _own_strip(name, own_sets.stamp(name))
    alt = escape(f"Images of {name}")
    return f'<div class="elbo-strip"><img alt="{alt}" src="data:image/png;base64,{png}"></div>'


def picker(spec: Spec) -> None:
    with st.popover(
        f"Images: {words.literal(title(spec.data.name, spec.data.path))}",
        width="stretch",
        help="What the model learns to draw.",
        key=OPEN,
        on_change="rerun",
    ):
        st.caption("Choose the images to learn from. Another set starts a new run.")
        _own_sets()
        for name, info in CATALOGUE.items():
            if info.image_shape is None:
                continue
            with st.container(key=f"dataset-{name}", border=True, gap="xxsmall"):
                st.html(f'<div class="elbo-dataset"><b>{info.title}</b>{_strip_html(name)}</div>')
                st.button(
                    f"Use {info.title}",
                    key=f"use-{name}",
                    on_click=callback(draft.use_dataset),
                    args=(name,),
                    help=info.sentence,
                    width="stretch",
                )
        if paths.offered():
            _by_path()
    say("data.name")
    _chosen(spec.data)
    match st.session_state.get(own_images.DIALOG):
        case own_images.UPLOAD:
            own_images.dialog()
        case own_images.DRAW:
            own_drawings.dialog()


def _chosen(source: Data) -> None:
    """What the form learns from, as far as it can be shown."""
    if source.name == "own" and source.path is not None:
        try:
            about = own_sets.about(source.path)
            st.html(_own_html(source.path))
        except Refusal as refusal:
            st.caption(f":red[:material/error: {words.literal(own_images.sentence(refusal))}]")
            return
        st.caption(f"{facts(about)}. A link names the set and holds none of its images.")
    elif CATALOGUE[source.name].image_shape is None:
        st.caption(
            f"{words.literal(source.path or 'Elsewhere')} · {' × '.join(map(str, source.shape))}. "
            "A link names no files of this machine: it opens with the images of the recipe."
        )
    else:
        st.html(_strip_html(source.name))


def facts(about: own_sets.About) -> str:
    """As "120 images of 28 × 28 pixels, in colour, 3 classes"."""
    channels, height, width = about.shape
    kinds = f", {len(about.classes)} classes" if len(about.classes) > 1 else ""
    return (
        f"{about.count:,} images of {height} × {width} pixels{', in colour' if channels > 1 else ''}{kinds}"
    )


# --- sets of own images -----------------------------------------------------------------------------


def _own_sets() -> None:
    left, right = st.columns(2)
    options: dict[str, Any] = {"on_click": callback(_ask_for), "width": "stretch"}
    left.button(
        "Upload images", key="own-upload", icon=":material/upload:", args=(own_images.UPLOAD,), **options
    )
    right.button("Draw images", key="own-draw", icon=":material/draw:", args=(own_images.DRAW,), **options)
    _undo()
    for name in own_sets.names():
        _own_set(name)


def _ask_for(dialog: str) -> None:
    """Opens the dialog in place of the popover, which would lie upon it."""
    st.session_state[OPEN] = False
    st.session_state[own_images.DIALOG] = dialog


def _own_set(name: str) -> None:
    """A set's card. One that is damaged can only be deleted."""
    shown = words.literal(name)
    with st.container(horizontal=True, gap="xsmall", vertical_alignment="center", key=f"own-set-{name}"):
        try:
            about, picture = own_sets.about(name), _own_html(name)
        except Refusal as refusal:
            st.caption(f":red[{words.literal(own_images.sentence(refusal))}]", width="stretch")
        else:
            with st.container(key=f"dataset-own-{name}", border=True, gap="xxsmall"):
                st.html(f'<div class="elbo-dataset"><b>{escape(name)}</b>{picture}</div>')
                st.button(
                    f"Use {shown}",
                    key=f"use-own-{name}",
                    on_click=callback(draft.use_own),
                    args=(name,),
                    help=f"{facts(about)}. Brings the likelihood that its pixels suggest.",
                    width="stretch",
                )
        st.button(
            f"Delete {shown}",
            key=f"more-own-{name}",
            icon=":material/delete:",
            on_click=callback(_delete),
            args=(name,),
            help="Runs that were trained on it stay, and keep their maps.",
        )


def _delete(name: str) -> None:
    st.session_state[DELETED] = name, own_sets.delete(name)


def _undo() -> None:
    if DELETED not in st.session_state:
        return
    name, mark = st.session_state[DELETED]
    with st.container(horizontal=True, gap="small", vertical_alignment="center"):
        st.caption(f"{words.literal(name)} is deleted.", width="content")
        st.button(
            "Undo", key="own-undo", icon=":material/undo:", on_click=callback(_restore), args=(name, mark)
        )


def _restore(name: str, mark: str) -> None:
    st.session_state.pop(DELETED)
    own_sets.restore(name, mark)


# --- images of the server's machine -----------------------------------------------------------------


def _by_path() -> None:
    with st.expander("Images on this machine"):
        path = st.text_input(
            "Where they lie",
            placeholder="/home/me/pictures, set.zip, set.npz",
            max_chars=1000,
            key="own-path",
            help="A folder or zip of images (names of sub-folders become classes), or an .npy or .npz file. "
            "They are read where they lie, and not kept.",
        )
        st.number_input(
            "Size in pixels",
            8,
            128,
            28,
            key="own-size",
            help="Images are brought to this height and width.",
        )
        st.toggle("In colour", key="own-colour", help="Three numbers for each pixel, under a Gaussian.")
        st.button("Use these images", key="own-use", disabled=not path.strip(), on_click=callback(_use_path))


def _use_path() -> None:
    path, size = st.session_state["own-path"].strip(), st.session_state["own-size"]
    kind = "array" if path.lower().endswith((".npy", ".npz")) else "folder"
    changes = {"data.name": kind, "data.path": path, "data.height": size, "data.width": size}
    if st.session_state["own-colour"]:
        changes |= {"data.grey": False, "likelihood.kind": "gaussian", "data.binarisation": "none"}
    elif kind == "array":
        changes |= {"data.grey": True}
    draft.change(**changes)

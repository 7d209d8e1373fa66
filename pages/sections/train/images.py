"""Choosing the images to learn from, by looking at some of them."""

from __future__ import annotations

import base64
import io

import streamlit as st

from pages.sections.train import draft
from pages.sections.train.fields import say
from vae_core import data
from vae_core.data.catalogue import CATALOGUE, DOWNLOAD
from vae_core.spec import Spec
from widgets.shell.error_boundary import callback


@st.cache_data(max_entries=32, show_spinner=False, ttl=60)
def strip(name: str) -> str | None:
    """A few of the dataset's images side by side as a PNG, base64; None where the data are not there yet."""
    picture = data.thumbnail(name)
    if picture is None:
        return None
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


def picker(spec: Spec) -> None:
    own = CATALOGUE[spec.data.name].image_shape is None
    with st.popover(
        f"Images: {CATALOGUE[spec.data.name].title}", width="stretch", help="What the model learns to draw."
    ):
        st.caption("Choose the images to learn from. Another set starts a new run.")
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
        _own_images()
    say("data.name")
    if not own:
        st.html(_strip_html(spec.data.name))
    else:
        st.caption(
            f"{spec.data.path} · {' × '.join(map(str, spec.data.shape))}. "
            "A link names no files of this machine: it opens with the images of the recipe."
        )


def _own_images() -> None:
    with st.expander("Your own images"):
        path = st.text_input(
            "Where they lie",
            placeholder="/home/me/pictures, set.zip, set.npz",
            max_chars=1000,
            key="own-path",
            help="A folder or zip of images (names of sub-folders become classes), or an .npy or .npz file.",
        )
        st.number_input(
            "Size in pixels",
            8,
            128,
            28,
            key="own-size",
            help="Images are brought to this height and width.",
        )
        st.button("Use these images", key="own-use", disabled=not path.strip(), on_click=callback(_use_own))


def _use_own() -> None:
    path, size = st.session_state["own-path"].strip(), st.session_state["own-size"]
    kind = "array" if path.lower().endswith((".npy", ".npz")) else "folder"
    draft.change(**{"data.name": kind, "data.path": path, "data.height": size, "data.width": size})

"""The gallery: trained models as cards, plain HTML and pictures from the run folders, there at once."""

from __future__ import annotations

import base64
import html
from pathlib import Path

import streamlit as st

from pages.sections.home import manage
from vae_core.data.catalogue import CATALOGUE, WITH_FACTORS
from vae_core.runs import files
from vae_core.runs.run import Run
from widgets.run_data import library
from widgets.shell import words


def cards(gallery: list[Run], own: list[Run]) -> None:
    if not gallery:
        if not own:
            with st.container(border=True, key="first-steps"):
                st.markdown("#### Nothing is trained yet")
                st.markdown(
                    "Train the first model: it takes about a minute, and you watch it learn. "
                    "Without a network, choose the images **Strokes**, which a program draws."
                )
                st.page_link("pages/train.py", label="Train a model", icon=":material/play_circle:")
        return
    st.subheader("Trained models")
    st.markdown(
        "**Notice.** Compare where a VAE and an autoencoder put each kind of digit: nobody told them which."
    )
    with st.container(horizontal=True, key="gallery"):
        for run in gallery:
            with st.container(border=True, key=f"card-{run.name}", width=226, gap="xsmall"):
                st.html(card(run))
                with st.container(
                    horizontal=True, horizontal_alignment="distribute", vertical_alignment="center", gap=None
                ):
                    door(run, "Open the map")
                    if st.button(
                        f"More for {library.title(run)}",
                        key=f"more-{run.name}",
                        icon=":material/more_horiz:",
                        type="tertiary",
                        help="Copy or download it",
                    ):
                        manage.dialog(run)


def door(run: Run, label: str) -> None:
    """The link to the page that shows the run best: its map, unless it was made for another."""
    spec = run.spec
    page, icon = "latent_map", "scatter_plot"
    if spec.classes:
        page, label, icon = "generate", "Ask for a class", "category"
    elif spec.masked:
        page, label, icon = "inpaint", "Inpaint", "healing"
    elif spec.latent > 2 and spec.data.name in WITH_FACTORS:
        page, label, icon = "traverse", "Traverse", "tune"
    st.page_link(
        f"pages/{page}.py", label=label, icon=f":material/{icon}:", query_params={library.RUN: run.name}
    )


def card(run: Run) -> str:
    said = run.card or {}
    elbo = (run.evaluation or {}).get("elbo")
    facts = [CATALOGUE[run.spec.data.name].title, words.dimensions(run.spec.latent)]
    if isinstance(elbo, int | float):
        facts.append(f"test ELBO {words.nats(float(elbo))} nats")
    sentence, small = html.escape(str(said.get("sentence", ""))), html.escape(" · ".join(facts))
    return (
        f'<div class="elbo-card">{picture(run)}<h4>{html.escape(library.title(run))}</h4>'
        f"<p>{sentence}</p><small>{small}</small></div>"
    )


def picture(run: Run) -> str:
    """The decoded latent plane, or an empty frame of the same size."""
    file = run.path / files.PICTURE
    stamp = files.stamp(file)
    if stamp is None:
        return '<div class="elbo-picture none"></div>'
    png = f"data:image/png;base64,{_base64(str(file), stamp)}"
    return f'<img class="elbo-picture" alt="Images decoded from a grid of codes" src="{png}">'


@st.cache_data(max_entries=128, show_spinner=False)
def _base64(file: str, stamp: tuple[int, int, int]) -> str:
    return base64.b64encode(Path(file).read_bytes()).decode()

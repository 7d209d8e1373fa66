"""The gallery: trained models as cards, plain HTML and pictures from the run folders; three at once."""

from __future__ import annotations

import base64
import html
from collections.abc import Sequence

import streamlit as st

from pages.sections.home import kinds, manage
from vae_core.data.catalogue import WITH_FACTORS, title
from vae_core.runs.run import Run
from widgets.run_data import library
from widgets.shell import links, url_state, url_widgets, words
from widgets.shell.error_boundary import error_boundary

FEATURED = ("vae-2d-mnist", "sprites-beta-tc", "cvae-mnist")  # a map, sliders, classes: three pages
MOST_FEATURED = 3


def first_steps() -> None:
    """Of a library that is empty."""
    with st.container(border=True, key="first-steps"):
        st.markdown("#### Nothing is trained yet")
        st.markdown(
            "Train the first model: it takes about a minute, and you watch it learn. "
            "Without a network, choose the images **Strokes**, which a program draws."
        )
        url_state.page_link("train", label="Train a model", icon=":material/play_circle:")


def featured(shipped: Sequence[Run]) -> list[Run]:
    """Three of them: those of the list that are there, then the first of the others."""
    by_name = {run.name: run for run in shipped}
    listed = [by_name[name] for name in FEATURED if name in by_name]
    others = [run for run in shipped if run not in listed]
    return (listed + others)[:MOST_FEATURED]


def cards(shipped: Sequence[Run], own: Sequence[Run], hidden: Sequence[str]) -> None:
    """hidden: names of runs of the gallery that the user's own have."""
    if not shipped:
        kinds.without_controls()
        return
    if own:
        st.subheader("Trained models")
    first = featured(shipped)
    with st.container(horizontal=True, key="featured"):
        for run in first:
            with error_boundary():
                _shown(run)
    _more([run for run in shipped if run not in first])
    if hidden:
        names = ", ".join(words.literal(name) for name in hidden)
        st.caption(f"Not shown, as runs of yours have the same names: {names}.")


def _more(others: list[Run]) -> None:
    """The other models: their cards are sent to whoever unfolds them."""
    if not others:
        kinds.without_controls()
        return
    label = f"More models: {len(others)}"
    if not st.toggle(label, **url_widgets.flag(links.MORE)):
        kinds.without_controls()
        return
    left = kinds.filtered(others)
    with st.container(horizontal=True, key="gallery"):
        for run in left:
            with error_boundary():
                _shown(run)


def _shown(run: Run) -> None:
    with st.container(border=True, key=f"card-{run.name}", width=226, gap="xsmall"):
        st.html(card(run))
        with st.container(
            horizontal=True, horizontal_alignment="distribute", vertical_alignment="center", gap=None
        ):
            if run.status.state != "unreadable":
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
    elif spec.noise.kind != "none":
        url_state.page_link(
            "inpaint", {links.RUN: run.name, links.DO: "denoise"}, label="Denoise", icon=":material/grain:"
        )
        return
    elif spec.latent > 2 and spec.data.name in WITH_FACTORS:
        page, label, icon = "traverse", "Traverse", "tune"
    url_state.page_link(page, {links.RUN: run.name}, label=label, icon=f":material/{icon}:")


def card(run: Run) -> str:
    small, sentence = html.escape(_facts(run)), html.escape((run.card or {}).get("sentence", ""))
    return (
        f'<div class="elbo-card">{picture(run)}<h4>{html.escape(library.title(run))}</h4>'
        f"<p>{sentence}</p><small>{small}</small></div>"
    )


def _facts(run: Run) -> str:
    if run.status.state == "unreadable":
        return run.status.message
    facts = [title(run.spec.data.name, run.spec.data.path), words.code_size(run.spec)]
    return " · ".join([*facts, *library.measured(run)])


def picture(run: Run) -> str:
    """The decoded latent plane, or an empty frame of the same size."""
    png = run.picture
    if png is None:
        return '<div class="elbo-picture none"></div>'
    source = f"data:image/png;base64,{base64.b64encode(png).decode()}"
    return f'<img class="elbo-picture" alt="Images decoded from a grid of codes" src="{source}">'

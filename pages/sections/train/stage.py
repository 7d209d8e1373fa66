"""The stage of the Train page: what a run does now, in words and on the board."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import streamlit as st

from pages.sections.train import transport
from vae_core import recipes
from vae_core.runs.run import Run
from vae_core.spec import Spec
from vae_core.spec.capabilities import Capability, capabilities
from vae_core.workers import launch
from widgets.components import board, pixels_switch
from widgets.components.board import parcel
from widgets.components.latent_map import densities
from widgets.run_data import library
from widgets.run_data.classes import decoded_class
from widgets.run_data.codes import weights
from widgets.shell import links, units, url_state, words
from widgets.shell.error_boundary import callback
from widgets.shell.fragments import fragment
from widgets.shell.units import Unit

if TYPE_CHECKING:
    from vae_core.analysis.decode import Pixels

BOARD = "board"
POLL = 0.45  # seconds: more than two updates a second even when one is late


def what_to_notice(run: Run | None, spec: Spec) -> None:
    name = spec.recipe
    if name in recipes.RECIPES:
        st.markdown(f"**Notice.** {recipes.RECIPES[name].notice}")
    else:
        st.markdown(
            "**Notice.** What the KL presses together, the reconstruction pulls apart: watch both curves."
        )


def stage(run: Run | None) -> None:
    if run is None:
        st.info(
            "Nothing is trained yet. Press **Play**: the first numbers come within seconds.",
            icon=":material/play_circle:",
        )
        return
    chosen = (url_state.read(links.PIXELS), url_state.read(links.UNIT))
    seen, opening = (run.status.state, chosen), True

    def missed() -> None:
        nonlocal opening
        opening = True

    def show() -> None:
        nonlocal opening
        now = run.status
        if (now.state, (url_state.read(links.PIXELS), url_state.read(links.UNIT))) != seen:
            st.rerun()  # the buttons depend on the state, all moments of the board on the switches
        with st.container(horizontal=True, vertical_alignment="center", gap="small", key="board-head"):
            with st.container(width="stretch", gap="small"):
                state(run)
            unit = units.switch(hidden=True)
            if now.state != "unreadable" and run.spec.net.reach:
                pixels = "drawn"
            else:
                pixels = pixels_switch.switch(ways(run), hidden=True)
        if now.state != "unreadable":
            on_board(run, opening, pixels, unit, missed)
            opening = False

    fragment(show, run_every=POLL if run.status.active else None)


# What a run must have for its map to be decoded.
MAPPED: frozenset[Capability] = frozenset({"plane", "continuous", "independent_pixels"})


def ways(run: Run) -> tuple[Pixels, ...]:
    """What the board can show of p(x|z): the decoded image alone where there is none."""
    return ("means", "modes", "drawn") if "likelihood" in capabilities(run.spec) else ("means",)


def on_board(run: Run, opening: bool, pixels: str, unit: Unit, missed: Callable[[], None]) -> None:
    """opening: with all moments so far, and not the newest only. pixels: what pictures show of p(x|z).
    missed: called when the browser has not had the moments so far."""
    ground = links.GROUND.parse(url_state.read(links.GROUND) or str(links.GROUND.default))
    url_state.accepted(links.GROUND, ground)
    decoder: bytes | None = None
    held: tuple[float, ...] = ()
    if ground == "decoded" and capabilities(run.spec) >= MAPPED:
        decoder = densities.decoder(str(run.path), weights(run), decoded_class(run))
        if decoder is not None:
            held = densities.unshown_of(str(run.path), weights(run))
    shown = parcel.parcel(run, opening, pixels, unit)
    board.board(shown, BOARD, ground, pixels, decoder, held, callback(_ground), callback(missed))


def _ground() -> None:
    chosen = (st.session_state.get(f"{BOARD}-ground") or {}).get("ground")
    if chosen in (links.GROUND.options or ()):
        url_state.write(links.GROUND, None if chosen == links.GROUND.default else chosen)


def state(run: Run) -> None:
    """One line: name, state, device, and what the worker says; always the same height."""
    now = run.status
    if now.state == "unreadable":
        st.error(now.message, icon=":material/error:")
        return
    word, colour = words.STATES[now.state]
    if run.is_gallery:
        word, colour = "gallery", "blue"
    device = f":gray-badge[{now.device}]" if now.device else ""
    sentence = "" if now.state == "queued" else now.message
    name = words.literal(library.short_title(run))
    st.markdown(f"**{name}** :{colour}-badge[{word}] {device} {words.literal(sentence)}")
    if now.state == "queued":
        queue(run)
    if now.state == "unavailable":
        with st.container(horizontal=True, gap="small"):
            st.button(
                "Train on strokes instead",
                icon=":material/draw:",
                type="primary",
                on_click=callback(transport.strokes_instead),
                args=(run,),
                help="Digits drawn by a program: they need no network.",
            )
            st.button(
                "Try again",
                icon=":material/refresh:",
                on_click=callback(transport.resume),
                args=(run,),
                help="Looks for the images once more.",
            )


def queue(run: Run) -> None:
    """What it waits for, and the way there."""
    place, ahead = launch.queue_of(run)
    with st.container(horizontal=True, gap="small", vertical_alignment="center"):
        sentence = f"Place {max(place, 1)} in the queue."
        st.caption(f"{sentence} Waits for" if ahead else sentence, width="content")
        for other in ahead:
            url_state.page_link(
                "train",
                {links.RUN: other.name},
                label=f"{words.literal(library.short_title(other))}, which trains",
                icon=":material/monitoring:",
            )

"""Looking for a geodesic beside the page: how far it is, and a way to give it up."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import streamlit as st

from widgets.shell import links, tasks, url_state
from widgets.shell.error_boundary import callback
from widgets.shell.fragments import fragment

if TYPE_CHECKING:
    from pages.sections.interpolate.path_codes import Line
    from vae_core.analysis.interpolate import Geodesic


@dataclass(eq=False)
class Search:
    """turn: how often it was begun; what was begun before gives up."""

    fraction: float = 0.0
    turn: int = 0
    cancelled: bool = False


@st.cache_resource(max_entries=64, show_spinner=False)
def _search(line: Line) -> Search:
    return Search()


def start(line: Line) -> tasks.Task:
    """The task that finds it; begun again where it was given up."""
    search = _search(line)
    task = tasks.start(_find, line, search.turn, lane="searching")
    if search.cancelled:
        search.turn += 1
        search.cancelled, search.fraction = False, 0.0
        task = tasks.start(_find, line, search.turn, lane="searching")
    return task


def _find(line: Line, turn: int) -> Geodesic | None:
    """From the one code of a piece to its other; None where it was given up."""
    import torch

    from pages.sections.interpolate.path_codes import decoder
    from vae_core.analysis import interpolate as paths
    from vae_core.analysis.progress import Cancelled

    search = _search(line)

    def progress(fraction: float, _: str) -> None:
        search.fraction = fraction

    a, b = map(torch.tensor, line.codes)
    try:
        return paths.geodesic(
            decoder(line),
            a,
            b,
            progress=progress,
            cancelled=lambda: search.cancelled or search.turn != turn,
        )
    except Cancelled:
        return None


def follow(line: Line, title: str) -> bool:
    """Whether it was found; until then this says how far it is, and comes back when it is."""
    pieces = [start(piece) for piece in line.pieces]
    if all(task.done() for task in pieces):
        for task in pieces:
            if (fault := task.exception()) is not None:
                st.warning(tasks.sentence(fault), icon=":material/error:")
                return False
        return all(task.result() is not None for task in pieces)

    def look() -> None:
        if all(task.done() for task in pieces):
            st.rerun()
        done = [
            1.0 if task.done() else _search(piece).fraction
            for piece, task in zip(line.pieces, pieces, strict=True)
        ]
        with st.container(horizontal=True, vertical_alignment="center"):
            st.progress(
                sum(done) / len(done),
                f"Looking for the shortest path of {title}; until then, the straight line …",
            )
            st.button(
                "Cancel",
                key=f"geodesic-cancel-{line.path}",
                icon=":material/close:",
                on_click=callback(cancel),
                args=(line,),
                help="Gives it up and shows the straight line.",
            )

    fragment(look, run_every=tasks.POLL)
    return False


def cancel(line: Line) -> None:
    for piece in line.pieces:
        _search(piece).cancelled = True
    url_state.write(links.WAY, None)

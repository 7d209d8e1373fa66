"""A run is deleted at once, and can be brought back for an hour by the line that says so."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass

import streamlit as st

from vae_core.runs import folders
from vae_core.runs.run import Run, RunError, bring_back
from widgets.run_data import library
from widgets.shell import links, url_state, words
from widgets.shell.error_boundary import callback

DELETED = "home_deleted"  # in the session: what can be brought back, the newest first
CHANGED = "home_changed"  # in the session: a part of the page that runs by itself changed the library
FAULT = "run_said"  # in the session: what a callback could not do


@dataclass(frozen=True)
class Deleted:
    name: str
    title: str
    mark: str
    at: float


def delete(runs: Sequence[Run]) -> None:
    """Raises RunError, a sentence, at the first that cannot be deleted."""
    for run in runs:
        gone = Deleted(run.name, library.short_title(run), run.put_aside(), time.time())
        st.session_state[DELETED] = [gone, *_there()]
        if url_state.read(links.RUN) == run.name:
            library.use(None)


def show() -> None:
    """The newest deletion, in a line."""
    if not (there := _there()):
        return
    newest = there[0]
    with st.container(horizontal=True, vertical_alignment="center", gap="small", border=True, key="undo"):
        st.markdown(
            f"Deleted **{words.literal(newest.title)}**. It can be brought back for an hour.", width="stretch"
        )
        st.button("Undo", key="undo-run", icon=":material/undo:", on_click=callback(_undo), args=(newest,))
        st.button(
            f"Hide the line on {newest.title}",
            key="more-undo",
            icon=":material/close:",
            type="tertiary",
            on_click=callback(_forget),
            args=(newest,),
            help="Hide this line",
        )


def _there() -> list[Deleted]:
    found: list[Deleted] = st.session_state.get(DELETED, [])
    return [each for each in found if time.time() - each.at < folders.UNDO]


def _forget(gone: Deleted) -> None:
    st.session_state[DELETED] = [each for each in _there() if each.mark != gone.mark]


def _undo(gone: Deleted) -> None:
    try:
        library.use(bring_back(gone.name, gone.mark))
    except RunError as error:
        st.session_state[FAULT] = str(error)
    else:
        _forget(gone)

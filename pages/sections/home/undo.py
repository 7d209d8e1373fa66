"""A run is deleted at once, and can be brought back for an hour by the line that says so.

The browser keeps the line: it outlives a reload, and is there in no other browser.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from vae_core.runs import files, folders
from vae_core.runs.run import Run, RunError, bring_back
from widgets.components import browser_store
from widgets.run_data import library
from widgets.shell import links, url_state, words
from widgets.shell.error_boundary import callback
from widgets.shell.fragments import fragment

DELETED = "home_deleted"  # in the session: what can be brought back, the newest first
KEPT = "home_deleted_kept"  # in the session: the same, as the browser keeps it
STORE = "deleted-runs"  # in the browser
CHANGED = "home_changed"  # in the session: a part of the page that runs by itself changed the library
BACK = "home_brought_back"  # in the session: the title of what Undo has brought back, and when
LINGERS = 10  # seconds for which a line says so at least: a second press on Undo is to land on nothing
FAULT = "run_said"  # in the session: what a callback could not do


@dataclass(frozen=True)
class Deleted:
    """Runs that were deleted by one press. runs: name and mark of each; none where they are gone for good."""

    title: str
    runs: tuple[tuple[str, str], ...]
    at: float


def delete(runs: Sequence[Run]) -> None:
    """Raises RunError, a sentence, at the first that cannot be deleted; those before it are gone.

    On a disk that is nearly full nothing is put aside: whoever deletes there needs the room.
    """
    st.session_state.pop(BACK, None)
    gone: list[tuple[str, str]] = []
    for_good = folders.scarce(files.library())
    title = library.short_title(runs[0]) if len(runs) == 1 else f"{len(runs)} runs"
    try:
        for run in runs:
            if for_good:
                run.delete()
                gone.append((run.name, ""))
            else:
                gone.append((run.name, run.put_aside()))
            if url_state.read(links.RUN) == run.name:
                library.use(None)
    finally:
        if for_good:
            folders.clear_aside(files.library())
            st.session_state[DELETED] = [Deleted(title, (), time.time())] if gone else []
        elif gone:
            st.session_state[DELETED] = [Deleted(title, tuple(gone), time.time()), *_there()]


def show() -> None:
    """The newest deletion, in a line."""
    _keep()
    title, at = st.session_state.get(BACK, ("", 0.0))
    if time.time() - at < LINGERS:
        with _line(f"Brought back **{words.literal(title)}**."):
            _hide(title, lambda: st.session_state.pop(BACK, None))
    elif there := _there():
        newest = there[0]
        until = (
            "Undo brings it back, for an hour" if newest.runs else "the disk is nearly full, so it is gone"
        )
        with _line(f"Deleted **{words.literal(newest.title)}**; {until}."):
            if newest.runs:
                st.button(
                    "Undo", key="undo-run", icon=":material/undo:", on_click=callback(_undo), args=(newest,)
                )
            _hide(newest.title, lambda: _forget(newest))


def _line(sentence: str) -> DeltaGenerator:
    line = st.container(horizontal=True, vertical_alignment="center", gap="small", key="undo")
    line.markdown(sentence, width="stretch")
    return line


def _hide(title: str, act: Callable[[], object]) -> None:
    st.button(
        f"Hide the line on {title}",
        key="more-undo",
        icon=":material/close:",
        type="tertiary",
        on_click=callback(act),
        help="Hide this line",
    )


def _keep() -> None:
    """What the browser knows comes into a new session; what the session knows, into the browser."""
    if DELETED not in st.session_state:
        browser_store.load(STORE, _recall, quiet=True)
        return
    text = json.dumps([asdict(each) for each in _there()])
    if text != st.session_state.get(KEPT, "[]"):

        def saved(_: bool) -> None:
            st.session_state[KEPT] = text

        def save() -> None:
            browser_store.save(STORE, text, saved)

        fragment(save)  # or its answer would run the whole page, and close a dialog that was opened since


def _recall(text: str | None) -> None:
    """From a text that anybody may have put there: a mark that names nothing brings nothing back."""
    st.session_state[KEPT] = text or "[]"
    try:
        found = [
            Deleted(
                str(each["title"]),
                tuple((str(name), str(mark)) for name, mark in each["runs"]),
                float(each["at"]),
            )
            for each in json.loads(text or "[]")
        ]
    except (ValueError, TypeError, KeyError):
        found = []
    st.session_state[DELETED] = [each for each in found if each.runs]


def _there() -> list[Deleted]:
    found: list[Deleted] = st.session_state.get(DELETED, [])
    return [each for each in found if time.time() - each.at < folders.UNDO]


def _forget(gone: Deleted) -> None:
    st.session_state[DELETED] = [each for each in _there() if each != gone]


def _undo(gone: Deleted) -> None:
    _forget(gone)
    left = []
    for name, mark in gone.runs:
        try:
            library.use(bring_back(name, mark))
        except RunError as error:
            st.session_state[FAULT] = str(error)
            left.append((name, mark))
    if left:  # its name may become free
        st.session_state[DELETED] = [replace(gone, runs=tuple(left)), *_there()]
    else:
        st.session_state[BACK] = gone.title, time.time()

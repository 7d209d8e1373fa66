"""Names of dimensions: kept with the user's own runs; of a shipped run in this tab and in the link only."""

from __future__ import annotations

from urllib.parse import quote, unquote

import streamlit as st

from vae_core.runs import files, names
from vae_core.runs.run import Run, RunError
from widgets.components.traverse import Renamed
from widgets.run_data.library import open_run
from widgets.shell import links, url_state

LINKS = (links.NAMES, links.NAMES_SECOND)  # of the first and of the second run
KEPT, FAULT, NEW = "traverse_names", "traverse_names_fault", "traverse_named"  # in the session


def of(run: Run, place: int = 0) -> tuple[str, ...]:
    """The names of a run's dimensions [D]; place: whether it is the first run or the second."""
    latent = run.spec.latent
    if not run.is_gallery:
        return _kept(str(run.path), run.stamp(files.NAMES), latent)
    session = st.session_state.setdefault(KEPT, {})
    linked = _parse(url_state.read(LINKS[place]), run)
    if linked is not None:
        session[run.name] = linked
    found: tuple[str, ...] = session.get(run.name, ("",) * latent)
    _write(run, place, found)
    return found


def take(runs: tuple[Run, ...], change: Renamed) -> None:
    """The board's callback: a dimension got a name."""
    st.session_state[NEW] = True
    for place, run in enumerate(runs):
        if run.name != change.key:
            continue
        if run.is_gallery:
            new = list(of(run, place))
            new[change.dimension] = names.clean(change.name)
            st.session_state[KEPT][run.name] = tuple(new)
            _write(run, place, tuple(new))
            return
        try:
            names.save(run.path, run.spec.latent, change.dimension, change.name)
        except RunError as error:
            st.session_state[FAULT] = str(error)


def fault() -> str | None:
    """Why the last name could not be kept, once."""
    sentence: str | None = st.session_state.pop(FAULT, None)
    return sentence


def changed() -> bool:
    """Whether a dimension was named since this was last asked."""
    return bool(st.session_state.pop(NEW, False))


def label(dimension: int, name: str) -> str:
    return f"z{dimension + 1} {name}" if name else f"z{dimension + 1}"


@st.cache_data(max_entries=64, show_spinner=False)
def _kept(path: str, stamp: files.Stamp | None, latent: int) -> tuple[str, ...]:
    return names.load(open_run(path).path, latent)


# --- the link: the run's name, then dimensions counted from 1 with their names -----------------------


def _write(run: Run, place: int, given: tuple[str, ...]) -> None:
    texts = [f"{d + 1}:{quote(name, safe=' ')}" for d, name in enumerate(given) if name]
    url_state.write(LINKS[place], ",".join([run.name, *texts]) if texts else None)


def _parse(text: str | None, run: Run) -> tuple[str, ...] | None:
    """None where the link names nothing of this run."""
    parts = (text or "").split(",")
    if parts[0] != run.name:
        return None
    found = [""] * run.spec.latent
    for part in parts[1 : 1 + run.spec.latent]:
        number, _, name = part.partition(":")
        if number.isascii() and number.isdecimal() and 1 <= int(number[:6]) <= len(found):
            found[int(number[:6]) - 1] = names.clean(unquote(name))
    return tuple(found)

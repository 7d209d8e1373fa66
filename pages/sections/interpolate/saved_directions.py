"""Directions that somebody named: kept with the user's own runs; of a shipped run in this tab."""

from __future__ import annotations

import streamlit as st

from vae_core.runs import directions, files
from vae_core.runs.directions import Saved
from vae_core.runs.run import Run, RunError
from widgets.run_data.library import open_run

KEPT, FAULT = "interpolate_directions", "interpolate_directions_fault"  # in the session


def of(run: Run) -> list[Saved]:
    if run.is_gallery:
        found: list[Saved] = st.session_state.setdefault(KEPT, {}).get(run.name, [])
        return found
    return _read(str(run.path), files.stamp(run.path / files.DIRECTIONS), run.spec.latent)


def keep(run: Run, saved: Saved) -> None:
    """For a callback."""
    try:
        if run.is_gallery:
            if not saved.name.strip() or len(saved.name) > directions.NAME_LENGTH:
                raise RunError(f"A direction’s name needs 1 to {directions.NAME_LENGTH} characters.")
            others = [one for one in of(run) if one.name != saved.name]
            st.session_state[KEPT][run.name] = [*others, saved][-directions.MOST :]
        else:
            directions.save(run.path, run.spec.latent, saved)
    except RunError as error:
        st.session_state[FAULT] = str(error)


def forget(run: Run, name: str) -> None:
    """For a callback."""
    try:
        if run.is_gallery:
            st.session_state[KEPT][run.name] = [one for one in of(run) if one.name != name]
        else:
            directions.delete(run.path, run.spec.latent, name)
    except RunError as error:
        st.session_state[FAULT] = str(error)


def fault() -> str | None:
    """Why the last could not be kept, once."""
    said: str | None = st.session_state.pop(FAULT, None)
    return said


@st.cache_data(max_entries=64, show_spinner=False)
def _read(path: str, stamp: files.Stamp | None, latent: int) -> list[Saved]:
    return directions.load(open_run(path).path, latent)

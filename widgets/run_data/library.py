"""The runs of the library, and the one in use: in the address bar and in the session."""

from __future__ import annotations

import time

import streamlit as st

from vae_core.runs.run import Run, all_runs
from widgets.shell import error_boundary, objective_words, url_state, words

RUN = "run"  # in the address bar and in the session


@st.cache_resource(max_entries=128, show_spinner=False)
def open_run(path: str) -> Run:
    """One Run per folder for all sessions, so that its files are read once."""
    return Run(path)


def runs() -> list[Run]:
    """The gallery in its order, then own runs, newest first."""
    found = [open_run(str(run.path)) for run in all_runs()]
    gallery = sorted(
        (run for run in found if run.is_gallery),
        key=lambda run: ((run.card or {}).get("order", 99), run.name),
    )
    return gallery + [run for run in found if not run.is_gallery]


def title(run: Run) -> str:
    return str((run.card or {}).get("title") or run.name)


def use(run: Run | str | None) -> None:
    """Makes it the run in use; for callbacks, and before the sidebar is drawn."""
    url_state.write(RUN, run.name if isinstance(run, Run) else run)


def choose_run(runs: list[Run]) -> Run | None:
    """The run in use: the link's, else the session's, else one in training, else the first."""
    names = {run.name: run for run in runs}
    asked = url_state.read(RUN)
    if asked is not None and asked not in names:
        st.session_state["unknown_run"] = (asked[:80], time.monotonic())
    first = next((run.name for run in runs if run.status.active), runs[0].name if runs else None)
    name = asked if asked in names else first
    use(name)
    st.session_state[RUN] = name
    st.session_state[error_boundary.FOLDER] = str(names[name].path) if name is not None else None
    return names.get(name) if name is not None else None


def current() -> Run | None:
    """The run in use, for the pages."""
    name = st.session_state.get(RUN)
    return next((run for run in runs() if run.name == name), None)


def note(run: Run) -> str:
    """What tells runs of one dataset apart, beside their titles."""
    parts = [words.dimensions(run.spec.latent), objective_words.short(run.spec, run.beta_moves)]
    if run.status.active:
        parts.append(f"step {words.count(run.status.step)}, still training")
    return " · ".join(part for part in parts if part)

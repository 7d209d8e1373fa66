"""The runs of the library, and the one in use: in the address bar and in the session."""

from __future__ import annotations

import streamlit as st

from vae_core.runs.run import Run, all_runs
from widgets.shell import links, objective_words, url_state, words
from widgets.shell.link_types import Misfit

RUN = "run"  # in the session


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
    url_state.write(links.RUN, run.name if isinstance(run, Run) else run)


def choose_run(runs: list[Run]) -> Run | None:
    """The run in use: the link's, else the session's, else one in training, else the first."""
    names = {run.name: run for run in runs}
    asked = url_state.read(links.RUN)
    first = next((run.name for run in runs if run.status.active), runs[0].name if runs else None)
    name = asked if asked in names else first
    if asked is not None and asked != name:
        reason = "there is none of that name here; it may have been renamed or deleted"
        url_state.misfit(links.RUN, asked, Misfit(reason))
    url_state.accepted(links.RUN, title(names[name]) if name is not None else "none")
    url_state.settle(links.RUN, name)
    st.session_state[RUN] = name
    return names.get(name) if name is not None else None


def current() -> Run | None:
    """The run in use, for the pages."""
    name = st.session_state.get(RUN)
    return next((run for run in runs() if run.name == name), None)


def note(run: Run) -> str:
    """What tells runs of one dataset apart, beside their titles."""
    parts = [words.dimensions(run.spec.latent), objective_words.short(run.spec)]
    if run.status.active:
        parts.append(f"step {words.count(run.status.step)}, still training")
    return " · ".join(part for part in parts if part)

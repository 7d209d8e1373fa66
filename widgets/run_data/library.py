"""The runs of the library, and the one in use: in the address bar and in the session."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import streamlit as st

from vae_core.runs import evaluations, memo
from vae_core.runs.run import Run, all_runs
from widgets.shell import error_boundary, links, objective_words, url_state, words

RUN = "run"  # in the session


MUCH = 64  # runs whose tensors stay in memory


@st.cache_resource(show_spinner=False)
def _known() -> dict[str, Run]:
    return {}


def open_run(path: str | Path) -> Run:
    """One Run per folder for all sessions, so that its files are read once."""
    return _open(_known(), path)


def _open(known: dict[str, Run], path: str | Path) -> Run:
    path = str(path)
    return known.get(path) or known.setdefault(path, Run(path))


def every() -> list[Run]:
    """All runs, newest first, whether or not they came with the app."""
    return list(memo.remember("every", lambda: all_runs(partial(_open, _known()))))


def runs() -> list[Run]:
    """The gallery in its order, then own runs, newest first."""
    found = every()
    gallery: list[Run] = []
    own: list[Run] = []
    for run in found:
        (gallery if run.is_gallery else own).append(run)
    _let_go(found)
    return sorted(gallery, key=_place) + own


def _place(run: Run) -> tuple[float, str]:
    return (run.card or {}).get("order", 99), run.name


def _let_go(found: list[Run]) -> None:
    """Forgets runs that are gone, and the tensors of those that nobody has looked at for longest."""
    known = _known()
    if len(known) > len(found) + MUCH:
        there = {str(run.path) for run in found}
        for path in [path for path in list(known) if path not in there]:
            known.pop(path, None)
    large = sorted((run for run in found if run.holds_much), key=lambda run: run.used, reverse=True)
    for run in large[MUCH:]:
        run.forget()


def title(run: Run) -> str:
    """What people call it: by its card, by the title it was given, or by its folder."""
    return str((run.card or {}).get("title") or run.title or run.name)


def short_title(run: Run) -> str:
    """The same; of a run without a title, its name without the date."""
    return title(run) if title(run) != run.name else words.short_name(run.name)


def use(run: Run | str | None) -> None:
    """Makes it the run in use; for callbacks, and before the sidebar is drawn."""
    url_state.write(links.RUN, run.name if isinstance(run, Run) else run)


def choose_run(runs: list[Run]) -> Run | None:
    """The run in use: the link's, else the session's, else one in training, else the first."""
    names = {run.name: run for run in runs}
    requested = url_state.read(links.RUN)
    first = next((run.name for run in runs if run.status.active), runs[0].name if runs else None)
    name = requested if requested in names else first
    if requested is not None and requested != name:
        quoted = words.literal(requested[: url_state.SHORT])
        gone = f"There is no run named “{quoted}” here; it may have been renamed or deleted"
        url_state.note(links.RUN.name, gone)
    url_state.accepted(links.RUN, title(names[name]) if name is not None else "none")
    url_state.settle(links.RUN, name)
    st.session_state[RUN] = name
    st.session_state[error_boundary.FOLDER] = str(names[name].path) if name is not None else None
    return names.get(name) if name is not None else None


def current() -> Run | None:
    """The run in use, for the pages."""
    name = st.session_state.get(RUN)
    return next((run for run in every() if run.name == name), None)


def measured(run: Run) -> list[str]:
    """Its test ELBO in words, or what is said in its place; empty before an evaluation."""
    elbo, note = evaluations.elbo(run.evaluation), evaluations.kl_note(run.evaluation)
    if (found := evaluations.distance(run.evaluation)) is not None:
        return [f"test {str(run.spec.likelihood.distance).lower()} {words.nats(found[0])}", "no likelihood"]
    if note is not None:
        return [
            f"test reconstruction {words.nats(evaluations.reconstruction(run.evaluation))} nats",
            "KL undefined",
        ]
    return [] if elbo is None else [f"test ELBO {words.nats(elbo)} nats"]


def note(run: Run) -> str:
    """What tells runs of one dataset apart, beside their titles."""
    parts = [words.code_size(run.spec), objective_words.short(run.spec, run.beta_moves)]
    if run.status.active:
        parts.append(f"step {words.count(run.status.step)}, still training")
    return " · ".join(part for part in parts if part)

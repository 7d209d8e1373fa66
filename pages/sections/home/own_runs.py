"""The user's own runs: what they do, and what can be done with them."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import Any

import streamlit as st

from pages.sections.home import gallery, manage, undo
from vae_core.data.catalogue import title
from vae_core.runs.run import Run, RunError
from vae_core.workers import launch
from widgets.run_data import library
from widgets.shell import links, objective_words, url_state, url_widgets, words
from widgets.shell.error_boundary import callback, error_boundary
from widgets.shell.fragments import fragment

POLL = 2.0  # seconds between two looks at runs in training
SHOWN = 4
ON_A_PAGE = 20  # rows: a browser draws 150 in four seconds, and with 500 it never came to rest


def rows(runs: Sequence[Run]) -> None:
    """The newest runs, and all of them, page by page, where that is asked for."""
    if not runs:
        for field in (links.ALL_RUNS, links.RUNS_PAGE):
            url_state.without_control(field, "there are no runs of your own yet")
        return
    everything = len(runs) <= SHOWN or url_state.read(links.ALL_RUNS) == "1"
    pages = -(-len(runs) // ON_A_PAGE) if everything else 1
    seen = {run.name: run.status.state for run in runs}
    list_of_runs = st.container()
    with st.container(horizontal=True, horizontal_alignment="distribute", vertical_alignment="center"):
        if len(runs) > SHOWN:
            st.toggle(f"Show all {len(runs)}", **url_widgets.flag(links.ALL_RUNS))
        first = ON_A_PAGE * (_page(pages) - 1)
    shown = runs[first : first + ON_A_PAGE] if everything else runs[:SHOWN]

    def listed() -> None:
        if any(run.status.state != seen[run.name] for run in runs):
            st.rerun()
        for run in shown:
            with error_boundary():
                row(run)

    with list_of_runs:
        fragment(listed, run_every=POLL if any(run.status.active for run in runs) else None)


def _page(pages: int) -> int:
    if pages > 1:
        return st.pagination(pages, **url_widgets.whole(links.RUNS_PAGE, most=pages, by="default"))
    url_state.without_control(links.RUNS_PAGE, "all runs that are listed are on one page")
    return 1


def row(run: Run) -> None:
    """Of few elements, as there may be hundreds of rows. Whatever is wrong with a run, it can be deleted."""
    line: dict[str, Any] = {"horizontal": True, "vertical_alignment": "center", "gap": "small"}
    with st.container(border=True, key=f"row-{run.name}", **line):
        try:
            st.html(gallery.picture(run), width=52)
            about(run)
        finally:
            with st.container(width="content", horizontal_alignment="right", **line):
                try:
                    doors(run)
                finally:
                    menu(run)


def about(run: Run) -> None:
    """Name, state and facts; of a run in training also how far it is."""
    now = run.status
    word, colour = words.STATES[now.state]
    name = f"**{words.literal(library.short_title(run))}** :{colour}-badge[{word}]"
    text = f"{name}  \n:small[{words.literal(' '.join(facts(run).split()))}]"
    if not now.active or not now.steps_total:
        st.markdown(text, width="stretch")
        return
    with st.container(width="stretch", gap=None):
        st.markdown(text)
        share = 100 * min(1.0, now.step / now.steps_total)
        st.html(f'<div class="elbo-bar"><i style="width:{share:.1f}%"></i></div>')


def menu(run: Run) -> None:
    if st.button(
        f"More for {library.short_title(run)}",
        key=f"more-{run.name}",
        icon=":material/more_horiz:",
        help="Rename, duplicate, download, delete",
    ):
        manage.dialog(run)


def doors(run: Run) -> None:
    """Where to go with a run, by what it does."""
    now = run.status
    if now.state == "unreadable":
        return
    if now.active or now.step == 0:
        url_state.page_link("train", {links.RUN: run.name}, label="Watch", icon=":material/monitoring:")
    else:
        gallery.door(run, "Open")
    if now.state in ("stopped", "interrupted", "diverged"):
        st.button(
            "Resume",
            key=f"resume-{run.name}",
            icon=":material/resume:",
            on_click=callback(_try),
            args=(launch.resume, run),
            help="Goes on with the training from its last saved state.",
        )


def facts(run: Run) -> str:
    now = run.status
    if now.state == "unreadable":
        return now.message
    spec = run.spec
    parts = [
        title(spec.data.name, spec.data.path),
        words.code_size(spec),
        objective_words.short(spec, run.beta_moves),
    ]
    if found := library.measured(run):
        parts += found
    elif now.step:
        parts.append(f"step {words.count(now.step)}")
    if now.state == "queued":
        place, ahead = launch.queue_of(run, library.open_run)
        waits = f", waits for {library.short_title(ahead[0])}, which trains" if ahead else ""
        parts.append(f"place {place} in the queue{waits}")
    elif now.active:
        parts.append(f"{words.duration(now.remaining)} to go")
    else:
        parts.append(words.ago(time.time() - now.created))
    if now.state in ("interrupted", "diverged", "unavailable"):
        parts.append(now.message)
    return " · ".join(parts)


def _try(action: Callable[[Run], object], run: Run) -> None:
    try:
        action(run)
    except RunError as error:
        st.session_state[undo.FAULT] = str(error)

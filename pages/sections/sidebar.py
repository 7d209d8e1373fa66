"""The sidebar of every page: the run in use and its state."""

from __future__ import annotations

import zlib
from collections import Counter

import streamlit as st

from vae_core.data.catalogue import title as title_of_images
from vae_core.runs.run import Run
from widgets.run_data.codes import is_standard
from widgets.run_data.library import short_title, title, use
from widgets.shell import objective_words, url_state, words
from widgets.shell.fragments import fragment

SIDEBAR_POLL = 2.0  # seconds
ROOM = 24  # letters that the box of the run in use shows; a longer name stands whole below it


def sidebar(runs: list[Run], run: Run | None) -> None:
    """The run in use and its state, on every page."""
    if not runs:
        st.caption("No runs yet. Train one: it appears here.")
        return
    # Own runs first: somebody trained them to look at them.
    names = {each.name: each for each in sorted(runs, key=lambda each: each.is_gallery)}

    same = Counter(short_title(each) for each in names.values() if not each.is_gallery)

    def label(name: str) -> str:
        each = names.get(name)
        if each is None:
            return name
        if each.is_gallery:
            return title(each)
        shown = short_title(each)
        if same[shown] > 1:  # labels are all that the browser knows
            shown = name if shown == words.short_name(name) else f"{shown}, {name}"
        return f"{words.SIGNS[each.status.state]} {shown}"

    def pick(name: str) -> None:
        # A label that the browser still knows, of a state that has passed, is no name of a run.
        if name in names:
            use(name)

    # The browser knows options by their labels: where a state changed a label, it is another widget.
    labels = zlib.crc32("\n".join(label(name) for name in names).encode())
    key = url_state.key_showing(f"run_picker:{labels}", run.name if run else None)
    st.selectbox(
        "Run in use",
        list(names),
        url_state.place(list(names), run.name) if run else None,
        format_func=label,
        key=key,
        on_change=url_state.heard(key, pick),
        help="The model that the pages show. It is in the address bar too: a copied link opens the same one.",
    )
    if run is not None:
        seen = run.status.state

        def show() -> None:
            if run.status.state != seen:
                st.rerun()
            summary(run)

        fragment(show, run_every=SIDEBAR_POLL if run.status.active else None)


def summary(run: Run) -> None:
    now = run.status
    word, colour = words.STATES[now.state]
    if len(title(run)) > ROOM:
        st.markdown(f"**{words.literal(title(run))}**")
    if run.is_gallery:
        st.markdown(":blue-badge[gallery]")
    else:
        st.markdown(f":{colour}-badge[{word}]")
    if now.state == "unreadable":
        st.caption(now.message)
        return
    spec = run.spec
    parts = (
        words.literal(title_of_images(spec.data.name, spec.data.path)),
        words.code_size(spec),
        objective_words.short(spec, run.beta_moves),
        *([] if is_standard(run) else [spec.prior.title]),
    )
    # A line ends between two of them, but for one that is longer than a line.
    st.caption(" · ".join(part if len(part) > ROOM else part.replace(" ", "\u00a0") for part in parts))
    for fault in run.faults:
        st.caption(f":material/warning: {words.literal(fault)}")

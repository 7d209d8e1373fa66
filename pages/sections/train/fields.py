"""Controls that show one field of the draft Spec, and change it when they are moved."""

from __future__ import annotations

from typing import Any

import streamlit as st

from pages.sections.train import draft
from vae_core.runs.run import Run, RunError
from widgets.shell import url_state, words


def field(name: str, value: Any, widget: Any, label: str, **options: Any) -> None:
    """A widget that shows the draft's field and, when moved, changes it."""
    key = url_state.key_showing(f"set:{name}", value)
    change = url_state.heard(key, lambda chosen: draft.change(**{name: chosen}))
    widget(label, key=key, on_change=change, **options)


def scale(
    field: str,
    value: float,
    usual: tuple[float, ...],
    ticks: tuple[float, ...],
    label: str,
    run: Run | None,
    help: str,
) -> None:
    """A slider over a logarithmic scale; a value between two stops, as from a link, becomes a stop."""
    now = value
    if run is not None:
        asked = run.control.beta if field == "objective.beta" else run.control.learning_rate
        now = value if asked is None else asked
    stops = sorted({*usual, now})
    key = url_state.key_showing(f"set:{field}", now)

    def move(to: float) -> None:
        if run is not None and run.status.active:
            try:
                (run.set_beta if field == "objective.beta" else run.set_learning_rate)(to)
            except RunError as error:
                st.session_state[draft.FAULT] = str(error)
                return
        draft.change(**{field: to})

    st.select_slider(
        label, stops, key=key, format_func=words.number, on_change=url_state.heard(key, move), help=help
    )
    marks = "".join(
        f'<span style="left:{100 * stops.index(at) / (len(stops) - 1):.2f}%">{words.number(at)}</span>'
        for at in ticks
    )
    st.html(f'<div class="elbo-ticks">{marks}</div>')

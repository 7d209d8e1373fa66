"""Controls that show one field of the draft Spec, and change it when they are moved."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import streamlit as st

from pages.sections.train import draft, labels
from vae_core.runs.run import Run
from vae_core.spec import Spec
from widgets.shell import url_state, words


def field(
    name: str,
    value: Any,
    widget: Any,
    *,
    spec: Spec | None = None,
    changes: Callable[[Any], dict[str, Any]] | None = None,
    **options: Any,
) -> None:
    """A widget that shows the draft's field and, when moved, changes it; under it, why that cannot be.

    changes: of the draft, for a value of the widget; else the field itself. spec: where the label depends
    on it.
    """
    now = draft.shown(name, value)
    if widget == st.number_input:
        now = _between(now, options["min_value"], options["max_value"])
    key = url_state.key_showing(f"set:{name}", now)
    stands = {"index": url_state.place(options["options"], now)} if widget == st.selectbox else {"value": now}

    def change(chosen: Any) -> None:
        draft.propose(name, chosen, {name: chosen} if changes is None else changes(chosen))

    widget(labels.of(name, spec), key=key, on_change=url_state.heard(key, change), **stands, **options)
    say(name)


def _between(value: Any, least: float, most: float) -> float:
    """The number that a widget with these limits shows, of their type."""
    return type(least)(min(max(value, least), most))


def parts(text: str) -> list[str]:
    """Of a list with commas."""
    return [part.strip() for part in text.split(",") if part.strip()]


def say(*names: str) -> None:
    """What is wrong with the fields, where they stand."""
    for name in names:
        fault = draft.faults().get(name)
        if fault is not None:
            st.caption(f":red[:material/error: {words.literal(fault.sentence)}]")


def scale(
    name: str,
    spec: Spec,
    value: float,
    usual: tuple[float, ...],
    ticks: tuple[float, ...],
    run: Run | None,
    help: str,
) -> None:
    """A slider over a logarithmic scale; a value between two stops, as from a link, becomes a stop."""
    now = value
    if run is not None:
        asked = run.control.beta if name == "objective.beta" else run.control.learning_rate
        now = value if asked is None else asked
    stops = sorted({*usual, now})
    key = url_state.key_showing(f"set:{name}", now)

    def move(to: float) -> None:
        if run is not None and run.status.active:
            (run.set_beta if name == "objective.beta" else run.set_learning_rate)(to)
        draft.propose(name, to, {name: to})

    st.select_slider(
        labels.of(name, spec),
        stops,
        now,
        key=key,
        format_func=words.number,
        on_change=url_state.heard(key, move),
        help=help,
    )
    marks = "".join(
        f'<span style="left:{100 * stops.index(at) / (len(stops) - 1):.2f}%">{words.number(at)}</span>'
        for at in ticks
    )
    st.html(f'<div class="elbo-ticks">{marks}</div>')

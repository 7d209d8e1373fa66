"""Controls that show one field of the draft Spec, and change it when they are moved.

A part's own fields are shown by what its settings say of them, so that a part registered by somebody else has
its controls, too.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any, Literal, get_args, get_origin

import annotated_types
import streamlit as st
from pydantic.fields import FieldInfo

from pages.sections.train import draft, labels
from vae_core.runs.run import Run
from vae_core.spec import Settings, Spec
from vae_core.spec.settings import kinds
from vae_core.spec.whole import PARTS
from widgets.shell import url_state, words

AGAIN = "Starts a new run."


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
        now = _shown(now, **options)
    key = url_state.key_showing(f"set:{name}", now)
    stands = {"index": url_state.place(options["options"], now)} if widget == st.selectbox else {"value": now}

    def change(chosen: Any) -> None:
        draft.propose(name, chosen, {name: chosen} if changes is None else changes(chosen))

    widget(labels.of(name, spec), key=key, on_change=url_state.heard(key, change), **stands, **options)
    say(name)


def kind(
    name: str,
    spec: Spec,
    help: str,
    *,
    offered: Callable[[type[Settings]], bool] = lambda settings: True,
    changes: Callable[[str], dict[str, Any]] | None = None,
    always: bool = True,
) -> None:
    """Which kind the part of that name is, then the fields of this kind.

    offered: whether kinds with these settings are. always: also where there is but one.
    """
    now = getattr(spec, name)
    titles = labels.choices(f"{name}.kind")
    options = [each for each, settings in kinds(PARTS[name]).items() if each == now.kind or offered(settings)]
    if always or len(options) > 1:
        field(
            f"{name}.kind",
            now.kind,
            st.selectbox,
            options=options,
            format_func=titles.__getitem__,
            changes=changes,
            help=help,
        )
    settings = type(now)
    inherited = settings.__mro__[1].model_fields if len(settings.__mro__) > 1 else {}  # type: ignore[attr-defined]
    for own in sorted(settings.model_fields, key=lambda each: each in inherited):
        if own != "kind" and f"{name}.{own}" not in draft.LIVE:
            setting(f"{name}.{own}", getattr(now, own), settings.model_fields[own], spec)


def setting(name: str, value: Any, about: FieldInfo, spec: Spec) -> None:
    """A control of the field's own type, with its limits. One that leaves no choice has none."""
    if extra(about).get("hidden") or (extra(about).get("needs_class") and not spec.classes):
        return
    help = " ".join(filter(None, [about.description, AGAIN]))
    if get_origin(about.annotation) is Literal:
        options: Sequence[Any] = get_args(about.annotation)
        if name == "objective.kl" and not (spec.prior.closed_form and spec.posterior.closed_form):
            options = [value]
        words_of = labels.choices(name)
        if len(options) > 1:
            field(
                name,
                value,
                st.selectbox,
                spec=spec,
                options=options,
                format_func=lambda each: words_of.get(each, str(each).replace("_", " ").capitalize()),
                help=help,
            )
    elif about.annotation is bool:
        field(name, value, st.toggle, spec=spec, help=help)
    elif about.annotation in (int, float):
        field(name, value, st.number_input, spec=spec, help=help, **_limits(about))
    elif isinstance(value, tuple):
        shown = ", ".join(map(str, value))
        field(name, shown, st.text_input, spec=spec, changes=lambda text: {name: parts(text)}, help=help)


def extra(about: FieldInfo) -> dict[str, Any]:
    """What a field says of its control beside title, description and limits."""
    return about.json_schema_extra if isinstance(about.json_schema_extra, dict) else {}


def _limits(about: FieldInfo) -> dict[str, Any]:
    """Lowest and highest number of a field, its step and its format."""
    number = about.annotation
    assert number in (int, float)
    found: dict[str, Any] = {}
    for limit in about.metadata:
        if isinstance(limit, annotated_types.Ge | annotated_types.Gt):
            found["min_value"] = number(limit.ge if isinstance(limit, annotated_types.Ge) else limit.gt)  # type: ignore[arg-type]
        if isinstance(limit, annotated_types.Le | annotated_types.Lt):
            found["max_value"] = number(limit.le if isinstance(limit, annotated_types.Le) else limit.lt)  # type: ignore[arg-type]
    few = found.get("max_value", 2.0) <= 1
    found["step"] = number(extra(about).get("step", 0.05 if few else 1))
    return found | ({"format": "%g"} if number is float else {})


def _shown(
    value: Any,
    *,
    step: float,
    min_value: float = -math.inf,
    max_value: float = math.inf,
    **others: Any,
) -> float:
    """The number that a widget with these limits shows, of the type of its steps."""
    return type(step)(min(max(value, min_value), max_value))


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
        requested = getattr(run.control, draft.LIVE[name])
        now = value if requested is None else requested
    stops = sorted({*usual, now})
    key = url_state.key_showing(f"set:{name}", now)

    def move(to: float) -> None:
        if run is not None and run.status.active:
            run.turn(draft.LIVE[name], to)
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

"""What is maximised, and what the model is given: the form's groups Objective and Classes."""

from __future__ import annotations

from typing import Any

import streamlit as st

from pages.sections.train.fields import AGAIN, field, kind, setting
from pages.sections.train.labels import choices
from vae_core.spec import Objective, Settings, Spec
from vae_core.spec.settings import kinds

LABELS = (10, 50, 100, 600, 1000, 3000)
ALL = "all"


def objective(spec: Spec) -> None:
    def changes(chosen: str) -> dict[str, Any]:
        found: dict[str, Any] = {"objective.kind": chosen}
        if spec.classes and not learns_classes(kinds(Objective)[chosen]):  # it has no classifier
            found |= {"condition.classifier": None, "condition.class_prior": "uniform"}
        return found

    kind(
        "objective",
        spec,
        "How reconstruction and KL are weighed; under a class, also with a classifier.",
        offered=lambda settings: bool(spec.classes) or not learns_classes(settings),
        changes=changes,
    )


def learns_classes(objective: type[Settings]) -> bool:
    """Whether an objective with these settings is about each image's class."""
    return bool(getattr(objective, "classifying", False))


def condition(spec: Spec) -> None:
    """Whether the model is given the class, and of how many images it is known."""
    given = spec.condition

    def changes(kind: str) -> dict[str, Any]:
        found: dict[str, Any] = {"condition.kind": kind}
        if kind == "none":
            # What is about classes has no meaning without them.
            found |= {"objective.kind": "elbo"} if spec.objective.classifying else {}
            found |= {"prior.kind": "standard_normal"} if spec.prior.needs_class else {}
        return found

    field(
        "condition.kind",
        given.kind,
        st.selectbox,
        options=list(choices("condition.kind")),
        format_func=choices("condition.kind").__getitem__,
        changes=changes,
        help=f"With the class y beside x and z, it learns p(x|z, y). {AGAIN}",
    )
    if given.kind == "none":
        return
    _labels(given.labels)
    shown = ["encoder", *(["class_prior"] if spec.objective.classifying else [])]
    for name in shown:
        setting(f"condition.{name}", getattr(given, name), type(given).model_fields[name], spec)
    if not spec.objective.classifying:
        return
    assert given.classifier is not None
    field(
        "condition.classifier.kind",
        given.classifier.kind,
        st.selectbox,
        options=list(choices("condition.classifier.kind")),
        format_func=choices("condition.classifier.kind").__getitem__,
        help=f"It shares no weights with encoder and decoder. {AGAIN}",
    )
    setting("condition.shift", given.shift, type(given).model_fields["shift"], spec)


def _labels(count: int | None) -> None:
    shown = count if count is not None else ALL
    options = sorted({*LABELS, *([count] if count is not None else [])})
    field(
        "condition.labels",
        shown,
        st.select_slider,
        options=[*options, ALL],
        changes=lambda chosen: {"condition.labels": None if chosen == ALL else chosen},
        help="As many of each class. M2 learns from the others too, the other objectives from these alone. "
        f"{AGAIN}",
    )

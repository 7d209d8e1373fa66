"""What is maximised, and what the model is told: the form's groups Objective and Classes."""

from __future__ import annotations

from typing import Any

import streamlit as st

from pages.sections.train.fields import field, parts
from pages.sections.train.labels import CHOICES
from vae_core.spec import Objective, Spec
from vae_core.spec.settings import kinds

CLASSIFYING = [kind for kind, each in kinds(Objective).items() if getattr(each, "classifying", False)]
STEPS: dict[str, Any] = {"min_value": 0, "max_value": 10_000_000, "step": 500}
WEIGHT: dict[str, Any] = {"min_value": 0.0, "max_value": 1000.0, "step": 1.0, "format": "%g"}
# Which fields of an objective have a number to set, with its limits and help; the rest is common to all.
NUMBERS: dict[str, tuple[dict[str, Any], str]] = {
    "warm_up": (STEPS, "β rises from 0 over this many steps; 0 for none."),
    "capacity": (WEIGHT, "What the KL may reach in the end."),
    "capacity_steps": (STEPS, "Over how many steps C rises from 0."),
    "free_bits": (WEIGHT | {"step": 0.05}, "A dimension's KL costs nothing more below this."),
    "alpha": (WEIGHT, "What the code tells about the image."),
    "gamma": (WEIGHT, "How near each q(z_d) comes to the prior."),
    "labelled_share": (
        {"min_value": 0.0, "max_value": 1.0, "step": 0.05, "format": "%g"},
        "What part of the bound labelled images make up, however few they are.",
    ),
    "class_warm_up": (
        STEPS,
        "At first the classifier learns from labels alone; over these steps the bound comes to teach it too.",
    ),
}
# Where an objective means something else by a name.
OWN_WORDS: dict[tuple[str, str], str] = {
    **dict.fromkeys(
        [(kind, "alpha") for kind in CLASSIFYING], "How much log q(y|x) of labelled images counts."
    ),
    ("factor", "gamma"): (
        "As the discriminator estimates it: how far the dimensions of the code depend on each other."
    ),
}
LABELS = (10, 50, 100, 600, 1000, 3000)
ALL = "all"
AGAIN = "Starts a new run."


def objective(spec: Spec) -> None:
    now = spec.objective

    def changes(kind: str) -> dict[str, Any]:
        found: dict[str, Any] = {"objective.kind": kind}
        if spec.classes and kind not in CLASSIFYING:  # what learns no classifier has none
            found |= {"condition.classifier": None, "condition.class_prior": "uniform"}
        return found

    field(
        "objective.kind",
        now.kind,
        st.selectbox,
        options=[kind for kind in CHOICES["objective.kind"] if spec.classes or kind not in CLASSIFYING],
        format_func=CHOICES["objective.kind"].__getitem__,
        changes=changes,
        help="How reconstruction and KL are weighed; under a class, also with a classifier.",
    )
    for name, common in NUMBERS.items():
        if hasattr(now, name):
            limits, help = common
            field(
                f"objective.{name}",
                getattr(now, name),
                st.number_input,
                spec=spec,
                help=f"{OWN_WORDS.get((now.kind, name), help)} {AGAIN}",
                **limits,
            )
    if now.kind == "beta_tc":
        field(
            "objective.sampling",
            now.sampling,
            st.selectbox,
            options=["weighted", "stratified"],
            format_func=str.capitalize,
            help="Weighted: the mixture of the batch alone. Stratified: an unbiased estimate of the mixture "
            f"of all images; but its logarithm is too low, which training may exploit. {AGAIN}",
        )
    if now.kind == "factor":
        field(
            "objective.widths",
            ", ".join(map(str, now.widths)),
            st.text_input,
            changes=lambda text: {"objective.widths": parts(text)},
            help=f"The paper's is 1000, 1000, 1000, 1000, 1000, 1000, and slow. {AGAIN}",
        )
        field(
            "objective.discriminator_rate",
            now.discriminator_rate,
            st.number_input,
            min_value=1e-6,
            max_value=1.0,
            step=1e-4,
            format="%.1e",
            help=f"Of the discriminator's own Adam; the model's learning rate leaves it alone. {AGAIN}",
        )
    if now.kind != "free_bits":
        field(
            "objective.kl",
            now.kl,
            st.selectbox,
            options=["analytic", "monte_carlo"],
            format_func=CHOICES["objective.kl"].__getitem__,
            help=f"Exact for two Gaussians, or estimated from the samples. {AGAIN}",
        )
    field(
        "objective.samples",
        now.samples,
        st.number_input,
        min_value=1,
        max_value=64,
        step=1,
        help=f"Codes drawn from q(z|x) for each image and step. {AGAIN}",
    )


def condition(spec: Spec) -> None:
    """Whether the model is told the class, and of how many images it is known."""
    told = spec.condition

    def changes(kind: str) -> dict[str, Any]:
        found: dict[str, Any] = {"condition.kind": kind}
        if kind == "none":
            # What is about classes has no meaning without them.
            found |= {"objective.kind": "elbo"} if spec.objective.kind in CLASSIFYING else {}
            found |= {"prior.kind": "standard_normal"} if spec.prior.kind == "class_normal" else {}
        return found

    field(
        "condition.kind",
        told.kind,
        st.selectbox,
        options=list(CHOICES["condition.kind"]),
        format_func=CHOICES["condition.kind"].__getitem__,
        changes=changes,
        help=f"With the class y beside x and z, it learns p(x|z, y). {AGAIN}",
    )
    if told.kind == "none":
        return
    _labels(told.labels)
    field(
        "condition.encoder",
        told.encoder,
        st.toggle,
        help=f"q(z|x, y); without, q(z|x): one code whatever the class. {AGAIN}",
    )
    field(
        "prior.kind",
        spec.prior.kind,
        st.selectbox,
        options=list(CHOICES["prior.kind"]),
        format_func=CHOICES["prior.kind"].__getitem__,
        help=f"p(z), or a Gaussian p(z|y) whose mean and variances are learned for each class. {AGAIN}",
    )
    if spec.objective.kind not in CLASSIFYING:
        return
    field(
        "condition.class_prior",
        told.class_prior,
        st.selectbox,
        options=["uniform", "learned"],
        format_func=str.capitalize,
        help=f"The same for every class, or learned from the labels. {AGAIN}",
    )
    assert told.classifier is not None
    field(
        "condition.classifier.kind",
        told.classifier.kind,
        st.selectbox,
        options=list(CHOICES["condition.classifier.kind"]),
        format_func=CHOICES["condition.classifier.kind"].__getitem__,
        help=f"It shares no weights with encoder and decoder. {AGAIN}",
    )
    field(
        "condition.shift",
        told.shift,
        st.number_input,
        min_value=0,
        max_value=8,
        step=1,
        help=f"Anew at every step: many labelled images from few. {AGAIN}",
    )


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

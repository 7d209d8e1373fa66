"""The folded groups of the Train page's form: what is set once and rarely moved."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import streamlit as st

from pages.sections.train.fields import AGAIN, field, kind, setting
from pages.sections.train.labels import CHOICES, END
from vae_core.data.catalogue import CATALOGUE, binary
from vae_core.spec import PerceptualLikelihood, Spec
from widgets.shell import tasks, words

if TYPE_CHECKING:
    from vae_core.training.cost import Cost

WIDE = 1000  # units of a layer: from here on what a network costs is worth a line


def network(spec: Spec) -> None:
    kind(
        "net",
        spec,
        f"Encoder and decoder mirror each other. {AGAIN}",
        offered=lambda settings: getattr(settings, "of_grid", False) == spec.posterior.quantised,
    )
    kind(
        "mask",
        spec,
        "Pixels, rectangles, halves or strokes can be hidden from it at random, while the decoder is to "
        f"give all pixels: such a model completes images. {AGAIN}",
    )
    kind(
        "noise",
        spec,
        "Noise can be laid over what the encoder sees, while the decoder is to give the clean image: such a "
        f"model denoises. {AGAIN}",
    )
    _distributions(spec)


def _distributions(spec: Spec) -> None:
    kind(
        "likelihood",
        spec,
        "What a pixel is: black or white, grey between 0 and 1, a real number, one of so many levels. A "
        "distance between features is no likelihood; it needs the classifier that comes with the app, of "
        f"{', '.join(map(words.literal, PerceptualLikelihood.datasets or ()))}. {AGAIN}",
    )
    if not spec.likelihood.needs_grey and not binary(spec.data.name):
        field(
            "data.binarisation",
            spec.data.binarisation,
            st.selectbox,
            options=["dynamic", "static", "none"],
            format_func=str.capitalize,
            help="Grey pixels drawn as black or white at each look (dynamic), once (static), or left grey. "
            "Test images are drawn once for either, so that all numbers are of the same pixels. A Bernoulli "
            "is a likelihood of binary pixels only.",
        )
    if (weight := spec.likelihood.beta_at_unit_variance(spec.objective.beta)) is not None:
        st.caption(
            f"The optimum is that of σ = 1 with β = {words.number(weight)}: while σ is fixed, only the "
            "product β σ² counts."
        )
    if spec.likelihood_note is not None:
        st.caption(f":orange[{spec.likelihood_note}]")
    if spec.likelihood.needs_grey or max(getattr(spec.net, "widths", (0,))) > WIDE:
        task = tasks.start(cost_of, spec.to_json(), lane="counting-weights")
        tasks.when_done(task, "Counting weights", lambda cost: say_cost(spec, cost))
    kind("posterior", spec, f"What the encoder says of an image's code. {AGAIN}", always=False)
    kind(
        "prior",
        spec,
        "p(z): where codes are expected. It may learn, too: a mixture of Gaussians, of the encoder's own "
        "posteriors, or a flow; with a class, one for each. The KL is then estimated from samples. "
        f"{AGAIN}",
        offered=lambda settings: (
            getattr(settings, "quantised", False) == spec.posterior.quantised
            and (bool(spec.classes) or not getattr(settings, "per_class", False))
        ),
        always=False,
    )


def cost_of(settings: str) -> Cost:
    """What a run of a Spec's JSON costs. Loads torch."""
    from vae_core.training.cost import cost

    return cost(Spec.parse(json.loads(settings)))


def say_cost(spec: Spec, cost: Cost) -> None:
    """What large networks cost, before one is trained: each grey level is one more output for each pixel."""
    batch, images = spec.training.batch_size, CATALOGUE[spec.data.name].train
    epoch = f", {words.duration(cost.seconds * images / batch)} an epoch" if images else ""
    step = f"{cost.seconds:.2g} s" if cost.seconds >= 0.1 else f"{1000 * cost.seconds:.0f} ms"
    st.caption(
        f":orange[**{cost.weights / 1e6:.1f} million weights**: about {step} a step of {batch} images on one "
        f"core of this machine{epoch}.]"
    )


def training(spec: Spec) -> None:
    training = spec.training
    ends = CHOICES[END]
    end = next(name for name in ends if getattr(training, name) is not None)
    usual: dict[str, Any] = {"epochs": 20.0, "steps": 5000, "seconds": 60.0}
    left, right = st.columns(2)
    with left:
        field(
            END,
            end,
            st.selectbox,
            options=list(ends),
            format_func=ends.__getitem__,
            changes=lambda name: {f"training.{name}": usual[name]},
            help="What ends the run. Starts a new run.",
        )
    with right:
        value = getattr(training, end)
        field(
            f"training.{end}",
            value,
            st.number_input,
            min_value=1 if end == "steps" else 0.1,
            max_value=100_000_000 if end == "steps" else 100_000.0,
            step=1 if end == "steps" else 1.0,
            help="How long the run trains. Starts a new run.",
            format="%d" if end == "steps" else "%g",
        )
    if end != "seconds":
        setting("training.schedule", training.schedule, type(training).model_fields["schedule"], spec)
    with left:
        field(
            "training.batch_size",
            training.batch_size,
            st.number_input,
            min_value=1,
            max_value=8192,
            step=32,
            help="Images per optimiser step. Starts a new run.",
        )
    with right:
        field(
            "training.seed",
            training.seed,
            st.number_input,
            min_value=0,
            max_value=2**53 - 1,
            step=1,
            help="The same seed on the same device gives the same weights, bit for bit on a CPU.",
        )
    field(
        "training.device",
        training.device,
        st.selectbox,
        options=["auto", "cpu", "cuda", "mps"],
        help="Auto takes a graphics card where there is one.",
    )

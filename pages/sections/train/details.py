"""The folded groups of the Train page's form: what is set once and rarely moved."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import streamlit as st

from pages.sections.train.fields import field, parts
from pages.sections.train.labels import CHOICES
from vae_core.data.catalogue import CATALOGUE, binary
from vae_core.spec import Spec
from widgets.shell import tasks, words

if TYPE_CHECKING:
    from vae_core.training.cost import Cost

WIDE = 1000  # units of a layer: from here on what a network costs is worth a line


def network(spec: Spec) -> None:
    net = spec.net
    field(
        "net.kind",
        net.kind,
        st.selectbox,
        options=list(CHOICES["net.kind"]),
        format_func=CHOICES["net.kind"].__getitem__,
        help="Encoder and decoder mirror each other. Starts a new run.",
    )
    if net.kind == "mlp":
        field(
            "net.widths",
            ", ".join(map(str, net.widths)),
            st.text_input,
            changes=lambda text: {"net.widths": parts(text)},
            help="Of the encoder, from the image to the code, with commas. Starts a new run.",
        )
    if net.kind in ("conv", "partial_conv"):
        field(
            "net.channels",
            ", ".join(map(str, net.channels)),
            st.text_input,
            changes=lambda text: {"net.channels": parts(text)},
            help="Of each convolution of stride 2. Starts a new run.",
        )
        field(
            "net.hidden",
            net.hidden,
            st.number_input,
            min_value=1,
            max_value=4096,
            step=1,
            help="Of the layer between convolutions and code. Starts a new run.",
        )
    field(
        "mask.kind",
        spec.mask.kind,
        st.selectbox,
        options=list(CHOICES["mask.kind"]),
        format_func=CHOICES["mask.kind"].__getitem__,
        help="Pixels, rectangles, halves or strokes can be hidden from it at random, while the decoder is to "
        "give all pixels: such a model completes images. Starts a new run.",
    )


def likelihood(spec: Spec) -> None:
    likelihood = spec.likelihood
    field(
        "likelihood.kind",
        likelihood.kind,
        st.selectbox,
        options=list(CHOICES["likelihood.kind"]),
        format_func=CHOICES["likelihood.kind"].__getitem__,
        help="What a pixel is: black or white, grey between 0 and 1, a real number, one of 256 levels. "
        "Starts a new run.",
    )
    if likelihood.kind == "gaussian":
        field(
            "likelihood.variance",
            likelihood.variance,
            st.selectbox,
            options=["fixed", "shared", "learned"],
            help="Fixed, one learned number for all pixels, or learned for each. Starts a new run.",
        )
        field(
            "likelihood.sigma",
            likelihood.sigma,
            st.number_input,
            min_value=0.0011,
            max_value=10.0,
            step=0.01,
            format="%.3f",
            help="On pixels from 0 to 1: the value where fixed, the start where shared.",
        )
    if likelihood.kind != "categorical" and not binary(spec.data.name):
        field(
            "data.binarisation",
            spec.data.binarisation,
            st.selectbox,
            options=["dynamic", "static", "none"],
            help="Grey pixels drawn as black or white at each look (dynamic), once (static), or left grey. "
            "Test images are drawn once for either, so that all numbers are of the same pixels. A Bernoulli "
            "is a likelihood of binary pixels only.",
        )
    if spec.likelihood_note is not None:
        st.caption(f":orange[{spec.likelihood_note}]")
    if likelihood.kind == "categorical" or max(getattr(spec.net, "widths", (0,))) > WIDE:
        task = tasks.start(cost_of, spec.to_json(), lane="counting-weights")
        tasks.when_done(task, "Counting weights", lambda cost: say_cost(spec, cost))


def cost_of(settings: str) -> Cost:
    """What a run of a Spec's JSON costs. Loads torch."""
    from vae_core.training.cost import cost

    return cost(Spec.parse(json.loads(settings)))


def say_cost(spec: Spec, cost: Cost) -> None:
    """What large networks cost, before one is trained: 256 grey levels are 256 outputs for each pixel."""
    batch, images = spec.training.batch_size, CATALOGUE[spec.data.name].train
    epoch = f", {words.duration(cost.seconds * images / batch)} an epoch" if images else ""
    step = f"{cost.seconds:.2g} s" if cost.seconds >= 0.1 else f"{1000 * cost.seconds:.0f} ms"
    st.caption(
        f":orange[**{cost.weights / 1e6:.1f} million weights**: about {step} a step of {batch} images on one "
        f"core of this machine{epoch}.]"
    )


def training(spec: Spec) -> None:
    training = spec.training
    ends = CHOICES["training.end"]
    end = next(name for name in ends if getattr(training, name) is not None)
    usual: dict[str, Any] = {"epochs": 20.0, "steps": 5000, "seconds": 60.0}
    left, right = st.columns(2)
    with left:
        field(
            "training.end",
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

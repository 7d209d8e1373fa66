"""The numbers beside the map: how much of the prior is empty, how much of the data lies outside it."""

from __future__ import annotations

from typing import Any

import streamlit as st

from vae_core.runs.run import Run
from widgets.components.latent_map import densities
from widgets.components.latent_map.map_view import View
from widgets.run_data import library
from widgets.run_data.codes import Codes, newest
from widgets.shell import objective_words, tasks, words

LIVE = 2.0  # seconds between two measurements of a run in training


def show(run: Run, view: View) -> None:
    codes = newest(run)
    if codes is None:
        return
    if not codes.whole:
        # Few images: measured at once, again and again.
        st.fragment(lambda: of_newest(run, view), run_every=LIVE if run.status.active else None)()
        return
    tasks.when_done(
        tasks.start(exact, codes, view.ratio), "Measuring", lambda found: numbers(run, view, codes, *found)
    )


def of_newest(run: Run, view: View) -> None:
    codes = newest(run)
    if codes is not None:
        numbers(run, view, codes, *measure(codes, view.ratio))


@st.cache_resource(max_entries=16, show_spinner=False)
def measure(codes: Codes, ratio: float) -> tuple[Any, Any]:
    return exact(codes, ratio)


def exact(codes: Codes, ratio: float) -> tuple[Any, Any]:
    """Hole mass and outside mass in all dimensions, each an Estimate."""
    from vae_core.analysis import aggregate

    posteriors = codes.posteriors
    evaluation = codes.run.evaluation or {}
    mass, error = evaluation.get("hole_mass"), evaluation.get("hole_mass_error")
    at_rest = codes.whole and not codes.run.status.active and ratio == 10.0
    if at_rest and isinstance(mass, float) and isinstance(error, float):
        holes = aggregate.Estimate(mass, error)
    else:
        holes = aggregate.hole_mass(posteriors, ratio=ratio, mass=densities.MASS)
    return holes, aggregate.outside_mass(posteriors, mass=densities.MASS)


def numbers(run: Run, view: View, codes: Codes, holes: Any, outside: Any) -> None:
    latent = run.spec.latent
    everywhere = "" if latent == 2 else f" in all {latent} dimensions"
    number(
        "Hole mass",
        percent(holes.value),
        f"± {percent(holes.error)} of the prior{everywhere}",
        f"Share of the prior, inside its 95 % region, where it is more than {view.ratio:g} times the "
        "aggregated posterior. Exact mixture at 10,000 samples of the prior, nothing widened."
        + ("" if latent == 2 else " In many dimensions no finite number of images covers the prior."),
    )
    if latent > 2:
        plane = densities.holes(codes, view)
        where = {"marginal": "this marginal", "pca": "this marginal", "slice": "this slice"}[view.kind]
        number("On this map", percent(plane.mass), f"in the holes of {where}", "A marginal can hide a hole.")
    number(
        "Outside the prior",
        percent(outside.value),
        "of q(z); 5 % if it were p(z)",
        "Share of the aggregated posterior outside the region that holds 95 % of the prior.",
    )
    said = run.evaluation if codes.whole and not run.status.active else None
    if said and isinstance(said.get("elbo"), float):
        number(
            "ELBO", words.nats(said["elbo"]), "nats per test image", "Reconstruction minus KL, with beta 1."
        )
    beta, weighs = words.number(run.spec.objective.beta), objective_words.of(run.spec).weighs
    number("beta", beta, f"weight of {weighs}", f"What {weighs} was multiplied with in training.")
    if latent > 2:
        st.page_link(
            "pages/traverse.py",
            label="Traverse",
            icon=":material/tune:",
            query_params={library.RUN: run.name},
            help="A slider for each dimension, and what the decoder draws along it.",
        )


def number(name: str, value: str, under: str, help: str) -> None:
    with st.container(gap=None):
        st.metric(name, value, help=help)  # names its help for screen readers, as a line of words does not
        st.html(f'<div class="elbo-number"><small>{under}</small></div>')


def percent(share: float) -> str:
    if 0 < share < 0.01:
        return f"{100 * share:.2f} %"
    return f"{100 * share:.1f} %" if share < 0.9995 else "100 %"

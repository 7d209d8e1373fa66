"""The numbers beside the map: how much of the prior is empty, how much of the data lies outside it."""

from __future__ import annotations

from typing import Any

import streamlit as st

from vae_core.training.run import Run
from widgets import later, objectives, shell, words
from widgets.map_page import measured
from widgets.map_page.codes import Codes, newest
from widgets.map_page.view import View

LIVE = 2.0  # seconds between two measurements of a run in training


def show(run: Run, view: View) -> None:
    codes = newest(run)
    if codes is None:
        return
    if not codes.whole:
        # Few images: measured at once, again and again.
        st.fragment(lambda: of_newest(run, view), run_every=LIVE if run.status.active else None)()
        return
    later.when_done(
        later.start(exact, codes, view.ratio), "Measuring", lambda found: numbers(run, view, codes, *found)
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
    said = codes.run.evaluation
    known = codes.whole and not codes.run.status.active and said and ratio == 10.0
    if known and isinstance(said.get("hole_mass"), float) and isinstance(said.get("hole_mass_error"), float):
        holes = aggregate.Estimate(said["hole_mass"], said["hole_mass_error"])
    else:
        holes = aggregate.hole_mass(posteriors, ratio=ratio, mass=measured.MASS)
    return holes, aggregate.outside_mass(posteriors, mass=measured.MASS)


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
        plane = measured.holes(codes, view)
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
    beta, weighs = words.number(run.spec.objective.beta), objectives.of(run.spec).weighs
    number("beta", beta, f"weight of {weighs}", f"What {weighs} was multiplied with in training.")
    if latent > 2:
        st.page_link(
            "pages/traverse.py",
            label="Traverse",
            icon=":material/tune:",
            query_params={shell.RUN: run.name},
            help="A slider for each dimension, and what the decoder draws along it.",
        )


def number(name: str, value: str, under: str, help: str) -> None:
    with st.container(gap=None):
        st.markdown(name, help=help)
        st.html(f'<div class="elbo-number"><b>{value}</b><small>{under}</small></div>')


def percent(share: float) -> str:
    if 0 < share < 0.01:
        return f"{100 * share:.2f} %"
    return f"{100 * share:.1f} %" if share < 0.9995 else "100 %"

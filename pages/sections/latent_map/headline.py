"""The numbers beside the map: how much of the prior is empty, how much of the data lies outside it."""

from __future__ import annotations

from typing import Any

import streamlit as st

from pages.sections.latent_map import which_prior
from vae_core.model import variance_bound
from vae_core.runs import evaluations
from vae_core.runs.run import Run
from widgets.components.latent_map import densities
from widgets.components.latent_map.map_view import View
from widgets.components.latent_map.measures import exact, measure, percent, samples
from widgets.run_data.codes import Codes
from widgets.shell import links, objective_words, tasks, units, url_state, words
from widgets.shell.fragments import fragment
from widgets.shell.units import Unit

LIVE = 2.0  # seconds between two measurements of a run in training


def show(run: Run, view: View, unit: Unit) -> None:
    codes = which_prior.codes(run)
    if codes is None:
        return
    if not codes.whole:
        # Few images: measured at once, again and again.
        fragment(lambda: of_newest(run, view, unit), run_every=LIVE if run.status.active else None)
        return
    task = tasks.start(exact, codes, view.ratio)
    tasks.when_done(task, "Measuring", lambda found: numbers(run, view, codes, unit, *found))


def of_newest(run: Run, view: View, unit: Unit) -> None:
    codes = which_prior.codes(run)
    if codes is not None:
        numbers(run, view, codes, unit, *measure(codes, view.ratio))


def numbers(run: Run, view: View, codes: Codes, unit: Unit, holes: Any, outside: Any) -> None:
    latent = run.spec.latent
    everywhere = "" if latent == 2 else f" in all {latent} dimensions"
    number(
        "Hole mass",
        percent(holes.value),
        f"± {percent(holes.error)} of the prior{everywhere}",
        f"Share of the prior, inside its 95 % region, where it is more than {view.ratio:g} times the "
        f"aggregated posterior. Exact mixture at {words.count(samples(len(codes.posteriors)))} samples of "
        "the prior, nothing widened."
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
    evaluation = run.evaluation if codes.whole and not run.status.active else None
    elbo, note = evaluations.elbo(evaluation), evaluations.kl_note(evaluation)
    if elbo is not None:
        of = "" if run.spec.bound_of == "log p(x)" else f", of {run.spec.bound_of}"
        found = units.per_dimension(run.spec, evaluation) if unit.name == "bits" else None
        each, about = "", ""
        if found is not None:
            each, about = f"; {found[0]:.3f} per pixel", f" {units.about_scale(run.spec, found[1])}"
        help = f"Reconstruction minus KL, with beta 1.{about}"
        number("ELBO", unit.text(elbo), f"{unit.name} per test image{of}{each}", help)
    elif (distance := evaluations.distance(evaluation)) is not None:
        name = str(run.spec.likelihood.distance)
        number(name, words.nats(distance[0]), "per test image; no likelihood, so no ELBO", distance[1])
    elif note is not None:
        shown = unit.text(evaluations.reconstruction(evaluation))
        number("Reconstruction", shown, f"{unit.name} per test image. {note}", variance_bound.WHY)
    beta, weighs = objective_words.beta(run.spec, run.beta_moves), objective_words.of(run.spec).weighs
    value, at, step = beta.partition(" at step ")  # a large number, and the rest below it
    under = f"weight of {weighs}" + (f", from step {step}" if at else "")
    number("beta", value, under, f"What {weighs} was multiplied with in training.")
    if latent > 2:
        url_state.page_link(
            "traverse",
            {links.RUN: run.name},
            label="Traverse",
            icon=":material/tune:",
            help="A slider for each dimension, and what the decoder draws along it.",
        )


def number(name: str, value: str, under: str, help: str) -> None:
    with st.container(gap=None):
        st.metric(name, value, help=help)  # names its help for screen readers, as a line of words does not
        st.html(f'<div class="elbo-number"><small>{under}</small></div>')

"""The numbers above a map: its hole mass and its ELBO."""

from __future__ import annotations

from html import escape
from typing import Any

import streamlit as st

from vae_core.runs import evaluations
from vae_core.runs.run import Run
from widgets.components.latent_map import measures
from widgets.run_data.codes import Codes
from widgets.shell import objective_words, tasks, units, words
from widgets.shell.units import Unit


def known(codes: Codes, ratio: float) -> bool:
    """Whether the hole mass is there."""
    return not codes.whole or _task(codes, ratio).done()


def _task(codes: Codes, ratio: float) -> tasks.Task:
    return tasks.start(measures.hole_mass, codes, ratio)


def show(run: Run, codes: Codes, ratio: float, unit: Unit) -> None:
    cells = [_hole_mass(codes, ratio), *_bound(run, codes, unit)]
    cells.append(("beta", objective_words.beta(run.spec, run.beta_moves), "", ""))
    rows = "".join(
        f'<div title="{escape(why)}"><dt>{escape(name)}</dt>'
        f"<dd><b>{escape(value)}</b> {escape(note)}</dd></div>"
        for name, value, note, why in cells
    )
    st.html(f'<dl class="elbo-compared">{rows}</dl>')


Cell = tuple[str, str, str, str]  # name, value, what is beside it, an explanation


def _hole_mass(codes: Codes, ratio: float) -> Cell:
    why = (
        f"Share of the prior, inside its 95 % region, where it is more than {ratio:g} times the aggregated "
        "posterior: the exact mixture at 10,000 samples of the prior"
    )
    if not known(codes, ratio):
        return "Hole mass", "…", "", why
    if codes.whole and (fault := _task(codes, ratio).exception()) is not None:
        return "Hole mass", "–", "", tasks.sentence(fault)
    found = _task(codes, ratio).result() if codes.whole else measures.hole_mass(codes, ratio)
    return "Hole mass", measures.percent(found.value), f"± {measures.percent(found.error)}", why


def why_no_elbo(run: Run, codes: Codes) -> str:
    """Why an ELBO would say nothing of the run, in a sentence; empty where it does."""
    return evaluations.kl_note(_evaluation(run, codes)) or ""


def _evaluation(run: Run, codes: Codes) -> dict[str, Any] | None:
    """Where it speaks of these codes."""
    return run.evaluation if codes.whole and not run.status.active else None


def _bound(run: Run, codes: Codes, unit: Unit) -> list[Cell]:
    """The ELBO of the test images, or what is said in its place; nothing before an evaluation."""
    evaluation = _evaluation(run, codes)
    elbo, note = evaluations.elbo(evaluation), evaluations.kl_note(evaluation)
    if elbo is not None:
        of = "" if run.spec.bound_of == "log p(x)" else f", of {run.spec.bound_of}"
        help = "Reconstruction minus KL, with beta 1, per test image"
        cells = [("ELBO", unit.text(elbo), f"{unit.name}{of}", help)]
        if (found := units.per_dimension(run.spec, evaluation)) is not None:
            value, scale = found
            shown = f"{value:.3f}".replace("-", "−")
            cells.append(("Bits per dimension", shown, f"of {scale}", units.about_scale(run.spec, scale)))
        return cells
    if (distance := evaluations.distance(evaluation)) is not None:
        name = str(run.spec.likelihood.distance)
        return [(name, words.nats(distance[0]), "no likelihood, no ELBO", distance[1])]
    if note is not None:
        shown = unit.text(evaluations.reconstruction(evaluation))
        return [("Reconstruction", shown, f"{unit.name}, no ELBO", note)]
    return []

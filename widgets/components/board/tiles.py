"""The numbers of the training board: of the newest report, or of the last ones up to a step."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass, replace
from operator import itemgetter
from typing import Any

import numpy as np

from vae_core.model import variance_bound
from vae_core.runs import evaluations
from vae_core.runs.run import Run
from vae_core.spec import Spec
from widgets.components.board import codebook, density
from widgets.shell import objective_words, units, words
from widgets.shell.units import NATS, Unit


@dataclass(frozen=True)
class Holes:
    """mass: the prior's in holes of the map, None where the prior of that moment is not known; of so many
    images; marginal: whether the latent space has more dimensions than the map."""

    mass: float | None
    images: int
    marginal: bool

    def tile(self) -> list[str]:
        plane = " On these two dimensions: a marginal can hide a hole." if self.marginal else ""
        return [
            "Hole mass",
            "–" if self.mass is None else f"{100 * self.mass:.1f} %",
            f"{words.count(self.images)} images",
            f"The share of the prior that lies in holes: inside its region of {100 * density.MASS:.0f} %, "
            f"where its density is more than {density.RATIO:.0f} times that of the codes.{plane} Codes of "
            f"{words.count(self.images)} test images; fewer leave more holes, and a run at rest takes all of "
            "them.",
            "hole",
        ]


def tiles(
    run: Run,
    undefined: str | None = None,
    past: int | None = None,
    holes: Holes | None = None,
    newest: bool = False,
    unit: Unit = NATS,
) -> list[list[str]]:
    """Name, value, what stands under it, help, and the symbol whose colour the name has.

    undefined: why KL and ELBO say nothing of the model, where they do not.
    past: the step of which the numbers are, by the last reports up to it; None is now.
    holes: of that step; None where the map has no density. newest: whether no later one is shown.
    unit: of the numbers; in bits the ELBO is also said per dimension.
    """
    now, spec = run.status, run.spec
    reports = run.metrics
    if past is not None:
        reports = reports[: bisect_right(reports, past, key=itemgetter("step"))]
        epoch, seconds, pace = (
            float(np.nan_to_num(number(reports[-1].get(name)) if reports else 0.0))
            for name in ("epoch", "seconds", "images_per_second")
        )
        now = replace(now, step=past, epoch=epoch, seconds=seconds, images_per_second=pace)
    train = part(reports, "train") or {}
    test, whose = part(reports, "test") or {}, "test"
    if past is None and run.evaluation and not now.active:
        test, whose = run.evaluation, "whole test set"
    images = test.get("images")
    on = (
        f"Measured on {words.count(images)} test images."
        if isinstance(images, int | float)
        else "On test images."
    )
    if spec.mask.kind != "none":
        on += " Parts of them are hidden." if whose == "test" else " Whole; training hides parts of them."
    if spec.noise.kind != "none":
        on += " The encoder sees them under noise." if whose == "test" else " Without noise; training has it."
    beta = reports[-1].get("beta") if reports else spec.objective.beta

    def row(name: str, key: str, help: str) -> list[str]:
        shown = test.get(key, train.get(key))
        if key == "reconstruction" and (found := evaluations.distance(test)) is not None:
            shown = -found[0]
        under = f"train {unit.text(train[key])}" if isinstance(train.get(key), int | float) else whose
        if spec.likelihood.distance is not None and key in ("elbo", "reconstruction"):
            return of_distance(spec, key, shown, under)
        if undefined and key in ("elbo", "kl"):
            return [name, "–", "undefined", f"{undefined} {variance_bound.WHY}", key]
        return [name, unit.text(shown), under, f"{help} In {unit.name} per image. {on}", key]

    weighted = row(
        objective_words.of(spec).penalty, "beta_kl", "What the objective takes away from the reconstruction."
    )
    kl = test.get("kl")
    if "beta_kl" not in test and kl is not None and spec.objective.kind == "elbo" and beta is not None:
        weighted[1] = unit.text(beta * kl)  # an evaluation knows no beta
    weighted[2] = f"β = {words.number(beta)}" if isinstance(beta, int | float) else ""
    about_kl = "KL of q(z|x) from the prior p(z): never less than the mutual information of image and code."
    if spec.posterior.quantised:
        uniform = unit.text(spec.uniform_nats)
        about_kl = f"−log p(z), what the codes cost under the run's prior; under a uniform one {uniform}."
    elif isinstance(kl, int | float):
        about_kl += f" {units.size_of_code(spec, kl)}"
    # Of an objective that weighs codes the bound stands in place of what it takes away.
    weighed = []
    if spec.objective.weighs_samples:
        codes = f"Of {spec.objective.samples} codes, weighed together: a lower bound on log p(x), too."
        weighed = [row(objective_words.bound(spec), "bound", codes)]
    elbo = row("ELBO", "elbo", "Reconstruction minus KL, always with beta 1: a lower bound on log p(x).")
    if unit.name == "bits" and not undefined and (found := units.per_dimension(spec, test)) is not None:
        value, scale = found
        elbo[2] = f"{value:.3f} a dimension".replace("-", "−")
        elbo[3] += f" Bits per dimension: {units.about_scale(spec, scale)}"
    total = now.steps_total
    speed = [
        "Images/s",
        words.count(now.images_per_second) if now.images_per_second else "–",
        now.device or " ",
        "Training images per second, and the device.",
        "",
    ]
    if isinstance(test.get("accuracy"), int | float):
        entropy = test.get("classification", train.get("classification"))
        speed = [
            "Accuracy",
            f"{100 * test['accuracy']:.1f} %",
            f"−log q(y|x) {unit.text(entropy)}" if entropy is not None else whose,
            f"The share of images whose class the classifier q(y|x) gets right. {on}",
            "",
        ]
    return [
        elbo,
        *weighed,
        row("Reconstruction", "reconstruction", "The mean of log p(x|z) over codes z drawn from q(z|x)."),
        row("Codes" if spec.posterior.quantised else "KL", "kl", about_kl),
        *(codebook.tiles(spec, train) if spec.posterior.quantised else [] if weighed else [weighted]),
        *([] if holes is None else [holes.tile()]),
        speed,
        [
            "Epoch",
            f"{now.epoch:.2f}" if now.epoch < 100 else f"{now.epoch:.0f}",
            f"step {words.count(now.step)}",
            "Passes over the training images, and optimiser steps.",
            "",
        ],
        ["Elapsed", words.duration(now.seconds), "of training", "Time spent training, pauses left out.", ""],
        [
            "Remaining",
            words.duration(now.remaining) if now.active and (past is None or newest) else "–",
            f"of {words.count(total)} steps" if total else " ",
            "Estimated from the speed so far.",
            "",
        ],
    ]


def of_distance(spec: Spec, key: str, shown: float | None, under: str) -> list[str]:
    """What stands in place of ELBO and reconstruction where a distance is no likelihood."""
    note = spec.likelihood_note or ""
    if key == "elbo":
        return ["ELBO", "–", "no likelihood", note, key]
    distance = None if shown is None else -shown
    return [spec.likelihood.distance or "", words.nats(distance), under.replace("−", ""), note, key]


def number(value: Any) -> float:
    """NaN for what is none."""
    return float(value) if isinstance(value, int | float) else float("nan")


def part(reports: list[dict[str, Any]], name: str) -> dict[str, Any] | None:
    return next((part for report in reversed(reports) if isinstance(part := report.get(name), dict)), None)

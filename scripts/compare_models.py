"""Objectives, priors and posteriors held against each other, three seeds each: scripts/compare_models.py

Writes docs/models.md. Network (784-400-D), batches, steps and static binarisation are the same for all of
a table, and it is of all MNIST test images. Differences are paired by image and seed. One thread.
Interrupted, the script goes on where it was; called after all is done it only writes the page again.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from model_card import table
from safetensors.torch import load_file, save_file
from shipping import GALLERY, SAY, Collection, Piece
from torch import Tensor

from vae_core import data
from vae_core.analysis import aggregate, likelihood, posterior_gap
from vae_core.analysis.evaluation import bounds
from vae_core.analysis.quadrature import Lattice
from vae_core.model.posteriors import Posteriors
from vae_core.model.vae import VAE
from vae_core.pixels import unit
from vae_core.runs import files
from vae_core.runs.reading import read_json
from vae_core.training.process import quick_arithmetic

SEEDS = (0, 1, 2)
SAMPLES = 250  # of log p(x), each image
SURVEYED = 500  # images whose posterior is integrated
EXTENT = 5.0  # of that integral at least, in standard deviations of N(0, I)
PAGE = Path(__file__).parents[1] / "docs" / "models.md"
SCORES, VALUES = "scores.json", "values.safetensors"


@dataclass(frozen=True)
class Model:
    """One row of a table. against: the row it is paired with, by name; None of the first."""

    name: str
    title: str
    recipe: str
    changes: dict[str, Any] = field(default_factory=dict)
    against: str | None = None


@dataclass(frozen=True)
class Comparison:
    """The rows of one table, all trained under `changes`, and what is measured of each."""

    name: str
    changes: dict[str, Any]
    models: tuple[Model, ...]
    measure: Callable[[VAE, data.Dataset], tuple[dict[str, float], dict[str, Tensor]]]


def importance(model: VAE, test: data.Dataset) -> tuple[dict[str, float], dict[str, Tensor]]:
    """log p(x) by adaptive importance sampling, and the ELBO, of every test image."""
    found = likelihood.estimate(model, data.binarised_once(test, "static"), SAMPLES)
    holes = aggregate.hole_mass(codes(model, test), prior=None if model.prior.standard else model.prior)
    return {"hole_mass": holes.value}, {"log_px": found.value, "elbo": elbo(model, test)}


def plane(model: VAE, test: data.Dataset) -> tuple[dict[str, float], dict[str, Tensor]]:
    """Hole mass under the run's own prior; the ELBO of every test image; gaps of the first by quadrature."""
    images = data.binarised_once(test, "static")
    found = codes(model, test)
    holes = aggregate.hole_mass(found, prior=None if model.prior.standard else model.prior)
    lattice = Lattice.of(model, max(EXTENT, 1.1 * float(found.mean.abs().max())))
    survey = posterior_gap.survey(model, unit(images[:SURVEYED]), lattice_of=lambda _: lattice)
    assert survey.second is not None
    values = {"elbo": elbo(model, test), "gap": survey.gap, "second": survey.second}
    return {"hole_mass": holes.value, "log_px_surveyed": float(survey.log_px.mean())}, values


COMPARISONS = (
    Comparison(
        "sixteen",
        {"latent": 16, "training.epochs": 5.0, "data.binarisation": "static"},
        (
            Model("vae", "VAE, N(0, I)", "vae-16d"),
            Model("iwae-5", "IWAE, k = 5", "iwae-50", {"objective.samples": 5}, "vae"),
            Model("iwae-50", "IWAE, k = 50", "iwae-50", {}, "iwae-5"),
            Model("vamp", "VampPrior, 50 pseudo-inputs", "vamp-2d", {}, "vae"),
            Model("flow", "RealNVP prior", "flow-prior-2d", {}, "vae"),
        ),
        importance,
    ),
    Comparison(
        "plane",
        {"latent": 2, "training.epochs": 20.0, "training.learning_rate": 1e-3, "data.binarisation": "static"},
        (
            Model("vae", "VAE, N(0, I)", "vae-2d"),
            Model("mixture", "Mixture prior, 30 Gaussians", "mixture-prior-2d", {}, "vae"),
            Model("vamp", "VampPrior, 50 pseudo-inputs", "vamp-2d", {}, "vae"),
            Model("flow", "RealNVP prior", "flow-prior-2d", {}, "vae"),
            Model("iaf", "Flow posterior (IAF, 2 steps)", "iaf-2d", {}, "vae"),
        ),
        plane,
    ),
)


def codes(model: VAE, test: data.Dataset) -> Posteriors:
    return model.posteriors(data.binarised_once(test, model.spec.data.binarisation), test.labels)


def elbo(model: VAE, test: data.Dataset) -> Tensor:
    """The ELBO [N] in nats, one posterior sample each, the same noise for every model."""
    images = data.binarised_once(test, "static")
    with torch.inference_mode():
        found = [bound.reconstruction - bound.kl for bound in bounds(model, images, None)]
    return torch.cat([part.flatten() for part in found]).double().cpu()


def main() -> None:
    torch.set_num_threads(1)
    test = data.load("mnist", "test")
    for seed in SEEDS:
        for comparison in COMPARISONS:
            for model in comparison.models:
                SAY.print(make(comparison, model, seed, test))
    PAGE.write_text(page())


def folder(comparison: Comparison, model: Model, seed: int) -> str:
    return f"{comparison.name}-{model.name}-{seed}"


def work() -> Path:
    return GALLERY / ".compare_models"


def make(comparison: Comparison, model: Model, seed: int, test: data.Dataset) -> str:
    """Train and measure one model under one seed, as far as that is not done; what it reached, in a line."""
    name = folder(comparison, model, seed)
    target = work() / name
    if (scores := read_json(target / SCORES)) is None:
        piece = Piece(name, model.recipe, model.title, "")
        begun = time.process_time()
        run = Collection("compare_models", (piece,), order=0, frames=2).train(
            piece, **{**model.changes, **comparison.changes, "training.seed": seed}
        )
        spent = time.process_time() - begun
        with quick_arithmetic():
            numbers, values = comparison.measure(run.model, test)
        save_file({key: value.contiguous() for key, value in values.items()}, target / VALUES)
        scores = {**numbers, "processor_seconds": round(spent, 1)}
        files.write_json(target / SCORES, scores)
    values = load_file(target / VALUES)
    means = ", ".join(f"{key} {float(value.mean()):.3f}" for key, value in values.items())
    return f"{name}: {means}, hole mass {scores['hole_mass']:.3f}, {scores['processor_seconds']:.0f} s"


def finished() -> list[int]:
    """The seeds of which every model is measured."""
    return [
        seed
        for seed in SEEDS
        if all(
            (work() / folder(comparison, model, seed) / SCORES).is_file()
            for comparison in COMPARISONS
            for model in comparison.models
        )
    ]


def values_of(comparison: Comparison, name: str, key: str) -> Tensor:
    """Of a row by name: [seeds, N]."""
    model = next(model for model in comparison.models if model.name == name)
    return torch.stack(
        [load_file(work() / folder(comparison, model, seed) / VALUES)[key] for seed in finished()]
    )


def scores_of(comparison: Comparison, model: Model, key: str) -> list[float]:
    found = [read_json(work() / folder(comparison, model, seed) / SCORES) or {} for seed in finished()]
    return [float(scores[key]) for scores in found]


def difference(comparison: Comparison, model: Model, key: str) -> str:
    """What the row is above the one it is paired with: the mean, the standard error over images of the mean
    over seeds, and the least and greatest of the seeds."""
    if model.against is None:
        return ""
    apart = values_of(comparison, model.name, key) - values_of(comparison, model.against, key)
    mean_of_image = apart.mean(0)
    error = float(mean_of_image.std()) / math.sqrt(len(mean_of_image))
    seeds = apart.mean(1)
    return (
        f"{float(apart.mean()):+.2f} ± {error:.2f} ({float(seeds.min()):+.2f} to {float(seeds.max()):+.2f})"
    )


def page() -> str:
    sixteen, in_plane = COMPARISONS
    titles = {model.name: model.title for model in sixteen.models}
    first = [["16 dimensions, 5 epochs", "log p(x)", "above", "by (seeds)", "ELBO", "Training, s"]]
    for model in sixteen.models:
        first.append(
            [
                model.title,
                f"{float(values_of(sixteen, model.name, 'log_px').mean()):.2f}",
                "" if model.against is None else titles[model.against],
                difference(sixteen, model, "log_px"),
                f"{float(values_of(sixteen, model.name, 'elbo').mean()):.2f}",
                f"{sum(scores_of(sixteen, model, 'processor_seconds')) / len(finished()):.0f}",
            ]
        )
    second = [
        ["2 dimensions, 20 epochs", "ELBO", "above the VAE (seeds)", "Hole mass (seeds)", "Training, s"]
    ]
    for model in in_plane.models:
        holes = scores_of(in_plane, model, "hole_mass")
        second.append(
            [
                model.title,
                f"{float(values_of(in_plane, model.name, 'elbo').mean()):.2f}",
                difference(in_plane, model, "elbo"),
                f"{sum(holes) / len(holes):.1%} ({min(holes):.1%} to {max(holes):.1%})",
                f"{sum(scores_of(in_plane, model, 'processor_seconds')) / len(finished()):.0f}",
            ]
        )
    return (
        "# Objectives, priors and posteriors, measured\n\n"
        f"MNIST, binarised once, all 10,000 test images, seeds {', '.join(map(str, finished()))}; nats per "
        "image. Network 784-400-D and "
        "back, batch 128, Adam, one thread; processor seconds of training. Differences are paired by image "
        "and seed: their mean, its standard error over images, and the least and greatest of the "
        f"seeds. log p(x) by adaptive importance sampling with {SAMPLES} samples, a lower bound in "
        "expectation; ELBO with one sample of q. Hole mass is of the run's own prior.\n\n"
        f"{table(first)}\n\n{table(second)}\n\n{of_modes(in_plane)}\n\n"
        "Made by `python scripts/compare_models.py`.\n"
    )


def of_modes(comparison: Comparison) -> str:
    """Of the images whose p(z|x) has two modes under the VAE: the share whose gap the IAF run halves."""
    second, gap = values_of(comparison, "vae", "second"), values_of(comparison, "vae", "gap")
    bent = values_of(comparison, "iaf", "gap")
    two = second > 0
    halved = (bent <= gap / 2) & two
    return (
        f"Of the first {SURVEYED} test images {int(two.sum())} of {two.numel()} (all seeds together) have "
        "a true posterior of two modes under the VAE, by quadrature. The flow posterior's run halves the gap "
        f"log p(x) - ELBO of {int(halved.sum()) / max(1, int(two.sum())):.0%} of these; on average over them "
        f"the gap is {float(gap[two].mean()):.1f} nats under the VAE and {float(bent[two].mean()):.1f} under "
        f"the flow, and over all images {float(gap.mean()):.1f} and {float(bent.mean()):.1f}."
    )


if __name__ == "__main__":
    main()

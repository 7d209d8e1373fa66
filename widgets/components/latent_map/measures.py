"""Hole mass and the mass outside the prior, of a run's codes in all dimensions: the numbers beside a map."""

from __future__ import annotations

from typing import Any

from widgets.components.latent_map import densities
from widgets.run_data.codes import Codes, cached

MOST_SAMPLES, LEAST_SAMPLES = 10_000, 1_000
MOST_TERMS = 10**9  # densities of one posterior at one sample: some seconds


@cached(16)
def measure(codes: Codes, ratio: float) -> tuple[Any, Any]:
    return exact(codes, ratio)


def exact(codes: Codes, ratio: float) -> tuple[Any, Any]:
    """Hole mass and outside mass in all dimensions, each an Estimate."""
    from vae_core.analysis import aggregate

    outside = aggregate.outside_mass(codes.posteriors, mass=densities.MASS, prior=codes.prior)
    return hole_mass(codes, ratio), outside


@cached(32)
def hole_mass(codes: Codes, ratio: float) -> Any:
    """Hole mass in all dimensions, an Estimate: the run's own evaluation, where it speaks of these codes."""
    from vae_core.analysis import aggregate

    evaluation = codes.run.evaluation or {}
    mass, error = evaluation.get("hole_mass"), evaluation.get("hole_mass_error")
    at_rest = codes.whole and codes.own_prior and not codes.run.status.active and ratio == 10.0
    if at_rest and isinstance(mass, float) and isinstance(error, float):
        return aggregate.Estimate(mass, error)
    posteriors = codes.posteriors
    return aggregate.hole_mass(
        posteriors, samples(len(posteriors)), ratio=ratio, mass=densities.MASS, prior=codes.prior
    )


def samples(images: int) -> int:
    """How many of the prior the hole mass is measured with, by how many posteriors there are; its error,
    which stands beside it, grows as they become fewer."""
    return max(LEAST_SAMPLES, min(MOST_SAMPLES, MOST_TERMS // max(images, 1)))


def percent(share: float) -> str:
    if 0 < share < 0.01:
        return f"{100 * share:.2f} %"
    return f"{100 * share:.1f} %" if share < 0.9995 else "100 %"

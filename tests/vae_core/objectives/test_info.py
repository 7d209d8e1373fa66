"""InfoVAE's MMD against closed forms of Gaussians, and the objective against its parts."""

from __future__ import annotations

import math

import pytest
import torch

from vae_core import objectives, spec
from vae_core.model.terms import Terms
from vae_core.objectives.info import expected_mmd, mmd_from_normal
from vae_core.spec import Spec, SpecError

STEP = torch.tensor(0.0)


@pytest.mark.parametrize("width", [0.5, 1.0, 2.0])
@pytest.mark.parametrize(
    "mean, variance", [([0.0, 0.0], [1.0, 1.0]), ([1.0, -0.5], [0.3, 2.0]), ([0.0] * 5, [0.1] * 5)]
)
def test_its_mean_is_the_distance_between_two_gaussians(
    mean: list[float], variance: list[float], width: float
) -> None:
    centre, spread = torch.tensor(mean), torch.tensor(variance)
    generator = torch.Generator().manual_seed(0)
    batches = [
        mmd_from_normal(centre + spread.sqrt() * torch.randn(64, len(mean), generator=generator), width)
        for _ in range(400)
    ]
    found = torch.stack(batches)
    error = float(found.std()) / math.sqrt(len(batches))
    assert float(found.mean()) == pytest.approx(expected_mmd(centre, spread, width), abs=4 * error)


def test_the_distance_in_closed_form_is_a_sum_over_two_large_samples() -> None:
    generator = torch.Generator().manual_seed(1)
    mean, variance = torch.tensor([0.8]), torch.tensor([0.25])
    a = mean + variance.sqrt() * torch.randn(3000, 1, generator=generator)
    b = torch.randn(3000, 1, generator=generator)

    def kernel(x: torch.Tensor, y: torch.Tensor) -> float:
        return float(torch.exp(-0.5 * (x - y.T).square()).mean())

    direct = kernel(a, a) - 2 * kernel(a, b) + kernel(b, b)
    assert expected_mmd(mean, variance) == pytest.approx(direct, abs=0.01)
    assert expected_mmd(torch.zeros(3), torch.ones(3)) == pytest.approx(0, abs=1e-7)


def test_the_objective_weighs_kl_and_mmd() -> None:
    z = torch.randn(1, 1, 32, 2, generator=torch.Generator().manual_seed(0))
    terms = Terms(
        log_px=torch.full((1, 1, 32), -90.0),
        log_pz=torch.zeros(1, 1, 32),
        log_qz=torch.zeros(1, 1, 32),
        kl=torch.full((1, 32, 2), 1.5),
        z=z,
    )
    objective = objectives.build(spec.InfoObjective(beta=0.25, weight=200.0))
    loss, logged = objective(terms, STEP)
    mmd = float(mmd_from_normal(z[0, 0]))
    assert float(logged["mmd"]) == pytest.approx(mmd, abs=1e-6)
    assert float(loss) == pytest.approx(90 + 0.25 * 3 + 200 * mmd, rel=1e-5)
    assert float(logged["kl"]) == 3


def test_another_prior_than_n01_is_refused_in_a_sentence() -> None:
    with pytest.raises(SpecError, match="measures how far codes are from N"):
        Spec().change(**{"objective.kind": "info", "condition.kind": "class", "prior.kind": "class_normal"})

"""The KL as a constraint: dual ascent on a problem whose answer is known."""

from __future__ import annotations

import pytest
import torch

from vae_core import objectives, spec
from vae_core.model.terms import Terms

STEP = torch.tensor(0.0)


def terms(log_px: torch.Tensor, kl: torch.Tensor) -> Terms:
    none = torch.zeros(1, 1, 1)
    return Terms(log_px.reshape(1, 1, 1), none, none, kl.reshape(1, 1, 1), torch.zeros(1, 1, 1, 1))


def test_beta_moves_by_the_rate_times_what_the_kl_is_above_its_limit() -> None:
    objective = objectives.build(spec.ConstraintObjective(limit=2.0, rate=0.1))
    loss, logged = objective(terms(torch.tensor(-10.0), torch.tensor(5.0)), STEP)
    assert float(loss) == pytest.approx(10 + 1.0 * 3)
    assert float(logged["beta"]) == 1.0
    assert float(objective.beta) == pytest.approx(1.3)
    objective(terms(torch.tensor(-10.0), torch.tensor(0.0)), STEP)
    assert float(objective.beta) == pytest.approx(1.1)


def test_beta_never_falls_below_nothing_and_measuring_does_not_move_it() -> None:
    objective = objectives.build(spec.ConstraintObjective(beta=0.05, limit=2.0, rate=0.1))
    with torch.inference_mode():
        objective(terms(torch.tensor(-10.0), torch.tensor(9.0)), STEP)
    assert float(objective.beta) == pytest.approx(0.05)
    objective(terms(torch.tensor(-10.0), torch.tensor(0.0)), STEP)
    assert float(objective.beta) == 0


def test_it_settles_where_the_kl_is_at_its_limit_and_beta_is_the_slope_there() -> None:
    # A reconstruction of 20 log(1 + KL): at KL = 4 its slope is 20 / 5.
    objective = objectives.build(spec.ConstraintObjective(limit=4.0, rate=0.02))
    kl = torch.tensor(1.0, requires_grad=True)
    for _ in range(4000):
        loss, _ = objective(terms(20 * torch.log1p(kl), kl), STEP)
        (slope,) = torch.autograd.grad(loss, kl)
        with torch.no_grad():
            kl -= 0.02 * slope
    assert float(kl.detach()) == pytest.approx(4, abs=0.02)
    assert float(objective.beta) == pytest.approx(20 / 5, abs=0.02)

"""Collapse, on codes whose every dimension is known to live or not."""

from __future__ import annotations

import math

import pytest
import torch

from vae_core.analysis import collapse
from vae_core.model.posteriors import Posteriors


def code(live: int, dead: int, n: int = 200) -> Posteriors:
    """`live` dimensions that move with the image, `dead` ones that equal the prior."""
    mean = torch.zeros(n, live + dead)
    mean[:, :live] = torch.randn(n, live, generator=torch.Generator().manual_seed(0))
    log_var = torch.zeros(n, live + dead)
    log_var[:, :live] = -3
    return Posteriors(mean, log_var)


@pytest.mark.parametrize(("live", "dead"), [(3, 5), (0, 4), (6, 0)])
def test_dead_dimensions_are_collapsed_and_live_ones_active(live: int, dead: int) -> None:
    posteriors = code(live, dead)
    assert collapse.collapsed_fraction(posteriors, epsilon=0.01, delta=0.01) == pytest.approx(
        dead / (live + dead)
    )
    assert collapse.collapsed(posteriors).tolist() == [False] * live + [True] * dead
    assert collapse.active_units(posteriors) == live


def test_a_dimension_is_collapsed_when_at_most_a_share_delta_of_images_use_it() -> None:
    mean = torch.zeros(100, 1)
    mean[:29] = 1.0  # half a nat each
    posteriors = Posteriors(mean, torch.zeros(100, 1))
    assert collapse.collapsed_fraction(posteriors, epsilon=0.4, delta=0.28) == 0
    assert collapse.collapsed_fraction(posteriors, epsilon=0.4, delta=0.29) == 1
    assert collapse.collapsed_fraction(posteriors, epsilon=0.6, delta=0.0) == 1


def test_epsilon_itself_is_not_below_epsilon() -> None:
    posteriors = Posteriors(torch.ones(10, 1), torch.zeros(10, 1))  # KL 1/2 exactly
    assert collapse.collapsed_fraction(posteriors, epsilon=0.5, delta=0.0) == 0


def test_a_narrow_posterior_that_never_moves_is_inactive_but_not_collapsed() -> None:
    posteriors = Posteriors(torch.full((50, 1), 0.7), torch.full((50, 1), -5.0))
    assert collapse.active_units(posteriors) == 0
    assert collapse.collapsed_fraction(posteriors) == 0


def test_activity_is_the_variance_of_the_posterior_mean_over_images() -> None:
    mean = torch.tensor([[0.3, 0.1], [-0.3, -0.1]])
    posteriors = Posteriors(mean, torch.zeros(2, 2))
    assert collapse.activity(posteriors).tolist() == pytest.approx([0.09, 0.01], abs=1e-6)
    assert collapse.active_units(posteriors, threshold=0.05) == 1
    assert collapse.active_units(posteriors, threshold=math.inf) == 0


def test_the_share_over_epsilon_is_that_of_each_epsilon_alone() -> None:
    generator = torch.Generator().manual_seed(3)
    mean = torch.randn(150, 7, generator=generator) * torch.tensor([0.0, 0.02, 0.1, 0.3, 0.5, 1.0, 2.0])
    posteriors = Posteriors(mean, torch.zeros(150, 7))
    epsilons = torch.logspace(-3, 0, 25, dtype=torch.float64)
    for delta in (0.0, 0.01, 0.2):
        found = collapse.collapsed_fractions(posteriors, epsilons, delta)
        alone = [collapse.collapsed_fraction(posteriors, float(epsilon), delta) for epsilon in epsilons]
        assert found.tolist() == pytest.approx(alone)
        assert found.diff().min() >= 0
    assert float(collapse.collapsed_fractions(posteriors, torch.tensor([1e9]))) == 1

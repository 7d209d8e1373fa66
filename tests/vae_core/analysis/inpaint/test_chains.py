"""Effective sample size and R-hat of chains whose correlation is known."""

from __future__ import annotations

import math

import pytest
import torch

from vae_core.analysis.adaptive_importance import effective
from vae_core.analysis.inpaint import chains
from vae_core.analysis.inpaint.importance import resample


def autoregressive(phi: float, length: int = 4000, count: int = 8, seed: int = 0) -> torch.Tensor:
    """x_t = phi x_t-1 + noise, stationary [T, K]; n draws of it are worth n (1 - phi) / (1 + phi)."""
    noise = torch.randn(length, count, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)
    x = [noise[0] / math.sqrt(1 - phi**2)]
    for step in noise[1:]:
        x.append(phi * x[-1] + step)
    return torch.stack(x)


@pytest.mark.parametrize("phi", [0.0, 0.5, 0.9, -0.3])
def test_an_autoregressive_chain_is_worth_what_theory_says(phi: float) -> None:
    draws = autoregressive(phi)
    wanted = draws.numel() * (1 - phi) / (1 + phi)
    assert float(chains.effective(draws)) == pytest.approx(wanted, rel=0.12)
    assert float(chains.r_hat(draws)) == pytest.approx(1, abs=0.01)


def test_every_dimension_counts_for_itself() -> None:
    draws = torch.stack([autoregressive(0.9), autoregressive(0.0, seed=1)], -1)
    together = chains.effective(draws)
    assert together.tolist() == pytest.approx([float(chains.effective(draws[..., d])) for d in (0, 1)])


def test_chains_that_disagree_are_worth_about_one_draw_each() -> None:
    draws = autoregressive(0.0) + 20 * torch.arange(8.0)
    assert float(chains.effective(draws)) < 16
    assert float(chains.r_hat(draws)) > 10


def test_chains_that_never_move_tell_nothing() -> None:
    assert float(chains.effective(torch.ones(100, 4))) == 0
    assert math.isnan(float(chains.r_hat(torch.ones(100, 4))))
    assert math.isnan(float(chains.effective(torch.ones(2, 4))))
    # Each stands still where it is: nothing varies within, all of it between.
    apart = torch.arange(4.0).expand(100, 4)
    assert float(chains.r_hat(apart)) == math.inf
    assert float(chains.effective(apart)) < 5


@pytest.mark.parametrize(
    ("draws", "mixed", "said"),
    [
        (autoregressive(0.0), True, "mixed: chains agree"),
        (autoregressive(0.0)[:10], False, "not yet mixed: chains agree, but are worth"),
        (autoregressive(0.5) + 3 * torch.tensor([-1, 1] * 4), False, "not mixed: chains disagree (R̂ 2."),
        (torch.arange(8.0).expand(500, 8), False, "chains disagree (R̂ over 100)"),
        (torch.ones(500, 8), False, "no chain ever moved"),
    ],
)
def test_the_verdict_follows_from_both_numbers(draws: torch.Tensor, mixed: bool, said: str) -> None:
    # Beside a dimension that is fine.
    draws = torch.stack([draws, autoregressive(0.0, length=len(draws), seed=2)], -1)
    if draws.shape[0] == 500 and bool((draws[..., 0] == 1).all()):
        draws = draws[..., :1]
    found = chains.verdict(chains.r_hat(draws), chains.effective(draws))
    assert found[0] == mixed
    assert said in found[1]


def test_equal_weights_are_all_effective_and_a_single_one_is_one() -> None:
    weights = torch.stack(
        [torch.zeros(50), torch.full((50,), -900.0).index_fill(0, torch.tensor([7]), 0.0)], 1
    )
    assert effective(weights).tolist() == pytest.approx([50, 1])
    # Weights 3 : 1 : 1 : 1, so 36 / 12.
    assert float(effective(torch.tensor([[3.0], [1], [1], [1]]).log())) == pytest.approx(3)


def test_resampling_takes_each_as_often_as_its_weight_says() -> None:
    z = torch.arange(4.0).view(4, 1, 1).expand(4, 2, 1)
    log_weight = torch.tensor([[0.5, 0.1], [0.25, 0.2], [0.25, 0.3], [0.0, 0.4]]).log()
    drawn = resample(z, log_weight, 400, torch.Generator().manual_seed(0))
    assert drawn.shape == (400, 2, 1)
    assert [int((drawn[:, 0] == k).sum()) for k in range(4)] == [200, 100, 100, 0]
    assert [int((drawn[:, 1] == k).sum()) for k in range(4)] == pytest.approx([40, 80, 120, 160], abs=1)
    # Few of many: on average as the weights say, and in no order.
    few = torch.cat([resample(z, log_weight, 2, torch.Generator().manual_seed(i)) for i in range(500)])
    assert float((few[:, 1] == 3).double().mean()) == pytest.approx(0.4, abs=0.06)
    assert float((few[::2, 0] <= few[1::2, 0]).double().mean()) < 0.9

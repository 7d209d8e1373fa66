"""The area under the ROC curve by brute force over pairs, its interval by how often it holds the truth."""

import math

import pytest
import torch
from sklearn.metrics import roc_auc_score, roc_curve

from vae_core.analysis import roc


def with_ties(seed: int = 0) -> tuple[torch.Tensor, torch.Tensor]:
    generator = torch.Generator().manual_seed(seed)
    inside = torch.randint(0, 30, (80,), generator=generator).double()
    return inside, torch.randint(-10, 20, (50,), generator=generator).double()


def test_area_and_curve_are_scikit_learns() -> None:
    inside, outside = with_ties()
    truth, score = [0] * 80 + [1] * 50, -torch.cat([inside, outside]).numpy()
    assert roc.area(inside, outside).value == pytest.approx(roc_auc_score(truth, score))
    own, foreign = roc.curve(inside, outside)
    expected = roc_curve(truth, score, drop_intermediate=False)
    assert own.tolist() == pytest.approx(expected[0].tolist())
    assert foreign.tolist() == pytest.approx(expected[1].tolist())


def test_area_and_variance_are_those_of_all_pairs() -> None:
    inside, outside = with_ties(1)
    pairs = (outside < inside[:, None]).double() + 0.5 * (outside == inside[:, None])  # [N, M]
    value = float(pairs.mean())
    variance = float(pairs.mean(1).var() / len(inside) + pairs.mean(0).var() / len(outside))
    half = 1.959964 * math.sqrt(variance) / (value * (1 - value))
    found = roc.area(inside, outside)
    assert found.value == pytest.approx(value)
    odds = [math.log(end / (1 - end)) for end in (found.low, found.value, found.high)]
    assert odds[1] - odds[0] == pytest.approx(half)
    assert odds[2] - odds[1] == pytest.approx(half)


@pytest.mark.parametrize("shift", [0.5, 2.0])
def test_the_interval_holds_the_truth_in_95_of_100_cases(shift: float) -> None:
    truth = 0.5 * math.erfc(-shift / 2)  # of two normals of variance 1: Phi(shift / sqrt 2)
    generator = torch.Generator().manual_seed(0)
    held = 0
    for _ in range(400):
        inside, outside = torch.randn(2, 60, generator=generator)
        found = roc.area(inside + shift, outside)
        held += found.low <= truth <= found.high
    assert 366 <= held <= 394  # 380, give or take three standard deviations of 4.4


def test_sets_that_are_told_apart_have_an_area_of_one_and_the_other_way_round_of_none() -> None:
    assert roc.area(torch.ones(3), torch.zeros(3)) == roc.Area(1.0, 1.0, 1.0)
    assert roc.area(torch.zeros(3), torch.ones(3)) == roc.Area(0.0, 0.0, 0.0)
    assert roc.area(torch.ones(3), torch.ones(1)).value == 0.5
    with pytest.raises(ValueError, match="Two sets"):
        roc.area(torch.ones(3), torch.ones(0))

"""Differences of group means: what they are, how sure they are, and when they stand for nothing."""

from __future__ import annotations

import math

import pytest
import torch
from scipy import stats

from vae_core.analysis import arithmetic


def codes(n: int = 300, dimensions: int = 4, seed: int = 0) -> torch.Tensor:
    return torch.randn(n, dimensions, generator=torch.Generator().manual_seed(seed))


def test_an_analogy_completes_the_parallelogram() -> None:
    a, b, c = codes(3)
    torch.testing.assert_close(arithmetic.analogy(a, b, c) - c, a - b)


CORNERS = torch.tensor([[0.0, 0.0], [2.0, 3.0], [4.0, 4.0], [6.0, 7.0], [5.0, 8.0]])


def test_class_means_are_those_of_the_classes_that_are_there() -> None:
    labels = torch.tensor([7, 2, 7, 2, 7])
    means = arithmetic.class_means(CORNERS, labels)
    assert {label: mean.tolist() for label, mean in means.items()} == {
        2: [4.0, 5.0],
        7: [3.0, 4.0],
    }
    group = arithmetic.group_mean(CORNERS, labels == 7)
    assert group.tolist() == [3.0, 4.0]


def test_within_a_range_of_a_factor_lie_its_ends_too() -> None:
    factor = torch.tensor([0.6, 0.1, 0.3, 0.9, 0.3])
    assert arithmetic.within(factor, 0.3, 0.6).tolist() == [True, False, True, False, True]
    assert arithmetic.within(factor, 0.3, 0.3).tolist() == [False, False, True, False, True]
    assert not arithmetic.within(factor, 0.4, 0.5).any()
    group = arithmetic.within(factor, 0.3, 0.6)
    assert arithmetic.group_mean(CORNERS, group).tolist() == pytest.approx([3.0, 4.0])


def test_a_direction_is_the_shift_that_was_put_in_with_welchs_standard_error() -> None:
    shift, group = torch.tensor([3.0, 0.0, -4.0, 0.0]), torch.arange(300) % 3 == 0
    moved = codes() + group[:, None] * shift
    found = arithmetic.direction(moved, group)
    assert (found.count, found.rest) == (100, 200)
    along = (moved @ (found.vector / found.norm)).numpy()
    welch = stats.ttest_ind(along[group.numpy()], along[~group.numpy()], equal_var=False)
    assert found.norm / found.error == pytest.approx(welch.statistic, rel=1e-4)
    assert float((found.vector - shift).norm()) < 5 * found.chance
    assert found.norm == pytest.approx(5, abs=4 * found.error)


def test_the_error_is_how_the_norm_varies_from_sample_to_sample() -> None:
    shift, group = torch.tensor([2.0, 1.0]), torch.arange(90) % 3 == 0
    found = [arithmetic.direction(codes(90, 2, seed) + group[:, None] * shift, group) for seed in range(400)]
    norms = torch.tensor([one.norm for one in found])
    errors = torch.tensor([one.error for one in found])
    assert float(errors.mean()) == pytest.approx(float(norms.std()), rel=0.15)


def test_chance_is_the_norm_of_a_direction_between_groups_drawn_at_random() -> None:
    generator = torch.Generator().manual_seed(1)
    points = codes() * torch.tensor([1.0, 2.0, 3.0, 0.1])
    groups = [torch.randperm(300, generator=generator) < 40 for _ in range(400)]
    norms = torch.tensor([arithmetic.direction(points, group).norm for group in groups])
    chance = arithmetic.direction(points, groups[0]).chance
    assert float(norms.square().mean().sqrt()) == pytest.approx(chance, rel=0.1)


def test_of_one_image_a_direction_has_no_finite_error() -> None:
    found = arithmetic.direction(codes(), torch.arange(300) == 5)
    torch.testing.assert_close(found.vector, (codes()[5] - torch.cat([codes()[:5], codes()[6:]]).mean(0)))
    assert found.error == found.chance == math.inf


@pytest.mark.parametrize(
    "group, rest, words",
    [
        (torch.zeros(300, dtype=torch.bool), None, "empty"),
        (torch.ones(300, dtype=torch.bool), None, "empty"),
        (torch.arange(300) < 5, torch.arange(300) < 9, "share"),
        (torch.arange(300), None, "bool"),
        (torch.ones(7, dtype=torch.bool), None, "300 codes"),
    ],
)
def test_groups_that_give_no_direction_are_refused_in_a_sentence(group, rest, words) -> None:
    with pytest.raises(ValueError, match=words):
        arithmetic.direction(codes(), group, rest)


def test_a_continuous_factor_gives_the_axis_it_was_written_on() -> None:
    factor = torch.rand(2000, generator=torch.Generator().manual_seed(2))
    axis = torch.tensor([0.6, 0.0, 0.8, 0.0])
    found = arithmetic.by_factor(codes(2000) * 0.1 + factor[:, None] * axis, factor, quantile=0.2)
    # Means of U(0, 1) above 0.8 and below 0.2 lie 0.8 apart.
    torch.testing.assert_close(found.vector, 0.8 * axis, rtol=0, atol=0.04)
    assert (found.count, found.rest) == (400, 400)


@pytest.mark.parametrize("values", [[0.0, 1.0], [0.0] * 9 + [1.0], [0.0, 0.5, 1.0]])
def test_of_a_factor_with_few_values_the_largest_and_smallest_are_taken(values: list[float]) -> None:
    factor = torch.tensor(values).repeat(20)
    found = arithmetic.by_factor(torch.stack([factor, -factor], 1), factor, quantile=0.1)
    assert found.vector.tolist() == [1.0, -1.0]
    assert (found.count, found.rest) == (20, 20 * values.count(0.0))


def test_a_factor_that_does_not_vary_is_refused() -> None:
    with pytest.raises(ValueError, match="same value"):
        arithmetic.by_factor(codes(), torch.ones(300))
    with pytest.raises(ValueError, match="quantile"):
        arithmetic.by_factor(codes(), torch.arange(300), quantile=0.7)


def test_strength_moves_along_the_direction_and_back() -> None:
    z, vector = codes(2)
    moved = arithmetic.move(z, vector, torch.tensor([-2.0, 0.0, 0.5]))
    torch.testing.assert_close(moved, torch.stack([z - 2 * vector, z, z + vector / 2]))


def test_inside_a_polygon_is_what_the_even_odd_rule_says() -> None:
    points = 2 * codes(2000, 2)
    triangle = torch.tensor([[0.0, 0.0], [3.0, 0.0], [0.0, 3.0]])
    x, y = points.unbind(1)
    assert torch.equal(arithmetic.inside(points, triangle), (x > 0) & (y > 0) & (x + y < 3))
    # An L, its corner cut out; and a bow tie, whose halves both count.
    ell = torch.tensor([[0.0, 0.0], [2.0, 0.0], [2.0, 1.0], [1.0, 1.0], [1.0, 2.0], [0.0, 2.0]])
    square = (x > 0) & (x < 2) & (y > 0) & (y < 2)
    assert torch.equal(arithmetic.inside(points, ell), square & ~((x > 1) & (y > 1)))
    tie = torch.tensor([[-1.0, -1.0], [1.0, 1.0], [1.0, -1.0], [-1.0, 1.0]])
    assert torch.equal(arithmetic.inside(points, tie), (x.abs() < 1) & (y.abs() < x.abs()))
    with pytest.raises(ValueError, match="three corners"):
        arithmetic.inside(points, triangle[:2])


def test_the_furthest_classes_are_those_whose_direction_is_longest_beside_chance() -> None:
    labels = torch.arange(300) % 5
    z = codes() + 0.2 * codes(5, seed=1)[labels]
    z[labels == 3] *= 4  # the mean is further off, and by chance it would be too
    ratios = {}
    for a in range(5):
        for b in range(a + 1, 5):
            found = arithmetic.direction(z, labels == a, labels == b)
            ratios[a, b] = found.norm / found.chance
    assert arithmetic.furthest_classes(z, labels) == max(ratios, key=ratios.__getitem__)
    apart = z.clone()
    apart[labels == 2] += 9
    apart[labels == 4] -= 9
    assert arithmetic.furthest_classes(apart, labels) == (2, 4)


def test_without_two_classes_of_two_images_none_are_the_furthest() -> None:
    z = codes(4)
    assert arithmetic.furthest_classes(z, torch.tensor([0, 0, 0, 1])) is None
    assert arithmetic.furthest_classes(z, torch.zeros(4, dtype=torch.long)) is None


def test_the_principal_axis_is_the_one_on_which_codes_vary_most() -> None:
    z = codes(100, 3)
    z[:, 1] *= 5
    axis = arithmetic.principal_axis(z + 7)
    assert axis[1] > 0.99
    assert float(axis.norm()) == pytest.approx(1)
    group = torch.arange(100) < 61
    ordered = (z[:61].double() @ axis).argsort().tolist()
    assert [arithmetic.at_share(z, group, axis, share) for share in (0, 0.1, 1)] == [
        ordered[0],
        ordered[6],
        ordered[60],
    ]
    with pytest.raises(ValueError, match="empty"):
        arithmetic.at_share(z, torch.zeros(100, dtype=torch.bool), axis, 0.5)

"""Traversals: which dimensions are used, how far they are moved, and what that shows."""

import math

import pytest
import torch
from torch.distributions import Categorical, MixtureSameFamily, Normal

from vae_core.analysis import traverse
from vae_core.model.posteriors import Posteriors


def posteriors(mean: torch.Tensor, sigma: torch.Tensor | float = 0.5) -> Posteriors:
    return Posteriors(mean, torch.full_like(mean, 0.0) + 2 * torch.as_tensor(sigma).log())


def test_dimensions_come_by_kl_and_those_whose_means_hardly_move_are_dead() -> None:
    """Means +-m of variance m^2, and KL 0.5 (m^2 + s^2 - 1 - log s^2)."""
    m = torch.tensor([0.05, 2.0, 0.0, 1.0])
    found = traverse.usage(posteriors(torch.stack([m, -m]), sigma=0.5))
    assert found.kl.tolist() == pytest.approx((0.5 * (m**2 + 0.25 - 1 - math.log(0.25))).tolist(), abs=1e-6)
    assert found.order.tolist() == [1, 3, 0, 2]
    assert found.activity.tolist() == pytest.approx((m**2).tolist())
    assert found.dead.tolist() == [True, False, True, False]


def test_equal_kl_keeps_the_order_of_the_dimensions() -> None:
    assert traverse.order(torch.tensor([1.0, 2.0, 1.0, 2.0])).tolist() == [1, 3, 0, 2]


def test_stops_in_sigmas_are_even_and_the_same_for_all() -> None:
    stops = traverse.sigmas(3)
    assert stops.shape == (3, 7)
    assert stops[2].tolist() == pytest.approx([-3, -2, -1, 0, 1, 2, 3])


@pytest.mark.parametrize("reach, count", [(0.0, 7), (-1.0, 7), (3.0, 1)])
def test_a_range_that_is_none_is_refused(reach: float, count: int) -> None:
    with pytest.raises(ValueError, match="reach"):
        traverse.sigmas(2, reach, count)


def test_where_the_aggregated_posterior_is_one_gaussian_its_quantiles_are_those_of_scipy() -> None:
    stats = pytest.importorskip("scipy.stats")
    one = Posteriors(torch.tensor([[1.0, -2.0]]), torch.tensor([[0.0, 2 * math.log(3.0)]]))
    levels = (0.001, 0.1, 0.5, 0.975)
    found = traverse.quantiles(one, levels)
    for d, (mean, sigma) in enumerate([(1.0, 1.0), (-2.0, 3.0)]):
        assert found[d].tolist() == pytest.approx(stats.norm(mean, sigma).ppf(levels).tolist(), abs=1e-6)


def test_quantiles_of_a_mixture_are_where_its_distribution_function_has_the_level() -> None:
    generator = torch.Generator().manual_seed(0)
    mean = 2 * torch.randn(5000, 3, generator=generator)
    log_var = torch.randn(5000, 3, generator=generator)
    found = traverse.quantiles(Posteriors(mean, log_var))
    for d in range(3):
        parts = Normal(mean[:, d].double(), (0.5 * log_var[:, d].double()).exp())
        mixture = MixtureSameFamily(Categorical(torch.ones(5000, dtype=torch.float64)), parts)
        assert mixture.cdf(found[d]).tolist() == pytest.approx(traverse.LEVELS, abs=1e-6)


@pytest.mark.parametrize("levels", [(), (0.0, 0.5), (0.5, 1.0), (0.5, 0.4), (0.5, 0.5)])
def test_levels_that_are_none_are_refused(levels: tuple[float, ...]) -> None:
    with pytest.raises(ValueError, match="Levels"):
        traverse.quantiles(posteriors(torch.zeros(2, 1)), levels)


def test_along_a_dimension_nothing_else_moves() -> None:
    code = torch.tensor([0.5, -1.0, 2.0])
    codes = traverse.along(code, 1, torch.tensor([-3.0, 0.0, 3.0]))
    assert codes.tolist() == [[0.5, -3, 2], [0.5, 0, 2], [0.5, 3, 2]]
    assert code.tolist() == [0.5, -1, 2]


def test_a_strip_shows_the_decoded_code_at_each_stop() -> None:
    """A decoder that paints the code itself: pixel d is z_d."""

    def paint(z: torch.Tensor) -> torch.Tensor:
        return z.clamp(0, 1)[:, None, None, :]

    stops = torch.tensor([[0.0, 0.4], [0.2, 1.0], [0.6, 0.8]])
    images = traverse.strips(paint, torch.tensor([0.1, 0.5, 0.9]), stops, [2, 0])
    assert images.shape == (2, 2, 1, 1, 3)
    assert images.dtype == torch.uint8
    wanted = torch.tensor([[[0.1, 0.5, 0.6], [0.1, 0.5, 0.8]], [[0.0, 0.5, 0.9], [0.4, 0.5, 0.9]]])
    assert images[:, :, 0, 0].tolist() == (255 * wanted).round().tolist()
    assert len(traverse.strips(paint, torch.zeros(3), stops)) == 3


def test_a_film_swings_from_the_first_stop_to_the_last_and_back() -> None:
    stops = torch.tensor([[-2.0, 0.0, 2.0], [0.0, 1.0, 10.0]])
    values = traverse.swing(stops, 8)
    assert values.shape == (2, 8)
    assert values[:, 0].tolist() == [-2, 0]
    assert values[:, 4].tolist() == [2, 10]
    assert values[:, 2].tolist() == pytest.approx([0, 1])  # half way in rank is the middle stop
    assert values[0, 1:4].tolist() == pytest.approx(values[0, 5:].flip(0).tolist())
    assert (values[:, 1:5].diff(dim=1) > 0).all()
    with pytest.raises(ValueError, match="frames"):
        traverse.swing(stops, 1)

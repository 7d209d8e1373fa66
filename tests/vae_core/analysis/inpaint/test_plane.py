"""The plane that separates groups of codes, and the posterior on it, against what theory says of both."""

from __future__ import annotations

import pytest
import torch
from torch import nn
from torch.distributions import MultivariateNormal

from tests.vae_core.analysis.inpaint.conftest import SIGMA, untrained
from vae_core.analysis import inpaint


def groups_of(
    means: torch.Tensor, covariance: torch.Tensor, each: int = 4000
) -> tuple[torch.Tensor, torch.Tensor]:
    generator = torch.Generator().manual_seed(0)
    root = torch.linalg.cholesky(covariance)
    noise = torch.randn(len(means), each, means.shape[1], generator=generator)
    codes = means[:, None] + noise @ root.T
    return codes.flatten(0, 1), torch.arange(len(means)).repeat_interleave(each)


def test_two_groups_are_apart_along_fishers_direction_and_not_along_that_of_most_variance() -> None:
    covariance = torch.diag(torch.tensor([9.0, 1.0, 0.25, 4.0])) + 0.3
    means = torch.tensor([[0.0, 0, 0, 0], [1.0, 1.5, 0.5, 0.0]])
    plane = inpaint.separating(*groups_of(means, covariance))
    theory = torch.linalg.solve(covariance, means[1] - means[0])
    cosine = torch.nn.functional.cosine_similarity(plane.axes[:, 0], theory, dim=0).abs()
    assert plane.groups == 2
    assert cosine > 0.999
    torch.testing.assert_close(plane.axes.T @ plane.axes, torch.eye(2), atol=1e-5, rtol=0)


def test_three_groups_span_the_plane_of_their_means_where_their_spread_is_round() -> None:
    means = torch.zeros(3, 6)
    means[1, 2], means[2, 4] = 5.0, 5.0
    plane = inpaint.separating(*groups_of(means, torch.eye(6)))
    inside = plane.axes[[2, 4]].square().sum()  # 2 where both axes lie in the plane of dimensions 3 and 5
    assert inside == pytest.approx(2, abs=0.01)
    assert plane.groups == 3


@pytest.mark.parametrize("groups", [None, torch.zeros(3000, dtype=torch.long)])
def test_one_group_is_seen_along_the_directions_of_most_variance(groups: torch.Tensor | None) -> None:
    codes = torch.randn(3000, 5, generator=torch.Generator().manual_seed(0)) * torch.tensor([1, 5, 1, 3, 0.5])
    plane = inpaint.separating(codes, groups)
    assert plane.groups == 0
    assert plane.axes[[1, 3]].square().sum() == pytest.approx(2, abs=0.01)
    assert plane.axes[1, 0] > 0.99


def test_a_dimension_without_use_is_no_axis_though_it_varies_most() -> None:
    codes = torch.randn(3000, 4, generator=torch.Generator().manual_seed(0)) * torch.tensor([9.0, 2, 1, 9])
    plane = inpaint.separating(codes, None, torch.tensor([0.01, 1, 1, 0]))
    assert plane.axes[1, 0] > 0.99
    assert plane.axes[2, 1] > 0.99
    nothing = inpaint.separating(codes, None, torch.zeros(4)).axes
    torch.testing.assert_close(nothing.T @ nothing, torch.eye(2))


def test_few_draws_and_those_without_a_group_do_not_turn_the_plane() -> None:
    means = torch.tensor([[0.0, 0, 0], [4.0, 0, 0], [0.0, 0, 50.0]])
    codes, groups = groups_of(means, torch.eye(3))
    groups[groups == 2] = -1
    groups[0] = 3
    plane = inpaint.separating(codes, groups)
    assert plane.groups == 2
    assert plane.axes[0, 0] > 0.99


def test_two_dimensions_are_seen_as_they_are() -> None:
    codes = torch.randn(10, 2)
    torch.testing.assert_close(inpaint.separating(codes).place(codes), codes)
    with pytest.raises(ValueError, match="two dimensions"):
        inpaint.separating(codes[:, :1])


def test_the_posterior_on_a_grid_is_the_exact_one_of_a_linear_gaussian_model() -> None:
    model = untrained(latent=2)
    (to_pixels,) = (m for m in model.decoder.modules() if isinstance(m, nn.Linear))
    w = 0.1 * torch.randn(64, 2, generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        to_pixels.weight.copy_(w)
        to_pixels.bias.fill_(0.5)
    x, mask = (0.5 + w @ torch.tensor([0.7, -0.4])).view(1, 8, 8), torch.zeros(8, 8)
    mask[:, :3] = 1
    seen = mask.flatten() > 0
    covariance = torch.linalg.inv(torch.eye(2) + w[seen].T @ w[seen] / SIGMA**2)
    mean = covariance @ w[seen].T @ (x.flatten() - 0.5)[seen] / SIGMA**2
    found = inpaint.posterior(inpaint.Problem(model, x, mask), (0.5, 0.0), 3.0, 121)
    line = torch.linspace(-3, 3, 121)
    up, across = torch.meshgrid(line, line, indexing="ij")
    exact = MultivariateNormal(mean, covariance).log_prob(torch.stack([across + 0.5, up], -1))
    near = exact > exact.max() - 6
    torch.testing.assert_close(found[near], exact[near], atol=0.01, rtol=0)


def test_a_posterior_is_drawn_of_one_image_and_two_dimensions_only(rough) -> None:
    with pytest.raises(ValueError, match="of two dimensions"):
        inpaint.posterior(
            inpaint.Problem(rough.model, rough.images(1)[0], torch.ones(8, 8)), (0.0, 0.0), 3.0, 5
        )

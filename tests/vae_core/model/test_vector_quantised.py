"""The codebook: which code a cell takes, what gradients pass, and how codes follow the encoder."""

import math

import pytest
import torch

from vae_core.model import posteriors
from vae_core.model.posteriors import GridCodes, VectorQuantised
from vae_core.model.vae import VAE
from vae_core.model.vector_quantised import perplexity
from vae_core.spec import Spec, VqPosterior

GRID = (2, 3)


def quantiser(codes: int = 7, latent: int = 4, **settings) -> VectorQuantised:
    torch.manual_seed(0)
    found = posteriors.build(VqPosterior(codes=codes, **settings), latent, (GRID,))
    assert isinstance(found, VectorQuantised)
    return found


def params(count: int = 5, latent: int = 4) -> torch.Tensor:
    return torch.randn(count, latent * math.prod(GRID), generator=torch.Generator().manual_seed(1))


def cells(flat: torch.Tensor, latent: int = 4) -> torch.Tensor:
    """Channels first, by hand: [..., D * h * w] -> [..., h, w, D]."""
    return flat.reshape(*flat.shape[:-1], latent, *GRID).movedim(-3, -1)


def model(prior: str = "uniform", codes: int = 64, cell: int = 2, **more) -> VAE:
    """A tiny one, of images of 8 x 8 pixels."""
    torch.manual_seed(0)
    value = {
        "data": {"name": "digits", "binarisation": "none"},
        "latent": 3,
        "net": {"kind": "conv_grid", "cell": cell, "hidden": 8},
        "posterior": {"kind": "vq", "codes": codes},
        "prior": {"kind": prior},
    }
    return VAE(Spec.parse(value | more))


def test_a_cell_takes_the_code_that_a_search_through_all_finds_nearest() -> None:
    posterior = quantiser()
    found = posterior.indices(params())
    for image, of_image in zip(cells(params()), found, strict=True):
        for row in range(GRID[0]):
            for column in range(GRID[1]):
                distances = [
                    float((image[row, column] - code).norm()) for code in posterior.codebook.detach()
                ]
                assert of_image[row, column] == distances.index(min(distances))


def test_indices_become_z_and_z_those_indices_again() -> None:
    posterior = quantiser()
    indices = torch.arange(12).reshape(2, *GRID) % 7
    z = posterior.embed(indices)
    assert torch.equal(cells(z), posterior.codebook[indices])
    assert torch.equal(posterior.indices(z), indices)


def test_the_gradient_passes_the_codebook_as_if_it_were_not_there() -> None:
    posterior, given = quantiser(), params().requires_grad_()
    (z,), log_q = posterior.sample(given)
    assert torch.equal(z, posterior.location(given))
    assert not torch.equal(z, given)
    weight = torch.randn_like(z)
    (z * weight).sum().backward()
    assert torch.equal(given.grad, weight)
    assert posterior.codebook.grad is None
    assert torch.equal(log_q, torch.zeros(1, 5))


def test_q_is_one_at_its_code_and_nothing_elsewhere() -> None:
    posterior = quantiser()
    z = torch.stack([posterior.location(params()), posterior.embed(torch.zeros(5, *GRID, dtype=torch.long))])
    assert posterior.log_prob(params(), z).tolist() == [[0.0] * 5, [-math.inf] * 5]


def test_the_loss_draws_codes_to_cells_and_cells_to_codes() -> None:
    posterior, given = quantiser(commitment=0.25), params().requires_grad_()
    loss = posterior.auxiliary_loss(given)
    between = given - posterior.location(given)
    torch.testing.assert_close(loss, 1.25 * between.square().sum(-1))
    loss.sum().backward()
    torch.testing.assert_close(given.grad, 0.25 * 2 * between)
    of_codes = torch.zeros_like(posterior.codebook)
    of_codes.index_add_(0, posterior.indices(given).flatten(), -2 * cells(between).flatten(0, -2))
    torch.testing.assert_close(posterior.codebook.grad, of_codes)


def test_moving_averages_end_at_the_mean_of_the_cells_that_chose_each_code() -> None:
    posterior = quantiser(codebook="moving_average", restart=False)
    assert posterior.auxiliary_loss(params()).allclose(
        0.25 * (params() - posterior.location(params())).square().sum(-1)
    )
    for _ in range(3000):
        posterior.learn(params(), False, torch.Generator())
    chosen = posterior.indices(params()).flatten()
    for k in chosen.unique():
        mean = cells(params()).flatten(0, -2)[chosen == k].mean(0)
        torch.testing.assert_close(posterior.codebook[k], mean, atol=1e-4, rtol=1e-3)


@pytest.mark.parametrize("how", ["loss", "moving_average"])
def test_a_code_unused_for_an_epoch_starts_again_at_some_cell(how: str) -> None:
    posterior = quantiser(codebook=how)
    with torch.no_grad():
        posterior.codebook[2] = 1e6
        if how == "moving_average":
            posterior.average_sum[2] = 1e6
    generator = torch.Generator().manual_seed(0)
    posterior.learn(params(), False, generator)
    assert float(posterior.codebook.detach()[2].max()) > 1e5  # the epoch goes on
    posterior.learn(params(), True, generator)
    assert float(posterior.restarts) == float((posterior.usage == 0).sum()) > 0
    rows = cells(params()).flatten(0, -2)
    assert (rows == posterior.codebook[2]).all(-1).any()
    assert posterior.usage.sum() == 2 * len(rows)
    assert posterior.counts.sum() == 0


def test_perplexity_is_from_one_code_to_all() -> None:
    assert float(perplexity(torch.tensor([0.0, 9.0, 0.0]))) == pytest.approx(1)
    assert float(perplexity(torch.full((64,), 5.0))) == pytest.approx(64, rel=1e-5)


def test_one_code_costs_nothing_and_k_alike_cost_their_logarithm_in_every_cell() -> None:
    images = torch.rand(6, 1, 8, 8)
    for codes, expected in ((1, 0.0), (64, 16 * math.log(64))):
        bound = model(codes=codes)(images).elbo(analytic=False)
        torch.testing.assert_close(bound.kl, torch.full((6,), expected))
        torch.testing.assert_close(bound.value, bound.reconstruction.mean((0, 1)) - expected)
    # 7 x 7 cells of 64 codes: the number that is read off a default run.
    assert Spec.parse(
        {
            "net": {"kind": "conv_grid"},
            "posterior": {"kind": "vq"},
            "prior": {"kind": "uniform"},
        }
    ).uniform_nats == pytest.approx(203.8, abs=0.05)


@pytest.mark.parametrize(("side", "cells"), [(28, 7), (32, 8), (64, 16)])
def test_a_grid_has_a_cell_for_every_four_pixels(side: int, cells: int) -> None:
    vae = model(codes=5, cell=4, data={"image_shape": (1, side, side), "binarisation": "none"})
    x = torch.rand(2, 1, side, side)
    assert vae.posterior.indices(vae.encode(x)).shape == (2, cells, cells)
    assert vae.decode(vae.posterior.location(vae.encode(x))).shape == x.shape
    assert vae.grid_codes((x * 255).byte()).indices.shape == (2, cells, cells)


def test_codes_are_read_back_as_they_were_written() -> None:
    codes = GridCodes(torch.arange(12).reshape(2, 2, 3), torch.tensor([3, 1]))
    again = GridCodes.of(codes.arrays())
    assert torch.equal(again.indices, codes.indices)
    assert torch.equal(again.labels, codes.labels)
    assert GridCodes.of(GridCodes(codes.indices).arrays()).labels is None
    with pytest.raises(ValueError, match=r"indices must be \[N, h, w\], not \[2, 2\]"):
        GridCodes(codes.indices[0, :, :2])

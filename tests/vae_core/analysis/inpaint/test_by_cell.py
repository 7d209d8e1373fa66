"""Completions cell by cell, against the distribution that enumeration gives."""

import itertools

import pytest
import torch

from vae_core.analysis import cells, inpaint
from vae_core.model.vae import VAE
from vae_core.spec import Spec

K = 3


@pytest.fixture
def model() -> VAE:
    """A grid of 2 x 3 cells of 4 x 4 pixels, and a prior under which cells depend on each other."""
    spec = Spec.parse(
        {
            "data": {"binarisation": "none", "image_shape": (1, 8, 12)},
            "latent": 2,
            "net": {"kind": "conv_grid", "hidden": 6, "blocks": 0},
            "posterior": {"kind": "vq", "codes": K},
            "prior": {"kind": "autoregressive", "hidden": 4},
        }
    )
    with torch.random.fork_rng():
        torch.manual_seed(1)
        made = VAE(spec).eval().requires_grad_(False)
        for parameter in made.prior.parameters():
            parameter += 0.5 * torch.randn_like(parameter)
    return made


IMAGE = torch.rand(1, 8, 12, generator=torch.Generator().manual_seed(0)).round()


def test_a_cell_is_kept_where_all_its_pixels_are_observed() -> None:
    mask = torch.ones(8, 12)
    mask[3, 4] = mask[7, 11] = 0
    assert inpaint.kept_cells(mask, (2, 3)).tolist() == [[True, False, True], [True, True, False]]


def test_completions_are_as_frequent_as_the_prior_given_the_kept_cells_says(model: VAE) -> None:
    """Hidden are the first and the fourth cell, so that later ones bear on both: p(hidden | kept) is found by
    enumeration of all K^2 grids."""
    mask = torch.ones(8, 12)
    mask[:, :4] = 0
    seen = cells.encode(model, (IMAGE * mask)[None])[0]
    exact, draws = {}, 20_000
    for one, other in itertools.product(range(K), repeat=2):
        codes = seen.clone()
        codes[0], codes[3] = one, other
        exact[one, other] = model.prior.log_prob_of(codes.view(2, 3)).exp().item()
    total = sum(exact.values())
    found = inpaint.by_cell(model, IMAGE, mask, 5000, draws=draws, generator=torch.Generator().manual_seed(0))
    assert torch.equal(found.codes[:, found.kept], seen[found.kept].expand(5000, -1))
    assert 1 < found.ess < draws
    assert not found.exact
    for (one, other), p in exact.items():
        share = ((found.codes[:, 0] == one) & (found.codes[:, 3] == other)).float().mean().item()
        assert share == pytest.approx(p / total, abs=5 * (0.25 / min(found.ess, 5000)) ** 0.5)
    log_p = model.prior.log_prob_of_cells(found.codes.view(-1, 2, 3))
    torch.testing.assert_close(found.nats, -(log_p[:, 0, 0] + log_p[:, 1, 0]))


def test_where_written_cells_end_the_grid_all_weights_are_the_same(model: VAE) -> None:
    mask = torch.ones(8, 12)
    mask[4:] = 0
    found = inpaint.by_cell(model, IMAGE, mask, 4, draws=64)
    assert found.ess == pytest.approx(64, rel=1e-4)
    assert found.exact


@pytest.fixture
def two_levels() -> VAE:
    """1 x 2 cells of 4 x 4 pixels on top, 2 x 4 of 2 x 2 below, and a prior under which all depend on each
    other."""
    spec = Spec.parse(
        {
            "data": {"binarisation": "none", "image_shape": (1, 4, 8)},
            "latent": 2,
            "net": {"kind": "conv_grid", "hidden": 6, "blocks": 0},
            "posterior": {"kind": "vq2", "codes": 3, "bottom_codes": 2},
            "prior": {"kind": "autoregressive", "hidden": 4},
        }
    )
    with torch.random.fork_rng():
        torch.manual_seed(0)
        made = VAE(spec).eval().requires_grad_(False)
        for parameter in made.prior.parameters():
            parameter += 0.5 * torch.randn_like(parameter)
    return made


def test_completions_of_two_levels_are_as_frequent_as_the_prior_says(two_levels: VAE) -> None:
    """Two hidden pixels hide the first cell of the top, and the first and the seventh of the bottom, so that
    kept cells of either level come after hidden ones: p(hidden | kept) by enumeration of all 3 * 2^2."""
    image, mask = torch.ones(1, 4, 8), torch.ones(4, 8)
    mask[0, 0] = mask[2, 3] = 0
    hidden = [0, 2, 2 + 5]
    seen = cells.encode(two_levels, (image * mask)[None])[0]
    every = list(itertools.product(range(3), range(2), range(2)))
    codes = seen.repeat(len(every), 1)
    codes[:, hidden] = torch.tensor(every)
    p = cells.log_prob(two_levels, codes).sum(1).softmax(0)
    generator = torch.Generator().manual_seed(0)
    found = inpaint.by_cell(two_levels, image, mask, 5000, draws=20_000, generator=generator)
    assert (~found.kept).nonzero().flatten().tolist() == hidden
    assert torch.equal(found.codes[:, found.kept], seen[found.kept].expand(5000, -1))
    assert not found.exact
    assert 1 < found.ess < 19_000
    share = (found.codes[:, hidden] @ torch.tensor([4, 2, 1])).bincount(minlength=12) / 5000
    torch.testing.assert_close(share, p, atol=5 * (0.25 / min(found.ess, 5000)) ** 0.5, rtol=0)
    log_p = cells.log_prob_of_cells(two_levels, found.codes)
    torch.testing.assert_close(found.nats, -log_p[:, hidden].sum(1))


def test_of_two_levels_completions_are_exact_where_only_the_last_cells_are_hidden(two_levels: VAE) -> None:
    every_cell = inpaint.by_cell(two_levels, torch.ones(1, 4, 8), torch.zeros(4, 8), 4)
    assert every_cell.exact
    assert every_cell.ess == pytest.approx(every_cell.draws, rel=1e-4)
    mask = torch.ones(4, 8)
    mask[3, 7] = 0
    corner = inpaint.by_cell(two_levels, torch.ones(1, 4, 8), mask, 4)
    assert not corner.exact  # the cell of the top comes before kept ones of the bottom

"""Two levels of codes: what each costs, what gradients pass, and that the prior writes what it prices."""

import itertools
import math

import pytest
import torch

from vae_core.analysis import cells, evaluation, two_levels
from vae_core.data import Dataset
from vae_core.model.posteriors import GridCodes
from vae_core.model.vae import VAE
from vae_core.spec import Spec, SpecError

TINY = {
    "data": {"name": "digits", "binarisation": "none"},
    "latent": 3,
    "net": {"kind": "conv_grid", "cell": 8, "hidden": 6, "blocks": 1},
    "posterior": {"kind": "vq2", "codes": 2, "bottom_codes": 3},
    "prior": {"kind": "autoregressive", "hidden": 4},
}  # of images of 8 x 8 pixels: one cell above four
IMAGES = torch.rand(6, 1, 8, 8, generator=torch.Generator().manual_seed(0))


def model(**changes: object) -> VAE:
    with torch.random.fork_rng():
        torch.manual_seed(0)
        made = VAE(Spec.parse(TINY).change(**changes)).eval()
        with torch.no_grad():
            for parameter in made.prior.parameters():  # a new prior is uniform
                parameter += 0.5 * torch.randn_like(parameter)
    return made


@pytest.mark.parametrize(("top", "bottom"), [(1, 1), (5, 7)])
def test_one_code_costs_nothing_and_codes_alike_their_logarithms(top: int, bottom: int) -> None:
    sizes = {"posterior.codes": top, "posterior.bottom_codes": bottom, "net.cell": 4, "prior.kind": "uniform"}
    vae = model(**sizes)
    bound = vae(IMAGES).elbo(analytic=False)
    of_levels = torch.tensor([4 * math.log(top), 16 * math.log(bottom)])
    torch.testing.assert_close(bound.dimension_kl[0], of_levels.expand(6, 2))
    torch.testing.assert_close(bound.value, bound.reconstruction.mean((0, 1)) - of_levels.sum())
    assert vae.spec.uniform_nats == pytest.approx(float(of_levels.sum()))


def test_the_gradient_passes_both_codebooks_as_if_they_were_not_there() -> None:
    posterior = model().posterior
    params = torch.randn(5, posterior.numbers, requires_grad=True)
    (z,), log_q = posterior.sample(params)
    assert torch.equal(log_q, torch.zeros(1, 5))
    torch.testing.assert_close(z, posterior.location(params))
    weight = torch.randn_like(z)
    (z * weight).sum().backward()
    of_top, of_bottom = posterior.split(weight)
    grid = of_bottom.unflatten(1, (3, 2, 2))
    # The bottom's vectors are the encoder's and what the top decodes to: so its gradient goes to both.
    through = torch.nn.functional.conv2d(grid, posterior.down.weight, stride=2, padding=1).flatten(1)
    torch.testing.assert_close(params.grad, torch.cat([of_top + through, of_bottom], 1))


def test_the_bottom_is_quantised_after_what_the_top_decodes_to_is_added() -> None:
    posterior = model().posterior
    params = torch.randn(5, posterior.numbers)
    top, bottom = posterior.indices(params)
    first, second = posterior.split(params)
    assert torch.equal(top, posterior.top.indices(first))
    decoded = posterior.down(posterior.top.codebook[top].movedim(-1, 1)).flatten(1)
    assert torch.equal(bottom, posterior.bottom.indices(second + decoded))
    assert not torch.equal(bottom, posterior.bottom.indices(second))


def every() -> torch.Tensor:
    """All 2 * 3^4 codes that there are, as `cells` has them."""
    return torch.tensor([(t, *b) for t in range(2) for b in itertools.product(range(3), repeat=4)])


def test_probabilities_of_all_codes_sum_to_one_and_the_bottoms_do_given_each_top() -> None:
    vae = model()
    log_p = cells.log_prob(vae, every()).double()
    assert float(log_p.sum(-1).exp().sum()) == pytest.approx(1, abs=1e-5)
    given = log_p[:, 1].exp().reshape(2, 81)
    torch.testing.assert_close(given.sum(1), torch.ones(2, dtype=torch.double), atol=1e-5, rtol=0)
    assert float((given[0] - given[1]).abs().max()) > 1e-3  # the bottom depends on the top


@pytest.mark.parametrize("of_class", [False, True])
def test_codes_are_drawn_as_often_as_their_probability_says(of_class: bool) -> None:
    told = {"condition.kind": "class", "prior.of_class": "true"} if of_class else {}
    vae, count = model(**told), 20_000
    top, bottom = vae.prior.sample_codes(count, torch.Generator().manual_seed(0))
    p = cells.log_prob(vae, every()).sum(-1).exp()
    place = top.flatten() * 81 + bottom.flatten(1) @ torch.tensor([27, 9, 3, 1])
    share = place.bincount(minlength=162) / count
    error = (p * (1 - p) / count).sqrt()
    assert float(((share - p).abs() / error).max()) < 5
    z = vae.posterior.embed(top[:4], bottom[:4])
    torch.testing.assert_close(vae.prior.log_prob(z), p[place[:4]].log())


@torch.inference_mode()
def test_a_level_alone_is_kept_and_the_prior_says_the_other() -> None:
    vae = model()
    own = cells.encode(vae, IMAGES)
    torch.testing.assert_close(cells.embed(vae, own), vae.posterior.location(vae.encode(IMAGES)))
    top, bottom = two_levels.of_top(vae, own), two_levels.of_bottom(vae, own)
    assert torch.equal(top[:, 0], own[:, 0])
    assert torch.equal(bottom[:, 1:], own[:, 1:])
    assert bottom[:, 0].unique().tolist() == [int(cells.log_prob(vae, every())[::81, 0].argmax())]


@torch.inference_mode()
def test_levels_of_two_images_are_swapped() -> None:
    vae = model()
    a, b = torch.tensor([0, 1, 1, 1, 1]), torch.tensor([1, 2, 2, 2, 2])
    four = two_levels.swapped(vae, a, b)
    assert four.tolist() == [[0, 1, 1, 1, 1], [0, 2, 2, 2, 2], [1, 1, 1, 1, 1], [1, 2, 2, 2, 2]]
    image = IMAGES[0].round()
    log_px = two_levels.log_px(vae, image, four)
    p = vae.decode_mean(vae.posterior.embed(four[:, :1].view(4, 1, 1), four[:, 1:].view(4, 2, 2)))
    expected = torch.distributions.Bernoulli(p).log_prob(image).flatten(1).sum(1)
    torch.testing.assert_close(log_px, expected)


@torch.inference_mode()
def test_the_prior_writes_cells_of_both_levels_and_keeps_the_others() -> None:
    """Kept are the top and the second cell of the bottom: the first is drawn given the top alone, the third
    given all before it. All of p is found by enumeration."""
    vae, count = model(), 20_000
    kept = torch.tensor([True, False, True, False, True])
    known = torch.tensor([1, 0, 2, 0, 1]).expand(count, -1)
    found = cells.write(vae, known, kept, torch.Generator().manual_seed(0))
    assert (found[:, kept] == known[:, kept]).all()
    p = cells.log_prob(vae, every()).sum(-1).exp().view(2, 3, 3, 3, 3)
    first = p[1].sum((1, 2, 3)) / p[1].sum()
    third = p[1, :, 2].sum(-1) / p[1, :, 2].sum((-2, -1), keepdim=True)[..., 0]
    expected = (first[:, None] * third).flatten()
    share = (found[:, 1] * 3 + found[:, 3]).bincount(minlength=9) / count
    error = (expected * (1 - expected) / count).sqrt()
    assert float(((share - expected).abs() / error).max()) < 5


def test_the_evaluation_states_the_nats_of_both_levels() -> None:
    images = (IMAGES * 255).byte()
    found = evaluation.evaluate(model(), Dataset("digits", "test", images, None, ()), samples=0)
    assert sum(found["level_nats"]) == pytest.approx(found["kl"], abs=1e-4)
    assert found["elbo"] == pytest.approx(found["reconstruction"] - found["kl"], abs=1e-4)
    assert 1 <= found["bottom_codes_used"] <= 3


@pytest.mark.parametrize(("side", "cells"), [(28, 7), (32, 8), (64, 16)])
def test_the_bottom_grid_is_twice_as_fine(side: int, cells: int) -> None:
    vae = model(**{"data.image_shape": (1, side, side), "net.cell": 4})
    codes = vae.grid_codes(torch.zeros(2, 1, side, side, dtype=torch.uint8))
    assert codes.indices.shape == (2, cells, cells)
    assert codes.bottom.shape == (2, 2 * cells, 2 * cells)
    again = GridCodes.of(codes.arrays())
    assert torch.equal(again.bottom, codes.bottom)
    assert vae.decode_mean(vae.prior.sample(1)).shape == (1, 1, side, side)


def test_cells_of_two_pixels_leave_no_room_for_a_finer_grid() -> None:
    with pytest.raises(SpecError, match="it needs cells of 4 or 8 pixels"):
        Spec.parse(TINY).change(**{"net.cell": 2})

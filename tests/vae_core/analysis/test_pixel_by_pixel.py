"""A decoder that writes pixel by pixel: a probability of images, from which it draws, also around others."""

from __future__ import annotations

from itertools import product

import pytest
import torch

from vae_core.analysis import likelihood
from vae_core.analysis.inpaint.in_order import hides_the_end, in_order
from vae_core.analysis.pixel_by_pixel import write
from vae_core.model.vae import VAE
from vae_core.spec import Spec

SIDE = 3
EVERY = torch.tensor(list(product([0.0, 1.0], repeat=SIDE * SIDE))).view(-1, 1, SIDE, SIDE)


def model(net: str = "pixel", **changes: object) -> VAE:
    torch.manual_seed(0)
    shape = {"data": {"image_shape": (1, SIDE, SIDE), "binarisation": "static"}}
    return VAE(Spec.parse(shape).change(**{"net.kind": net, "net.widths": "6"} | changes)).eval()


def dependent(**changes: object) -> VAE:
    """Whose pixels depend on each other a lot."""
    found = model(**{"net.receptive_field": 2, "net.channels": 4} | changes)
    assert found.neighbours is not None
    torch.nn.init.normal_(found.neighbours.out.weight, std=2.0)
    return found


@pytest.fixture
def awake() -> VAE:
    return dependent()


def log_p_of_all(found: VAE, z: torch.Tensor) -> torch.Tensor:
    """log p(x|z) [512] of every binary image, under one code z [D]."""
    codes = z.expand(1, len(EVERY), -1)
    return found.likelihood.log_prob(found.decode(codes, x=EVERY), EVERY)[0].detach()


@pytest.mark.parametrize("field", [0, 2])
def test_without_neighbours_it_is_the_dense_network_and_so_is_a_new_one(field: int) -> None:
    pixel, dense = model(**{"net.receptive_field": field}), model("mlp")
    assert not pixel.load_state_dict(dense.state_dict(), strict=False).unexpected_keys
    z = torch.randn(1, len(EVERY), 2)
    of_dense = dense.likelihood.log_prob(dense.decode(z), EVERY)
    torch.testing.assert_close(pixel.likelihood.log_prob(pixel.decode(z, x=EVERY), EVERY), of_dense)
    assert (field == 0) == (pixel.state_dict().keys() == dense.state_dict().keys())


def test_probabilities_of_all_images_sum_to_1(awake: VAE) -> None:
    for z in torch.randn(3, 2):
        assert log_p_of_all(awake, z).double().exp().sum().item() == pytest.approx(1, abs=1e-5)


def test_a_code_alone_does_not_say_what_pixels_are(awake: VAE) -> None:
    with pytest.raises(ValueError, match="depend on those before them"):
        awake.decode_mean(torch.zeros(1, 2))


def test_images_are_drawn_as_often_as_they_are_probable(awake: VAE) -> None:
    z, count = torch.tensor([0.5, -1.0]), 40_000
    drawn = write(awake, z.expand(count, -1), generator=torch.Generator().manual_seed(1)).images
    number = (drawn.flatten(1) * 2.0 ** torch.arange(SIDE * SIDE - 1, -1, -1)).sum(1).long()
    share, p = number.bincount(minlength=len(EVERY)) / count, log_p_of_all(awake, z).exp()
    # Pearson's statistic over images of at least 5 expected draws has about as many degrees of freedom.
    often = p * count > 5
    statistic = (count * (share - p).square() / p)[often].sum()
    assert statistic < often.sum() + 4 * (2 * often.sum()).sqrt()


def test_around_observed_pixels_it_draws_what_comes_after_them_and_weighs_what_came_before(
    awake: VAE,
) -> None:
    """The first five pixels observed: hidden ones have p(x_hidden | x_observed, z), as enumeration has it."""
    x, mask = EVERY[0b101100000], torch.tensor([[1, 1, 1], [1, 1, 0], [0, 0, 0]])
    z, count = torch.tensor([0.5, -1.0]), 20_000
    found = write(awake, z.expand(count, -1), generator=torch.Generator().manual_seed(2), x=x, mask=mask)
    assert (found.images[:, mask.expand(1, -1, -1) == 1] == x[mask[None] == 1]).all()
    fits = ((x == EVERY) | (mask == 0)).flatten(1).all(1)
    p = log_p_of_all(awake, z).exp() * fits
    torch.testing.assert_close(found.log_observed, p.sum().log().expand(count), atol=1e-4, rtol=0)
    share, expected = found.images.mean(0), (p / p.sum()) @ EVERY.flatten(1)
    torch.testing.assert_close(share.flatten(), expected, atol=4 * 0.5 / count**0.5, rtol=0)


def test_of_independent_pixels_it_is_a_draw_of_each() -> None:
    dense, z = model("mlp"), torch.tensor([[0.5, -1.0]]).expand(20_000, -1)
    mask = torch.eye(SIDE)
    found = write(dense, z, generator=torch.Generator().manual_seed(0), x=EVERY[-1], mask=mask)
    expected = torch.where(mask == 1, torch.ones(()), dense.decode_mean(z[:1])[0])
    torch.testing.assert_close(found.images.mean(0), expected, atol=4 * 0.5 / len(z) ** 0.5, rtol=0)


def test_of_a_decoder_that_is_blind_to_z_the_best_kl_is_0(awake: VAE) -> None:
    """log p(x|z) is then log p(x), and the ELBO is that less the KL, which q(z|x) = p(z) brings to 0."""
    for layer in (awake.decoder[0], awake.encoder[-1]):
        torch.nn.init.zeros_(layer.weight)
    torch.nn.init.zeros_(awake.encoder[-1].bias)
    terms = awake(EVERY, 2, torch.Generator().manual_seed(0))
    bound, log_px = terms.elbo(), log_p_of_all(awake, torch.zeros(2))
    assert terms.log_px[0, 0].equal(terms.log_px[0, 1])
    assert not bound.kl.any()
    torch.testing.assert_close(bound.value.detach(), log_px)
    estimate = likelihood.estimate(awake, EVERY[:8], 400)
    assert ((estimate.value - log_px[:8]).abs() < 4 * estimate.error).all()


@pytest.mark.parametrize("hidden", ["lower", "left"])
def test_completions_are_those_that_enumeration_gives(hidden: str) -> None:
    """p(x) of all 512 images by a sum over codes of one dimension; the lower pixels end the image in raster
    order, the left ones do not."""
    one = dependent(latent=1)
    mask = torch.ones(SIDE, SIDE)
    if hidden == "lower":
        mask[1:] = 0
    else:
        mask[:, 0] = 0
    assert hides_the_end(mask) == (hidden == "lower")
    x, codes = EVERY[0b101011001], torch.linspace(-5, 5, 81)[:, None, None]
    log_px = one.likelihood.log_prob(one.decode(codes.expand(-1, len(EVERY), -1), x=EVERY), EVERY).detach()
    p = (log_px + one.prior.log_prob(codes)).double().exp().sum(0) * (10 / 80)
    assert p.sum().item() == pytest.approx(1, abs=1e-5)
    p *= ((x == EVERY) | (mask == 0)).flatten(1).all(1)
    found = in_order(one, x, mask, 2000, draws=2000, generator=torch.Generator().manual_seed(4))
    assert ((found.images == x) | (mask == 0)).all()
    assert found.log_px == pytest.approx(p.sum().log().item(), abs=4 / found.ess**0.5)
    torch.testing.assert_close(
        found.images.mean(0).flatten().double(),
        (p / p.sum()) @ EVERY.flatten(1).double(),
        atol=4 * 0.5 / found.ess**0.5,
        rtol=0,
    )

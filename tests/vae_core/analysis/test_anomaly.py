"""The ELBO of single images against quadrature, and its place among others."""

import math

import pytest
import torch
from torch.distributions import Bernoulli, Normal, kl_divergence

from vae_core.analysis import anomaly
from vae_core.model.vae import VAE
from vae_core.spec import Spec


@pytest.fixture
def images() -> torch.Tensor:
    return torch.randint(0, 256, (5, 1, 8, 8), generator=torch.Generator().manual_seed(1)).byte()


def small(**changes: object) -> VAE:
    settings = {"data.name": "digits", "net.kind": "mlp", "net.widths": (7,), "latent": 1} | changes
    with torch.random.fork_rng():
        torch.manual_seed(0)
        model = VAE(Spec().change(**settings)).eval()
    with torch.no_grad():
        for parameter in model.parameters():
            parameter *= 2
    return model


def by_quadrature(model: VAE, x: torch.Tensor, y: torch.Tensor | None = None) -> torch.Tensor:
    """E_q[log p(x|z)] - KL(q || p) of x [B, 1, 8, 8] for one latent dimension."""
    mean, log_var = (column[:, 0].double() for column in model.posterior.split(model.encode(x, y)))
    q = Normal(mean, (log_var / 2).exp())
    z = torch.linspace(-8, 8, 4001).double()[:, None] * q.scale + q.loc  # [M, B]
    weights = torch.softmax(q.log_prob(z), 0)
    told = None if y is None else model.weights(y)
    pixels = Bernoulli(logits=model.decode(z[..., None].float(), told))
    log_px = pixels.log_prob(x).flatten(2).sum(-1).double()
    return (weights * log_px).sum(0) - kl_divergence(q, Normal(0.0, 1.0))


def test_it_is_what_quadrature_gives(images: torch.Tensor) -> None:
    # log p(x|z) varies by some 5 nats under q, so 20,000 samples err by 0.04.
    model = small()
    x = (images > 127).float()
    with torch.no_grad():
        expected = by_quadrature(model, x)
    torch.testing.assert_close(anomaly.elbo(model, x, 20_000).double(), expected, rtol=0, atol=0.15)


def test_under_a_condition_the_classes_are_summed_out(images: torch.Tensor) -> None:
    model = small(**{"condition.kind": "class"})
    x = (images > 127).float()
    with torch.no_grad():
        each = torch.stack([by_quadrature(model, x, torch.full((5,), y)) for y in range(10)])
    expected = each.logsumexp(0) - math.log(10)  # p(y) is uniform
    torch.testing.assert_close(anomaly.elbo(model, x, 20_000).double(), expected, rtol=0, atol=0.15)


def test_the_bound_of_a_grey_image_is_the_mean_over_its_binarisations_where_q_ignores_x() -> None:
    model = small()
    with torch.no_grad():
        for parameter in model.encoder.parameters():
            parameter.zero_()
    grey = torch.full((1, 1, 8, 8), 0.5)
    generator = torch.Generator().manual_seed(3)
    drawn = (torch.rand(4000, 1, 8, 8, generator=generator) < grey).float()
    mean = anomaly.elbo(model, drawn, 50).mean()
    assert float(anomaly.elbo(model, grey, 4000)) == pytest.approx(float(mean), abs=0.3)


@pytest.mark.parametrize("numbers", [1, 10**4])
def test_neither_blocks_nor_kinds_of_pixels_change_it(images, numbers: int, monkeypatch) -> None:
    model = small()
    with torch.no_grad():
        for parameter in model.encoder.parameters():
            parameter -= 20 * (parameter.ndim == 1)  # q is so narrow that all its samples are alike
    whole = anomaly.elbo(model, images, 4)
    monkeypatch.setattr(anomaly, "NUMBERS", numbers)
    torch.testing.assert_close(anomaly.elbo(model, images / 255, 4), whole, rtol=0, atol=0.05)


def test_no_images_have_no_bounds() -> None:
    assert anomaly.elbo(small(), torch.zeros(0, 1, 8, 8)).shape == (0,)


def test_a_quantile_is_the_share_below_with_ties_counted_half() -> None:
    reference = torch.tensor([-4.0, -3.0, -3.0, -1.0])
    assert [anomaly.quantile(v, reference) for v in (-5.0, -4.0, -3.0, -2.0, 0.0)] == [
        0, 0.125, 0.5, 0.75, 1,
    ]  # fmt: skip
    with pytest.raises(ValueError, match="nothing to compare"):
        anomaly.quantile(0.0, torch.empty(0))


def test_the_surprise_of_the_pixels_sums_to_minus_the_reconstruction():
    torch.manual_seed(0)
    vae = VAE(Spec().change(**{"data.name": "digits", "net.widths": [16], "latent": 3})).eval()
    image = (torch.rand(1, 8, 8) < 0.5).float()
    found = anomaly.per_pixel(vae, image, 5, torch.Generator().manual_seed(1))
    with torch.no_grad():
        terms = vae(image[None], 5, torch.Generator().manual_seed(1))
    assert found.shape == (1, 8, 8)
    assert float(found.sum()) == pytest.approx(-float(terms.log_px.mean()), rel=1e-5)


def test_under_a_condition_the_surprise_is_that_of_the_classes_by_their_probability() -> None:
    model = small(**{"condition.kind": "class"})
    with torch.no_grad():
        for parameter in model.encoder.parameters():
            parameter -= 20 * (parameter.ndim == 1)  # q is so narrow that all its samples are alike
        image = model.decode_mean(torch.zeros(1, 1), torch.tensor([4]))[0].round()
        x = image[None].expand(10, -1, -1, -1)
        z, _ = model.posterior.sample(model.encode(x, torch.arange(10)), 1, torch.Generator().manual_seed(0))
        logits = model.decode(z, torch.arange(10))[0]
        bounds = torch.cat([by_quadrature(model, x[:1], torch.tensor([y])) for y in range(10)])
        each = -Bernoulli(logits=logits).log_prob(x)
    expected = (bounds.softmax(0).float().view(10, 1, 1, 1) * each).sum(0)
    assert 0.1 < float(bounds.softmax(0).max()) < 0.99
    torch.testing.assert_close(anomaly.per_pixel(model, image), expected, rtol=0, atol=0.01)

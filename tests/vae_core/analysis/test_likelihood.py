"""Importance-sampled log p(x) against models whose exact log p(x) is known."""

from __future__ import annotations

import math

import pytest
import torch
from torch import nn
from torch.distributions import MultivariateNormal, kl_divergence

from tests.vae_core.analysis.linear_gaussian import SIGMA, linear_gaussian, some_images
from vae_core.analysis import likelihood
from vae_core.model.vae import VAE
from vae_core.spec import Spec


def test_a_diagonal_posterior_where_the_true_one_is_correlated_still_converges() -> None:
    model, exact = linear_gaussian(latent=3)
    images = some_images(model, 5)
    expected = exact.log_prob(images.flatten(1).double())
    torch.testing.assert_close(likelihood.log_px(model, images, 4000), expected, rtol=0, atol=0.1)


def test_the_elbo_falls_short_by_the_divergence_from_the_true_posterior(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(likelihood, "PRIOR_PILOT", 100)
    model, exact = linear_gaussian(latent=3)
    decoder = next(m for m in model.decoder.modules() if isinstance(m, nn.Linear))
    w = decoder.weight.detach().double()
    true = MultivariateNormal(torch.zeros(3).double(), precision_matrix=torch.eye(3) + w.T @ w / SIGMA**2)
    q = MultivariateNormal(torch.zeros(3).double(), true.covariance_matrix.diagonal().diag())
    images = some_images(model, 1).repeat(250, 1, 1, 1)
    short = exact.log_prob(images.flatten(1).double()) - likelihood.estimate(model, images, 1).elbo
    gap = float(kl_divergence(q, true))
    assert gap > 0.1
    assert float(short.mean()) == pytest.approx(gap, abs=4 * float(short.std()) / math.sqrt(250))


@pytest.mark.parametrize("block", [200, 500, 10_000])
def test_blocks_leave_the_estimate_as_it_is(block: int, monkeypatch: pytest.MonkeyPatch) -> None:
    model, exact = linear_gaussian(latent=1)
    images = some_images(model, 5)
    monkeypatch.setattr(likelihood, "CPU_BLOCK", block)
    monkeypatch.setattr(likelihood, "PRIOR_PILOT", 300)
    found = likelihood.log_px(model, images, 150)
    torch.testing.assert_close(found, exact.log_prob(images.flatten(1).double()), rtol=0, atol=0.3)


def test_whole_grey_levels_and_fractions_are_the_same_images() -> None:
    model, _ = linear_gaussian(latent=2)
    images = (some_images(model, 4) * 255).round().byte()
    torch.testing.assert_close(
        likelihood.log_px(model, images, 50), likelihood.log_px(model, images / 255, 50)
    )


def test_a_decoder_that_ignores_z_gives_the_likelihood_of_its_pixels() -> None:
    spec = Spec().change(**{"data.name": "digits"})
    model = VAE(spec).eval()
    with torch.no_grad():
        for parameter in model.decoder.parameters():
            parameter.zero_()
        for parameter in model.encoder.parameters():
            parameter.zero_()  # q(z|x) is the prior
    images = (some_images(model, 3) > 0.5).float()
    expected = -math.prod(model.image_shape) * math.log(2)
    assert likelihood.log_px(model, images, 2000).tolist() == pytest.approx([expected] * 3, abs=0.02)


def test_a_generator_decides_the_samples() -> None:
    model, _ = linear_gaussian(latent=3)
    images = some_images(model, 2)

    def seeded(seed: int) -> list[float]:
        return likelihood.log_px(model, images, 3, torch.Generator().manual_seed(seed)).tolist()

    assert seeded(5) == seeded(5) != seeded(6)
    assert likelihood.log_px(model, images, 3).tolist() == likelihood.log_px(model, images, 3).tolist()


def mislead(model: VAE, shift: float, log_scale: float) -> None:
    """Moves the mean of q(z|x) by so many of its standard deviations, then scales those."""
    encoder = next(m for m in model.encoder.modules() if isinstance(m, nn.Linear))
    half = len(encoder.bias) // 2
    with torch.no_grad():
        encoder.bias[:half] += shift * (0.5 * encoder.bias[half:]).exp()
        encoder.bias[half:] += 2 * log_scale


@pytest.mark.parametrize(("shift", "scale"), [(0.0, 1.0), (0.0, 0.05), (4.0, 1.0), (6.0, 0.1), (2.0, 4.0)])
def test_a_wrong_posterior_leaves_the_estimate_right(shift: float, scale: float) -> None:
    # With q alone a mean of 6 standard deviations off, of a tenth of the width, falls short by far.
    model, exact = linear_gaussian(latent=3)
    mislead(model, shift, math.log(scale))
    images = some_images(model, 20)
    found = likelihood.estimate(model, images, 500)
    apart = found.value - exact.log_prob(images.flatten(1).double())
    assert abs(float(apart.mean())) < 0.05
    assert bool((apart.abs() < 0.3).all())
    assert float(found.effective.min()) > 20


def test_the_estimate_of_px_is_without_bias_however_few_its_samples(monkeypatch: pytest.MonkeyPatch) -> None:
    # One image repeated: each is an estimate of its own, from a pilot and a mixture of its own. The mean of
    # p(x) / exact is 1, though each log is too low in expectation.
    monkeypatch.setattr(likelihood, "PRIOR_PILOT", 100)
    model, exact = linear_gaussian(latent=2)
    mislead(model, 2.0, -1.0)
    images = some_images(model, 1).repeat(400, 1, 1, 1)
    ratio = (likelihood.log_px(model, images, 4) - exact.log_prob(images.flatten(1).double())).exp()
    assert float(ratio.mean()) == pytest.approx(1, abs=4 * float(ratio.std()) / math.sqrt(400))
    assert float(ratio.std()) > 0.05
    assert float(ratio.log().mean()) < 0


def test_the_standard_error_is_that_of_many_estimates() -> None:
    # Samples in strata vary less than independent ones: the error reported may be too large.
    model, _ = linear_gaussian(latent=3)
    images = some_images(model, 1).repeat(150, 1, 1, 1)
    found = likelihood.estimate(model, images, 100)
    assert 0.5 < float(found.value.std() / found.error.mean()) < 1.15
    size = 1 / (found.error.square() + 1 / 100)
    torch.testing.assert_close(found.effective, size)


def test_modes_that_the_encoder_has_not_heard_of_are_found() -> None:
    """A small random decoder that is even in z_1, whose mirrored mode q misses; by quadrature."""
    torch.manual_seed(0)
    spec = Spec().change(**{"data.name": "digits", "latent": 2, "net.widths": [16]})
    model = VAE(spec).eval()
    layers = [m for m in model.decoder.modules() if isinstance(m, nn.Linear)]
    with torch.no_grad():
        first, last = layers[0], layers[-1]
        first.weight[8:] = first.weight[:8] * torch.tensor([-1.0, 1.0])
        first.bias[8:] = first.bias[:8]
        first.weight *= 3
        last.weight[:, 8:] = last.weight[:, :8]
        last.weight *= 4
        for parameter in model.encoder.parameters():
            parameter.zero_()
        encoder = [m for m in model.encoder.modules() if isinstance(m, nn.Linear)][-1]
        encoder.bias.copy_(torch.tensor([1.5, 0.5, -8.0, -8.0]))  # far from either mode, and as narrow
    z = torch.randn(12, 2, generator=torch.Generator().manual_seed(2))
    images = (torch.sigmoid(model.decode(z[None])[0]).detach() > 0.5).float()
    axis = torch.linspace(-6, 6, 401)
    grid = torch.cartesian_prod(axis, axis)
    with torch.no_grad():
        logits = model.decode(grid[None])[0].flatten(1).double()
        log_px = logits @ images.flatten(1).T.double() - nn.functional.softplus(logits).sum(-1, keepdim=True)
        log_joint = log_px + model.prior.log_prob(grid)[:, None]
    exact = log_joint.logsumexp(0) + 2 * math.log(float(axis[1] - axis[0]))
    found = likelihood.estimate(model, images, 1000)
    assert bool((exact - found.elbo > 5).any())
    torch.testing.assert_close(found.value, exact, rtol=0, atol=0.4)
    assert abs(float((found.value - exact).mean())) < 0.1


def test_each_class_adapts_by_itself() -> None:
    """p(z|y) of three classes far apart, and q(z|x) that knows only the first; by quadrature."""
    torch.manual_seed(1)
    spec = Spec().change(
        **{
            "data.name": "digits",
            "data.classes": ["0", "1", "2"],
            "latent": 1,
            "net.widths": [8],
            "condition.kind": "class",
            "prior.kind": "class_normal",
        }
    )
    model = VAE(spec).eval()
    classes = model.classes
    with torch.no_grad():
        model.prior.get_parameter("mean").copy_(torch.linspace(-4, 4, classes)[:, None])
        for parameter in model.encoder.parameters():
            parameter.zero_()
    images = (some_images(model, 4) > 0.5).float()
    z = torch.linspace(-10, 10, 2001)[:, None, None].expand(-1, len(images), -1)
    under = []
    with torch.no_grad():
        for y in torch.eye(classes):
            log_px = model.likelihood.log_prob(model.decode(z, y), images)
            under.append((log_px + model.prior.log_prob(z, y)).double().logsumexp(0) + math.log(0.01))
        exact = torch.stack(under)  # log p(x|y)
        log_py = model.prior.log_py.double()[:, None]
    labels = torch.arange(len(images)) % classes
    for found, expected in (
        (likelihood.estimate(model, images, 1000), (exact + log_py).logsumexp(0)),
        (likelihood.estimate(model, images, 1000, labels=labels), exact[labels, torch.arange(len(images))]),
    ):
        assert bool(((found.value - expected).abs() < 4 * found.error).all())
        assert bool((found.error < 0.15).all())


def test_no_samples_are_refused() -> None:
    model, _ = linear_gaussian(latent=1)
    with pytest.raises(ValueError, match="At least one sample"):
        likelihood.log_px(model, some_images(model, 1), 0)

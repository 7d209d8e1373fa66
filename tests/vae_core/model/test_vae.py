"""Every network serves every image size that the Spec admits; the linear VAE reaches probabilistic PCA."""

from __future__ import annotations

import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from vae_core.model import nets
from vae_core.model.vae import VAE
from vae_core.spec import Spec

KINDS = [{"net.kind": "lecture"}, {"net.kind": "mlp", "net.widths": [12, 7]}, {"net.kind": "linear"}]
KINDS += [{"net.kind": kind, "net.channels": [3, 5, 4], "net.hidden": 9} for kind in ("conv", "partial_conv")]


@settings(max_examples=60)
@given(
    kind=st.sampled_from(KINDS),
    shape=st.tuples(st.integers(1, 4), st.integers(8, 33), st.integers(8, 33)),
    latent=st.integers(1, 5),
    likelihood=st.sampled_from(["bernoulli", "gaussian", "continuous_bernoulli"]),
    mask=st.sampled_from(["none", "random"]),
    hidden=st.booleans(),
)
def test_any_image_shape_passes_through_every_network(kind, shape, latent, likelihood, mask, hidden):
    spec = Spec.parse({"data": {"image_shape": shape}}).change(
        **kind, **{"likelihood.kind": likelihood, "latent": latent, "mask.kind": mask}
    )
    model = VAE(spec)
    x = torch.rand(2, *shape)
    terms = model(x, 3, mask=(torch.rand(2, 1, *shape[1:]) < 0.5).float() if hidden else None)
    assert terms.log_px.shape == terms.log_pz.shape == terms.log_qz.shape == (1, 3, 2)
    assert terms.kl.shape == (1, 2, latent)
    assert model.decode_mean(terms.z[0, 0]).shape == x.shape


def test_the_lecture_net_is_the_one_on_the_blackboard():
    spec = Spec().change(**{"net.kind": "lecture", "latent": 20})
    model = VAE(spec)

    def shapes(net):
        return [tuple(layer.weight.shape) for layer in net if isinstance(layer, torch.nn.Linear)]

    assert shapes(model.encoder) == [(256, 784), (40, 256)]
    assert shapes(model.decoder) == [(256, 20), (784, 256)]
    assert isinstance(model.encoder[2], torch.nn.LeakyReLU)


def test_posteriors_of_grey_bytes_and_of_their_floats_agree():
    model = VAE(Spec().change(**{"data.name": "digits"}))
    images = torch.randint(0, 256, (600, 1, 8, 8), dtype=torch.uint8)
    a, b = model.posteriors(images), model.posteriors(images / 255)
    torch.testing.assert_close(a.mean, b.mean)
    assert a.mean.shape == (600, 2)
    assert a.labels is None


MASKED = [
    {"mask.kind": "random"},
    {"net.kind": "conv", "mask.kind": "random"},
    {"net.kind": "partial_conv", "mask.kind": "random"},
    {"net.kind": "partial_conv"},
]


@pytest.mark.parametrize("changes", [{}, {"net.kind": "conv"}, *MASKED])
def test_an_encoder_sees_nothing_of_what_is_hidden(changes):
    model = VAE(Spec().change(**changes))
    x, other = torch.rand(2, 4, 1, 28, 28)
    mask = (torch.rand(4, 1, 28, 28) < 0.5).float()
    seen = model.encode(x, mask=mask)
    assert torch.equal(seen, model.encode(torch.where(mask > 0, x, other), mask=mask))
    assert not torch.equal(seen, model.encode(other, mask=mask))


@pytest.mark.parametrize("changes", MASKED)
def test_a_masked_encoder_tells_a_hidden_pixel_from_a_black_one(changes):
    model = VAE(Spec().change(**changes))
    x = torch.rand(4, 1, 28, 28)
    mask = (torch.rand(4, 1, 28, 28) < 0.5).float()
    assert not torch.equal(model.encode(x, mask=mask), model.encode(x * mask))


@pytest.mark.parametrize("changes", MASKED)
def test_without_a_mask_a_masked_encoder_sees_everything(changes):
    model = VAE(Spec().change(**changes))
    x = torch.rand(4, 1, 28, 28)
    assert torch.equal(model.encode(x), model.encode(x, mask=torch.ones(4, 1, 28, 28)))


def test_an_encoder_that_never_saw_masks_gets_an_image_with_zeros():
    model = VAE(Spec())
    x, mask = torch.rand(4, 1, 28, 28), (torch.rand(4, 1, 28, 28) < 0.5).float()
    assert torch.equal(model.encode(x, mask=mask), model.encode(x * mask))


def test_the_likelihood_is_that_of_all_pixels_whatever_is_hidden():
    model = VAE(Spec().change(**{"mask.kind": "random"}))
    x, mask = (torch.rand(2, 3, 1, 28, 28) < 0.5).float()
    terms = model(x, 2, torch.Generator().manual_seed(0), mask=mask)
    pixels = torch.distributions.Bernoulli(logits=model.decode(terms.z[0]))
    torch.testing.assert_close(terms.log_px[0], pixels.log_prob(x).flatten(2).sum(-1))
    torch.testing.assert_close(terms.kl[0], model.posterior.kl(model.encode(x, mask=mask)))


def test_every_activation_is_a_module_without_parameters():
    for make in nets.ACTIVATIONS.values():
        assert list(make().parameters()) == []


def test_the_linear_vae_reaches_the_likelihood_of_probabilistic_pca():
    """Tipping and Bishop 1999, eq. 7-8; Lucas et al. 2019: the ELBO is tight there."""
    generator = torch.Generator().manual_seed(0)
    n, d, latent = 400, 16, 2
    w = torch.randn(d, latent, generator=generator, dtype=torch.float64)
    x = torch.randn(n, latent, generator=generator, dtype=torch.float64) @ w.T + 0.5 * torch.randn(
        n, d, generator=generator, dtype=torch.float64
    )
    mean = x.mean(0)
    covariance = (x - mean).T @ (x - mean) / n
    values, vectors = torch.linalg.eigh(covariance)
    values, vectors = values.flip(0), vectors.flip(1)
    noise = values[latent:].mean()
    loading = vectors[:, :latent] * (values[:latent] - noise).sqrt()
    marginal = loading @ loading.T + noise * torch.eye(d, dtype=torch.float64)
    log_p = -0.5 * (d * math.log(2 * math.pi) + marginal.logdet() + (covariance @ marginal.inverse()).trace())

    spec = Spec.parse({"data": {"image_shape": (1, 4, 4)}}).change(
        **{"net.kind": "linear", "likelihood.kind": "gaussian", "latent": latent}
    )
    model = VAE(spec).double()
    # Put the closed-form optimum into the model: posterior mean M^-1 W^T (x - mean), variance noise * M^-1.
    m = loading.T @ loading + noise * torch.eye(latent, dtype=torch.float64)
    with torch.no_grad():
        encoder, decoder = model.encoder[-1], model.decoder[0]
        encoder.weight[:latent] = m.inverse() @ loading.T
        encoder.bias[:latent] = -(m.inverse() @ loading.T @ mean)
        encoder.weight[latent:] = 0
        encoder.bias[latent:] = (noise * m.inverse()).diagonal().log()
        decoder.weight.copy_(loading)
        decoder.bias.copy_(mean)
        model.likelihood.log_sigma.copy_(0.5 * noise.log())
        terms = model(x.view(n, 1, 4, 4), 400, torch.Generator().manual_seed(1))
    elbo = terms.log_px.mean() - terms.kl[0].mean(0).sum()
    # The loading's columns are orthogonal, so M is diagonal, the diagonal posterior exact, the bound tight.
    standard_error = terms.log_px[0].mean(1).std() / 400**0.5
    assert elbo.item() == pytest.approx(log_p.item(), abs=5 * standard_error.item())

"""The posterior under noise against a closed form and quadrature, and the likelihood it is made of."""

import math
from functools import partial

import pytest
import torch
from torch.distributions import Bernoulli, Normal

from tests.vae_core.analysis.inpaint.conftest import SIGMA, linear_gaussian
from vae_core.analysis import denoise
from vae_core.analysis.denoise import NoiseLikelihood, UnderNoise
from vae_core.model import likelihoods, noise
from vae_core.model.vae import VAE
from vae_core.spec import Spec


def seeded(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


@pytest.fixture(autouse=True)
def short_chains(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of one or three dimensions, where fewer and shorter steps mix."""
    monkeypatch.setattr(denoise, "hmc", partial(denoise.hmc, steps=60, warm_up=40, leapfrogs=4))


@pytest.fixture(scope="module")
def tiny() -> VAE:
    """One latent dimension, 64 Bernoulli pixels that depend on it strongly."""
    with torch.random.fork_rng():
        torch.manual_seed(0)
        model = VAE(Spec().change(**{"data.name": "digits", "net.widths": (7,), "latent": 1})).eval()
    with torch.no_grad():
        for parameter in model.parameters():
            parameter *= 2
    return model


def by_hand(kind: str, p: torch.Tensor, x: torch.Tensor, s: float) -> tuple[torch.Tensor, torch.Tensor]:
    """p(x~ | clean 0) and p(x~ | clean 1), each with the clean pixel's probability, of binary pixels."""
    if kind == "gaussian":
        under = []
        for value in (0.0, 1.0):
            normal = Normal(value, s)
            inside = normal.log_prob(x).exp()
            low, high = normal.cdf(torch.tensor(0.0)), 1 - normal.cdf(torch.tensor(1.0))
            under.append(torch.where(x <= 0, low, torch.where(x >= 1, high, inside)))
    else:
        white = s / 2 if kind == "salt_and_pepper" else 0.0
        black = s / 2 if kind == "salt_and_pepper" else s
        seen_white = torch.tensor([white, white + 1 - s])  # of a clean 0 and a clean 1
        seen_black = torch.tensor([black + 1 - s, black])
        under = [torch.where(x == 1, seen_white[value], seen_black[value]) for value in (0, 1)]
    return (1 - p) * under[0], p * under[1]


@pytest.mark.parametrize("kind", ["salt_and_pepper", "erased", "gaussian"])
def test_the_posterior_of_a_bernoulli_model_is_what_quadrature_gives(tiny: VAE, kind: str) -> None:
    s = 0.3
    clean = torch.bernoulli(tiny.decode_mean(torch.tensor([[0.7]])), generator=seeded(1))
    x = noise.add(clean, kind, s, seeded(2))[0]
    z = torch.linspace(-6, 6, 2001)[:, None]
    with torch.no_grad():
        p = tiny.decode(z).sigmoid().double()  # [M, 1, 8, 8]
    zero, one = by_hand(kind, p, x.double(), s)
    log_joint = (zero + one).log().flatten(1).sum(1) + Normal(0, 1).log_prob(z[:, 0].double())
    weight = log_joint.softmax(0).view(-1, 1, 1, 1)
    mean, decoded = (weight * one / (zero + one)).sum(0), (weight * p).sum(0)
    spread = (weight * (p - decoded).square()).sum(0).sqrt()

    found = denoise.sample(UnderNoise(tiny, kind, s), x, generator=seeded())
    assert float(found.r_hat.max()) < 1.05
    error = 4 / math.sqrt(min(float(found.ess.min()), denoise.DRAWS))
    assert ((found.decoded - decoded).abs() <= error * spread + 1e-4).all()
    assert ((found.mean - mean).abs() <= error * spread + 1e-4).all()
    # It matters: the posterior that knows of no noise is another.
    deaf = (Bernoulli(p).log_prob(x.round().double()).flatten(1).sum(1) - z[:, 0].square() / 2).softmax(0)
    assert ((deaf.view(-1, 1, 1, 1) * p).sum(0) - decoded).abs().max() > 0.01
    assert found.images.shape == (16, 1, 8, 8)


def test_the_posterior_of_a_linear_gaussian_model_is_its_closed_form() -> None:
    s, rough = 0.2, linear_gaussian("rough")
    x = (rough.images(2) + s * torch.randn(2, 1, 8, 8, generator=seeded(3))).clamp(0.01, 0.99)
    found = denoise.sample(UnderNoise(rough.model, "gaussian", s), x, generator=seeded())
    total = SIGMA**2 + s**2
    w = rough.w
    covariance = torch.linalg.inv(torch.eye(3) + w.T @ w / total)
    codes = (x.flatten(1) - rough.b) @ w @ covariance / total  # [2, 3]
    decoded = codes @ w.T + rough.b
    spread = (w @ covariance @ w.T).diagonal().sqrt()
    error = 4 / math.sqrt(min(float(found.ess.min()), denoise.DRAWS))
    assert ((found.decoded.flatten(1) - decoded).abs() < error * spread).all()
    # A pixel given its mean and its noisy self: weighed by their precisions.
    mean = decoded + SIGMA**2 / total * (x.flatten(1) - decoded)
    assert ((found.mean.flatten(1) - mean).abs() < error * spread * s**2 / total).all()


@pytest.mark.parametrize("kind", ["salt_and_pepper", "erased"])
@pytest.mark.parametrize("name", ["bernoulli", "categorical"])
def test_the_probabilities_of_a_pixel_under_noise_sum_to_one(name: str, kind: str) -> None:
    clean = likelihoods.build(Spec().change(**{"likelihood.kind": name}).likelihood)
    params = torch.randn(1, 1, clean.numbers, 1, 1, generator=seeded())
    values = torch.linspace(0, 1, 2 if name == "bernoulli" else 256)
    each = NoiseLikelihood(clean, kind, 0.3).log_prob(
        params.expand(1, len(values), -1, 1, 1), values.view(-1, 1, 1, 1)
    )
    assert float(each.exp().sum()) == pytest.approx(1, abs=1e-5)


def clean_likelihood(name: str) -> likelihoods.Likelihood:
    settings = {"bernoulli": {}, "gaussian": {"likelihood.kind": "gaussian", "likelihood.sigma": 0.3}}
    return likelihoods.build(Spec().change(**settings[name]).likelihood)


@pytest.mark.parametrize("name", ["bernoulli", "gaussian"])
def test_gaussian_noise_leaves_a_density_inside_and_a_probability_at_both_ends(name: str) -> None:
    under = NoiseLikelihood(clean_likelihood(name), "gaussian", 0.2)
    grid = (torch.arange(20_000) + 0.5) / 20_000
    x = torch.cat([torch.tensor([0.0, 1.0]), grid]).view(-1, 1, 1, 1)
    with torch.no_grad():
        p = under.log_prob(torch.full((1, len(x), 1, 1, 1), 0.4), x).exp()[0].double()
    assert float(p[:2].sum() + p[2:].mean()) == pytest.approx(1, abs=1e-4)


@pytest.mark.parametrize("seen", [0.0, 0.3, 1.0])
@pytest.mark.parametrize("name", ["bernoulli", "gaussian"])
def test_a_clean_pixel_given_its_noisy_self_is_what_half_a_million_draws_say(name: str, seen: float) -> None:
    clean, s, params = clean_likelihood(name), 0.5, torch.full((1, 1, 1, 1, 1), 0.4)
    with torch.no_grad():
        x = clean.sample(params.expand(1, 1, 1, 1, 500_000), seeded())
    noisy = noise.add(x, "gaussian", s, seeded(1))
    near = (noisy == seen) if seen in (0.0, 1.0) else (noisy - seen).abs() < 0.02
    expected, error = float(x[near].mean()), 4 * float(x[near].std()) / math.sqrt(int(near.sum()))
    found = NoiseLikelihood(clean, "gaussian", s).mean_given(params, torch.full((1, 1, 1, 1), seen))
    assert found.item() == pytest.approx(expected, abs=error + 1e-3)


@pytest.mark.parametrize("kind", ["salt_and_pepper", "erased", "block"])
def test_no_noise_leaves_the_likelihood_as_it_is_and_each_image_has_a_strength_of_its_own(kind: str) -> None:
    clean = likelihoods.Bernoulli()
    params = torch.randn(3, 2, 1, 8, 8, generator=seeded())
    x = torch.bernoulli(torch.full((2, 1, 8, 8), 0.5), generator=seeded(1))
    none = NoiseLikelihood(clean, kind, 0.0)
    torch.testing.assert_close(none.log_prob(params, x), clean.log_prob(params, x), rtol=1e-5, atol=1e-3)
    assert torch.equal(none.mean_given(params, x), x.expand(3, -1, -1, -1, -1))
    both = NoiseLikelihood(clean, kind, torch.tensor([0.1, 0.6]).view(2, 1, 1, 1)).log_prob(params, x)
    for image, s in enumerate((0.1, 0.6)):
        alone = NoiseLikelihood(clean, kind, s).log_prob(params, x)[:, image]
        torch.testing.assert_close(both[:, image], alone)


def test_where_a_block_lies_is_known_so_that_all_else_stays_as_it_is(tiny: VAE) -> None:
    clean = torch.bernoulli(tiny.decode_mean(torch.tensor([[0.7]])), generator=seeded(1))[0]
    left, x = noise.block(clean, 0.3, seeded(2)), noise.add(clean, "block", 0.3, seeded(2))
    found = denoise.sample(UnderNoise(tiny, "block", 0.3), x, left, generator=seeded())
    assert torch.equal(found.mean * left, x)
    torch.testing.assert_close(found.mean * (1 - left), found.decoded * (1 - left))
    assert (found.mean * (1 - left)).sum() > 0


def test_one_pass_is_the_reconstruction_of_the_noisy_image(tiny: VAE) -> None:
    x = torch.bernoulli(torch.full((3, 1, 8, 8), 0.5), generator=seeded(1))
    expected = tiny.decode_mean(tiny.posteriors(x).mean)
    assert torch.equal(denoise.one_pass(tiny, x), expected)


def test_what_cannot_be_is_refused_in_a_sentence() -> None:
    with pytest.raises(ValueError, match="must be one of gaussian"):
        NoiseLikelihood(likelihoods.Bernoulli(), "rain", 0.1)
    with pytest.raises(ValueError, match="no closed form"):
        NoiseLikelihood(likelihoods.ContinuousBernoulli(), "gaussian", 0.1)

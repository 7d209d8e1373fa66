"""Likelihoods against torch.distributions, against integrals, and against finite differences."""

from __future__ import annotations

import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch.distributions import Bernoulli, Categorical, ContinuousBernoulli, Laplace, Normal

from vae_core import spec
from vae_core.model import likelihoods

S, B, C, H, W = 3, 4, 2, 5, 3


def build(kind: str, **settings):
    classes = {
        "bernoulli": spec.BernoulliLikelihood,
        "continuous_bernoulli": spec.ContinuousBernoulliLikelihood,
        "gaussian": spec.GaussianLikelihood,
        "laplace": spec.LaplaceLikelihood,
        "categorical": spec.CategoricalLikelihood,
    }
    return likelihoods.build(classes[kind](**settings))


ALL = [
    ("bernoulli", {}),
    ("continuous_bernoulli", {}),
    ("gaussian", {"variance": "fixed", "sigma": 0.3}),
    ("gaussian", {"variance": "shared", "sigma": 0.3}),
    ("gaussian", {"variance": "learned"}),
    ("laplace", {"scale": "fixed", "b": 0.3}),
    ("laplace", {"scale": "shared", "b": 0.3}),
    ("laplace", {"scale": "learned"}),
    ("categorical", {}),
    ("categorical", {"levels": 17}),
    ("categorical", {"levels": 2}),
]


def params_for(likelihood, seed=0, scale=2.0):
    generator = torch.Generator().manual_seed(seed)
    return scale * torch.randn(S, B, likelihood.numbers * C, H, W, generator=generator)


def images(binary: bool, seed=1):
    levels = torch.randint(0, 256, (B, C, H, W), generator=torch.Generator().manual_seed(seed))
    return (levels > 127).float() if binary else levels / 255


def oracle(kind, likelihood, params, x):
    """log p per pixel [S, B, C, H, W] by torch.distributions."""
    if kind == "bernoulli":
        return Bernoulli(logits=params).log_prob(x.expand(S, B, C, H, W))
    if kind == "continuous_bernoulli":
        return ContinuousBernoulli(logits=params.double()).log_prob(x.double().expand(S, B, C, H, W))
    if kind == "gaussian":
        mean = params[:, :, :C]
        sigma = params[:, :, C:].clamp(math.log(1e-3), 5).exp() if likelihood.spread == "learned" else 0.3
        return Normal(mean, sigma).log_prob(x)
    if kind == "laplace":
        b = params[:, :, C:].clamp(math.log(1e-3), 5).exp() if likelihood.spread == "learned" else 0.3
        return Laplace(params[:, :, :C], b).log_prob(x)
    by_level = params.view(S, B, likelihood.levels, C, H, W).movedim(2, -1)
    level = (x * (likelihood.levels - 1)).round()
    return Categorical(logits=by_level).log_prob(level.expand(S, B, C, H, W))


@pytest.mark.parametrize(("kind", "settings"), ALL)
def test_log_prob_is_the_sum_over_pixels_of_what_torch_distributions_says(kind, settings):
    likelihood = build(kind, **settings)
    params, x = params_for(likelihood), images(binary=kind == "bernoulli")
    expected = oracle(kind, likelihood, params, x).flatten(2).sum(-1)
    actual = likelihood.log_prob(params, x)
    assert actual.shape == (S, B)
    torch.testing.assert_close(actual.double(), expected.double(), rtol=1e-4, atol=1e-3)


@pytest.mark.parametrize(("kind", "settings"), ALL)
def test_a_masked_pixel_does_not_count_and_an_open_mask_changes_nothing(kind, settings):
    likelihood = build(kind, **settings)
    params, x = params_for(likelihood), images(binary=True)
    mask = torch.ones(B, 1, H, W)
    torch.testing.assert_close(likelihood.log_prob(params, x, mask), likelihood.log_prob(params, x))
    mask[:, :, 0] = 0
    expected = likelihood.pixel_log_prob(params, x)[:, :, :, 1:].flatten(2).sum(-1)
    torch.testing.assert_close(likelihood.log_prob(params, x, mask), expected)


@pytest.mark.parametrize(("kind", "settings"), ALL)
def test_gradients_agree_with_finite_differences(kind, settings):
    likelihood = build(kind, **settings).double()
    params = params_for(likelihood, scale=0.5).double()[:1, :1, :, :2, :1].requires_grad_()
    x = images(binary=True).double()[:1, :, :2, :1]
    assert torch.autograd.gradcheck(lambda p: likelihood.log_prob(p, x), (params,), atol=1e-4)


@pytest.mark.parametrize(("kind", "settings"), ALL)
def test_samples_have_the_stated_mean(kind, settings):
    likelihood = build(kind, **settings)
    params = params_for(likelihood, scale=0.5)[:1, :1, :, :2, :2].clamp(-1, 1)
    many = params.expand(4000, -1, -1, -1, -1)
    drawn = likelihood.sample(many, torch.Generator().manual_seed(3))
    error = (drawn.mean(0) - likelihood.mean(params)[0]).abs()
    # Five standard errors of the mean: a false alarm once in a million.
    assert (error < 5 * drawn.std(0) / math.sqrt(4000) + 1e-6).all()


@pytest.mark.parametrize(("kind", "settings"), ALL)
def test_no_value_of_a_pixel_is_more_probable_than_its_mode(kind, settings):
    likelihood = build(kind, **settings)
    params = params_for(likelihood)[:1]
    at_mode = likelihood.pixel_log_prob(params, likelihood.mode(params)[0])
    beyond = 50 if kind in ("gaussian", "laplace") else 0
    for value in (0, 1) if kind == "bernoulli" else [k / 255 for k in range(-beyond, 256 + beyond)]:
        elsewhere = likelihood.pixel_log_prob(params, torch.full((B, C, H, W), value))
        assert (elsewhere <= at_mode + 1e-5).all()


def test_the_continuous_bernoulli_density_integrates_to_one_and_has_its_mean_for_every_logit():
    likelihood = build("continuous_bernoulli")
    x = torch.linspace(0, 1, 20_001, dtype=torch.float64)
    for a in (-30.0, -3.0, -0.2, -0.0499, -1e-4, 0.0, 0.03, 0.0501, 1.0, 12.0):
        logit = torch.full((1, 1, 1, 1, len(x)), a, dtype=torch.float64)
        density = likelihood.pixel_log_prob(logit, x.view(1, 1, 1, -1)).exp().flatten()
        assert torch.trapezoid(density, x).item() == pytest.approx(1, abs=2e-4)
        mean = likelihood.mean(logit).flatten()[0].item()
        assert torch.trapezoid(density * x, x).item() == pytest.approx(mean, abs=2e-4)


@pytest.mark.parametrize("levels", [2, 17, 256])
def test_the_categorical_assigns_one_in_all_over_its_levels_and_draws_no_others(levels):
    likelihood = build("categorical", levels=levels)
    params = params_for(likelihood)[:1, :1, :, :1, :1]
    total = sum(
        likelihood.pixel_log_prob(params, torch.full((1, C, 1, 1), level / (levels - 1))).exp()
        for level in range(levels)
    )
    torch.testing.assert_close(total, torch.ones_like(total), rtol=1e-5, atol=1e-5)
    drawn = likelihood.sample(params.expand(500, -1, -1, -1, -1), torch.Generator().manual_seed(0))
    among = drawn.flatten() * (levels - 1)
    torch.testing.assert_close(among, among.round())
    assert (drawn.min() >= 0) & (drawn.max() <= 1)


def test_the_digits_of_scikit_learn_keep_their_17_values():
    from sklearn.datasets import load_digits

    from vae_core import data

    likelihood = build("categorical", levels=17)
    images = torch.cat([data.load("digits", split).images for split in ("train", "test")]).float() / 255
    sharp = torch.full((1, 1, 17, 8, 8), -50.0)
    value = (images * 16).round()
    assert sorted(value.flatten().tolist()) == sorted(load_digits().images.flatten().tolist())
    sharp = sharp.expand(1, len(images), -1, -1, -1).scatter(2, value[None].long(), 50.0)
    torch.testing.assert_close(likelihood.mean(sharp)[0] * 16, value)
    assert likelihood.log_prob(sharp, images).abs().max() < 1e-4


def test_the_bernoulli_survives_extreme_logits():
    likelihood = build("bernoulli")
    logits = torch.full((1, 1, 1, 1, 2), 1e4, requires_grad=True)
    x = torch.tensor([1.0, 0.0]).view(1, 1, 1, 2)
    log_p = likelihood.log_prob(logits, x)
    log_p.sum().backward()
    assert log_p.item() == pytest.approx(-1e4)
    assert torch.isfinite(logits.grad).all()


@given(a=st.floats(-20, 20), x=st.floats(0, 1))
def test_flipping_logit_and_pixel_together_changes_nothing(a, x):
    for kind in ("bernoulli", "continuous_bernoulli"):
        likelihood = build(kind)
        logit = torch.tensor(a, dtype=torch.float64).view(1, 1, 1, 1, 1)
        pixel = torch.tensor(x, dtype=torch.float64).view(1, 1, 1, 1)
        flipped = likelihood.log_prob(-logit, 1 - pixel)
        torch.testing.assert_close(likelihood.log_prob(logit, pixel), flipped, rtol=1e-6, atol=1e-6)


def test_a_shared_variance_is_learned_and_a_fixed_one_is_not():
    assert [p.requires_grad for p in build("gaussian", variance="shared").parameters()] == [True]
    assert list(build("gaussian", variance="fixed").parameters()) == []


def test_a_fixed_variance_weighs_the_kl_as_the_beta_that_it_is_said_to_equal():
    mean, x, kl = params_for(build("gaussian", variance="fixed")), images(binary=False), 7.0

    def loss(sigma, beta, at):
        return -build("gaussian", variance="fixed", sigma=sigma).log_prob(at, x) + beta * kl

    one = spec.GaussianLikelihood(variance="fixed", sigma=0.1)
    equal = one.beta_at_unit_variance(100)
    assert equal == pytest.approx(1)
    # But for a constant, the one is 100 times the other: what makes the one smallest makes the other.
    found = loss(0.1, 100, mean) - loss(0.1, 100, 0 * mean)
    expected = 100 * (loss(1.0, equal, mean) - loss(1.0, equal, 0 * mean))
    torch.testing.assert_close(found, expected, rtol=1e-4, atol=0.1)
    assert spec.GaussianLikelihood().beta_at_unit_variance(1) is None
    assert spec.BernoulliLikelihood().beta_at_unit_variance(1) is None

"""Samples by both algorithms: against the distributions they are said to be of, and against the hole mass."""

from __future__ import annotations

import math

import pytest
import torch

from vae_core.analysis import aggregate, sample_sheet
from vae_core.model.posteriors import GroupCodes, Posteriors
from vae_core.model.vae import VAE
from vae_core.spec import Spec


@pytest.fixture
def model() -> VAE:
    with torch.random.fork_rng():
        torch.manual_seed(0)
        return VAE(Spec().change(**{"data.name": "digits", "net.widths": [16]}))


@pytest.fixture
def told() -> VAE:
    """Of classes, with priors of their own, and a p(y) that knows three."""
    changes = {
        "data.name": "digits", "net.widths": [16], "condition.kind": "class", "prior.kind": "class_normal",
        "condition.class_prior": "learned", "objective.kind": "joint",
    }  # fmt: skip
    with torch.random.fork_rng():
        torch.manual_seed(0)
        vae = VAE(Spec().change(**changes))
    with torch.no_grad():
        vae.class_prior.logits.copy_(torch.full((10,), -50.0))
        vae.class_prior.logits[:3] = torch.tensor([0.5, 0.3, 0.2]).log()
        vae.prior.mean.copy_(torch.arange(10.0)[:, None].expand(10, 2))
        vae.prior.log_var.fill_(math.log(0.01))
    return vae


def generator(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def half() -> Posteriors:
    """Narrow posteriors over the right half of the plane, by draws of N(0, I)."""
    mean = torch.randn(4000, 2, generator=generator(1))
    mean[:, 0] = mean[:, 0].abs()
    return Posteriors(mean, torch.full_like(mean, math.log(0.04)), torch.arange(4000) % 10)


def test_draws_of_the_prior_have_its_moments_times_the_temperature(model: VAE) -> None:
    for temperature in (1.0, 0.5):
        z = sample_sheet.from_prior(model, 20_000, temperature, generator()).z
        assert z.mean(0).abs().max() < 5 * temperature / math.sqrt(20_000)
        torch.testing.assert_close(z.std(0), torch.full((2,), temperature), rtol=0.03, atol=0)


def test_at_temperature_0_the_prior_gives_one_image_and_posteriors_their_means(model: VAE) -> None:
    z = sample_sheet.from_prior(model, 12, 0.0, generator()).z
    images = model.decode_mean(z)
    assert torch.equal(images, images[:1].expand_as(images))
    found = sample_sheet.from_posteriors(model, half(), 12, 0.0, generator())
    assert torch.equal(found.z, half().mean[found.image])


def test_of_a_mixture_at_temperature_0_the_prior_gives_the_means_of_its_components() -> None:
    changes = {"data.name": "digits", "net.widths": [16], "prior.kind": "mixture", "prior.components": 3}
    vae = VAE(Spec().change(**changes))
    found = sample_sheet.from_prior(vae, 50, 0.0, generator())
    means = vae.prior.mixture().mean
    assert torch.cdist(found.z.clone(), means.detach()).min(1).values.max() < 1e-5
    assert found.y is None


def test_the_same_seed_draws_the_same_and_another_others(model: VAE) -> None:
    for draw in (
        lambda seed: sample_sheet.from_prior(model, 8, 1.0, generator(seed)).z,
        lambda seed: sample_sheet.from_posteriors(model, half(), 8, 1.0, generator(seed)).z,
    ):
        assert torch.equal(draw(3), draw(3))
        assert not torch.equal(draw(3), draw(4))


def test_under_a_condition_classes_follow_p_of_y_and_codes_their_class(told: VAE) -> None:
    found = sample_sheet.from_prior(told, 5000, 1.0, generator())
    shares = found.y.bincount(minlength=10) / 5000
    torch.testing.assert_close(shares[:3], torch.tensor([0.5, 0.3, 0.2]), atol=0.035, rtol=0)
    assert (found.z - found.y[:, None]).abs().max() < 0.6  # six deviations
    through = sample_sheet.from_posteriors(told, half(), 100, 1.0, generator())
    assert torch.equal(through.y, half().labels[through.image])


def test_draws_through_posteriors_are_draws_of_the_aggregated_posterior(model: VAE) -> None:
    found = sample_sheet.from_posteriors(model, half(), 20_000, 1.0, generator())
    off = (found.z - half().mean[found.image]) / 0.2
    assert abs(float(off.mean())) < 5 / math.sqrt(40_000)
    assert float(off.std()) == pytest.approx(1, abs=0.02)
    counts = found.image.bincount(minlength=4000).float()
    assert float(counts.mean()) == 5
    assert float(counts.var()) == pytest.approx(5, rel=0.15)  # Poisson


def test_posteriors_kept_as_draws_give_these(model: VAE) -> None:
    mean = torch.zeros(5, 2)
    draws = torch.arange(5.0)[:, None, None].expand(5, 3, 2)
    kept = Posteriors(mean, torch.zeros(5, 2), None, draws, torch.zeros(5, 3))
    found = sample_sheet.from_posteriors(model, kept, 50, 1.0, generator())
    assert torch.equal(found.z, found.image[:, None].float().expand(50, 2))
    assert found.y is None


def test_the_share_of_the_prior_s_draws_in_holes_is_the_hole_mass(model: VAE) -> None:
    z = sample_sheet.from_prior(model, 20_000, 1.0, generator()).z
    found = sample_sheet.share(sample_sheet.in_holes(model, half(), z))
    mass = aggregate.hole_mass(half())
    assert found.value == pytest.approx(mass.value, abs=4 * math.hypot(found.error, mass.error))
    assert 0.35 < found.value < 0.5  # the empty half of the plane, but for its edge and what lies outside
    through = sample_sheet.from_posteriors(model, half(), 5000, 1.0, generator()).z
    assert sample_sheet.share(sample_sheet.in_holes(model, half(), through)).value < 0.02


def test_a_share_of_nothing_is_not_certain() -> None:
    found = sample_sheet.share(torch.zeros(98, dtype=torch.bool))
    assert found.value == 0
    assert found.error == pytest.approx(math.sqrt(0.01 * 0.99 / 98))


def test_categories_are_drawn_as_often_as_their_posteriors_say(model: VAE) -> None:
    pi = torch.tensor([[[0.5, 0.3, 0.2], [1.0, 0.0, 0.0]], [[0.1, 0.1, 0.8], [0.0, 1.0, 0.0]]])
    count = 20_000
    found = sample_sheet.from_categories(model, GroupCodes(pi), count, generator())
    z = found.z.view(count, 2, 3)
    assert torch.equal(z.sum(-1), torch.ones(count, 2))
    for image in (0, 1):
        of_image = z[found.image == image]
        assert abs(len(of_image) - count / 2) < 5 * math.sqrt(count / 4)
        torch.testing.assert_close(of_image.mean(0), pi[image], atol=5 * 0.5 / math.sqrt(count / 2), rtol=0)

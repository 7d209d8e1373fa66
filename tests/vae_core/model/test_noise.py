"""Noise has the size it is asked for."""

import math

import pytest
import torch

from vae_core.model import noise
from vae_core.spec import NoNoise, Spec


def seeded() -> torch.Generator:
    return torch.Generator().manual_seed(0)


def test_gaussian_noise_has_the_standard_deviation_it_is_asked_for():
    x = torch.full((1, 300, 300), 0.5)
    found = noise.add(x, "gaussian", 0.1, seeded())
    assert float(found.std()) == pytest.approx(0.1, rel=4 / math.sqrt(2 * 90_000))
    assert float(found.mean()) == pytest.approx(0.5, abs=4 * 0.1 / 300)


def test_salt_and_pepper_are_equally_many_and_as_many_as_asked_for():
    found = noise.add(torch.full((1, 300, 300), 0.5), "salt_and_pepper", 0.3, seeded())
    error = 4 * math.sqrt(0.15 * 0.85 / 90_000)
    assert float((found == 0).double().mean()) == pytest.approx(0.15, abs=error)
    assert float((found == 1).double().mean()) == pytest.approx(0.15, abs=error)


def test_erased_pixels_are_black_and_the_others_stay():
    x = torch.rand(1, 300, 300, generator=seeded()) + 0.01
    found = noise.add(x, "erased", 0.25, seeded())
    gone = found == 0
    assert float(gone.double().mean()) == pytest.approx(0.25, abs=4 * math.sqrt(0.25 * 0.75 / 90_000))
    assert torch.equal(found[~gone], x[~gone])


@pytest.mark.parametrize("kind", noise.KINDS)
def test_no_strength_changes_nothing_and_none_leaves_the_range(kind):
    x = torch.rand(2, 1, 8, 8, generator=seeded())
    assert torch.equal(noise.add(x, kind, 0.0, seeded()), x)
    most = noise.add(x, kind, 1.0, seeded())
    assert 0 <= float(most.min()) <= float(most.max()) <= 1


def test_a_block_has_the_share_it_is_asked_for_and_its_place_is_known():
    x = torch.rand(50, 1, 40, 40, generator=seeded()) + 0.01
    left = noise.block(x, 0.25, seeded())
    assert torch.equal(noise.add(x, "block", 0.25, seeded()), x * left)
    assert (1 - left).mean((1, 2, 3)).tolist() == pytest.approx([0.25] * 50, abs=2 * 20 / 1600)
    assert torch.equal(noise.block(x[0], 0.25, seeded()), noise.block(x[:1], 0.25, seeded())[0])


@pytest.mark.parametrize("kind", ["erased", "salt_and_pepper", "gaussian"])
def test_a_runs_noise_is_of_another_strength_for_each_image_and_at_most_its_own(kind):
    settings = Spec().change_text([f"noise.kind={kind}", "noise.strength=0.4"]).noise
    x = torch.full((400, 1, 40, 40), 0.5)
    found = noise.draw(settings, x, seeded())
    size = (found - x).flatten(1).std(1) if kind == "gaussian" else (found != x).float().flatten(1).mean(1)
    # Uniform from 0 to 0.4: mean 0.2 and deviation 0.4 / sqrt(12); an image's own share errs by 0.01.
    assert float(size.mean()) == pytest.approx(0.2, abs=4 * 0.12 / 20)
    assert float(size.std()) == pytest.approx(0.4 / math.sqrt(12), rel=0.15)
    assert float(size.max()) < 0.45
    assert noise.draw(NoNoise(), x, seeded()) is None


def test_what_is_no_noise_is_refused_in_a_sentence():
    with pytest.raises(ValueError, match="must be one of gaussian"):
        noise.add(torch.zeros(1, 2, 2), "rain", 0.1, seeded())
    with pytest.raises(ValueError, match="from 0 to 1"):
        noise.add(torch.zeros(1, 2, 2), "gaussian", 2.0, seeded())

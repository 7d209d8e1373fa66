"""Code lengths: those of all images are a distribution, and what is simple costs little."""

import itertools
import math

import pytest
import torch

from vae_core.analysis.complexity import complexity


def test_the_code_lengths_of_all_black_and_white_images_are_a_distribution() -> None:
    """An arithmetic code gives every image a probability: they sum to one."""
    bits = torch.tensor(list(itertools.product((0, 255), repeat=12)), dtype=torch.uint8)
    for shape in ((1, 3, 4), (1, 2, 6), (3, 2, 2)):
        nats = complexity(bits.view(-1, *shape))
        assert float(torch.exp(-nats.double()).sum()) == pytest.approx(1, abs=1e-5)


def test_a_blank_image_costs_what_its_estimator_says() -> None:
    # One context all the way: prod over n of (n + 1/2) / (n + 1).
    expected = -sum(math.log((n + 0.5) / (n + 1)) for n in range(28 * 28))
    assert float(complexity(torch.zeros(1, 1, 28, 28, dtype=torch.uint8))) == pytest.approx(
        expected, rel=1e-5
    )


def test_what_is_less_ordered_costs_more() -> None:
    generator = torch.Generator().manual_seed(0)
    noise = torch.randint(0, 2, (50, 1, 20, 20), generator=generator).byte() * 255
    stripes = (torch.arange(20) % 2).byte().mul(255).expand(50, 1, 20, 20)
    # Coins cost log 2 each, and what it takes to learn that they are coins.
    assert 400 * math.log(2) < float(complexity(noise).mean()) < 1.1 * 400 * math.log(2)
    assert float(complexity(stripes).max()) < 20
    grey = torch.randint(0, 256, (5, 1, 20, 20), generator=generator).byte()
    ramp = torch.arange(20).byte().mul(10).expand(5, 1, 20, 20)
    assert float(complexity(grey).min()) > 0.99 * 400 * math.log(256)
    assert float(complexity(ramp).max()) < 0.2 * float(complexity(grey).min())
    assert complexity(grey.expand(5, 3, 20, 20)).shape == (5,)
    assert complexity(torch.zeros(0, 1, 2, 2, dtype=torch.uint8)).shape == (0,)

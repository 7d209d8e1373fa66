"""Samples from holes and from elsewhere, on a ring whose hole is known."""

from __future__ import annotations

import math

import pytest
import torch

from vae_core.analysis import aggregate, hole_samples
from vae_core.model.posteriors import Posteriors
from vae_core.model.vae import VAE
from vae_core.spec import Spec


@pytest.fixture(scope="module")
def model() -> VAE:
    with torch.random.fork_rng():
        torch.manual_seed(0)
        return VAE(Spec().change(**{"data.name": "digits"})).eval()


@pytest.fixture(scope="module")
def training(model: VAE) -> torch.Tensor:
    generator = torch.Generator().manual_seed(0)
    return torch.randint(0, 256, (9000, *model.image_shape), generator=generator, dtype=torch.uint8)


def ring(n: int = 300) -> Posteriors:
    angle = torch.arange(n) * (2 * math.pi / n)
    return Posteriors(2 * torch.stack([angle.cos(), angle.sin()], 1), torch.full((n, 2), 2 * math.log(0.3)))


def test_samples_come_from_the_hole_and_from_where_the_data_are(model: VAE, training: torch.Tensor) -> None:
    posteriors = ring()
    holes, dense = hole_samples.compare(model, posteriors, training, count=20)
    assert len(holes.z) == len(dense.z) == 20
    # The hole is a disc in the middle of the ring, or outside it.
    assert bool(((holes.z.norm(dim=1) - 2).abs() > (dense.z.norm(dim=1) - 2).abs().max()).all())
    assert bool((holes.log_q < holes.log_p - math.log(10)).all())
    assert bool((dense.log_q >= dense.log_p).all())
    torch.testing.assert_close(holes.log_q, aggregate.log_density(posteriors, holes.z))
    torch.testing.assert_close(dense.images, model.decode_mean(dense.z))


def test_where_there_is_no_hole_there_are_no_samples_of_one(model: VAE, training: torch.Tensor) -> None:
    prior = Posteriors(torch.zeros(1, 2), torch.full((1, 2), -1e-3))  # a hair narrower: some of it is dense
    holes, dense = hole_samples.compare(model, prior, training, count=5)
    assert holes.z.shape == (0, 2)
    assert holes.images.shape == (0, *model.image_shape)
    assert len(dense.z) == 5


def test_nearest_is_the_nearest_of_all(training: torch.Tensor) -> None:
    images = torch.rand(30, *training.shape[1:], generator=torch.Generator().manual_seed(1))
    distances = torch.cdist(images.flatten(1).double(), training.flatten(1).double() / 255)
    expected, index = (distances / math.sqrt(training[0].numel())).min(1)
    found, where = hole_samples.nearest(images, training)
    assert where.tolist() == index.tolist()
    torch.testing.assert_close(found.double(), expected, rtol=1e-5, atol=1e-6)


def test_a_copy_is_at_distance_zero_and_a_negative_at_one(training: torch.Tensor) -> None:
    copies = training[[17, 8999]] / 255
    distance, index = hole_samples.nearest(copies, training)
    assert distance.tolist() == [0.0, 0.0]
    assert index.tolist() == [17, 8999]
    black = torch.zeros(1, *training.shape[1:])
    assert hole_samples.nearest(black, torch.full((1, *training.shape[1:]), 255, dtype=torch.uint8))[
        0
    ].tolist() == [1]

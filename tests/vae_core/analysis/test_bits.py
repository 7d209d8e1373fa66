"""Bits per dimension: known answers on the scale of 256 grey levels."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch

from vae_core import data
from vae_core.analysis import bits
from vae_core.analysis.evaluation import evaluate
from vae_core.model.vae import VAE
from vae_core.spec import Spec

PIXELS = 64
FLAT = [1 / 256] * 256


def spec(kind: str, **changes: object) -> Spec:
    binarised = "dynamic" if kind == "bernoulli" else "none"
    return Spec().change(
        **{"data.name": "digits", "data.binarisation": binarised, "likelihood.kind": kind, **changes}
    )


def test_images_that_are_evenly_grey_cost_eight_bits_where_all_levels_are_as_likely() -> None:
    """log p is 0 of a uniform density over [0, 1], and -log L of L levels."""
    assert bits.per_dimension(spec("continuous_bernoulli"), 0.0) == 8
    all_levels = spec("categorical", **{"likelihood.levels": 256})
    assert bits.per_dimension(all_levels, -PIXELS * math.log(256)) == pytest.approx(8)
    two = spec("categorical", **{"likelihood.levels": 2})
    assert bits.per_dimension(two, -PIXELS * math.log(2), FLAT) == pytest.approx(8)
    assert bits.per_dimension(two, -PIXELS * math.log(2)) is None, "which levels pixels have is not known"


@pytest.mark.parametrize("levels", [3, 17, 100])
def test_the_probability_of_fewer_levels_is_spread_over_all_and_sums_to_one(levels: int) -> None:
    """2 to the minus bits of each grey level alone, for levels as likely as they have grey levels."""
    of = spec("categorical", **{"likelihood.levels": levels})
    greys = (np.arange(256) / 255 * (levels - 1)).round().astype(int)
    share = np.bincount(greys) / 256
    total = 0.0
    for grey in range(256):
        alone = np.eye(256)[grey].tolist()
        found = bits.per_dimension(of, PIXELS * math.log(share[greys[grey]]), alone)
        assert found is not None
        total += 2**-found
    assert total == pytest.approx(1)


def test_a_gaussian_at_its_mean_costs_what_its_peak_says() -> None:
    sigma = 0.05
    log_p = -PIXELS * math.log(sigma * math.sqrt(2 * math.pi))
    expected = 8 + math.log2(sigma * math.sqrt(2 * math.pi))
    assert bits.per_dimension(spec("gaussian"), log_p) == pytest.approx(expected)


def test_bits_of_black_or_white_pixels_have_a_scale_of_their_own_where_one_is_the_most() -> None:
    of = spec("bernoulli")
    assert bits.per_dimension(of, -PIXELS * math.log(2)) == pytest.approx(1)
    assert bits.scale(of) != bits.scale(spec("gaussian")) == bits.scale(spec("categorical"))
    assert bits.raw(of) == PIXELS
    assert bits.raw(spec("laplace")) == 8 * PIXELS


@pytest.mark.parametrize("kind, binarisation", [("bernoulli", "none"), ("gaussian", "dynamic")])
def test_nats_that_are_no_log_likelihood_of_the_images_have_no_scale(kind: str, binarisation: str) -> None:
    of = spec(kind, **{"data.binarisation": binarisation})
    assert bits.scale(of) is None
    assert bits.per_dimension(of, -10.0) is None


def test_an_evaluation_says_them_of_its_own_images() -> None:
    """A decoder that gives every level the same logit knows nothing but which levels are rounded to one."""
    of = spec("categorical", **{"likelihood.levels": 2})
    with torch.random.fork_rng():
        torch.manual_seed(0)
        model = VAE(of).eval()
    with torch.no_grad():
        for parameter in model.decoder.parameters():
            parameter.zero_()
    found = evaluate(model, data.load("digits", "test"), samples=0)
    kl = found["kl"] / PIXELS / math.log(2)
    assert found["bits_per_dimension"] == pytest.approx(8 + kl, abs=1e-4)
    assert found["bits_scale"] == "256 grey levels"

"""Codes as means, modes and draws of p(x|z), under every likelihood."""

from __future__ import annotations

import pytest
import torch

from vae_core.analysis.decode import decode, ways
from vae_core.model.likelihoods import LIKELIHOODS
from vae_core.model.vae import VAE
from vae_core.spec import Spec


def model(likelihood: str, **changes: object) -> VAE:
    with torch.random.fork_rng():
        torch.manual_seed(0)
        return VAE(Spec().change(**{"data.name": "digits", "likelihood.kind": likelihood, **changes}))


@pytest.mark.parametrize("likelihood", sorted(LIKELIHOODS.keys() - {"perceptual"}))
def test_draws_average_to_the_mean_within_their_errors(likelihood: str) -> None:
    vae, count = model(likelihood), 1000
    z = torch.tensor([[0.5, -1.0]]).expand(count, -1)
    drawn = decode(vae, z, None, "drawn", torch.Generator().manual_seed(0))
    params = vae.decode(z[:1])[None]
    many = params.expand(1, count, -1, -1, -1)
    unclipped = vae.likelihood.sample(many, torch.Generator().manual_seed(1))[0]
    error = unclipped.std(0) / count**0.5
    mean = vae.likelihood.mean(params)[0, 0]
    assert ((unclipped.mean(0) - mean).abs() < 5 * error + 1e-6).all()
    assert (drawn.min() >= 0) & (drawn.max() <= 1)
    if likelihood not in ("gaussian", "laplace"):  # whose draws are clipped
        assert ((drawn.mean(0) - mean).abs() < 5 * error + 1e-6).all()


def test_the_mode_of_a_bernoulli_is_whether_a_pixel_is_more_likely_white() -> None:
    vae, z = model("bernoulli"), torch.randn(20, 2, generator=torch.Generator().manual_seed(0))
    assert torch.equal(decode(vae, z, pixels="modes"), (vae.decode_mean(z) > 0.5).float())


@pytest.mark.parametrize("likelihood", ["gaussian", "laplace"])
def test_where_a_density_is_symmetric_mode_and_mean_are_one(likelihood: str) -> None:
    vae, z = model(likelihood), torch.randn(20, 2, generator=torch.Generator().manual_seed(0))
    assert torch.equal(decode(vae, z, pixels="modes"), decode(vae, z))
    assert torch.equal(decode(vae, z), vae.decode_mean(z))


def test_under_a_condition_each_code_has_its_class() -> None:
    vae = model("bernoulli", **{"condition.kind": "class"})
    z, y = torch.zeros(10, 2), torch.arange(10)
    each = torch.cat([decode(vae, z[:1], y[k : k + 1], "modes") for k in range(10)])
    assert torch.equal(decode(vae, z, y, "modes"), each)


def test_a_likelihood_that_knows_no_mode_offers_none(monkeypatch: pytest.MonkeyPatch) -> None:
    vae = model("bernoulli")
    assert ways(vae) == ("means", "modes", "drawn")
    monkeypatch.setattr(vae.likelihood, "has_mode", False)
    assert ways(vae) == ("means", "drawn")

"""Contours of q(z|x) against the closed form of a Gaussian, and against the draws of a flow."""

from __future__ import annotations

import math

import pytest
import torch
from torch.distributions import Normal

from tests.vae_core.model.test_autoregressive_flow import bend
from vae_core.analysis.posterior_contours import contours
from vae_core.model.vae import VAE
from vae_core.spec import Spec

X, Y = torch.linspace(-5, 5, 401), torch.linspace(-6, 6, 481)
CELL = float(X[1] - X[0]) * float(Y[1] - Y[0])
IMAGE = torch.randint(0, 256, (1, 8, 8), generator=torch.Generator().manual_seed(0), dtype=torch.uint8)


def built(**changes: object) -> VAE:
    torch.manual_seed(0)
    return VAE(Spec().change(**{"data.name": "digits", "net.widths": [8], **changes})).eval()


def test_those_of_a_gaussian_are_its_ellipses() -> None:
    model = built()
    mean, log_var = (each[0] for each in model.posterior.split(model.encode(IMAGE[None] / 255)))
    found = contours(model, IMAGE, X, Y)
    oracle = Normal(mean, (0.5 * log_var).exp()).log_prob(torch.tensor([X[7], Y[31]])).sum()
    assert float(found.log_q[31, 7]) == pytest.approx(float(oracle.detach()), rel=1e-4)
    for mass, level in found.level.items():  # |(z - mu) / sigma|^2 is exponential: -2 log(1 - m) at the edge
        exact = math.log(1 - mass) - math.log(2 * math.pi) - 0.5 * float(log_var.detach().sum())
        assert level == pytest.approx(exact, abs=0.15)


@pytest.mark.parametrize("depth", [1, 4])
def test_those_of_a_flow_hold_the_mass_that_they_name(depth: int) -> None:
    model = built(**{"posterior.kind": "iaf", "posterior.depth": depth, "posterior.hidden": 8})
    bend(model.posterior.flow, 0.3)
    found = contours(model, IMAGE, X, Y, masses=(0.5, 0.9, 0.99))
    density = found.log_q.double().exp()
    assert float(density.sum()) * CELL == pytest.approx(1, abs=0.01)
    for mass, level in found.level.items():
        inside = float(density[found.log_q >= level].sum()) * CELL
        assert inside == pytest.approx(mass, abs=0.02)


def test_an_encoder_that_is_told_the_class_has_contours_for_each() -> None:
    model = built(**{"condition.kind": "class"})
    one, other = (contours(model, IMAGE, X[:3], Y[:4], label=label) for label in (1, 2))
    assert one.log_q.shape == (4, 3)
    assert not torch.equal(one.log_q, other.log_q)


def test_another_number_of_dimensions_is_refused() -> None:
    with pytest.raises(ValueError, match="two dimensions"):
        contours(built(latent=3), IMAGE, X, Y)

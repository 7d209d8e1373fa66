"""The flow against autograd's Jacobian, its own inverse, and the integral of the density it makes."""

from __future__ import annotations

import math

import pytest
import torch
from torch import Tensor
from torch.autograd.functional import jacobian

from vae_core.model.autoregressive_flow import AutoregressiveFlow
from vae_core.model.posteriors import DiagonalGaussian, InverseAutoregressiveFlow
from vae_core.model.vae import VAE
from vae_core.spec import DiagonalGaussianPosterior, IafPosterior, Spec

B, HIDDEN = 3, 12
SIZES = [(latent, depth) for latent in (1, 2, 5) for depth in (1, 2, 3, 4)]


def noise(seed: int, *shape: int) -> Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def bend(flow: torch.nn.Module, scale: float = 0.8) -> None:
    """Weights of a flow that bends what it is given."""
    generator = torch.Generator().manual_seed(0)
    with torch.no_grad():
        for parameter in flow.parameters():
            parameter.copy_(scale * torch.randn(parameter.shape, generator=generator))


def posterior(latent: int, depth: int, scale: float = 0.8) -> InverseAutoregressiveFlow:
    found = InverseAutoregressiveFlow(IafPosterior(depth=depth, hidden=HIDDEN), latent).double()
    if scale:
        bend(found.flow, scale)
    return found.requires_grad_(False)


@pytest.mark.parametrize(("latent", "depth"), SIZES)
def test_the_log_determinant_is_that_of_autograds_jacobian(latent: int, depth: int) -> None:
    flow, z, context = posterior(latent, depth).flow, noise(1, latent), noise(2, HIDDEN)
    whole = jacobian(lambda z: flow(z, context)[0], z)
    torch.testing.assert_close(flow(z, context)[1], torch.linalg.slogdet(whole).logabsdet)
    if depth == 1:
        assert torch.equal(whole.triu(1), torch.zeros_like(whole))


@pytest.mark.parametrize(("latent", "depth"), SIZES)
def test_the_inverse_gives_the_noise_back(latent: int, depth: int) -> None:
    z, context = noise(1, 7, B, latent), noise(2, B, HIDDEN)
    # Of numbers of 32 bits a step that squeezes leaves fewer digits: there the flow is a milder one.
    for number, scale, most in ((torch.float64, 0.8, 1e-10), (torch.float32, 0.3, 1e-5)):
        flow = posterior(latent, depth, scale).flow.to(number)
        there, log_det = flow(z.to(number), context.to(number))
        back, same = flow.inverse(there, context.to(number))
        torch.testing.assert_close(back, z.to(number), atol=most, rtol=most)
        torch.testing.assert_close(same, log_det, atol=most, rtol=most)


@pytest.mark.parametrize(("latent", "depth"), SIZES)
def test_log_q_of_a_sample_is_the_density_at_that_sample(latent: int, depth: int) -> None:
    q = posterior(latent, depth)
    params = noise(3, B, q.numbers)
    z, log_q = q.sample(params, 7, torch.Generator().manual_seed(1))
    assert z.shape == (7, B, latent)
    torch.testing.assert_close(q.log_prob(params, z), log_q)


@pytest.mark.parametrize("depth", [1, 4])
def test_its_density_integrates_to_one_and_is_no_gaussian(depth: int) -> None:
    q = posterior(2, depth)
    params = 0.3 * noise(4, 1, q.numbers)
    axis = torch.linspace(-14, 14, 1401, dtype=torch.float64)
    z = torch.cartesian_prod(axis, axis)[:, None]
    log_q = torch.cat([q.log_prob(params, some)[:, 0] for some in z.split(200_000)])
    mass = log_q.exp() * (axis[1] - axis[0]).square()
    assert float(mass.sum()) == pytest.approx(1, abs=5e-4)
    mean = (mass[:, None] * z[:, 0]).sum(0)
    centred = z[:, 0] - mean
    covariance = (mass[:, None, None] * centred[:, :, None] * centred[:, None]).sum(0)
    entropy = -float((mass * log_q).sum())
    gaussian = 0.5 * float(torch.logdet(2 * math.pi * math.e * covariance))  # the largest of that covariance
    assert entropy < gaussian - 0.005


@pytest.mark.parametrize("depth", [1, 2, 3, 4])
def test_a_new_flow_is_the_diagonal_gaussian(depth: int) -> None:
    q, plain = posterior(3, depth, scale=0), DiagonalGaussian(DiagonalGaussianPosterior(), 3)
    params, z = noise(5, B, q.numbers), noise(6, 4, B, 3)
    torch.testing.assert_close(q.log_prob(params, z), plain.log_prob(params[:, :6], z))
    one, other = (
        each.sample(given, 5, torch.Generator().manual_seed(2))[0]
        for each, given in ((q, params), (plain, params[:, :6]))
    )
    torch.testing.assert_close(one, other)


@pytest.mark.parametrize(("weight", "scale"), [(1e3, 1.13), (-1e3, 0.135)])
def test_a_step_scales_within_its_bounds_whatever_its_weights(weight: float, scale: float) -> None:
    flow = AutoregressiveFlow(2, 4, HIDDEN, 1).requires_grad_(False)
    flow.steps[0].out.bias.fill_(weight)
    z, log_det = flow(torch.ones(2), torch.ones(4))
    assert z.isfinite().all()
    assert float(log_det) == pytest.approx(2 * math.log(scale), abs=0.01)


def test_the_later_of_two_dimensions_depends_on_the_earlier_and_on_the_image() -> None:
    flow, z, context = posterior(2, 1).flow, noise(1, 2), noise(2, HIDDEN)
    of_z = jacobian(lambda z: flow(z, context)[0], z)
    of_context = jacobian(lambda context: flow(z, context)[0], context)
    assert of_z[1, 0].abs() > 1e-3
    assert (of_context.abs().amax(1) > 1e-3).all()


def test_a_model_has_one_posterior_under_each_class() -> None:
    changes = {"data.name": "digits", "condition.kind": "class", "posterior.kind": "iaf", "net.widths": [8]}
    model = VAE(Spec().change(**changes))
    bend(model.posterior.flow)
    x = torch.rand(4, 1, 8, 8, generator=torch.Generator().manual_seed(1))
    terms = model(x, 3, torch.Generator().manual_seed(2))
    assert terms.summed
    assert terms.z.shape == (10, 3, 4, 2)
    for y in (0, 9):
        params = model.encode(x, torch.full((4,), y))
        torch.testing.assert_close(model.posterior.log_prob(params, terms.z[y]), terms.log_qz[y])

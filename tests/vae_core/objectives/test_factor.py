"""FactorVAE: permuted codes, the density ratio against a known total correlation, and where gradients go."""

from __future__ import annotations

import math

import pytest
import torch
from torch import nn

from vae_core import objectives, spec
from vae_core.model.terms import Terms
from vae_core.model.vae import VAE
from vae_core.objectives.factor import Discriminator, permute

STEP = torch.tensor(0.0)


def noise(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def built(latent: int, **settings: object) -> objectives.Objective:
    torch.manual_seed(0)
    return objectives.build(spec.FactorObjective(widths=(32, 32), **settings), latent=latent, images=100)


def of_codes(z: torch.Tensor) -> Terms:
    """Terms of codes z [B, D], all else zero."""
    nothing = torch.zeros(1, 1, len(z))
    kl = torch.zeros_like(z)[None]
    return Terms(log_px=nothing, log_pz=nothing, log_qz=nothing, kl=kl, z=z[None, None])


def correlated(count: int, correlation: float, seed: int = 0) -> torch.Tensor:
    z = torch.randn(count, 2, generator=noise(seed))
    return torch.stack([z[:, 0], correlation * z[:, 0] + math.sqrt(1 - correlation**2) * z[:, 1]], 1)


def test_permuted_codes_keep_each_dimension_and_part_them_from_each_other():
    z = torch.arange(12.0).view(6, 2).expand(3, 6, 2)
    permuted = permute(z)
    assert torch.equal(permuted.sort(-2).values, z.sort(-2).values)
    assert not (permuted[..., 1] - permuted[..., 0] == 1).any()


def test_with_the_true_density_ratio_the_penalty_is_gamma_times_the_total_correlation():
    correlation, gamma = 0.8, 7.0
    objective = built(2, gamma=gamma)

    class Ratio(nn.Module):
        """log N(z; 0, [[1, c], [c, 1]]) - log N(z; 0, I)."""

        def forward(self, z: torch.Tensor) -> torch.Tensor:
            a, b = z.unbind(-1)
            square = (a * a - 2 * correlation * a * b + b * b) / (1 - correlation**2)
            return -0.5 * (math.log(1 - correlation**2) + square - a * a - b * b)

        def loss(self, z: torch.Tensor) -> torch.Tensor:
            return torch.zeros(())

    objective.discriminator = Ratio()
    _, logged = objective(of_codes(correlated(200_000, correlation)), STEP)
    total = -0.5 * math.log(1 - correlation**2)
    assert logged["total_correlation"].item() == pytest.approx(total, abs=0.01)
    assert logged["beta_kl"].item() == pytest.approx(gamma * total, abs=0.1)


def test_a_discriminator_comes_to_know_the_total_correlation():
    torch.manual_seed(0)
    discriminator = Discriminator(2, (32, 32))
    adam = torch.optim.Adam(discriminator.parameters(), 5e-3)
    for seed in range(400):
        loss = discriminator.loss(correlated(512, 0.8, seed))
        adam.zero_grad()
        loss.backward()
        adam.step()
    with torch.no_grad():
        found = discriminator(correlated(20_000, 0.8, 1000)).mean().item()
    assert found == pytest.approx(-0.5 * math.log(1 - 0.8**2), abs=0.08)


def test_an_undecided_discriminator_loses_log_two():
    discriminator = Discriminator(2, (4,))
    for parameter in discriminator.parameters():
        nn.init.zeros_(parameter)
    loss = discriminator.loss(torch.randn(8, 2, generator=noise()))
    assert loss.item() == pytest.approx(math.log(2))


def test_neither_learns_from_the_other_s_loss():
    objective = built(2, gamma=5.0)
    z = correlated(64, 0.5).requires_grad_()
    loss, logged = objective(of_codes(z), STEP)
    loss.backward()
    of_discriminator = [parameter.grad.clone() for parameter in objective.parameters()]

    again = z.detach().clone().requires_grad_()
    (5 * objective.discriminator(again).mean()).backward()
    torch.testing.assert_close(z.grad, again.grad)  # codes feel the correlation alone

    objective.zero_grad()
    objective.discriminator.loss(z.detach()).backward()
    alone = [parameter.grad for parameter in objective.parameters()]
    assert len(alone) == 6
    for one, other in zip(of_discriminator, alone, strict=True):
        torch.testing.assert_close(one, other)
    assert logged["discriminator_loss"].item() > 0


def test_without_gamma_the_model_minimises_the_elbo():
    small = spec.Spec().change(**{"data.name": "digits", "net.widths": [16], "latent": 3})
    torch.manual_seed(0)
    terms = VAE(small)(torch.rand(6, 1, 8, 8), 1, noise())
    elbo, _ = objectives.build(spec.ElboObjective())(terms, STEP)
    loss, logged = built(3, gamma=0.0)(terms, STEP)
    torch.testing.assert_close(loss - logged["discriminator_loss"], elbo)

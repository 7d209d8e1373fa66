"""FactorVAE: total correlation as a density ratio, which a discriminator learns beside the model."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.func import functional_call
from torch.nn.functional import softplus

from vae_core import spec
from vae_core.model.terms import Terms
from vae_core.objectives.objective import Logged, Objective


class FactorVae(Objective):
    """reconstruction - beta * KL - gamma * TC, TC = E_q[log D(z) / (1 - D(z))].

    Kim and Mnih 2018, eq. 2 and 3. The discriminator learns, by an Adam of its own, to tell codes from codes
    whose dimensions are permuted over the batch (algorithm 2). Where the paper permutes the codes of a second
    batch, these are the same batch's.
    """

    adam_betas = (0.5, 0.9)  # the paper's

    def __init__(self, settings: spec.FactorObjective, latent: int, images: int) -> None:
        super().__init__(settings, latent, images)
        self.gamma = settings.gamma
        self.learning_rate = settings.discriminator_rate
        self.discriminator = Discriminator(latent, settings.widths)

    def penalty(self, terms: Terms, kl: Tensor, step: Tensor) -> tuple[Tensor, Logged]:
        fixed = {name: value.detach() for name, value in self.discriminator.named_parameters()}
        correlation: Tensor = functional_call(self.discriminator, fixed, (terms.z,)).mean()
        return self.beta * kl + self.gamma * correlation, {
            "beta": self.beta,
            "total_correlation": correlation,
            "discriminator_loss": self.discriminator.loss(terms.z.detach()),
        }

    def forward(self, terms: Terms, step: Tensor) -> tuple[Tensor, Logged]:
        loss, logged = super().forward(terms, step)
        return loss + logged["discriminator_loss"], logged


class Discriminator(nn.Module):
    """z [..., D] -> log D(z) / (1 - D(z)) [...], in the end log q(z) / prod_d q(z_d), in nats."""

    def __init__(self, latent: int, widths: Sequence[int]) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        for before, after in pairwise((latent, *widths)):
            layers += [nn.Linear(before, after), nn.LeakyReLU(0.2)]
        self.layers = nn.Sequential(*layers, nn.Linear(widths[-1], 1))

    def forward(self, z: Tensor) -> Tensor:
        logit: Tensor = self.layers(z).squeeze(-1)
        return logit

    def loss(self, z: Tensor) -> Tensor:
        """Cross-entropy in nats of telling z [..., B, D] from its permutation; log 2 is a blind guess."""
        real, permuted = self(torch.stack([z, permute(z)]))
        return 0.5 * (softplus(-real).mean() + softplus(permuted).mean())


def permute(z: Tensor) -> Tensor:
    """Codes [..., B, D] with dimension d moved on by d places over the batch: samples of prod_d q(z_d).

    A batch is in random order already, so this is as good as a random permutation; and it never leaves two
    dimensions of one image together, as long as D is at most B.
    """
    batch, latent = z.shape[-2:]
    rows = torch.arange(batch, device=z.device)[:, None] + torch.arange(latent, device=z.device)
    return z.gather(-2, (rows % batch).expand_as(z))

"""VAE: assembles the parts that a Spec names."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from vae_core import likelihoods, nets
from vae_core.posteriors import POSTERIORS, Posteriors
from vae_core.priors import PRIORS
from vae_core.spec import Spec

BLOCK = 512  # images at a time where a whole set passes through


@dataclass(frozen=True)
class Terms:
    """What one pass gives an objective: S samples of the posterior for each of B images, all in nats."""

    log_px: Tensor  # log p(x|z) [S, B], summed over pixels
    log_pz: Tensor  # log p(z) [S, B]
    log_qz: Tensor  # log q(z|x) [S, B]
    kl: Tensor | None  # KL(q(z_d|x) || p(z_d)) in closed form [B, D]; None where none is known
    z: Tensor  # [S, B, D]


class VAE(nn.Module):
    """Encoder, posterior, prior, decoder and likelihood of one Spec."""

    def __init__(self, spec: Spec) -> None:
        super().__init__()
        self.spec = spec
        channels, height, width = spec.data.shape
        self.image_shape = (channels, height, width)
        self.latent = spec.latent
        self.likelihood = likelihoods.build(spec.likelihood)
        self.posterior = POSTERIORS[spec.posterior.kind]()
        self.prior = PRIORS[spec.prior.kind](spec.latent)
        self.encoder, self.decoder = nets.build(
            spec.net,
            image=self.image_shape,
            outputs=self.posterior.width(spec.latent),
            latent=spec.latent,
            pixels=(self.likelihood.numbers * channels, height, width),
        )

    @property
    def device(self) -> torch.device:
        return next(self.parameters()).device

    def encode(self, x: Tensor) -> Tensor:
        """x [B, C, H, W] in [0, 1] -> the posterior's params [B, P]."""
        return self.encoder(x)

    def decode(self, z: Tensor) -> Tensor:
        """z [..., D] -> the likelihood's params [..., K * C, H, W]."""
        return self.decoder(z.flatten(0, -2)).unflatten(0, z.shape[:-1])

    def forward(self, x: Tensor, samples: int = 1, generator: torch.Generator | None = None) -> Terms:
        """x [B, C, H, W] in [0, 1] -> Terms with S = samples."""
        params = self.encode(x)
        z, log_qz = self.posterior(params, samples, generator)
        return Terms(
            log_px=self.likelihood.log_prob(self.decode(z), x),
            log_pz=self.prior.log_prob(z),
            log_qz=log_qz,
            kl=self.posterior.kl(params) if self.prior.standard_normal else None,
            z=z,
        )

    @torch.inference_mode()
    def posteriors(self, images: Tensor, labels: Tensor | None = None) -> Posteriors:
        """q(z|x) of images [N, C, H, W], uint8 or float in [0, 1]; on the CPU."""
        parts = [self.posterior.split(self.encode(block)) for block in self._blocks(images)]
        mean, log_var = (torch.cat(column).cpu() for column in zip(*parts, strict=True))
        return Posteriors(mean, log_var, None if labels is None else labels.cpu())

    @torch.inference_mode()
    def decode_mean(self, z: Tensor) -> Tensor:
        """E[x|z] of z [N, D], [N, C, H, W] within [0, 1]."""
        means = [
            self.likelihood.mean(self.decode(block)[None])[0] for block in z.to(self.device).split(BLOCK)
        ]
        return torch.cat(means).clamp(0, 1)

    def _blocks(self, images: Tensor) -> Iterator[Tensor]:
        for block in images.split(BLOCK):
            block = block.to(self.device)
            yield block.float() / 255 if block.dtype == torch.uint8 else block

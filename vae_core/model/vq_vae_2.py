"""VQ-VAE-2: two grids of codes, of which the bottom one, twice as fine, is chosen given the top one.

Razavi et al. 2019."""

from __future__ import annotations

from collections.abc import Callable
from math import prod

import torch
from torch import Tensor, nn

from vae_core.model.posterior import Posterior
from vae_core.model.vector_quantised import VectorQuantised
from vae_core.spec.settings import Settings

BOTTOM = "bottom_"  # begins the names of what is said of the bottom level; of the top they have no beginning


class TwoLevelQuantised(Posterior):
    """q(z|x) = 1 for the z whose cells hold the nearest vectors of the codebook of each level.

    Razavi et al. 2019, algorithm 1. params [B, D * (h * w + 4 * h * w)] are the encoder's vectors of the top
    grid and behind them those of the bottom grid, channels first; so are codes z. What the top's codes decode
    to is added to the encoder's vectors of the bottom before these are quantised.
    """

    def __init__(self, settings: Settings, latent: int, grids: tuple[tuple[int, int], ...]) -> None:
        """latent: D. grids: (h, w) of the top, and that of the bottom."""
        super().__init__(settings, latent)
        self.top, self.bottom = (
            VectorQuantised(settings, latent, grid, codes)
            for grid, codes in zip(grids, self.settings.codebooks, strict=True)
        )
        self.down = nn.ConvTranspose2d(latent, latent, 4, stride=2, padding=1)
        self.sizes = [latent * prod(grid) for grid in grids]

    @property
    def codebooks(self) -> tuple[VectorQuantised, VectorQuantised]:
        return self.top, self.bottom

    @property
    def numbers(self) -> int:
        return sum(self.sizes)

    # --- codes ---

    def split(self, z: Tensor) -> tuple[Tensor, Tensor]:
        """z [..., N], or params, of the top and of the bottom."""
        top, bottom = z.split(self.sizes, dim=-1)
        return top, bottom

    def levels(self, params: Tensor) -> tuple[Tensor, Tensor]:
        """The vectors of both levels before they are quantised, [B, D * cells] each; the gradient of the
        bottom's reaches those of the top straight through its codebook."""
        top, features = self.split(params)
        (z,), _ = self.top.sample(top)
        return top, features + self.down(z.unflatten(-1, (self.latent, *self.top.grid))).flatten(1)

    @torch.no_grad()
    def indices(self, params: Tensor) -> tuple[Tensor, Tensor]:
        """The codes of images, int64 [B, h, w] and [B, 2h, 2w]: params [B, P]."""
        top, bottom = self.levels(params)
        return self.top.indices(top), self.bottom.indices(bottom)

    def embed(self, top: Tensor, bottom: Tensor) -> Tensor:
        """Indices [..., h, w] and [..., 2h, 2w] -> z [..., N]."""
        return torch.cat([self.top.embed(top), self.bottom.embed(bottom)], -1)

    # --- what a posterior answers ---

    def sample(
        self, params: Tensor, samples: int = 1, generator: torch.Generator | None = None
    ) -> tuple[Tensor, Tensor]:
        """The same z for every sample [S, B, N], and log q = 0 [S, B]."""
        top, bottom = self.levels(params)
        (z_top, log_q), (z_bottom, _) = self.top.sample(top, samples), self.bottom.sample(bottom, samples)
        return torch.cat([z_top, z_bottom], -1), log_q

    def log_prob(self, params: Tensor, z: Tensor) -> Tensor:
        of_params, of_z = self.levels(params), self.split(z)
        return self.top.log_prob(of_params[0], of_z[0]) + self.bottom.log_prob(of_params[1], of_z[1])

    def location(self, params: Tensor) -> Tensor:
        return self.embed(*self.indices(params))

    def codes(self, params: Tensor, generator: torch.Generator | None = None) -> dict[str, Tensor]:
        """What a run keeps, by the names of `GridCodes`; B first."""
        top, bottom = self.indices(params)
        return {"indices": top, "bottom": bottom}

    # --- training ---

    def auxiliary_loss(self, params: Tensor) -> Tensor:
        """The sum of both levels' [B]."""
        top, bottom = self.levels(params)
        return self.top.auxiliary_loss(top) + self.bottom.auxiliary_loss(bottom)

    @torch.no_grad()
    def learn(self, params: Tensor, epoch_ends: bool, generator: torch.Generator) -> None:
        top, bottom = self.levels(params)
        self.top.learn(top, epoch_ends, generator)
        self.bottom.learn(bottom, epoch_ends, generator)

    def start_from(self, params: Callable[[int], Tensor], generator: torch.Generator) -> None:
        self.top.start_from(lambda count: self.split(params(count))[0], generator)
        self.bottom.start_from(lambda count: self.levels(params(count))[1], generator)

    def logged(self) -> dict[str, Tensor]:
        of_bottom = {BOTTOM + name: value for name, value in self.bottom.logged().items()}
        return self.top.logged() | of_bottom

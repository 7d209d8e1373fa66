"""An image of which part is hidden, a model that shall complete it, and what completions look like.

Inside, everything has the axes [K, B]: K completions (chains, samples), of each of B images. From outside an
image may come alone, [C, H, W]; then its completions lack the axis B.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor

from vae_core.analysis.inpaint.conditioned import Model
from vae_core.analysis.likelihood import numbers_at_once
from vae_core.model.vae import VAE
from vae_core.pixels import unit

# Chains that run at least, however few completions are asked for: what is measured of them is the same then.
CHAINS = 16


@dataclass(frozen=True, eq=False)
class Completions:
    """K completions of an image (or of each of B), on the CPU; B is absent where one image was given.

    z [K, (B,) D]: codes. images [K, (B,) C, H, W]: the mean of p(x|z) where hidden, x itself where observed;
    no pixel noise. method: which one made them.
    codes [C, T, (B,) D]: what it drew in all, T draws of each of C independent chains, after warming up; how
    many does not depend on K, as long as K is at most C. log_weight [C, T, (B)]: the logs of their weights.
    ess: the effective number of independent draws, [(B)] of the `draws` that importance sampling weighs, or
    [(B,) D] per dimension of the `draws` that all chains took after warming up. acceptance [(B)]: the share
    of proposals that were accepted. r_hat [(B,) D]: spread between chains over that within; 1 where they
    agree. log_px [(B)]: log p(x_observed) in nats, estimated. Each None where the method has none.
    """

    method: str
    z: Tensor
    images: Tensor
    draws: int
    codes: Tensor
    log_weight: Tensor | None = None
    ess: Tensor | None = None
    acceptance: Tensor | None = None
    r_hat: Tensor | None = None
    log_px: Tensor | None = None

    def __len__(self) -> int:
        return len(self.z)

    @property
    def mean(self) -> Tensor:
        """The mean of the completions [(B,) C, H, W]."""
        return self.images.mean(0)

    @property
    def std(self) -> Tensor:
        """How far the completions differ, per pixel [(B,) C, H, W]; 0 where observed. Of means: a pixel's own
        noise is not in it."""
        return self.images.std(0, correction=0)


class Problem:
    """p(z | x_observed) of B images under a model, up to its constant, and how to get at hidden pixels.

    x [C, H, W] or [B, C, H, W], uint8 or float in [0, 1], as the likelihood takes it: a Bernoulli's pixels
    binarised, else its nats are a cross-entropy. mask [H, W], [1, H, W] or [B, 1, H, W], not zero where
    observed. A model of classes has to be told one: `Told(model, y)`. Raises ValueError, a sentence, where it
    is not, and for shapes that do not fit the model.
    """

    def __init__(
        self, model: Model, x: Tensor, mask: Tensor, generator: torch.Generator | None = None
    ) -> None:
        if isinstance(model, VAE) and model.classes:
            raise ValueError("This model is told a class: complete under one of them, with Told(model, y).")
        self.model, self.device = model, model.device
        self.alone = x.ndim == 3
        x = (x[None] if self.alone else x).to(self.device)
        if x.ndim != 4 or tuple(x.shape[1:]) != model.image_shape:
            raise ValueError(f"Images of this model are {list(model.image_shape)}, not {list(x.shape[1:])}.")
        self.x = unit(x)
        mask = mask.to(self.device)[(None,) * (4 - mask.ndim)]
        try:
            self.mask = (mask != 0).to(self.x.dtype).expand(len(x), 1, *x.shape[2:])
        except RuntimeError:
            raise ValueError(f"A mask of {list(mask.shape)} does not fit images {list(x.shape)}.") from None
        self.hidden = self.mask == 0  # [B, 1, H, W]
        self.generator = generator or torch.Generator(self.device).manual_seed(0)

    @property
    def count(self) -> int:
        """How many images."""
        return len(self.x)

    # --- the model ---

    def log_joint(self, z: Tensor) -> Tensor:
        """log p(x_observed | z) + log p(z) in nats at z [K, B, D] -> [K, B]."""
        log_px = self.model.likelihood.log_prob(self.model.decode(z), self.x, self.mask)
        return log_px + self.model.prior.log_prob(z)

    @torch.no_grad()
    def log_joint_in_blocks(self, z: Tensor) -> Tensor:
        """`log_joint` of many z, in bounded memory."""
        at_once = numbers_at_once(self.device)
        numbers = self.count * self.model.likelihood.numbers * math.prod(self.model.image_shape)
        return torch.cat([self.log_joint(block) for block in z.split(max(1, at_once // numbers))])

    def gradient(self, z: Tensor) -> tuple[Tensor, Tensor]:
        """`log_joint` [K, B] and its gradient [K, B, D]."""
        with torch.enable_grad():
            z = z.detach().requires_grad_()
            value = self.log_joint(z)
            (slope,) = torch.autograd.grad(value.sum(), z)
        return value.detach(), slope

    def encode(self, images: Tensor) -> Tensor:
        """The params of q(z|x) [K * B, P] for whole images [K, B, C, H, W]."""
        return self.model.encode(images.flatten(0, 1))

    def encode_filled(self, fill: Tensor | float = 0.0) -> Tensor:
        """The params of q(z|x) [B, P], hidden pixels set to `fill`; a masked model is told which they are."""
        if self.model.spec.masked:
            return self.model.encode(self.x, mask=self.mask)
        return self.model.encode(torch.where(self.hidden, torch.as_tensor(fill).to(self.x), self.x))

    def draw(self, params: Tensor, count: int) -> Tensor:
        """z [count, B, D] from q(z|x) of params [B, P]."""
        z: Tensor = self.model.posterior.sample(params, count, self.generator)[0]
        return z

    def filled(self, hidden: Tensor) -> Tensor:
        """Images [K, B, C, H, W] that take their hidden pixels from `hidden`, of the same shape."""
        return torch.where(self.hidden, hidden, self.x)

    # --- the result ---

    @torch.no_grad()
    def completions(
        self, method: str, z: Tensor, codes: Tensor, log_weight: Tensor | None = None, **measured: Tensor
    ) -> Completions:
        """What codes z [K, B, D], of the codes [C, T, B, D], complete the images to.

        log_weight [C, T, B]. What was measured has B first.
        """
        images = self.filled(self.model.likelihood.mean(self.model.decode(z)).clamp(0, 1))
        if self.alone:
            z, images, codes = z[:, 0], images[:, 0], codes[:, :, 0]
            log_weight = None if log_weight is None else log_weight[..., 0]
            measured = {name: value[0] for name, value in measured.items()}
        measured = {name: value.cpu() for name, value in measured.items()}
        if log_weight is not None:
            measured["log_weight"] = log_weight.cpu()
        draws = codes.shape[0] * codes.shape[1]
        return Completions(method, z.cpu(), images.cpu(), draws, codes.cpu(), **measured)

    @staticmethod
    def in_chains(values: Tensor, chains: int = CHAINS) -> Tensor:
        """Independent values [S, ...] dealt out as if to chains [C, T, ...]; a remainder is left out.

        Round after round, each round beginning with the next chain, so that none of them gets one proposal's
        draws alone where several proposals take turns.
        """
        chains = min(chains, len(values))
        length = len(values) // chains
        rounds, chain = torch.arange(length), torch.arange(chains)[:, None]
        return values[rounds * chains + (chain + rounds) % chains]

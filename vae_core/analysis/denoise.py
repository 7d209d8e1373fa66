"""The clean image of a noisy one: its posterior under the noise's own likelihood, and what the encoder says.

    model = denoise.UnderNoise(vae, "salt_and_pepper", 0.1)
    found = denoise.sample(model, noisy, generator=generator)
    found.mean, found.r_hat, denoise.one_pass(vae, noisy)

x~ -> z ~ p(z | x~), which is as p(x~|z) p(z) -> p(x | z, x~). The encoder of a VAE knows nothing of noise and
takes it for a part of the image; the posterior is told of what kind it is, and how strong.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import cast

import torch
import torch.nn.functional as F
from torch import Tensor

from vae_core.analysis.inpaint.conditioned import Model
from vae_core.analysis.inpaint.hmc import hmc
from vae_core.analysis.likelihood import numbers_at_once
from vae_core.analysis.progress import Progress
from vae_core.constants import LOG_2PI
from vae_core.model.likelihoods import Bernoulli, Categorical, Gaussian, Likelihood
from vae_core.model.noise import KINDS
from vae_core.model.vae import VAE
from vae_core.pixels import unit

DRAWS = 400  # codes, of all chains, that an image is averaged over
LEVEL = 1 / 255  # of a density: the width of one grey level
LEAST = 1e-3  # of Gaussian noise: without any, a density would have no width
SURE = 1 - 1e-6  # of pixels hit: of all of them, no image could be known


class NoiseLikelihood(Likelihood):
    """p(x~|z) of an image under noise: what the model's own p(x|z) becomes, each pixel by itself.

    strength: a number, or [B, 1, 1, 1] of each image.
    Salt and pepper: (1 - s) p(x~|z) + s/2 where x~ is black or white. Erased: (1 - s) p(x~|z) + s where it is
    black; nobody says which pixels were. Of a density, p is that of one of 256 grey levels.
    Gaussian: the sum over x of p(x|z) N(x~; x, s^2); over a Gaussian p(x|z), variances add. Noisy pixels are
    taken as clipped to [0, 1]: at 0 and 1 stands the probability of all beyond.
    Block: p(x~|z); where the block lies is known, and a mask leaves its pixels out.

    Raises ValueError, a sentence, for another noise, or Gaussian noise over another likelihood.
    """

    def __init__(self, clean: Likelihood, kind: str, strength: float | Tensor) -> None:
        super().__init__()
        if kind not in KINDS:
            raise ValueError(f"{kind!r} is no noise; it must be one of {', '.join(KINDS)}.")
        if kind == "gaussian" and not isinstance(clean, Bernoulli | Gaussian | Categorical):
            raise ValueError(
                "What Gaussian noise makes of this run's likelihood has no closed form; choose another noise."
            )
        self.clean, self.kind, self.numbers = clean, kind, clean.numbers
        self.strength = torch.as_tensor(strength, dtype=torch.float32)

    def pixel_log_prob(self, params: Tensor, x: Tensor) -> Tensor:
        if self.kind == "block":
            return self.clean.pixel_log_prob(params, x)
        if self.kind != "gaussian":
            return torch.logaddexp(*self._kept_and_hit(params, x))
        if isinstance(self.clean, Gaussian):
            mean, _, deviation = self._moments(params)
            return _clipped(mean, deviation, x)
        return self._of_levels(params, x)[1].logsumexp(0)

    def mean_given(self, params: Tensor, x: Tensor) -> Tensor:
        """E[x | z, x~] [S, B, C, H, W] of the noisy image x [B, C, H, W]: of what z and the pixel say."""
        if self.kind == "block":
            return x.expand(len(params), *x.shape)
        if self.kind != "gaussian":
            kept, hit = self._kept_and_hit(params, x)
            share = torch.sigmoid(kept - hit)
            return share * x + (1 - share) * self.clean.mean(params)
        if isinstance(self.clean, Gaussian):
            mean, variance, deviation = self._moments(params)
            t = (x - mean) / deviation
            # At an end all that is known is that x + noise lies beyond: the mean of a truncated normal.
            t = torch.where(x <= 0, -_ratio(t), torch.where(x >= 1, _ratio(-t), t))
            return mean + variance / deviation * t
        value, log_joint = self._of_levels(params, x)
        return (log_joint.softmax(0) * value).sum(0)

    def mean(self, params: Tensor) -> Tensor:
        """E[x|z], of the clean image."""
        return self.clean.mean(params)

    def sample(self, params: Tensor, generator: torch.Generator | None = None) -> Tensor:
        """A clean image from p(x|z)."""
        return self.clean.sample(params, generator)

    def _kept_and_hit(self, params: Tensor, x: Tensor) -> tuple[Tensor, Tensor]:
        """The logs of a pixel's probability together with having been spared by the noise, and hit by it."""
        strength = self.strength.to(x).clamp(max=SURE)
        black, white = (0.5, 0.5) if self.kind == "salt_and_pepper" else (1.0, 0.0)
        log_p = self.clean.pixel_log_prob(params, x)
        if not self.clean.discrete:
            log_p = log_p + math.log(LEVEL)
        kept = log_p + torch.log1p(-strength)
        hit = strength * (black * (x == 0) + white * (x == 1))
        return kept, hit.log().expand_as(kept)

    def _moments(self, params: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Mean and variance of a pixel, and its standard deviation under noise."""
        assert isinstance(self.clean, Gaussian)
        mean, log_sigma = self.clean.moments(params)
        variance = (2 * log_sigma).exp()
        return mean, variance, (variance + self._sigma(params).square()).sqrt()

    def _of_levels(self, params: Tensor, x: Tensor) -> tuple[Tensor, Tensor]:
        """The values that a pixel can take [K, 1, 1, 1, 1, 1], and log p(x~, value|z) [K, S, B, C, H, W]."""
        if isinstance(self.clean, Bernoulli):
            log_p = F.logsigmoid(torch.stack([-params, params]))
        else:
            log_p = params.unflatten(2, (self.clean.numbers, -1)).log_softmax(2).movedim(2, 0)
        value = torch.linspace(0, 1, len(log_p), device=params.device).view(-1, 1, 1, 1, 1, 1)
        return value, log_p + _clipped(value, self._sigma(params), x)

    def _sigma(self, params: Tensor) -> Tensor:
        return self.strength.to(params).clamp(min=LEAST)


def _clipped(mean: Tensor, sigma: Tensor, x: Tensor) -> Tensor:
    """log p of x, a normal number clipped to [0, 1]: a probability at the ends, a density between them."""
    t = (x - mean) / sigma
    inside = -0.5 * t.square() - sigma.log() - 0.5 * LOG_2PI
    beyond = torch.special.log_ndtr(torch.where(x <= 0, t, -t))
    return torch.where((x <= 0) | (x >= 1), beyond, inside)


def _ratio(t: Tensor) -> Tensor:
    """phi(t) / Phi(t), of the standard normal."""
    return (-0.5 * t.square() - 0.5 * LOG_2PI - torch.special.log_ndtr(t)).exp()


class UnderNoise:
    """p(x~|z), p(z) and q(z|x) of a model whose images are seen under noise.

    What a sampler takes in place of the model; strength as in `NoiseLikelihood`, which says what it raises.
    """

    def __init__(self, model: Model, kind: str, strength: float | Tensor) -> None:
        self.model = model
        self.spec, self.device, self.image_shape = model.spec, model.device, model.image_shape
        self.prior, self.posterior = model.prior, model.posterior
        self.likelihood = NoiseLikelihood(model.likelihood, kind, strength)

    def encode(self, x: Tensor, *, mask: Tensor | None = None) -> Tensor:
        """As `VAE.encode`, of whatever image."""
        return self.model.encode(x, mask=mask)

    def decode(self, z: Tensor) -> Tensor:
        """As `VAE.decode`: the params of the clean image's p(x|z)."""
        return self.model.decode(z)


@dataclass(frozen=True, eq=False)
class Denoised:
    """What one image (or each of B) may have been without noise; on the CPU.

    mean [(B,) C, H, W]: E[x | x~], averaged over codes; what the noisy pixel itself says is in it.
    decoded [(B,) C, H, W]: E[x|z] averaged over the same codes. images [K, (B,) C, H, W]: E[x|z] of the last
    code of each chain. r_hat, ess [(B,) D] and draws: of the chains, as `Completions` has them.
    """

    mean: Tensor
    decoded: Tensor
    images: Tensor
    r_hat: Tensor
    ess: Tensor
    draws: int


@torch.no_grad()
def sample(
    model: UnderNoise,
    x: Tensor,
    mask: Tensor | None = None,
    *,
    generator: torch.Generator | None = None,
    progress: Progress | None = None,
    cancelled: Callable[[], bool] | None = None,
) -> Denoised:
    """The posterior of noisy images x [C, H, W] or [B, C, H, W], by the chains of `inpaint.hmc`.

    mask [B, 1, H, W] or less, as `inpaint.Problem` takes it: 0 where a pixel is known to say nothing, of a
    block. Raises ValueError, a sentence, where shapes do not fit the model.
    """
    alone = x.ndim == 3
    whole = torch.ones(1, *x.shape[-2:])
    mask = whole if mask is None else mask
    problem = cast(Model, model)
    found = hmc(problem, x, mask, generator=generator, progress=progress, cancelled=cancelled)
    assert found.r_hat is not None
    assert found.ess is not None
    noisy = unit(x[None] if alone else x).to(model.device)
    seen = mask.to(noisy)
    codes = (found.codes[:, :, None] if alone else found.codes).to(noisy)
    every = max(1, codes.shape[0] * codes.shape[1] // DRAWS)
    codes = codes[:, codes.shape[1] % every :][:, every - 1 :: every].flatten(0, 1)  # [S, B, D]
    mean = decoded = torch.zeros_like(noisy)
    numbers = len(noisy) * model.likelihood.numbers * math.prod(model.image_shape)
    for block in codes.split(max(1, numbers_at_once(model.device) // numbers)):
        params = model.decode(block)
        clean = model.likelihood.mean(params)
        given = torch.where(seen > 0, model.likelihood.mean_given(params, noisy), clean)
        mean, decoded = mean + given.sum(0) / len(codes), decoded + clean.sum(0) / len(codes)
    images = model.likelihood.mean(model.decode(found.z[:, None].to(noisy) if alone else found.z.to(noisy)))
    if alone:
        mean, decoded, images = mean[0], decoded[0], images[:, 0]
    return Denoised(mean.cpu(), decoded.cpu(), images.cpu(), found.r_hat, found.ess, found.draws)


@torch.inference_mode()
def one_pass(model: VAE, x: Tensor, y: Tensor | None = None) -> Tensor:
    """What the mean of q(z|x~) is decoded to [B, C, H, W], of noisy images x [B, C, H, W].

    The encoder takes them for images of the data, and knows of noise what it was trained under. y [B]: the
    classes that a model of classes is told.
    """
    return model.decode_mean(model.posteriors(x, y).mean, y).cpu()

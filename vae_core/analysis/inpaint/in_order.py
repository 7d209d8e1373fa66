"""Completions whose pixels are drawn one after another, each given all pixels before it, hidden or not."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from vae_core.analysis.adaptive_importance import effective, systematic
from vae_core.analysis.pixel_by_pixel import write
from vae_core.analysis.progress import Progress, Reporter
from vae_core.model.vae import VAE
from vae_core.pixels import unit

DRAWS = 256  # of code and hidden pixels together
AT_ONCE = 128


@dataclass(frozen=True, eq=False)
class InOrder:
    """images [K, C, H, W] within [0, 1], on the CPU. draws: how many they were chosen from by their weights,
    and ess how many independent ones these are worth. log_px: log p(x_observed) in nats, estimated."""

    images: Tensor
    draws: int
    ess: float
    log_px: float


def hides_the_end(mask: Tensor) -> bool:
    """Whether, in raster order, every hidden pixel of a mask [H, W] comes after every observed one."""
    hidden = (mask != 0).logical_not().flatten().int()
    return bool((hidden.diff() >= 0).all())


@torch.inference_mode()
def in_order(
    model: VAE,
    x: Tensor,
    mask: Tensor,
    count: int = 16,
    *,
    draws: int = DRAWS,
    generator: torch.Generator | None = None,
    progress: Progress | None = None,
    cancelled: Callable[[], bool] | None = None,
) -> InOrder:
    """Completions of an image x [C, H, W], uint8 or float in [0, 1]; mask [H, W], not zero where observed.

    Likelihood weighting (Fung and Chang 1990): codes are drawn from the prior and from q(z|x) of the image
    with hidden pixels 0, half of them each, and hidden pixels in raster order from p(x_i | x_<i, z). A draw
    weighs p(z) / m(z) times prod_i p(x_i | x_<i, z) over observed pixels i, m being the mixture; `count` are
    resampled by weight. Where the mask `hides_the_end` no weight depends on a hidden pixel: given its code a
    completion is then an exact draw of p(x_hidden | x_observed, z), and only codes are weighed. Elsewhere
    completions are right as far as the effective sample size goes. The weights' mean estimates p(x_observed)
    without bias.
    """
    generator = generator or torch.Generator(model.device).manual_seed(0)
    reporter, x = Reporter(progress, cancelled), unit(x.to(model.device))
    params = model.encode(x[None], mask=(mask != 0).to(x)[None, None].to(model.device))
    half = draws // 2
    guided = model.posterior.sample(params, draws - half, generator)[0][:, 0]
    z = torch.cat([model.prior.sample(half, generator), guided])
    log_q, log_p = model.posterior.log_prob(params, z[:, None])[:, 0], model.prior.log_prob(z)
    mixture = torch.stack([log_p + math.log(half / draws), log_q + math.log(1 - half / draws)]).logsumexp(0)
    found = []
    for done, block in enumerate(z.split(AT_ONCE)):
        reporter.report(done * AT_ONCE / draws, "Drawing pixel by pixel")
        found.append(write(model, block, generator=generator, x=x, mask=mask))
    images, observed = (
        torch.cat([getattr(each, name) for each in found]) for name in ("images", "log_observed")
    )
    log_weight = (observed + log_p - mixture).double()[:, None]
    chosen = systematic(log_weight.softmax(0), count, generator)[:, 0]
    chosen = chosen[torch.randperm(count, generator=generator, device=chosen.device)]
    log_px = log_weight.logsumexp(0).item() - math.log(draws)
    return InOrder(images[chosen].cpu(), draws, effective(log_weight).item(), log_px)

"""Completions by way of the encoder, which takes whole images: hidden pixels filled, or guessed in turns."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

from vae_core.analysis.inpaint import chains
from vae_core.analysis.inpaint.conditioned import Model
from vae_core.analysis.inpaint.importance import resample, weighted
from vae_core.analysis.inpaint.likelihood import CODES
from vae_core.analysis.inpaint.problem import CHAINS, Completions, Problem
from vae_core.analysis.progress import Progress, Reporter

START = 512  # weighed codes that chains start from


@torch.no_grad()
def encoder_fill(
    model: Model,
    x: Tensor,
    mask: Tensor,
    count: int = 16,
    *,
    fill: Tensor | float = 0.0,
    generator: torch.Generator | None = None,
    progress: Progress | None = None,
    cancelled: Callable[[], bool] | None = None,
) -> Completions:
    """K codes from q(z|x) with hidden pixels set to `fill`: a number, or an image such as the data's mean.

    The baseline. To a model that never saw masks the filling is part of the image, so that what it draws
    follows no conditional distribution. A masked model is told what is hidden, whatever the filling.
    """
    Reporter(progress, cancelled).report(0.0, "Encoding")
    problem = Problem(model, x, mask, generator)
    z = problem.draw(problem.encode_filled(fill), max(count, CODES))
    return problem.completions("encoder", z[:count], problem.in_chains(z))


@torch.no_grad()
def pseudo_gibbs(
    model: Model,
    x: Tensor,
    mask: Tensor,
    count: int = 16,
    *,
    iterations: int = 100,
    metropolis: bool = False,
    generator: torch.Generator | None = None,
    progress: Progress | None = None,
    cancelled: Callable[[], bool] | None = None,
    on_step: Callable[[Tensor], None] | None = None,
) -> Completions:
    """K chains that in turns draw z from q(z|x) and hidden pixels from p(x_hidden|z); the last z of each.

    Rezende et al. 2014, appendix F. They follow p(z|x_observed) only where q is the true posterior. With
    `metropolis` a z is accepted with the probability that makes them, however far q is off (Metropolis within
    Gibbs: Mattei and Frellsen 2018, section 3.2).

    Chains that all began at q(z|filled image) would agree on its mode, and none would know of another. They
    start, in proportion, from importance-sampled codes: where they cannot leave a mode, R-hat shows it. The
    second half of the iterations is measured. At least 16 chains run, of which the first K are shown.
    `on_step` gets all chains' codes [C, B, D], those of the start first, then those after every iteration.
    """
    problem, reporter = Problem(model, x, mask, generator), Reporter(progress, cancelled)
    likelihood, posterior = model.likelihood, model.posterior
    z = resample(*weighted(problem, START), max(count, CHAINS), problem.generator)
    drawn: list[Tensor] = []
    if on_step is not None:
        on_step(z)
    decoded = model.decode(z)
    accepted, tried = torch.zeros(problem.count, device=problem.device), 0
    for step in range(iterations):
        reporter.report(step / iterations, "Drawing code and hidden pixels in turns")
        images = problem.filled(likelihood.sample(decoded, problem.generator))
        params = problem.encode(images)
        proposed, log_q = posterior.sample(params, 1, problem.generator)
        new = proposed.view_as(z)
        new_decoded = model.decode(new)
        if metropolis:
            old_log_q = posterior.log_prob(params, z.view_as(proposed))
            gain = _log_joint(model, new, new_decoded, images) - log_q.view(z.shape[:2])
            gain = gain - _log_joint(model, z, decoded, images) + old_log_q.view(z.shape[:2])
            coin = torch.rand(gain.shape, generator=problem.generator, device=problem.device)
            accept = coin.log() < gain
            new = torch.where(accept[..., None], new, z)
            new_decoded = torch.where(accept[..., None, None, None], new_decoded, decoded)
            if step >= iterations // 2:
                accepted, tried = accepted + accept.float().mean(0), tried + 1
        z, decoded = new, new_decoded
        if on_step is not None:
            on_step(z)
        if step >= iterations // 2:
            drawn.append(z)
    reporter.report(1.0, "Done")
    found = torch.stack(drawn) if drawn else z[None]
    measured = {"ess": chains.effective(found), "r_hat": chains.r_hat(found)}
    if metropolis:
        measured["acceptance"] = accepted / max(tried, 1)
    method = "metropolis_within_gibbs" if metropolis else "pseudo_gibbs"
    return problem.completions(method, z[:count], found.transpose(0, 1), **measured)


def _log_joint(model: Model, z: Tensor, decoded: Tensor, images: Tensor) -> Tensor:
    """log p(x, z) of whole images [K, B, C, H, W], z [K, B, D] and what it decodes to -> [K, B]."""
    log_px = model.likelihood.log_prob(decoded.flatten(0, 1)[None], images.flatten(0, 1))
    return log_px.view(z.shape[:2]) + model.prior.log_prob(z)

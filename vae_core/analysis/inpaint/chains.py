"""What draws of Markov chains are worth: effective sample size and R-hat. Draws are [T, K, ...]: K chains."""

from __future__ import annotations

import math

import torch
from torch import Tensor


def effective(draws: Tensor) -> Tensor:
    """The number of independent draws that would estimate the mean as well, of draws [T, K, ...] -> [...].

    All chains together: where they disagree, they are worth little. Autocorrelations are added up in pairs as
    long as these are positive, and made to fall (Geyer 1992; Vehtari et al. 2021, equations 10 to 13). At
    most T K log10(T K), as there; 0 where nothing ever moved.
    """
    length, count = draws.shape[:2]
    if length < 4:
        return torch.full(draws.shape[2:], float("nan"), device=draws.device)
    centred = (draws - draws.mean(0)).double()
    # Autocovariances [T, ...], averaged over chains, by the Fourier transform of twice the length.
    power = torch.fft.rfft(centred, n=2 * length, dim=0).abs().square()
    covariance = torch.fft.irfft(power, n=2 * length, dim=0)[:length].mean(1) / length
    within, total = _variances(draws)
    rho = 1 - (within - covariance) / total.clamp(min=1e-30)
    rho[0] = 1
    pairs = rho[: length // 2 * 2].unflatten(0, (-1, 2)).sum(1)
    pairs = pairs.cummin(0).values.clamp(min=0)
    tau = (2 * pairs.sum(0) - 1).clamp(min=1 / torch.tensor(length * count).log10())
    return torch.where(total > 0, length * count / tau, 0.0).float()


def r_hat(draws: Tensor) -> Tensor:
    """The root of all chains' variance over the mean variance within one, of draws [T, K, ...] -> [...].

    Gelman and Rubin 1992, as in Vehtari et al. 2021, equation 4. Near 1 the chains agree; above 1.01 they
    would differ if they went on. Infinite where chains stand still in different places. NaN with fewer than
    two chains, or where all of them stand still in one.
    """
    if draws.shape[0] < 2 or draws.shape[1] < 2:
        return torch.full(draws.shape[2:], float("nan"), device=draws.device)
    within, total = _variances(draws)
    stuck = torch.where(total > 0, math.inf, math.nan)
    return torch.where(within > 0, (total / within).sqrt(), stuck).float()


def least(ess: Tensor) -> float:
    """The least of effective sample sizes [...] as `effective` finds them; 0 where nothing ever moved.

    A dimension in which nothing moved, such as a category that was never drawn, has none, and is left out.
    """
    moved = ess[ess > 0]
    return float(moved.min()) if len(moved) else 0.0


def verdict(r_hat: Tensor, ess: Tensor, accepted: bool = False) -> tuple[bool, str]:
    """Whether chains mixed, and what to think of them in a sentence; of all dimensions together.

    r_hat, ess [...]: of each. accepted: whether steps were taken, so that chains which stand still at one
    discrete code have drawn it again and again. The thresholds are those below which a mean is hardly known
    at all: R-hat 1.05, and 100 effective draws (Vehtari et al. 2021 ask for 1.01 and 400 before a number is
    published).
    """
    known = r_hat[~r_hat.isnan()]
    worst, fewest = float(known.max()) if len(known) else math.nan, least(ess)
    if fewest == 0 and not len(known):
        return accepted, "all chains draw the same code" if accepted else "no chain ever moved"
    if worst > 1.05:
        shown = f"{worst:.2f}" if worst < 100 else "over 100"
        return (
            False,
            f"not mixed: chains disagree (R̂ {shown}), modes are as frequent as they were at the start",
        )
    if fewest < 100:
        return False, f"not yet mixed: chains agree, but are worth {fewest:.0f} independent draws only"
    return True, "mixed: chains agree"


def _variances(draws: Tensor) -> tuple[Tensor, Tensor]:
    """Mean variance within chains, and the estimate of the whole distribution's, of [T, K, ...] -> [...]."""
    length, count = draws.shape[:2]
    within = draws.double().var(0).mean(0)
    between = draws.double().mean(0).var(0) if count > 1 else torch.zeros_like(within)
    return within, (length - 1) / length * within + between

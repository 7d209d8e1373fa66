"""What draws of Markov chains are worth: effective sample size and R-hat. Draws are [T, K, ...]: K chains."""

from __future__ import annotations

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
    would differ if they went on. NaN with fewer than two chains, or where nothing moved.
    """
    if draws.shape[0] < 2 or draws.shape[1] < 2:
        return torch.full(draws.shape[2:], float("nan"), device=draws.device)
    within, total = _variances(draws)
    return torch.where(within > 0, (total / within).sqrt(), float("nan")).float()


def _variances(draws: Tensor) -> tuple[Tensor, Tensor]:
    """Mean variance within chains, and the estimate of the whole distribution's, of [T, K, ...] -> [...]."""
    length, count = draws.shape[:2]
    within = draws.double().var(0).mean(0)
    between = draws.double().mean(0).var(0) if count > 1 else torch.zeros_like(within)
    return within, (length - 1) / length * within + between

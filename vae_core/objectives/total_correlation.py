"""beta-TCVAE: the KL taken apart into mutual information, total correlation and dimension-wise KL."""

from __future__ import annotations

from torch import Tensor

from vae_core import spec
from vae_core.model.terms import Terms
from vae_core.objectives.objective import Logged, Objective
from vae_core.objectives.schedules import ramp

# exp of less is a denormal number soon, which costs processors a hundred times as much as any other.
LEAST = -80.0


class BetaTc(Objective):
    """reconstruction - alpha * I(x; z) - beta * TC(z) - gamma * sum_d KL(q(z_d) || p(z_d)).

    Chen et al. 2018, eq. 4. The three parts of the KL (their eq. 2) are estimated from the batch; only what
    the weights differ from 1 is taken from the estimates, the rest is the KL itself:
        KL + (alpha - 1) I + (beta - 1) TC + (gamma - 1) dimension-wise KL
    equals eq. 4 in expectation, has less noise, and with all weights 1 is the ELBO exactly.
    """

    def __init__(self, settings: spec.BetaTcObjective, latent: int, images: int) -> None:
        super().__init__(settings, latent, images)
        self.alpha, self.gamma = settings.alpha, settings.gamma
        self.warm_up = settings.warm_up
        self.sampling = settings.sampling
        self.images = images

    def penalty(self, terms: Terms, kl: Tensor, step: Tensor) -> tuple[Tensor, Logged]:
        if terms.pairwise is None:
            raise ValueError("beta_tc needs a posterior whose dimensions are independent given the image.")
        weight = self.beta * ramp(step, self.warm_up)
        log_qz, log_qzd = aggregated(terms.pairwise(), self.images, self.sampling)
        information = (terms.log_qz - log_qz).mean()
        correlation = (log_qz - log_qzd).mean()
        dimension_wise = (log_qzd - terms.log_pz).mean()
        penalty = (
            kl
            + (self.alpha - 1) * information
            + (weight - 1) * correlation
            + (self.gamma - 1) * dimension_wise
        )
        return penalty, {
            "beta": weight,
            "mutual_information": information,
            "total_correlation": correlation,
            "dimension_wise_kl": dimension_wise,
        }


def aggregated(pairwise: Tensor, images: int, sampling: str = "weighted") -> tuple[Tensor, Tensor]:
    """log q(z) and log prod_d q(z_d) of a batch's own codes, both [S, B] nats, estimated from the batch.

    pairwise [S, D, B, B]: log q(z_d|x_j) of the code of image i at [s, d, i, j]. images: N, how many there
    are in the whole set, of which q(z) = (1/N) sum_n q(z|x_n) is the mixture.
    weighted: Chen et al. 2018, appendix C.1, the mixture of the batch alone. They divide by N once more,
    which moves no gradient, and adds log N to I and (D - 1) log N to TC; without it I and TC are those of a
    dataset of these B images, neither of them negative in expectation, and I at most log B.
    stratified: appendix C.2. The code's own posterior is one of N and weighs 1/N, the others of the batch
    stand for all N - 1 others: an unbiased estimate of q(z). Its logarithm is too low for a code that has no
    neighbours in its batch, and training can exploit that: TC becomes negative. (There the others have two
    weights, one of them for a single image; all the same have the same expectation and less variance.)
    Where the batch is the whole set both are exact.
    """
    batch = pairwise.shape[-1]
    images = max(images, batch)
    if sampling == "weighted" or batch == 1:
        weights = pairwise.new_full((batch, batch), 1 / batch)
    else:
        weights = pairwise.new_full((batch, batch), (images - 1) / (images * (batch - 1)))
        weights.fill_diagonal_(1 / images)
    log_weights = weights.log()
    log_qz = _log_sum_exp(pairwise.sum(1) + log_weights)
    log_qzd = _log_sum_exp(pairwise + log_weights)
    return log_qz, log_qzd.sum(1)


def _log_sum_exp(value: Tensor) -> Tensor:
    """log sum exp over the last axis. Nothing is lost: what is left out is below e^-80 of the largest."""
    most = value.detach().amax(-1, keepdim=True)
    return (value - most).clamp(min=LEAST).exp().sum(-1).log() + most.squeeze(-1)

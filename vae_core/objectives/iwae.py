"""The importance-weighted bound: k codes of an image, weighed together."""

from __future__ import annotations

import math

from torch import Tensor

from vae_core import spec
from vae_core.model.terms import BoundTerms, Terms
from vae_core.objectives.elbo import Elbo
from vae_core.objectives.objective import Logged
from vae_core.objectives.schedules import ramp


class Iwae(Elbo):
    """log (1/k) sum_i w_i of k codes z_i ~ q(z|x), w = p(x|z) (p(z) / q(z|x))^beta; Burda et al. 2016, eq. 8.

    With beta 1 a bound of log p(x), the ELBO for k = 1, that rises with k towards log p(x). Under another
    beta the KL within each weight is weighed, as `Elbo` does it.

    gradient: that of the bound, or, for the posterior, doubly reparameterised (IWAE-DReG of Tucker et al.
    2019): the same in the mean, and exact where q(z|x) = p(z|x). Codes then carry w~_i^2 in place of w~_i,
    with w~_i = w_i / sum w, while q's own parameters are held; of a weighed KL (1 - beta) w~_i + beta w~_i^2.

    Logged besides, of the k codes: bound, with beta 1 whatever beta is, in nats; effective_samples,
    (sum w)^2 / sum w^2, from 1 to k. reconstruction and kl are the ELBO's, averaged over the k codes.
    """

    def __init__(self, settings: spec.IwaeObjective, latent: int, images: int) -> None:
        super().__init__(settings, latent, images)
        self.evaluation_samples = settings.samples
        self.twice = settings.gradient == "doubly_reparameterised"

    def minimised(self, bound: BoundTerms, terms: Terms, step: Tensor) -> tuple[Tensor, Logged]:
        weight = self.beta * ramp(step, self.warm_up)
        log_qz = terms.log_qz
        if self.twice and terms.held_log_qz is not None and terms.z.requires_grad:
            log_qz = terms.held_log_qz()
        log_w = terms.log_px + weight * (terms.log_pz - log_qz)
        if log_qz is not terms.log_qz:
            share = log_w.detach().softmax(1)[..., None]
            terms.z.register_hook(lambda gradient: gradient * (1 - weight + weight * share))
        reached = log_mean_exp(log_w).mean()
        logged = {
            "reconstruction": bound.reconstruction,
            "kl": bound.code_kl,
            "beta_kl": bound.reconstruction - reached,
            "beta": weight,
            **weighed(terms),
        }
        if bound.dimension_kl is not None:
            logged["dimension_kl"] = bound.dimension_kl
        return -reached, logged


def weighed(terms: Terms) -> Logged:
    """bound, in nats, and effective_samples of a pass, averaged over its images."""
    log_w = (terms.log_px + terms.log_pz - terms.log_qz).detach()
    effective = 1 / log_w.softmax(1).square().sum(1)
    return {"bound": log_mean_exp(log_w).mean(), "effective_samples": effective.mean()}


def log_mean_exp(log_w: Tensor) -> Tensor:
    """log (1/k) sum_i w_i [K, B] of log weights [K, k, B]."""
    return log_w.logsumexp(1) - math.log(log_w.shape[1])

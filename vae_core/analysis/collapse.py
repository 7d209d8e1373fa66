"""Posterior collapse: latent dimensions that ignore the image."""

from __future__ import annotations

from torch import Tensor

from vae_core.analysis import kl_divergence
from vae_core.model.posteriors import Posteriors
from vae_core.model.priors import Prior


def collapsed(
    posteriors: Posteriors, epsilon: float = 0.01, delta: float = 0.01, prior: Prior | None = None
) -> Tensor:
    """Which dimensions are (epsilon, delta)-collapsed, [D] bool; Lucas et al. 2019, "Don't Blame the ELBO!".

    Dimension d is when P_x[KL(q(z_d|x) || p(z_d)) < epsilon] >= 1 - delta: for all images but a share delta,
    its posterior lies within epsilon nats of the prior.
    """
    informed = (kl_divergence.dimensions(posteriors, prior) >= epsilon).sum(0)
    return informed <= delta * len(posteriors) + 1e-9  # 0.29 * 100 falls short of 29


def collapsed_fraction(
    posteriors: Posteriors, epsilon: float = 0.01, delta: float = 0.01, prior: Prior | None = None
) -> float:
    """The share of dimensions that are (epsilon, delta)-collapsed."""
    return float(collapsed(posteriors, epsilon, delta, prior).double().mean())


def collapsed_fractions(
    posteriors: Posteriors, epsilons: Tensor, delta: float = 0.01, prior: Prior | None = None
) -> Tensor:
    """The same for every epsilon [E], [E] float64: Lucas et al. 2019, figure 4."""
    kl = kl_divergence.dimensions(posteriors, prior)
    allowed = min(int(delta * len(posteriors) + 1e-9), len(posteriors) - 1)  # images that may use it
    edge = kl.sort(dim=0, descending=True).values[allowed]  # [D]: collapsed for every epsilon above
    return (edge < epsilons.to(edge)[:, None]).double().mean(1)


def activity(posteriors: Posteriors, prior: Prior | None = None) -> Tensor:
    """Var_x(E[z_d|x]) [D]: how far the image moves each dimension; Burda et al. 2016, section 5.2.

    In units of the prior's variance. Where the prior is a Gaussian for each class, about the class's mean:
    what the class alone moves is the prior's doing.
    """
    own = kl_divergence.whitened(posteriors, prior)
    if own is not None:
        return own.mean.var(0, correction=0)
    assert prior is not None
    return posteriors.mean.double().var(0, correction=0) / prior.moments()[1].detach().cpu()


def active_units(posteriors: Posteriors, threshold: float = 0.01, prior: Prior | None = None) -> int:
    """How many dimensions have an activity above the threshold."""
    return int((activity(posteriors, prior) > threshold).sum())

"""Posterior collapse: latent dimensions that ignore the image."""

from __future__ import annotations

from torch import Tensor

from vae_core.model.posteriors import Posteriors


def kl(posteriors: Posteriors) -> Tensor:
    """KL(q(z_d|x_i) || N(0, 1)) [N, D] in nats; Kingma and Welling 2014, appendix B."""
    mean, log_var = posteriors.mean.double(), posteriors.log_var.double()
    return 0.5 * (mean.square() + log_var.expm1() - log_var)


def collapsed(posteriors: Posteriors, epsilon: float = 0.01, delta: float = 0.01) -> Tensor:
    """Which dimensions are (epsilon, delta)-collapsed, [D] bool; Lucas et al. 2019, "Don't Blame the ELBO!".

    Dimension d is when P_x[KL(q(z_d|x) || p(z_d)) < epsilon] >= 1 - delta: for all images but a share delta,
    its posterior lies within epsilon nats of the prior.
    """
    informed = (kl(posteriors) >= epsilon).sum(0)
    return informed <= delta * len(posteriors) + 1e-9  # 0.29 * 100 falls short of 29


def collapsed_fraction(posteriors: Posteriors, epsilon: float = 0.01, delta: float = 0.01) -> float:
    """The share of dimensions that are (epsilon, delta)-collapsed."""
    return float(collapsed(posteriors, epsilon, delta).double().mean())


def activity(posteriors: Posteriors) -> Tensor:
    """Var_x(E[z_d|x]) [D]: how far the image moves each dimension; Burda et al. 2016, section 5.2."""
    return posteriors.mean.double().var(0, correction=0)


def active_units(posteriors: Posteriors, threshold: float = 0.01) -> int:
    """How many dimensions have an activity above the threshold."""
    return int((activity(posteriors) > threshold).sum())

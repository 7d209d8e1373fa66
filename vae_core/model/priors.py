"""Priors p(z) or p(z|y) of a code, and p(y) of its class.

y [..., K] is a condition: 1 at the image's class, or weights of several that are blended. Without y, a prior
that depends on the class is the marginal sum_y p(y) p(z|y). Whoever asks about p(z) asks a prior these:

    log_prob(z, y), sample(count, generator, y)     all that a prior must have
    gaussian(y)       mean and log variance, where p(z|y) is one diagonal Gaussian: the KL has a closed form
    mixture(y)        the diagonal Gaussians it is a mixture of: marginals, planes and slices are exact
    factors(z, y)     log p(z_d|y) of every dimension, where they are independent
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn

from vae_core import spec
from vae_core.constants import LOG_2PI
from vae_core.spec import PriorSettings
from vae_core.spec.settings import Settings, kind_of


class GaussianMixture(NamedTuple):
    """sum_k w_k N(mean_k, diag(exp(log_var_k))): mean, log_var [K, D]; log_weight [K], normalised."""

    mean: Tensor
    log_var: Tensor
    log_weight: Tensor


class Prior(nn.Module):
    """A prior answers `log_prob` and `sample`, and the rest where it can; None says that it cannot.

    settings: of its part in the Spec. class_prior: p(y), or None where the model has no classes.
    """

    standard = False  # whether it is N(0, I): what is measured against it has shorter ways
    conditional = False  # whether it depends on the class

    def __init__(self, settings: Settings, latent: int, class_prior: ClassPrior | None = None) -> None:
        super().__init__()
        self.settings: Any = settings
        self.latent = latent
        self._class_prior = (class_prior,)  # in a tuple: its parameters are the model's, not the prior's

    def log_prob(self, z: Tensor, y: Tensor | None = None) -> Tensor:
        """z [..., D], y [..., K] -> log p(z|y) [...] in nats; log p(z) without y."""
        raise NotImplementedError

    def sample(self, count: int, generator: torch.Generator | None = None, y: Tensor | None = None) -> Tensor:
        """[count, D] from p(z|y), y [count, K] or [K] for all; from p(z) without y."""
        raise NotImplementedError

    def gaussian(self, y: Tensor | None = None) -> tuple[Tensor, Tensor] | None:
        """y [..., K] -> mean and log variance [..., D] of p(z|y), where it is one diagonal Gaussian."""
        return None

    def moments(self, y: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """Mean and variance [..., D] of p(z|y), of p(z) without y: exact of Gaussians and mixtures, else
        those of 100,000 samples, the same every time."""
        if (one := self.gaussian(y)) is not None:
            return one[0], one[1].exp()
        if (several := self.mixture(y)) is not None:
            weight = several.log_weight.exp()[:, None]
            mean = (weight * several.mean).sum(0)
            return mean, (weight * (several.log_var.exp() + (several.mean - mean).square())).sum(0)
        samples = self.sample(100_000, torch.Generator().manual_seed(0), y)
        return samples.mean(0), samples.var(0)

    def mixture(self, y: Tensor | None = None) -> GaussianMixture | None:
        """p(z|y), y [K], as a mixture of diagonal Gaussians, where it is one; p(z) without y."""
        return None

    def factors(self, z: Tensor, y: Tensor | None = None) -> Tensor | None:
        """log p(z_d|y) [..., D] in nats, which sum to `log_prob`, where the dimensions are independent."""
        return None

    @property
    def log_py(self) -> Tensor:
        """log p(y) of every class [K]. ValueError where the model has no classes."""
        (class_prior,) = self._class_prior
        if class_prior is None:
            raise ValueError("This model has no classes, and so no p(y).")
        return class_prior.log_probs


class StandardNormal(Prior):
    """p(z) = N(0, I), under every condition."""

    standard = True

    def log_prob(self, z: Tensor, y: Tensor | None = None) -> Tensor:
        return -0.5 * (z.square().sum(-1) + self.latent * LOG_2PI)

    def sample(self, count: int, generator: torch.Generator | None = None, y: Tensor | None = None) -> Tensor:
        device = generator.device if generator is not None else None
        return torch.randn(count, self.latent, generator=generator, device=device)

    def gaussian(self, y: Tensor | None = None) -> tuple[Tensor, Tensor]:
        zero = torch.zeros(self.latent)
        return zero, zero

    def mixture(self, y: Tensor | None = None) -> GaussianMixture:
        zero = torch.zeros(1, self.latent)
        return GaussianMixture(zero, zero, torch.zeros(1))

    def factors(self, z: Tensor, y: Tensor | None = None) -> Tensor:
        return -0.5 * (z.square() + LOG_2PI)


class ClassNormal(Prior):
    """p(z|y) = N(mu_y, diag(sigma_y^2)) with a mean and variances learned for each of K classes.

    Sohn et al. 2015, section 4.1, where the network from y to them is one linear map. They begin at N(0, I).
    A blend of classes has the blend of their means and of their log variances.
    """

    conditional = True
    log_var_bound = 8.0

    def __init__(self, settings: Settings, latent: int, class_prior: ClassPrior | None = None) -> None:
        super().__init__(settings, latent, class_prior)
        classes = len(self.log_py)
        self.mean = nn.Parameter(torch.zeros(classes, latent))
        self.log_var = nn.Parameter(torch.zeros(classes, latent))

    def gaussian(self, y: Tensor | None = None) -> tuple[Tensor, Tensor] | None:
        if y is None:
            return None
        return y @ self.mean, y @ self.log_var.clamp(-self.log_var_bound, self.log_var_bound)

    def mixture(self, y: Tensor | None = None) -> GaussianMixture:
        if y is None:
            log_var = self.log_var.clamp(-self.log_var_bound, self.log_var_bound)
            return GaussianMixture(self.mean, log_var, self.log_py)
        mean, log_var = y @ self.mean, y @ self.log_var.clamp(-self.log_var_bound, self.log_var_bound)
        return GaussianMixture(mean[None], log_var[None], mean.new_zeros(1))

    def log_prob(self, z: Tensor, y: Tensor | None = None) -> Tensor:
        if y is None:
            each = torch.eye(len(self.mean), device=z.device)
            under = torch.stack([self.log_prob(z, one) for one in each], -1)
            return (under + self.log_py).logsumexp(-1)
        factors = self.factors(z, y)
        assert factors is not None
        return factors.sum(-1)

    def factors(self, z: Tensor, y: Tensor | None = None) -> Tensor | None:
        moments = self.gaussian(y)
        if moments is None:
            return None
        mean, log_var = moments
        return -0.5 * ((z - mean).square() * torch.exp(-log_var) + log_var + LOG_2PI)

    def sample(self, count: int, generator: torch.Generator | None = None, y: Tensor | None = None) -> Tensor:
        device = generator.device if generator is not None else None
        if y is None:
            chances = self.log_py.exp().to(device or self.mean.device)
            drawn = torch.multinomial(chances, count, replacement=True, generator=generator)
            y = nn.functional.one_hot(drawn, len(self.mean)).float()
        noise = torch.randn(count, self.latent, generator=generator, device=device)
        mean, log_var = y @ self.mean, y @ self.log_var.clamp(-self.log_var_bound, self.log_var_bound)
        return mean + torch.exp(0.5 * log_var) * noise


class ClassPrior(nn.Module):
    """p(y): uniform over K classes, or a learned categorical."""

    logits: Tensor

    def __init__(self, classes: int, learned: bool) -> None:
        super().__init__()
        if learned:
            self.logits = nn.Parameter(torch.zeros(classes))
        else:
            self.register_buffer("logits", torch.zeros(classes))

    @property
    def log_probs(self) -> Tensor:
        """log p(y) of every class [K], in nats."""
        return self.logits.log_softmax(-1)


PRIORS: dict[str, type[Prior]] = {"standard_normal": StandardNormal, "class_normal": ClassNormal}


def register(settings: type[PriorSettings]) -> Callable[[type[Prior]], type[Prior]]:
    """Decorates the class of these settings: from now on Specs may have it."""

    def add(prior: type[Prior]) -> type[Prior]:
        spec.register(spec.Prior, settings)
        PRIORS[kind_of(settings)] = prior
        return prior

    return add


def build(settings: spec.Prior, latent: int, class_prior: ClassPrior | None = None) -> Prior:
    """The prior of codes that the settings describe; class_prior: p(y), None where there is no condition."""
    return PRIORS[settings.kind](settings, latent, class_prior)


def of_state(whole: spec.Spec, state: Mapping[str, Tensor]) -> Prior:
    """The prior whose tensors these are, by their names in a model of that Spec, among any others. It learns
    no more."""

    def of(part: str) -> dict[str, Tensor]:
        return {name.removeprefix(part): value for name, value in state.items() if name.startswith(part)}

    class_prior = None
    if whole.condition.kind == "class":
        class_prior = ClassPrior(whole.classes, whole.condition.class_prior == "learned")
        class_prior.load_state_dict(of("class_prior."))
        class_prior.requires_grad_(False)
    prior = build(whole.prior, whole.latent, class_prior)
    prior.load_state_dict(of("prior."))
    return prior.requires_grad_(False)

"""What a prior p(z) or p(z|y) of a code answers, and p(y) of its class.

y [..., K] is a condition: 1 at the image's class, or weights of several that are blended. Without y, a prior
that depends on the class is the marginal sum_y p(y) p(z|y). Whoever asks about p(z) asks a prior these:

    log_prob(z, y), sample(count, generator, y)     all that a prior must have
    gaussian(y)       mean and log variance, where p(z|y) is one diagonal Gaussian: the KL has a closed form
    mixture(y)        the diagonal Gaussians it is a mixture of: marginals, planes and slices are exact
    factors(z, y)     log p(z_d|y) of every dimension, where they are independent
    levels(z, y)      log p of every level of codes given those above it, where there are levels
    tempered(...)     samples nearer to the middle, or farther from it
    kept()            the tensors that a frame of a training keeps of it
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple, Self

import torch
from torch import Tensor, nn

from vae_core.model.one_hot import one_hot
from vae_core.spec.settings import Settings


class GaussianMixture(NamedTuple):
    """sum_k w_k N(mean_k, diag(exp(log_var_k))): mean, log_var [..., K, D]; log_weight [..., K], normalised;
    leading axes are those of a condition."""

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
            weight = several.log_weight.exp()[..., None]
            mean = (weight * several.mean).sum(-2)
            about = several.log_var.exp() + (several.mean - mean[..., None, :]).square()
            return mean, (weight * about).sum(-2)
        samples = self.sample(100_000, torch.Generator().manual_seed(0), y)
        return samples.mean(0), samples.var(0)

    def mixture(self, y: Tensor | None = None) -> GaussianMixture | None:
        """p(z|y), y [..., K], as a mixture of diagonal Gaussians, where it is one; p(z) without y."""
        return None

    def factors(self, z: Tensor, y: Tensor | None = None) -> Tensor | None:
        """log p(z_d|y) [..., D] in nats, which sum to `log_prob`, where the dimensions are independent."""
        return None

    def levels(self, z: Tensor, y: Tensor | None = None) -> Tensor | None:
        """log p of every level of codes given those above it, [..., levels] in nats, which sum to `log_prob`;
        None where codes have no levels."""
        return None

    def tempered(
        self,
        count: int,
        temperature: float,
        generator: torch.Generator | None = None,
        y: Tensor | None = None,
    ) -> Tensor:
        """As `sample`, each draw's deviation from the mean multiplied by `temperature`."""
        drawn = self.sample(count, generator, y)
        return torch.lerp(self.moments(y)[0].expand_as(drawn), drawn, temperature)

    def attach(
        self, encode: Callable[[Tensor], tuple[Tensor, Tensor]], image_shape: tuple[int, int, int]
    ) -> None:
        """Called when a model has made its encoder: mean and log variance [B, D] of q(z|x), of images
        [B, C, H, W] in [0, 1]. The encoder stays the model's: its weights are none of the prior's."""

    def start_from(self, images: Callable[[int], Tensor]) -> None:
        """Called before a training's first step: images(count) are training images [count, C, H, W] in
        [0, 1]."""

    def kept(self) -> dict[str, Tensor]:
        """The tensors by which `of_kept` makes the prior of this moment again, without its model."""
        return self.state_dict()

    @classmethod
    def of_kept(
        cls, settings: Settings, latent: int, class_prior: ClassPrior | None, tensors: Mapping[str, Tensor]
    ) -> Self:
        """The prior that `kept` these tensors."""
        prior = cls(settings, latent, class_prior)
        prior.load_state_dict(tensors)
        return prior

    @property
    def log_py(self) -> Tensor:
        """log p(y) of every class [K]. ValueError where the model has no classes."""
        (class_prior,) = self._class_prior
        if class_prior is None:
            raise ValueError("This model has no classes, and so no p(y).")
        return class_prior.log_probs

    def draw_classes(self, count: int, generator: torch.Generator | None = None) -> Tensor:
        """One-hot [count, K] from p(y), on the generator's device."""
        device = self.log_py.device if generator is None else generator.device
        chances = self.log_py.exp().to(device)
        drawn = torch.multinomial(chances, count, replacement=True, generator=generator)
        return one_hot(drawn, len(chances))

    def without_class(self, log_prob: Callable[[Tensor], Tensor]) -> Tensor:
        """log sum_y p(y) p(.|y) [...] in nats, where log_prob(y) is log p(.|y) [...] for a class y [K]."""
        every = torch.eye(len(self.log_py), device=self.log_py.device)
        return (torch.stack([log_prob(y) for y in every], -1) + self.log_py).logsumexp(-1)


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

"""What an approximate posterior q(z|x) answers, and what a run keeps of it.

A posterior is a module; what it learns is saved with the model. Whoever asks about q(z|x) asks it these:

    sample(params, samples, generator), log_prob(params, z), location(params)     all that one must have
    kl(params, prior, y)      the KL of every dimension, where it has a closed form
    pairwise(params, z)       where the dimensions are independent given x (`settings.independent`)
    codes(params, generator)  what a run keeps of it, in the form that `settings.form` names: see Posteriors
    auxiliary_loss(params)    what is minimised beside the ELBO, where something is
    learn(params, ...)        what it learns without a gradient, where it does
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from typing import Any, Protocol

import numpy as np
import torch
from torch import Tensor, nn

from vae_core.spec.settings import Settings

DRAWS = 4  # of each image's posterior that a run keeps, where they are kept
MOMENT_DRAWS = 64  # from which mean and variance of such a posterior are estimated


@dataclass(frozen=True)
class Posteriors:
    """q(z|x_i) of a set of N images, as a run keeps them.

    mean, log_var: [N, D] float32, of every dimension. labels: [N] int64, or None where the dataset has no
    classes.
    draws [N, S, D], log_q [N, S]: None of diagonal Gaussians, of which mean and log variance say everything.
    Of any other posterior, z drawn from it and log q(z|x) in nats: from these comes its KL. On maps it is
    then the Gaussian of the same mean and variances.
    """

    mean: Tensor
    log_var: Tensor
    labels: Tensor | None = None
    draws: Tensor | None = None
    log_q: Tensor | None = None

    def __post_init__(self) -> None:
        if self.mean.ndim != 2 or self.mean.shape != self.log_var.shape:
            raise ValueError(
                f"mean and log_var must both be [N, D], not {[*self.mean.shape]} and {[*self.log_var.shape]}."
            )
        if self.labels is not None and self.labels.shape != self.mean.shape[:1]:
            raise ValueError(f"labels must be [{len(self.mean)}], not {list(self.labels.shape)}.")
        if (self.draws is None) != (self.log_q is None):
            raise ValueError("draws and log_q come together.")
        if self.draws is not None and self.log_q is not None:
            n, s = self.log_q.shape
            if (n, self.draws.shape) != (len(self.mean), (n, s, self.dimensions)):
                raise ValueError(
                    f"draws must be [N, S, D] and log_q [N, S], not {[*self.draws.shape]} and {[n, s]}."
                )

    def __len__(self) -> int:
        return len(self.mean)

    @property
    def dimensions(self) -> int:
        return self.mean.shape[1]

    @property
    def gaussian(self) -> bool:
        """Whether each is a diagonal Gaussian, so that mean and log_var are all there is to know."""
        return self.draws is None

    def arrays(self) -> dict[str, np.ndarray]:
        """What there is of them by name, for files; `of` reads it again."""
        values = {field.name: getattr(self, field.name) for field in fields(self)}
        return {name: value.cpu().numpy() for name, value in values.items() if value is not None}

    @classmethod
    def of(cls, arrays: Mapping[str, np.ndarray]) -> Posteriors:
        """From arrays by these names, of any precision. Labels below 0 are those of no class: then None."""
        found = {
            field.name: torch.from_numpy(np.ascontiguousarray(arrays[field.name])).float()
            for field in fields(cls)
            if field.name in arrays
        }
        labels = found.pop("labels", None)
        return cls(labels=None if labels is None or (labels < 0).any() else labels.long(), **found)

    def first(self, count: int) -> Posteriors:
        """Those of the first `count` images."""
        return Posteriors.of({name: array[:count] for name, array in self.arrays().items()})


class GaussianPrior(Protocol):
    """What a closed form of the KL asks of a prior: see `priors.Prior`."""

    standard: bool

    def gaussian(self, y: Tensor | None = None) -> tuple[Tensor, Tensor] | None: ...


class Posterior(nn.Module):
    """q(z|x) from what the encoder gives for an image, params [B, P].

    settings: of its part in the Spec. latent: D.
    """

    def __init__(self, settings: Settings, latent: int) -> None:
        super().__init__()
        self.settings: Any = settings
        self.latent = latent

    @property
    def numbers(self) -> int:
        """P: how many numbers the encoder gives for an image."""
        return 2 * self.latent

    @property
    def codebooks(self) -> tuple[Any, ...]:
        """Those of its grids of codes, the coarsest first; () where codes are none of a codebook."""
        return ()

    def sample(
        self, params: Tensor, samples: int = 1, generator: torch.Generator | None = None
    ) -> tuple[Tensor, Tensor]:
        """Reparameterised z [S, B, D], and log q(z|x) [S, B] in nats."""
        raise NotImplementedError

    def log_prob(self, params: Tensor, z: Tensor) -> Tensor:
        """log q(z|x) [S, B] in nats at any z [S, B, D]."""
        raise NotImplementedError

    def location(self, params: Tensor) -> Tensor:
        """The one z [B, D] that stands for the image: the mean, or what is like it."""
        raise NotImplementedError

    def moments(self, params: Tensor) -> tuple[Tensor, Tensor]:
        """Mean and log variance [B, D] of every dimension; of 64 draws, the same every time."""
        z, _ = self.sample(params, MOMENT_DRAWS, torch.Generator(params.device).manual_seed(0))
        return z.mean(0), z.var(0).clamp(min=1e-7).log()

    def kl(
        self, params: Tensor, prior: GaussianPrior | None = None, y: Tensor | None = None
    ) -> Tensor | None:
        """KL(q(z_d|x) || p(z_d|y)) [B, D] in nats. None where no closed form is known. No prior: N(0, I)."""
        return None

    def pairwise(self, params: Tensor, z: Tensor) -> Tensor:
        """log q(z_d|x_j) in nats of every code under every image's posterior.

        params [B, P], z [S, I, D] -> [S, D, I, B]; the last axis lies together, to be summed over.
        """
        raise NotImplementedError

    def estimated(self, log_px: Tensor, log_qz: Tensor) -> Tensor:
        """log p(x|z) [S, B] with the gradient by which the encoder learns from it: as it is where z is
        reparameterised."""
        return log_px

    def codes(self, params: Tensor, generator: torch.Generator | None = None) -> dict[str, Tensor]:
        """What a run keeps, by the names of `Posteriors`; B first."""
        mean, log_var = self.moments(params)
        z, log_q = self.sample(params, DRAWS, generator)
        return {"mean": mean, "log_var": log_var, "draws": z.transpose(0, 1), "log_q": log_q.T}

    def auxiliary_loss(self, params: Tensor) -> Tensor | None:
        """[B] in nats: what training minimises beside the objective's penalty and is no part of the ELBO."""
        return None

    def start_from(self, params: Callable[[int], Tensor], generator: torch.Generator) -> None:
        """Called before a training's first step: params(count) are those of training images [count, P]."""

    def learn(self, params: Tensor, epoch_ends: bool, generator: torch.Generator) -> None:
        """Called with the params [B, P] of each training step: what is learned without a gradient."""

    def logged(self) -> dict[str, Tensor]:
        """What training reports of it, 0-dim."""
        return {}

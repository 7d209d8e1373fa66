"""What one pass of a model gives, in nats, and the ELBO that it adds up to: the one place that adds it up."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor


@dataclass(frozen=True)
class Terms:
    """What one pass gives an objective: S samples of the posterior for each of B images, all in nats.

    The first axis is the class: K = 1, or every class in turn where the class is `summed` out.
    """

    log_px: Tensor  # log p(x|z) [K, S, B], summed over pixels
    log_pz: Tensor  # log p(z) [K, S, B]
    log_qz: Tensor  # log q(z|x) [K, S, B]
    kl: Tensor | None  # KL(q(z_d|x) || p(z_d)) in closed form [K, B, D]; None where none is known
    z: Tensor  # [K, S, B, D]
    y: Tensor | None = None  # the class, one-hot or a blend [B, C]; None where none is known
    log_py: Tensor | None = None  # log p(y) of every class [C]
    log_qy: Tensor | None = None  # log q(y|x) of every class [B, C]; None without a classifier
    summed: bool = False
    joint: bool = False  # whether the model is one of p(x, y), so that a known class has its price, too
    labelled: Terms | None = None  # of the labelled images of the same step, beside these without labels
    # [B] in nats: what the posterior adds to what is minimised, and is no part of the ELBO. None for nothing.
    auxiliary: Tensor | None = None
    params: Tensor | None = None  # of the posterior [B, P]; None where the class is summed out
    # log q(z_d|x_j) of the code of each image i under the posterior of each image j, [S, D, B, B] at i, j;
    # computed when called. None where a posterior's dimensions depend on each other.
    pairwise: Callable[[], Tensor] | None = None
    # log q(z|x) [K, S, B] again, whose gradient reaches z alone, as if q were fixed; computed when called.
    # None where the class is summed out.
    held_log_qz: Callable[[], Tensor] | None = None

    def elbo(self, analytic: bool = True, classifier_weight: Tensor | float = 1.0) -> Bound:
        """The ELBO of each image: E[log p(x|z)] - KL(q(z|x) || p(z)), less the KL of its class, if any.

        A bound of log p(x), Kingma and Welling 2014, eq. 6 and 7. Under a condition whose class is known, of
        log p(x|y), or of log p(x, y) where the model is joint: the class then costs -log p(y) (Kingma et al.
        2014, eq. 6). Where the class is summed out, of log p(x), with the class averaged over q(y|x) (eq. 7).

        analytic: the closed form of the KL of the code, where there is one. classifier_weight: what the
        gradient with respect to q(y|x) is multiplied by.
        """
        sampled = None if analytic and self.kl is not None else self.log_qz - self.log_pz
        if not self.summed:
            class_kl = None
            if self.joint and self.y is not None and self.log_py is not None:
                class_kl = -(self.y @ self.log_py)
            return Bound(self.log_px, sampled, self.kl, class_kl)
        assert self.log_py is not None
        log_q = self.log_class_posterior(classifier_weight)
        q = log_q.exp()
        return Bound(
            (q[:, None] * self.log_px).sum(0, keepdim=True),
            None if sampled is None else (q[:, None] * sampled).sum(0, keepdim=True),
            None if self.kl is None else torch.einsum("kb,kbd->bd", q, self.kl)[None],
            (q * (log_q - self.log_py[:, None])).sum(0),
        )

    def log_class_posterior(self, classifier_weight: Tensor | float = 1.0) -> Tensor:
        """log q(y|x) of a class that is summed out [K, B]: the classifier's.

        Without a classifier it is that of the highest bound, p(y) exp ELBO(x|y) over its sum; the ELBO is
        then log sum_y p(y) exp ELBO(x|y).
        """
        assert self.log_py is not None
        if self.log_qy is not None:
            return torch.lerp(self.log_qy.detach(), self.log_qy, classifier_weight).T
        kl = (self.log_qz - self.log_pz).mean(1) if self.kl is None else self.kl.sum(-1)
        return (self.log_py[:, None] + self.log_px.mean(1) - kl).log_softmax(0)


@dataclass(frozen=True)
class Bound:
    """The ELBO of each of B images and its parts, in nats; where the class is summed out, under q(y|x)."""

    reconstruction: Tensor  # log p(x|z) of every sample [1, S, B]
    sampled_kl: Tensor | None  # log q(z|x) - log p(z) of every sample [1, S, B]; None: the closed form counts
    dimension_kl: Tensor | None  # KL of the code, of each dimension [1, B, D], where a closed form is known
    class_kl: Tensor | None  # KL(q(y|x) || p(y)) [B], or -log p(y) where the class is known; None: no class

    @property
    def kl(self) -> Tensor:
        """Of code and class together [B]."""
        if self.sampled_kl is not None:
            code_kl = self.sampled_kl.mean((0, 1))
        else:
            assert self.dimension_kl is not None
            code_kl = self.dimension_kl.sum((0, 2))
        return code_kl if self.class_kl is None else code_kl + self.class_kl

    @property
    def value(self) -> Tensor:
        """The ELBO [B]."""
        return self.reconstruction.mean((0, 1)) - self.kl

    def mean(self) -> BoundTerms:
        """The means over images, which training follows."""
        dimension_kl = None if self.dimension_kl is None else self.dimension_kl.mean((0, 1))
        if self.sampled_kl is not None:
            code_kl = self.sampled_kl.mean()
        else:
            assert dimension_kl is not None
            code_kl = dimension_kl.sum()
        class_kl = None if self.class_kl is None else self.class_kl.mean()
        return BoundTerms(self.reconstruction.mean(), code_kl, class_kl, dimension_kl)


@dataclass(frozen=True)
class BoundTerms:
    """The parts of an ELBO as means over images, in nats per image: reconstruction - code_kl - class_kl."""

    reconstruction: Tensor
    code_kl: Tensor
    class_kl: Tensor | None  # None where there is no class, or none that costs anything
    dimension_kl: Tensor | None  # of the code [D]; None where no closed form is known

    @property
    def kl(self) -> Tensor:
        """Of code and class together."""
        return self.code_kl if self.class_kl is None else self.code_kl + self.class_kl

    @property
    def elbo(self) -> Tensor:
        return self.reconstruction - self.kl

    def mixed(self, other: BoundTerms, share: float) -> BoundTerms:
        """The average over images of which `share` are those of the other."""

        def mix(one: Tensor | None, two: Tensor | None) -> Tensor | None:
            return None if one is None or two is None else torch.lerp(one, two, share)

        return BoundTerms(
            torch.lerp(self.reconstruction, other.reconstruction, share),
            torch.lerp(self.code_kl, other.code_kl, share),
            mix(self.class_kl, other.class_kl),
            mix(self.dimension_kl, other.dimension_kl),
        )

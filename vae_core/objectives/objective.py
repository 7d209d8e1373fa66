"""What all objectives share.

An objective is a module: `(terms, step) -> (scalar to minimise, logged nats)`. `step` is a 0-dim tensor
counted from 0 and `beta` a buffer, so that neither changes the captured step. Logged are, averaged over the
batch,
    reconstruction   E_q[log p(x|z)]
    kl               KL(q(z|x) || p(z)), by the estimator that the objective uses, and of the class, if any
    beta_kl          all that the objective subtracts from the reconstruction
    dimension_kl     [D], where a closed form is known
    beta             its value at this step
    auxiliary_loss   what the posterior adds to what is minimised, where it does
and whatever else an objective weighs. Whatever the objective, the ELBO is reconstruction - kl.

An objective may own modules that learn beside the model. Their loss is part of the scalar, with no gradient
from it into the model and none from the model's loss into them; the trainer gives them an Adam of their own.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from vae_core import spec
from vae_core.model.terms import BoundTerms, Terms

Logged = dict[str, Tensor]


class Objective(nn.Module):
    """Reconstruction minus a penalty; which penalty, a subclass says."""

    beta: Tensor
    # Whether it learns from images without labels too: such pass with their class summed out.
    semi_supervised = False
    evaluation_samples = (
        1  # of the posterior of each image, where it is measured on others than it learns from
    )
    # Of the Adam that moves the objective's own modules, where it has any.
    learning_rate = 1e-3
    adam_betas = (0.9, 0.999)

    def __init__(self, settings: spec.Objective, latent: int, images: int) -> None:
        super().__init__()
        self.samples = settings.samples
        self.analytic = settings.kl == "analytic"
        self.register_buffer("beta", torch.tensor(float(settings.beta)))

    def penalty(self, terms: Terms, kl: Tensor, step: Tensor) -> tuple[Tensor, Logged]:
        """(what is subtracted from the reconstruction, 0-dim; what is logged of it, `beta` included)."""
        raise NotImplementedError

    def forward(self, terms: Terms, step: Tensor) -> tuple[Tensor, Logged]:
        """(scalar to minimise, logged nats). ValueError where the analytic KL is asked for and unknown."""
        return self.minimised(self.elbo(terms), terms, step)

    def elbo(self, terms: Terms, classifier_weight: Tensor | float = 1.0) -> BoundTerms:
        """The ELBO of a pass, averaged over its images, with the KL that the settings ask for."""
        if self.analytic and terms.kl is None:
            raise ValueError(
                "This posterior and prior have no closed-form KL; choose objective.kl=monte_carlo."
            )
        return terms.elbo(self.analytic, classifier_weight).mean()

    def minimised(self, bound: BoundTerms, terms: Terms, step: Tensor) -> tuple[Tensor, Logged]:
        """What `forward` gives, of a bound."""
        penalty, of_it = self.penalty(terms, bound.code_kl, step)
        logged = {"reconstruction": bound.reconstruction, "kl": bound.code_kl, "beta_kl": penalty, **of_it}
        if bound.dimension_kl is not None:
            logged["dimension_kl"] = bound.dimension_kl
        if terms.auxiliary is None:
            return penalty - bound.reconstruction, logged
        logged["auxiliary_loss"] = terms.auxiliary.mean()
        return penalty - bound.reconstruction + logged["auxiliary_loss"], logged

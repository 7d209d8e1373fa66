"""Inpainting: what hidden pixels may be, given the observed ones, under a trained VAE.

    found = inpaint.METHODS["hmc"](model, x, mask, count=16, generator=generator)
    found.images, found.mean, found.std, inpaint.scores(found, truth, mask, model)

x -> z ~ p(z | x_observed) -> p(x_hidden | z). All methods but `encoder` serve any model, also one that never
saw a mask; they use the likelihood of the observed pixels alone. K completions are made at once.
METHODS are of codes that are numbers, OF_CATEGORIES of categories. A model of classes completes under one
that it is told: `inpaint.Told(model, y)` in its place; then all of the above is given y as well.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from vae_core.analysis.inpaint.by_cell import ByCell, by_cell, kept_cells
from vae_core.analysis.inpaint.chains import least, verdict
from vae_core.analysis.inpaint.conditioned import Told
from vae_core.analysis.inpaint.encoder import encoder_fill, pseudo_gibbs
from vae_core.analysis.inpaint.gibbs import gibbs
from vae_core.analysis.inpaint.hmc import hmc, langevin
from vae_core.analysis.inpaint.importance import importance
from vae_core.analysis.inpaint.in_order import InOrder, hides_the_end, in_order
from vae_core.analysis.inpaint.likelihood import HiddenLikelihood, log_likelihood
from vae_core.analysis.inpaint.masks import PRESETS, from_array, invert, preset
from vae_core.analysis.inpaint.plane import Plane, posterior, separating
from vae_core.analysis.inpaint.problem import Completions, Problem
from vae_core.analysis.inpaint.scores import Scores, scores

__all__ = [
    "METHODS",
    "OF_CATEGORIES",
    "PRESETS",
    "ByCell",
    "Completions",
    "HiddenLikelihood",
    "InOrder",
    "Plane",
    "Problem",
    "Scores",
    "Told",
    "by_cell",
    "encoder_fill",
    "from_array",
    "gibbs",
    "hides_the_end",
    "hmc",
    "importance",
    "in_order",
    "invert",
    "kept_cells",
    "langevin",
    "least",
    "log_likelihood",
    "posterior",
    "preset",
    "pseudo_gibbs",
    "scores",
    "separating",
    "verdict",
]

METHODS: dict[str, Callable[..., Completions]] = {
    "encoder": encoder_fill,
    "pseudo_gibbs": pseudo_gibbs,
    "metropolis_within_gibbs": partial(pseudo_gibbs, metropolis=True),
    "importance": importance,
    "langevin": langevin,
    "hmc": hmc,
}
# A choice of categories has no gradient, and each of its groups can be drawn given the others.
OF_CATEGORIES: dict[str, Callable[..., Completions]] = {
    name: method for name, method in METHODS.items() if name not in ("langevin", "hmc")
} | {"gibbs": gibbs}

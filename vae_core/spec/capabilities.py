"""What a run can show, as its Spec says. Pages ask for these; none asks for a kind of part."""

from __future__ import annotations

from typing import Literal

from vae_core.spec.priors import StandardNormalPrior
from vae_core.spec.whole import Spec

Capability = Literal[
    "vector",
    "continuous",
    "categories",
    "plane",
    "classes",
    "likelihood",
    "ppca",
    "grid",
    "levels",
    "independent_pixels",
]

# What is said of a run that lacks it, after its name.
LACKS: dict[Capability, str] = {
    "vector": "has codes that are grids of cells, and this page is about one vector for each image",
    "continuous": "has discrete codes, and this page moves codes by degrees",
    "categories": "has no groups of categories, and this page is about them",
    "plane": "has one latent dimension, and a map needs two; the Train page shows its codes as rows",
    "classes": "is not told a class, so it cannot be asked for one",
    "likelihood": "was trained on a distance that is no likelihood, and this page asks p(x|z) of images",
    "grid": "has one vector for each image, and this page is about grids of codes",
    "levels": "has codes of one level, and this page is about two",
    "ppca": "is no linear VAE with one variance for all images, so its optimum has no closed form",
    "independent_pixels": "draws each pixel by those before it, and this page shows what a code alone says",
}


def capabilities(spec: Spec) -> frozenset[Capability]:
    """vector: one code of D numbers for each image. continuous: all numbers between are codes, too.
    categories: in each of several groups one category is chosen. plane: two dimensions or more. classes: it
    is told each image's class. likelihood: it has a p(x|z). ppca: its optimum is that of probabilistic PCA,
    and its ELBO has a closed form. grid: a code is a grid of cells, each with a code of a codebook. levels:
    it is two such grids, one finer than the other.
    independent_pixels: given a code, no pixel depends on another."""
    found: dict[Capability, bool] = {
        "vector": spec.posterior.vector,
        "continuous": spec.posterior.continuous,
        "categories": spec.posterior.form == "probabilities",
        "plane": spec.posterior.vector and spec.latent > 1,
        "classes": spec.classes > 0,
        "likelihood": spec.likelihood.distance is None,
        "ppca": _is_ppca(spec),
        "grid": spec.posterior.quantised and spec.posterior.levels == 1,
        "levels": spec.posterior.levels == 2,
        "independent_pixels": spec.net.reach == 0,
    }
    return frozenset(name for name, there in found.items() if there)


def _is_ppca(spec: Spec) -> bool:
    """Of a linear VAE whose q(z|x) has the same variances for all images, which are themselves always the
    same; Lucas et al. 2019."""
    linear = spec.net.affine and spec.likelihood.isotropic and isinstance(spec.prior, StandardNormalPrior)
    plain = spec.condition.kind == "none" and not spec.masked and spec.noise.kind == "none"
    shared = getattr(spec.posterior, "variance", "image") == "shared"
    return linear and plain and shared and spec.data.binarisation != "dynamic"

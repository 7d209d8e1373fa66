"""What a run can show, as its Spec says. Pages ask for these; none asks for a kind of part."""

from __future__ import annotations

from typing import Literal

from vae_core.spec.whole import Spec

Capability = Literal["vector", "continuous", "plane", "classes"]

# What is said of a run that lacks it, after its name.
LACKS: dict[Capability, str] = {
    "vector": "has codes that are grids of cells, and this page is about one vector for each image",
    "continuous": "has discrete codes, and this page moves codes by degrees",
    "plane": "has one latent dimension, and a map needs two; the Train page shows its codes as rows",
    "classes": "is not told a class, so it cannot be asked for one",
}


def capabilities(spec: Spec) -> frozenset[Capability]:
    """vector: one code of D numbers for each image. continuous: all numbers between are codes, too. plane:
    two dimensions or more. classes: it is told each image's class."""
    found: dict[Capability, bool] = {
        "vector": spec.posterior.vector,
        "continuous": spec.posterior.continuous,
        "plane": spec.posterior.vector and spec.latent > 1,
        "classes": spec.classes > 0,
    }
    return frozenset(name for name, there in found.items() if there)

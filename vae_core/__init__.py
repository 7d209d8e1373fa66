"""Elbo Room's library: variational autoencoders to train, to look into and to measure.

from vae_core import recipes, train, load_run
run = train(recipes.get("vae-2d"))
print(run.evaluation["elbo"])

Names load on first use: `import vae_core` alone does not import torch.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from vae_core.model.posteriors import Posteriors
    from vae_core.model.vae import VAE
    from vae_core.runs.run import Run, load_run
    from vae_core.spec import Spec, SpecError
    from vae_core.workers.worker import train

_HOMES = {
    "Posteriors": "vae_core.model.posteriors",
    "Run": "vae_core.runs.run",
    "Spec": "vae_core.spec",
    "SpecError": "vae_core.spec",
    "VAE": "vae_core.model.vae",
    "load_run": "vae_core.runs.run",
    "train": "vae_core.workers.worker",
}
__all__ = ["VAE", "Posteriors", "Run", "Spec", "SpecError", "load_run", "train"]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'vae_core' has no attribute {name!r}")
    return getattr(importlib.import_module(_HOMES[name]), name)

"""What a model makes of its own test images and of foreign ones: their ELBO, and how complex they are."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from vae_core import data
from vae_core.data.catalogue import CATALOGUE
from vae_core.runs.run import Run
from widgets.run_data.dataset import dataset
from widgets.run_data.library import open_run

if TYPE_CHECKING:
    from torch import Tensor

    from vae_core.analysis.progress import Progress

COUNT, SAMPLES = 1000, 8  # of each set's images, and of each image's posterior
OWN = "own"  # of the sets that are measured, the run's test images
HELD_OUT = "held_out"  # the class that the run's dataset lacks


@dataclass(frozen=True, eq=False)
class Measured:
    """Of N images, nats [N]: the ELBO, and the length of a lossless code that knows no model."""

    elbo: Tensor
    complexity: Tensor

    @property
    def corrected(self) -> Tensor:
        """-S of Serra et al. 2020: how much better the model does than a code made for nothing in
        particular."""
        return self.elbo + self.complexity


def titles(run: Run) -> dict[str, str]:
    """The foreign sets: made of the test images, and other datasets of the run's shape on this machine."""
    from vae_core.analysis.foreign import FOREIGN

    mine = run.spec.data
    whole = CATALOGUE[mine.name].part_of
    others = {
        name: info.title
        for name, info in CATALOGUE.items()
        if name not in (mine.name, whole)
        and not info.part_of
        and info.image_shape == mine.shape
        and (not info.needs or data.thumbnail(name) is not None)
    }
    made = {name: each.title for name, each in FOREIGN.items()}
    if whole:
        held = CATALOGUE[whole].classes[-1]
        made = {HELD_OUT: f"{CATALOGUE[whole].title}: {held}, held out"} | made
    return made | others


def measured(
    path: str, version: Any, progress: Progress, cancelled: Callable[[], bool]
) -> dict[str, Measured]:
    """The run's own test images, as OWN, and every foreign set."""
    import torch

    from vae_core.analysis import anomaly
    from vae_core.analysis.complexity import complexity
    from vae_core.analysis.foreign import FOREIGN
    from vae_core.analysis.progress import Reporter
    from vae_core.data import held_out

    run, reporter = open_run(path), Reporter(progress, cancelled)
    own = dataset(run.spec.data, "test").result().images[:COUNT]
    names = {OWN: "Its own test images"} | titles(run)
    found = {}
    for place, (name, title) in enumerate(names.items()):
        reporter.report(place / len(names), title)
        if name == OWN:
            images = own
        elif name in FOREIGN:
            images = FOREIGN[name].make(own, torch.Generator().manual_seed(0))
        elif name == HELD_OUT:
            images = held_out.held_out(run.spec.data.name).images[:COUNT]
        else:
            images = data.load(name, "test").images[:COUNT]
        if run.spec.data.binarisation != "none":
            images = data.binarise_static(images, "test")
        found[name] = Measured(anomaly.elbo(run.model, images, SAMPLES), complexity(images))
    return found

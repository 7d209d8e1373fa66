"""The images to choose from: the test split of a run's dataset, or the run's probes where it is not here."""

from __future__ import annotations

import time
from concurrent import futures
from dataclasses import dataclass

import numpy as np

from vae_core import data
from vae_core.data.catalogue import CATALOGUE
from vae_core.runs.run import Run
from vae_core.spec import Data
from widgets.run_data.dataset import dataset
from widgets.shell import tasks

PATIENCE = 2.0  # seconds that a page waits for a file to be read before it shows itself without


@dataclass(frozen=True, eq=False)
class Source:
    """images [N, C, H, W] uint8; labels [N] or None; what their numbers count; why there are no others; what
    each is called, where that is not by its number."""

    images: np.ndarray
    labels: np.ndarray | None
    classes: tuple[str, ...]
    kind: str  # "test" or "probe"
    note: str | None = None
    names: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self.images)

    def class_of(self, index: int) -> str | None:
        if self.labels is None:
            return None
        label = int(self.labels[index])
        return self.classes[label] if 0 <= label < len(self.classes) else str(label)

    def name(self, index: int) -> str:
        """As "7, test image 12"."""
        if self.names:
            return self.names[index]
        known = self.class_of(index)
        return f"{known}, {self.kind} image {index}" if known is not None else f"{self.kind} image {index}"

    def of_class(self, label: int | None) -> np.ndarray:
        """The numbers of the images of a class, or of all."""
        if label is None or self.labels is None:
            return np.arange(len(self))
        return np.flatnonzero(self.labels == label)


def of(run: Run) -> Source | tasks.Task:
    """The images, or the task that is reading them."""
    source = run.spec.data
    reason = _absent(source)
    if reason is not None:
        return _probes(run, reason)
    task = dataset(source, "test")
    patience = PATIENCE - (time.monotonic() - task.started)
    if task.future is not None and patience > 0:
        futures.wait([task.future], patience)
    if not task.done():
        return task
    if (fault := task.exception()) is not None:
        return _probes(run, tasks.sentence(fault))
    split = task.result()
    if split.image_shape != source.shape:
        return _probes(run, "The images that this run was trained on have changed since.")
    labels = None if split.labels is None else split.labels.numpy()
    return Source(split.images.numpy(), labels, split.class_names, "test")


def _absent(source: Data) -> str | None:
    info = CATALOGUE[source.name]
    if info.needs and data.thumbnail(source.name) is None:
        return (
            f"{info.title} is not on this machine: it needs {info.needs}, the first time a run trains on it."
        )
    return None


def _probes(run: Run, reason: str) -> Source:
    probes = run.probes
    shape = run.spec.data.shape
    if probes is None or probes.dtype != np.uint8 or probes.shape[1:] != shape:
        probes = np.zeros((0, *shape), np.uint8)
    return Source(probes, None, (), "probe", reason)

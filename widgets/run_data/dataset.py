"""The images a run was trained on, where they are on this machine. The page never downloads any."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vae_core import data
from vae_core.data.catalogue import CATALOGUE
from vae_core.spec import Data
from widgets.shell import tasks

if TYPE_CHECKING:
    from vae_core.data import Dataset


def absent(source: Data) -> str | None:
    """Why they are not to be had, in a sentence; None where they are."""
    info = CATALOGUE[source.name]
    if info.needs and data.thumbnail(source.name) is None:
        return f"{info.title} is not on this machine, so there are no images of it to compare with."
    return None


def dataset(source: Data, split: str = "train") -> tasks.Task:
    """A split of the images, on its way."""
    own = (source.path, source.height, source.width, source.grey)
    return tasks.start(_load, source.name, split, *own, lane="reading")


def _load(
    name: str, split: str, path: str | None, height: int | None, width: int | None, grey: bool
) -> Dataset:
    return data.load(name, split, path=path, height=height, width=width, grey=grey)

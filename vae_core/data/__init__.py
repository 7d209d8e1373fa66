"""Datasets by name, each as one uint8 tensor: `data.load("strokes")`. Importing this imports no torch."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from vae_core.data import catalogue
from vae_core.data.catalogue import CATALOGUE
from vae_core.data.dataset import (
    SPLITS,
    Dataset,
    Progress,
    Refusal,
    Request,
    Unavailable,
    check_labels,
)

if TYPE_CHECKING:
    from vae_core.data.binarisation import binarise, binarise_one, binarise_static, binarised_once
    from vae_core.data.thumbnails import thumbnail

__all__ = [
    "CATALOGUE",
    "Dataset",
    "Unavailable",
    "binarise",
    "binarise_one",
    "binarise_static",
    "binarised_once",
    "catalogue",
    "check_labels",
    "load",
    "thumbnail",
]

_LAZY = {
    "binarise": "binarisation",
    "binarise_one": "binarisation",
    "binarise_static": "binarisation",
    "binarised_once": "binarisation",
    "thumbnail": "thumbnails",
}


def load(
    name: str,
    split: str = "train",
    *,
    path: str | None = None,
    height: int | None = None,
    width: int | None = None,
    grey: bool = True,
    progress: Progress | None = None,
) -> Dataset:
    """A split ("train" or "test") of the dataset `name`.

    path, height, width and grey are for users' own images (`folder`, `array`). `progress(fraction, sentence)`
    is called while something slow happens: a download, a first drawing.
    Raises Unavailable, a sentence for the user.
    """
    try:
        catalogue.check(name, path, height, width)
        if split not in SPLITS:
            raise Refusal(f"{split!r} is no split; it must be train or test")
        dataset: Dataset = catalogue.loader(name).load(
            Request(name, split, path, height, width, grey, progress)
        )
    except Refusal as refusal:
        raise Unavailable(f"{refusal}.") from refusal
    return dataset


def __getattr__(name: str) -> Any:
    if name in _LAZY:
        return getattr(import_module(f"vae_core.data.{_LAZY[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")

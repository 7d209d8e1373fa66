"""Datasets without the last of their classes, which is left to test what a model finds foreign."""

from __future__ import annotations

from dataclasses import replace

import torch

from vae_core.data.catalogue import CATALOGUE, loader
from vae_core.data.dataset import Dataset, Request


def load(request: Request) -> Dataset:
    """The images of the whole set but those of its last class."""
    whole = _whole(request)
    assert whole.labels is not None
    return replace(_of(whole, whole.labels < _last(request.name)), name=request.name)


def held_out(name: str) -> Dataset:
    """The test images of the class that the dataset `name` lacks."""
    whole = _whole(Request(name, "test"))
    assert whole.labels is not None
    return _of(whole, whole.labels == _last(name))


def _whole(request: Request) -> Dataset:
    base = CATALOGUE[request.name].part_of
    found: Dataset = loader(base).load(replace(request, name=base))
    return found


def _last(name: str) -> int:
    return len(CATALOGUE[name].classes)


def _of(whole: Dataset, chosen: torch.Tensor) -> Dataset:
    assert whole.labels is not None
    return replace(
        whole,
        images=whole.images[chosen],
        labels=whole.labels[chosen],
        factors=None if whole.factors is None else whole.factors[chosen],
        class_names=whole.class_names[:-1],
    )

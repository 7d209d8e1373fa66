"""Sets of images whose files others publish: read where they lie, downloaded where they do not, and kept as
arrays."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from vae_core.data.catalogue import CATALOGUE
from vae_core.data.dataset import Dataset, Request, Unavailable
from vae_core.data.storage import Arrays, cached

# Of a name and a split images [N, ...] and labels [N], uint8; None where its files are not here and whole.
Read = Callable[[str, str], tuple[np.ndarray, np.ndarray] | None]


def load(request: Request, read: Read) -> Dataset:
    """Raises Unavailable where the files are neither on disk nor to be had from the network."""
    import torch

    arrays = cached(f"{request.name}-{request.split}-1", lambda: _arrays(request, read))
    return Dataset(
        name=request.name,
        split=request.split,
        images=torch.from_numpy(arrays["images"]),
        labels=torch.from_numpy(arrays["labels"]),
        class_names=CATALOGUE[request.name].classes,
    )


def _arrays(request: Request, read: Read) -> Arrays:
    info, found = CATALOGUE[request.name], read(request.name, request.split)
    if found is None:
        from vae_core.data.download import fetch

        fetch(request.name, request.report)
        found = read(request.name, request.split)
    if found is None:
        raise Unavailable(f"{info.title} was downloaded, and its files cannot be read again.")
    images, labels = found
    assert info.image_shape is not None
    return {"images": images.reshape(-1, *info.image_shape), "labels": labels.astype(np.int64)}

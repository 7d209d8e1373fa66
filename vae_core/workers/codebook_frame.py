"""What a frame of a run with a codebook holds of it: how often each code is used, and what it stands for."""

from __future__ import annotations

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from vae_core.model.posteriors import GridCodes, TwoLevelQuantised, VectorQuantised
from vae_core.model.vae import VAE
from vae_core.model.vq_vae_2 import BOTTOM
from vae_core.pixels import to_uint8, unit
from vae_core.runs.frames import Arrays

AROUND = 1  # cells on each side of its own that a tile shows
VECTORS = 2000  # of the encoder, where these lie in a plane


def codebook_frame(model: VAE, images: Tensor, codes: GridCodes) -> Arrays:
    """The part of a frame about these images, uint8 [N, C, H, W], and their codes: see `frames.py`."""
    posterior = model.posterior
    frame: Arrays = {"indices": codes.indices.numpy().astype(np.int16)}
    if isinstance(posterior, TwoLevelQuantised):
        assert codes.bottom is not None
        frame |= _of_level(posterior.top, images, codes.indices)
        of_bottom = _of_level(posterior.bottom, images, codes.bottom)
        return frame | {BOTTOM + name: array for name, array in of_bottom.items()}
    assert isinstance(posterior, VectorQuantised)
    frame |= _of_level(posterior, images, codes.indices)
    if posterior.latent == 2:
        rows, columns = posterior.grid
        some = images[: -(-VECTORS // (rows * columns))]
        vectors = posterior.vectors(model.encode(unit(some))).flatten(0, -2)[:VECTORS]
        frame["vectors"] = vectors.half().cpu().numpy()
        frame["codebook"] = posterior.codebook.float().cpu().numpy()
    return frame


def _of_level(level: VectorQuantised, images: Tensor, indices: Tensor) -> Arrays:
    return {
        "uses": level.uses.float().cpu().numpy(),
        "restarts": level.restarts.float().reshape(1).cpu().numpy(),
        "tiles": to_uint8(tiles(images, indices.to(images.device), level.count)).cpu().numpy(),
    }


def tiles(images: Tensor, indices: Tensor, count: int) -> Tensor:
    """Of each code the mean of the images about the cells that chose it, [K, C, 3 H / h, 3 W / w] in [0, 1]:
    a cell and its neighbours; 0 of codes that no cell chose."""
    (channels, height, width), (rows, columns) = images.shape[1:], indices.shape[1:]
    cell = (height // rows, width // columns)
    size = tuple((2 * AROUND + 1) * side for side in cell)
    patches = F.unfold(unit(images), size, padding=tuple(AROUND * side for side in cell), stride=cell)
    flat = indices.flatten()
    chosen = flat.bincount(minlength=count).clamp(min=1)
    total = torch.zeros(count, patches.shape[1], device=images.device)
    total.index_add_(0, flat, patches.transpose(1, 2).flatten(0, 1))
    return (total / chosen[:, None]).unflatten(1, (channels, *size))

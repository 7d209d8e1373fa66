"""dSprites as published (Matthey et al. 2017), read from the user's own copy of its file, without unpickling.

Unpacked, the file holds 3 GB of images; of these only the ones of a split are ever in memory.
"""

from __future__ import annotations

import math
import zipfile
import zlib
from pathlib import Path
from typing import IO

import numpy as np

from vae_core.data.dataset import Dataset, Request, Unavailable
from vae_core.data.sprites import FACTOR_NAMES, SHAPES, SIZES, chosen
from vae_core.data.storage import Arrays, cached, roots

FILE = "dsprites_ndarray_co1sh3sc6or40x32y32_64x64.npz"
SOURCE = "https://github.com/google-deepmind/dsprites-dataset"
FOLDERS = ("", "dsprites", "dsprites-dataset")
SIDE, TOTAL = 64, math.prod(SIZES)
BLOCK = 4096  # images unpacked at a time


def load(request: Request) -> Dataset:
    """The same combinations of factors that `sprites` takes: 60,000 or 10,000 of the 737,280 images.

    Factors are the published values: scale 0.5 to 1, orientation 0 to 2 pi, x and y 0 to 1; only shape counts
    from 0, as labels do. Kept on disk once unpacked. Raises Unavailable where the file is not there, or is
    not what was published.
    """
    import torch

    arrays = cached(f"dsprites-1-{request.split}", lambda: _read(_find(), request))
    factors = torch.from_numpy(arrays["factors"])
    return Dataset(
        name=request.name,
        split=request.split,
        images=torch.from_numpy(arrays["images"]),
        labels=factors[:, 0].long(),
        factors=factors,
        class_names=SHAPES,
        factor_names=FACTOR_NAMES,
    )


def _find() -> Path:
    for root in roots():
        for folder in FOLDERS:
            if (path := root / folder / FILE).is_file():
                return path
    raise Unavailable(
        f"dSprites is not on this machine: get {FILE} from {SOURCE} and put it into {roots()[0]}. "
        "Or take sprites, which has the same factors and needs no file."
    )


def _read(path: Path, request: Request) -> Arrays:
    numbers = chosen(request.split)
    try:
        with np.load(path, allow_pickle=False) as file:
            values = file["latents_values"]
        if values.shape != (TOTAL, 6):
            raise ValueError(f"latents_values is {list(values.shape)}")
        factors = values[numbers, 1:].astype(np.float32)
        with zipfile.ZipFile(path) as archive, archive.open("imgs.npy") as stream:
            images = _images(stream, numbers, request)
    except (OSError, EOFError, KeyError, ValueError, zipfile.BadZipFile, zlib.error) as error:
        raise Unavailable(
            f"{path} cannot be read as dSprites was published ({error}); get it again from {SOURCE}."
        ) from error
    factors[:, 0] -= 1
    return {"images": np.where(images[:, None] > 0, np.uint8(255), np.uint8(0)), "factors": factors}


def _images(stream: IO[bytes], numbers: np.ndarray, request: Request) -> np.ndarray:
    """The images with these numbers [N], in that order: uint8 [N, 64, 64]."""
    if np.lib.format.read_magic(stream) != (1, 0):
        raise ValueError("imgs is of another format")
    shape, by_column, dtype = np.lib.format.read_array_header_1_0(stream)
    if shape != (TOTAL, SIDE, SIDE) or by_column or dtype != np.uint8:
        raise ValueError(f"imgs is {dtype} {list(shape)}")
    where = np.argsort(numbers)
    ordered = numbers[where]
    images = np.empty((len(numbers), SIDE, SIDE), np.uint8)
    for start in range(0, TOTAL, BLOCK):
        count = min(BLOCK, TOTAL - start)
        content = stream.read(count * SIDE * SIDE)
        if len(content) < count * SIDE * SIDE:
            raise EOFError("imgs ends early")
        first, last = np.searchsorted(ordered, [start, start + count])
        block = np.frombuffer(content, np.uint8).reshape(count, SIDE, SIDE)
        images[where[first:last]] = block[ordered[first:last] - start]
        request.report((start + count) / TOTAL, f"Unpacking {len(numbers):,} images of dSprites")
    return images

"""Small strips of example images for pickers, without torch, without a network, in milliseconds.

Strips of what is drawn here or comes with scikit-learn are part of the package; of other sets they are cut
from the files on this machine. `python -m vae_core.data.thumbnails` draws the shipped ones anew.
"""

from __future__ import annotations

import gzip
import zlib
from functools import lru_cache
from pathlib import Path
from typing import IO, cast

import numpy as np

from vae_core.data import cifar, own_sets
from vae_core.data.catalogue import CATALOGUE
from vae_core.data.idx import FILES, FOLDERS
from vae_core.data.storage import roots

STRIPS = Path(__file__).parent / "strips"
SIDE, COUNT = 28, 10
# Images from the beginning of a file, among which every class turns up.
HEAD = 200


def thumbnail(name: str) -> np.ndarray | None:
    """One image of each class side by side, uint8 [28, 28 classes], in colour [28, 28 classes, 3]; ten at
    most. None where there are none yet."""
    if name in CATALOGUE and CATALOGUE[name].part_of:
        whole = thumbnail(CATALOGUE[name].part_of)
        return None if whole is None else whole[:, : SIDE * len(CATALOGUE[name].classes)]
    shipped = STRIPS / f"{name}.png"
    if name in CATALOGUE and shipped.exists():
        return _shipped(shipped)
    for root in roots():
        found = None
        if name in FOLDERS:
            found = _cut(root / FOLDERS[name] / "raw")
        elif name == "cifar10":
            found = _cut_cifar(root / cifar.FOLDER)
        if found is not None:
            return found
    return None


def strip(images: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """The first image of each of ten classes, from uint8 [N, H, W] and [N], side by side: uint8 [28, 280]."""
    tiles = []
    for label in range(COUNT):
        image = images[np.flatnonzero(labels == label)[0]]
        factor = SIDE // max(image.shape)
        image = np.kron(image, np.ones((factor, factor), np.uint8))
        before = [(SIDE - side) // 2 for side in image.shape]
        after = [SIDE - side - first for side, first in zip(image.shape, before, strict=True)]
        tiles.append(np.pad(image, list(zip(before, after, strict=True))))
    return np.concatenate(tiles, 1)


@lru_cache(maxsize=8)
def _shipped(path: Path) -> np.ndarray:
    from PIL import Image

    with Image.open(path, formats=["PNG"]) as picture:
        pixels = np.asarray(picture if picture.mode == "RGB" else picture.convert("L"))
    pixels.setflags(write=False)
    return pixels


def _cut(folder: Path) -> np.ndarray | None:
    """The strip of a set's test files; only their beginnings are read, and unpacked."""
    images, labels = (folder / file for file in FILES["test"])
    try:
        with _stream(labels) as stream:
            numbers = np.frombuffer(stream.read(8 + HEAD)[8:], np.uint8)
        with _stream(images) as stream:
            pixels = np.frombuffer(stream.read(16 + HEAD * SIDE * SIDE)[16:], np.uint8)
        return strip(pixels.reshape(-1, SIDE, SIDE), numbers)
    except (OSError, EOFError, zlib.error, ValueError, IndexError):
        return None


def _cut_cifar(folder: Path) -> np.ndarray | None:
    head = cifar.head(folder, HEAD)
    return None if head is None else own_sets.side_by_side(*head, COUNT, SIDE)


def _stream(path: Path) -> IO[bytes]:
    if path.exists():
        return cast(IO[bytes], gzip.open(path))
    return open(path.with_suffix(""), "rb")


def _draw() -> None:
    from PIL import Image

    from vae_core.data import load, sprites, sprites_colour

    STRIPS.mkdir(exist_ok=True)
    for name in ("strokes", "digits"):
        dataset = load(name, "test")
        assert dataset.labels is not None
        pixels = strip(dataset.images[:, 0].numpy(), dataset.labels.numpy())
        Image.fromarray(pixels).save(STRIPS / f"{name}.png", optimize=True)
    for name in ("sprites", "sprites_64", *sprites.ALL):
        Image.fromarray(sprites.strip()).save(STRIPS / f"{name}.png", optimize=True)
    Image.fromarray(sprites_colour.strip()).save(STRIPS / "sprites_colour.png", optimize=True)


if __name__ == "__main__":
    _draw()

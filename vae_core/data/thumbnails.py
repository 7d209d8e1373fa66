"""Small strips of example images for pickers, without torch, without a network, in milliseconds.

Strips of what is drawn here or comes with scikit-learn are part of the package; of other sets they are cut
from the files on this machine. `python -m vae_core.data.thumbnails` draws the shipped ones anew.
"""

from __future__ import annotations

import gzip
import zlib
from functools import lru_cache
from pathlib import Path

import numpy as np

from vae_core.data.catalogue import CATALOGUE
from vae_core.data.idx import FILES, FOLDERS, Damaged, parse
from vae_core.data.storage import roots

STRIPS = Path(__file__).parent / "strips"
SIDE, COUNT = 28, 10
# Images from the beginning of a file, among which every class turns up.
HEAD = 200


def thumbnail(name: str) -> np.ndarray | None:
    """One image of each of ten classes side by side, uint8 [28, 280]; None where there are none yet."""
    shipped = STRIPS / f"{name}.png"
    if name in CATALOGUE and shipped.exists():
        return _shipped(shipped)
    if name in FOLDERS:
        for root in roots():
            strip = _cut(root / FOLDERS[name] / "raw")
            if strip is not None:
                return strip
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
        pixels = np.asarray(picture.convert("L"))
    pixels.setflags(write=False)
    return pixels


def _cut(folder: Path) -> np.ndarray | None:
    images, labels = (folder / file for file in FILES["test"])
    try:
        with gzip.open(labels) as stream:
            numbers = parse(stream.read(1 << 20))[:HEAD]
        with gzip.open(images) as stream:
            header = stream.read(16)
            pixels = np.frombuffer(stream.read(HEAD * SIDE * SIDE), np.uint8).reshape(-1, SIDE, SIDE)
        if header[:4] != b"\0\0\x08\x03" or header[8:] != SIDE.to_bytes(4, "big") * 2:
            return None
        return strip(pixels, numbers)
    except (OSError, EOFError, zlib.error, Damaged, ValueError, IndexError):
        return None


def _draw() -> None:
    from PIL import Image

    from vae_core.data import load

    STRIPS.mkdir(exist_ok=True)
    for name in ("strokes", "digits"):
        dataset = load(name, "test")
        assert dataset.labels is not None
        pixels = strip(dataset.images[:, 0].numpy(), dataset.labels.numpy())
        Image.fromarray(pixels).save(STRIPS / f"{name}.png", optimize=True)


if __name__ == "__main__":
    _draw()

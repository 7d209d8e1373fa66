"""MNIST and the sets made in its likeness, read from their IDX files (http://yann.lecun.com/exdb/mnist/).

The files lie where torchvision keeps them, ROOT/MNIST/raw. They are checked and decoded here, because
torchvision would unpack them beside themselves, which a read-only folder forbids.
"""

from __future__ import annotations

import gzip
import hashlib
import logging
import struct
from pathlib import Path

import numpy as np

from vae_core.data import published_sets
from vae_core.data.catalogue import CATALOGUE
from vae_core.data.dataset import Dataset, Published, Request
from vae_core.data.storage import roots

log = logging.getLogger(__name__)

# The folder of each set below a root, which is the name of torchvision's class.
FOLDERS = {"mnist": "MNIST", "fashion_mnist": "FashionMNIST", "kmnist": "KMNIST"}

# (images, labels) of each split, the same names in every set.
FILES = {
    "train": ("train-images-idx3-ubyte.gz", "train-labels-idx1-ubyte.gz"),
    "test": ("t10k-images-idx3-ubyte.gz", "t10k-labels-idx1-ubyte.gz"),
}

# MD5 of the four files in the order of FILES, as their authors and torchvision give them.
MD5 = {
    "mnist": (
        ("f68b3c2dcbeaaa9fbdd348bbdeb94873", "d53e105ee54ea40749a09fcbcd1e9432"),
        ("9fb629c4189551a2d022fa330f9573f3", "ec29112dd5afa0611ce80d1b7f02629c"),
    ),
    "fashion_mnist": (
        ("8d4fb7e6c68d591d4c3dfef9ec88bf0d", "25c81989df183df01b3e8a0aad5dffbe"),
        ("bef4ecab320f06d8554ea6380940ec79", "bb300cfdad3c16e7a12a480ee83cd310"),
    ),
    "kmnist": (
        ("bdb82020997e1d708af4cf47b453dcf7", "e144d726b3acfaa3e44228e80efcd344"),
        ("5c965bf0a639b31b8f53240b1b52f4d7", "7320c461ea6c1c855c0b718fb2a4b134"),
    ),
}


class Damaged(ValueError):
    """An IDX file that is not what it should be."""


def published(name: str) -> Published:
    names = [file for split in FILES.values() for file in split]
    sums = [md5 for split in MD5[name] for md5 in split]
    files = dict(zip(names, sums, strict=True))
    return Published(f"{FOLDERS[name]}/raw", files, "its four .gz files", unpacked=True)


def load(request: Request) -> Dataset:
    """Raises Unavailable where its files are neither on disk nor to be had from the network."""
    return published_sets.load(request, read)


def read(name: str, split: str) -> tuple[np.ndarray, np.ndarray] | None:
    """images [N, H, W] and labels [N], uint8, of a split whose files are on disk and whole; else None."""
    sums = MD5[name][0 if split == "train" else 1]
    info = CATALOGUE[name]
    count = info.train if split == "train" else info.test
    assert info.image_shape is not None
    for root in roots():
        folder = root / FOLDERS[name] / "raw"
        images, labels = (_array(folder / file, md5) for file, md5 in zip(FILES[split], sums, strict=True))
        if images is None or labels is None:
            continue
        if images.shape == (count, *info.image_shape[1:]) and labels.shape == (count,):
            return images, labels
    return None


def parse(content: bytes) -> np.ndarray:
    """The array in an IDX file of bytes: magic 0 0 8 D, D big-endian sizes, then the data. Raises Damaged."""
    if len(content) < 4 or content[:3] != b"\0\0\x08":
        raise Damaged("it does not begin like an IDX file of bytes")
    dimensions = content[3]
    start = 4 + 4 * dimensions
    if len(content) < start:
        raise Damaged("it ends within its header")
    shape = struct.unpack(f">{dimensions}I", content[4:start])
    if len(content) - start != int(np.prod(shape, dtype=object)):
        raise Damaged(
            f"its header promises {' x '.join(map(str, shape))} bytes, and {len(content) - start} follow"
        )
    return np.frombuffer(content, np.uint8, offset=start).reshape(shape).copy()


def _array(path: Path, md5: str) -> np.ndarray | None:
    """The array in a .gz file with that MD5, or in the unpacked file that torchvision leaves beside it."""
    try:
        packed = path.read_bytes()
        if hashlib.md5(packed, usedforsecurity=False).hexdigest() == md5:
            return parse(gzip.decompress(packed))
        log.warning("%s is damaged and is not used", path)
    except (OSError, Damaged):
        pass
    try:
        return parse(path.with_suffix("").read_bytes())
    except (OSError, Damaged):
        return None

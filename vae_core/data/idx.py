"""MNIST and the sets made in its likeness, read from their IDX files (http://yann.lecun.com/exdb/mnist/).

The files lie where torchvision keeps them, ROOT/MNIST/raw. They are checked and decoded here, because
torchvision would unpack them beside themselves, which a read-only folder forbids; it does the downloading.
"""

from __future__ import annotations

import gzip
import hashlib
import struct
import zlib
from pathlib import Path

import numpy as np

from vae_core.data.catalogue import CATALOGUE
from vae_core.data.dataset import Dataset, Request, Unavailable
from vae_core.data.storage import Arrays, cached, roots

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


def load(request: Request) -> Dataset:
    """Raises Unavailable where the files are neither on disk nor to be had from the network."""
    import torch

    arrays = cached(f"{request.name}-{request.split}-1", lambda: _decode(request))
    return Dataset(
        name=request.name,
        split=request.split,
        images=torch.from_numpy(arrays["images"]),
        labels=torch.from_numpy(arrays["labels"]),
        class_names=CATALOGUE[request.name].classes,
    )


def find(name: str, split: str) -> tuple[Path, Path] | None:
    """(images, labels) files of a split where both are on disk and whole."""
    sums = MD5[name][0 if split == "train" else 1]
    for root in roots():
        paths = [root / FOLDERS[name] / "raw" / file for file in FILES[split]]
        if all(_md5(path) == expected for path, expected in zip(paths, sums, strict=True)):
            return paths[0], paths[1]
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


def _decode(request: Request) -> Arrays:
    paths = find(request.name, request.split)
    if paths is None:
        from vae_core.data.download import fetch

        fetch(request.name, request.report)
        paths = find(request.name, request.split)
        if paths is None:
            raise Unavailable(
                f"{CATALOGUE[request.name].title} was downloaded, and its files cannot be found again."
            )
    try:
        images, labels = (parse(gzip.decompress(path.read_bytes())) for path in paths)
    except (OSError, EOFError, zlib.error, Damaged) as error:
        raise Unavailable(
            f"{paths[0].parent} cannot be read: {error}. Delete that folder and try again."
        ) from error
    return {"images": images[:, None], "labels": labels.astype(np.int64)}


def _md5(path: Path) -> str | None:
    try:
        return hashlib.md5(path.read_bytes(), usedforsecurity=False).hexdigest()
    except OSError:
        return None

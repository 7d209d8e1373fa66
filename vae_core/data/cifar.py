"""CIFAR-10 (Krizhevsky 2009), from the binary version of https://www.cs.toronto.edu/~kriz/cifar.html.

Of the three versions that is the one without pickles, which could run code. The archive holds files of 10,000
records: a byte for the class, then 3,072 for the pixels, all red ones first, row by row. It is read as it is,
and nothing is unpacked to disk.
"""

from __future__ import annotations

import hashlib
import logging
import tarfile
import zlib
from pathlib import Path

import numpy as np

from vae_core.data import published_sets
from vae_core.data.dataset import Dataset, Published, Request
from vae_core.data.storage import roots

log = logging.getLogger(__name__)

FOLDER, ARCHIVE, INSIDE = "CIFAR10", "cifar-10-binary.tar.gz", "cifar-10-batches-bin"
# As the page of its author has it.
MD5 = "c32a1d4ab5d03f1284b67883e8d87530"
FILES = {
    "train": tuple(f"{INSIDE}/data_batch_{number}.bin" for number in range(1, 6)),
    "test": (f"{INSIDE}/test_batch.bin",),
}
PER_FILE = 10_000  # records
PIXELS = (3, 32, 32)
RECORD = 1 + 3 * 32 * 32  # bytes


class Damaged(ValueError):
    """A file that is not what it should be."""


def published(name: str) -> Published:
    return Published(FOLDER, {ARCHIVE: MD5}, ARCHIVE)


def load(request: Request) -> Dataset:
    """Raises Unavailable where its files are neither on disk nor to be had from the network."""
    return published_sets.load(request, read)


def read(name: str, split: str) -> tuple[np.ndarray, np.ndarray] | None:
    """images [N, 3, 32, 32] and labels [N], uint8, of a split whose archive is here and whole; else None."""
    for root in roots():
        path = root / FOLDER / ARCHIVE
        try:
            with open(path, "rb") as file:
                found = hashlib.file_digest(file, lambda: hashlib.md5(usedforsecurity=False)).hexdigest()
            if found != MD5:
                log.warning("%s is damaged and is not used", path)
                continue
            parts = [parse(content) for content in _members(path, FILES[split], PER_FILE)]
        except (OSError, EOFError, tarfile.TarError, zlib.error, KeyError, Damaged):
            continue
        return np.concatenate([part[0] for part in parts]), np.concatenate([part[1] for part in parts])
    return None


def head(folder: Path, count: int) -> tuple[np.ndarray, np.ndarray] | None:
    """The first images [N, 3, 32, 32] and labels [N] of the training set in a folder, without the rest of the
    archive; None where it is not there, or is none."""
    try:
        (content,) = _members(folder / ARCHIVE, FILES["train"][:1], count)
        return parse(content)
    except (OSError, EOFError, tarfile.TarError, zlib.error, KeyError, Damaged):
        return None


def parse(content: bytes) -> tuple[np.ndarray, np.ndarray]:
    """images [N, 3, 32, 32] and labels [N], uint8, of records. Raises Damaged."""
    if not content or len(content) % RECORD:
        raise Damaged(f"{len(content)} bytes are no whole number of records of {RECORD}")
    records = np.frombuffer(content, np.uint8).reshape(-1, RECORD)
    if records[:, 0].max() > 9:
        raise Damaged(f"it has a class {records[:, 0].max()}, and there are ten from 0")
    return records[:, 1:].reshape(-1, *PIXELS).copy(), records[:, 0].copy()


def _members(path: Path, names: tuple[str, ...], records: int) -> list[bytes]:
    """The first so many records of files in the archive. Raises KeyError where it lacks one."""
    contents = []
    with tarfile.open(path, "r:gz") as archive:
        for name in names:
            file = archive.extractfile(name)
            if file is None:
                raise KeyError(name)
            content = file.read(records * RECORD)
            if len(content) != records * RECORD:
                raise Damaged(f"{name} ends after {len(content)} bytes")
            contents.append(content)
    return contents

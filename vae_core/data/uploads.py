"""Files that somebody uploads, as images of one size: pictures, zips of them, .npy and .npz.

They come from anywhere. Nothing is unpacked to disk, no name in them is used as one, sizes that they state
are not believed, and what is read is bounded in bytes, in images and in pixels. What cannot be used is named
in a sentence, and the others stay.
"""

from __future__ import annotations

import io
import math
import tempfile
import zipfile
import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from vae_core.data import array, folder, own
from vae_core.data.dataset import Progress, Refusal, Request
from vae_core.sentences import short

if TYPE_CHECKING:
    from PIL import Image

ARRAYS = (".npy", ".npz")
MOST_BYTES = 256 * 2**20  # of all files together
MOST_UNPACKED = 1024 * 2**20  # bytes that come out of zips, read one image at a time
MOST_PIXELS = 1_000_000_000  # that are decoded: some tens of seconds
MOST_IMAGES = 100_000
LEAST_SIDE, MOST_SIDE = 8, 128  # pixels that the images are brought to
SMALL = 64  # pixels up to which square images keep their size
USUAL = 32  # pixels that others are brought to
GAP = 4  # times the final size, down to which large pictures are made smaller quickly
GLANCES = 50  # pictures whose size is looked at


@dataclass(frozen=True)
class Upload:
    """What could be read: images uint8 [N, 3, S, S], in colour whatever they were; labels int64 [N], or None
    where not every image has a class; test, bool [N], where folders or arrays tell the splits apart.

    refused: a sentence for each file that could not be used. note: why there are no classes, or "".
    """

    images: np.ndarray
    labels: np.ndarray | None
    class_names: tuple[str, ...]
    test: np.ndarray | None
    refused: tuple[str, ...] = ()
    note: str = ""

    @property
    def side(self) -> int:
        return self.images.shape[2]


@dataclass
class _Picture:
    name: str
    read: Callable[[], bytes]
    label: str | None = None
    test: bool | None = None


@dataclass
class _Budget:
    """What may still be read: bytes out of zips, pixels, images."""

    unpacked: int = field(default_factory=lambda: MOST_UNPACKED)
    pixels: int = field(default_factory=lambda: MOST_PIXELS)
    images: int = field(default_factory=lambda: MOST_IMAGES)

    def spend(self, *, unpacked: int = 0, pixels: int = 0, images: int = 0) -> None:
        self.unpacked -= unpacked
        self.pixels -= pixels
        self.images -= images
        for left, most, what in (
            (self.unpacked, f"{MOST_UNPACKED // 2**20} MB", "of unpacked files"),
            (self.pixels, f"{MOST_PIXELS:,}", "pixels"),
            (self.images, f"{MOST_IMAGES:,}", "images"),
        ):
            if left < 0:
                raise _Spent(f"there are more than {most} {what} in all; the rest is left out")


class _Spent(Refusal):
    """Too much in all: what has been read stays, and no more is."""


@dataclass
class _Found:
    budget: _Budget = field(default_factory=_Budget)
    pictures: list[_Picture] = field(default_factory=list)
    arrays: list[tuple[str, Path]] = field(default_factory=list)
    archives: list[zipfile.ZipFile] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)


def read(
    files: Sequence[tuple[str, bytes]], side: int | None = None, progress: Progress | None = None
) -> Upload:
    """The images in files (name, content), each cut to a square from its middle and `side` pixels wide.

    Without `side`, small squares of one size keep it. Raises Refusal where none can be read.
    """
    if sum(len(content) for _, content in files) > MOST_BYTES:
        raise Refusal(f"the files have more than {MOST_BYTES // 2**20} MB together; take a part of them")
    found = _Found()
    with tempfile.TemporaryDirectory(prefix="elbo-upload-") as place:
        try:
            for number, (name, content) in enumerate(files):
                try:
                    _sort(found, name, content, Path(place) / str(number))
                except Refusal as refusal:
                    found.refused.append(_sentence(name, refusal))
            side = side or _side(found)
            return _joined(found, *_decoded(found, side, progress))
        finally:
            for archive in found.archives:
                archive.close()


# --- which files there are --------------------------------------------------------------------------


def _sort(found: _Found, name: str, content: bytes, place: Path) -> None:
    """Finds out what a file is, and notes what it holds. Raises Refusal where it is nothing of use."""
    suffix = Path(name.lower()).suffix
    if suffix in ARRAYS:
        path = place.with_suffix(suffix)
        path.write_bytes(content)
        found.arrays.append((name, path))
    elif suffix == ".zip":
        _open_zip(found, content)
    elif folder.is_image(name):
        found.pictures.append(_Picture(name, lambda: content))
    else:
        raise Refusal(f"it is none of {', '.join((*folder.SUFFIXES, '.zip', *ARRAYS))}")


def _open_zip(found: _Found, content: bytes) -> None:
    try:
        archive = zipfile.ZipFile(io.BytesIO(content))
    except (zipfile.BadZipFile, ValueError, OSError, zlib.error, NotImplementedError) as error:
        raise Refusal(f"it is no zip that can be read ({short(error, 100)})") from None
    found.archives.append(archive)
    inside = folder.members(archive)
    if len(inside) > MOST_IMAGES:
        raise Refusal(f"it holds {len(inside):,} files, and at most {MOST_IMAGES:,} are read")
    pictures = []
    for info in inside:
        if folder.is_image(info.filename.rpartition("/")[2]):
            pictures.append(info)
        else:
            found.refused.append(f"{short(info.filename)} in the zip is no picture of a kind that is read.")
    if not pictures:
        raise Refusal(f"it holds no pictures; known are {', '.join(folder.SUFFIXES)}")
    split, classes = folder.splits_and_classes([info.filename for info in pictures])
    for number, info in enumerate(pictures):
        found.pictures.append(
            _Picture(
                info.filename,
                lambda info=info: _member(archive, info, found.budget),  # type: ignore[misc]
                None if classes is None else classes[number],
                None if split is None else split[number] == "test",
            )
        )


def _member(archive: zipfile.ZipFile, info: zipfile.ZipInfo, budget: _Budget) -> bytes:
    """The bytes of a picture, and no more than a picture may have, whatever the zip says of its size."""
    with archive.open(info) as file:
        content = file.read(own.MAX_IMAGE_FILE + 1)
    budget.spend(unpacked=len(content))
    return content


def _side(found: _Found) -> int:
    """The size that suits the images: their own, of small squares, or the usual one."""
    sizes = set()
    some = found.pictures[:: max(1, len(found.pictures) // GLANCES)]
    for picture in some:
        try:
            with folder.upright(picture.name, picture.read) as (_, height, width):
                sizes.add((height, width))
        except Refusal:
            continue  # said where it is decoded
    for _, path in found.arrays:
        try:
            with array.opened(str(path)) as file:
                sizes.add(array.shape_of(file.headers[file.images], None, None, False)[1:])
        except Refusal:
            continue
    if len(sizes) == 1:
        ((height, width),) = sizes
        if height == width and LEAST_SIDE <= height <= SMALL:
            return height
    return USUAL


# --- their pixels -----------------------------------------------------------------------------------


def _decoded(
    found: _Found, side: int, progress: Progress | None
) -> tuple[list[np.ndarray], list[str | None], list[bool | None]]:
    """Images uint8 [M, 3, S, S] of each file, and of each image its class and whether it is for testing."""
    pieces: list[np.ndarray] = []
    labels: list[str | None] = []
    test: list[bool | None] = []
    shape, budget = (3, side, side), found.budget
    try:
        for number, picture in enumerate(found.pictures):
            try:
                with folder.upright(picture.name, picture.read) as (pixels, height, width):
                    budget.spend(pixels=height * width, images=1)
                    pieces.append(own.fit(_reduced(pixels, side), shape)[None])
            except _Spent:
                raise
            except Refusal as refusal:
                found.refused.append(_sentence("", refusal))
                continue
            labels.append(picture.label)
            test.append(picture.test)
            if progress is not None and number % 50 == 0:
                progress(number / len(found.pictures), f"Reading picture {number + 1:,}")
        for name, path in found.arrays:
            try:
                images, its_labels, its_test = _array(path, side, budget)
            except _Spent:
                raise
            except Refusal as refusal:
                found.refused.append(_sentence(name, refusal))
                continue
            pieces.append(images)
            labels += its_labels
            test += its_test
    except _Spent as spent:
        found.refused.append(f"{str(spent).capitalize()}.")
    return pieces, labels, test


def _reduced(picture: Image.Image, side: int) -> Image.Image:
    """A picture many times too large made smaller at first, quickly, as Pillow's own `reducing_gap` does."""
    picture.draft("RGB", (GAP * side, GAP * side))  # only JPEGs can be decoded smaller
    factor = min(picture.size) // (GAP * side)
    return picture.reduce(factor) if factor > 1 and picture.mode in ("L", "RGB", "RGBA") else picture


def _array(path: Path, side: int, budget: _Budget) -> tuple[np.ndarray, list[str | None], list[bool | None]]:
    with array.opened(str(path)) as file:
        given = file.splits_given
        names = ["x_train", "x_test"] if given else [file.images]
        for name in names:
            count = file.headers[name].shape[0] if file.headers[name].shape else 0
            budget.spend(pixels=math.prod(file.headers[name].shape), images=count)
        pieces, test = [], []
        for name in names:
            header = file.headers[name]
            shape = array.shape_of(header, side, side, False)
            own.check_memory(header.shape[0], shape)
            request = Request("array", "train", None, None, None, False)
            images = array.decode(file, name, shape, request)
            pieces.append(np.repeat(images, 3, 1) if images.shape[1] == 1 else images)
            test += [name == "x_test" if given else None] * len(images)
        numbers, classes = array.indexed(file)
    images = np.concatenate(pieces)
    labels = [None] * len(images) if numbers is None else [classes[number] for number in numbers]
    return images, labels, test


def _joined(
    found: _Found, pieces: list[np.ndarray], texts: list[str | None], test: list[bool | None]
) -> Upload:
    if not pieces:
        raise Refusal(f"no image can be used. {' '.join(found.refused[:5])}".rstrip(". "))
    images = np.concatenate(pieces)
    known = [text for text in texts if text is not None]
    labels: np.ndarray | None = None
    classes: tuple[str, ...] = ()
    note = ""
    if len(known) == len(texts):
        labels, classes = own.index_labels(known)
        if labels is None:
            note = f"There are more than {own.MAX_CLASSES:,} names of folders, too many to be classes."
    elif known:
        note = (
            f"{len(texts) - len(known):,} of the images lie in no folder that names their class, so the set "
            "has no classes."
        )
    if labels is not None and len(classes) < 2:
        labels, classes = None, ()
    splits = None
    if all(each is not None for each in test) and len(set(test)) == 2:
        splits = np.array(test, bool)
    return Upload(images, labels, tuple(name[:200] for name in classes), splits, tuple(found.refused), note)


def _sentence(name: str, refusal: Refusal) -> str:
    text = str(refusal)
    return f"{short(name)}: {text}." if name else f"{text}."

"""Users' own images from an .npy or .npz file, read without unpickling anything.

Images are [N, H, W], [N, H, W, C], [N, C, H, W], or [N, D] with D = H * W; of whole numbers 0 to 255, or of
numbers 0 to 1. An .npz may hold labels as `y` or `labels`, and both splits as `x_train` and `x_test`.
"""

from __future__ import annotations

import math
import os
import tokenize
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import numpy as np

from vae_core.data import own
from vae_core.data.dataset import Dataset, Refusal, Request
from vae_core.data.storage import cached
from vae_core.sentences import short

IMAGES = ("images", "imgs", "x", "X", "x_train", "data", "arr_0")
LABELS = ("y", "labels")
PIECE = 8 * 2**20  # bytes of an array that are converted at a time
MAX_LABELS = 256 * 2**20  # bytes of an array of labels


@dataclass(frozen=True)
class Header:
    """What an array's header says. fortran: whether the first axis is the one that changes fastest."""

    shape: tuple[int, ...]
    dtype: np.dtype
    fortran: bool


def image_shape(path: str, height: int | None, width: int | None, grey: bool) -> tuple[int, int, int]:
    """(channels, height, width) the images will have, from the file's headers alone. Raises Refusal."""
    with opened(path) as file:
        return shape_of(file.headers[file.images], height, width, grey)


def class_names(path: str) -> tuple[str, ...]:
    """Names of the classes, from the arrays of labels. Raises Refusal."""
    with opened(path) as file:
        return indexed(file)[1]


def load(request: Request) -> Dataset:
    """All images of the split, in memory. Raises Refusal, a sentence."""
    with opened(request.path or "") as file:
        given = file.splits_given
        images = f"x_{request.split}" if given else file.images
        header = file.headers[images]
        shape = shape_of(header, request.height, request.width, request.grey)
        if given and shape != shape_of(file.headers["x_train"], request.height, request.width, request.grey):
            raise Refusal("x_train and x_test hold images of different sizes; set data.height and data.width")
        own.check_memory(header.shape[0], shape)
        facts = file.path.stat()
        if _layout(header, request.height, request.width)[:3] == shape:
            pixels = decode(file, images, shape, request)  # as fast as the cache would be
        else:
            key = own.key(request, (facts.st_size, facts.st_mtime, images))
            pixels = cached(key, lambda: {"images": decode(file, images, shape, request)}, keep=6)["images"]
        labels, names = indexed(file)
    count = len(pixels)
    part = np.arange(count) if given else own.in_split(count, request.split)
    if labels is not None and given and request.split == "test":
        labels = labels[-count:]  # after those to train on
    return own.dataset(request, own.in_memory(pixels[part]), labels, names, part)


class _File:
    """The arrays of one .npy or .npz file, by name; headers at once, data when asked for."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.archive = zipfile.ZipFile(path) if zipfile.is_zipfile(path) else None
        self.headers: dict[str, Header] = {}
        for name in self._names():
            with self._open(name) as stream:
                header = _header(stream)
            if header is not None:
                self.headers[name] = header
        self.images = self._find_images()

    def _names(self) -> list[str]:
        if self.archive is None:
            return [""]
        infos = self.archive.infolist()
        if len(infos) > 1000:
            raise Refusal(
                f"{short(self.path.name)} holds {len(infos):,} arrays; an array of all images was expected"
            )
        return [info.filename.removesuffix(".npy") for info in infos if info.filename.endswith(".npy")]

    def _open(self, name: str) -> IO[bytes]:
        return open(self.path, "rb") if self.archive is None else self.archive.open(f"{name}.npy")

    def _find_images(self) -> str:
        if self.archive is None and "" in self.headers:
            return ""
        for name in IMAGES:
            if name in self.headers and len(self.headers[name].shape) >= 2:
                return name
        for name, header in self.headers.items():
            if len(header.shape) in (3, 4):
                return name
        raise Refusal(
            f"{short(self.path.name)} holds no array of images; name it images, and give it the shape "
            "images x height x width, or images x height x width x channels"
        )

    @property
    def splits_given(self) -> bool:
        return {"x_train", "x_test"} <= set(self.headers)

    def read(self, name: str, most: int) -> np.ndarray:
        """The whole array, of at most `most` bytes."""
        self._check_size(name, most)
        with _faults(self.path), self._open(name) as stream:
            return np.lib.format.read_array(stream, allow_pickle=False)

    def pieces(self, name: str) -> Iterator[np.ndarray]:
        """The array's rows in order, some at a time: a zip of a few megabytes may unpack to gigabytes."""
        header = self.headers[name]
        self._check_size(name, own.MAX_UNPACKED)
        row = math.prod(header.shape[1:]) * header.dtype.itemsize
        rows = max(1, PIECE // max(1, row))
        if header.fortran:  # its rows are strewn over the file
            whole = self.read(name, own.MAX_DATASET)
            yield from (whole[start : start + rows] for start in range(0, len(whole), rows))
            return
        with _faults(self.path), self._open(name) as stream:
            _header(stream)
            for start in range(0, header.shape[0], rows):
                count = min(rows, header.shape[0] - start)
                content = stream.read(count * row)
                if len(content) < count * row:
                    raise EOFError("the file ends too early")
                yield np.frombuffer(content, header.dtype).reshape(count, *header.shape[1:])

    def _check_size(self, name: str, most: int) -> None:
        header = self.headers[name]
        size = math.prod(header.shape) * header.dtype.itemsize
        if size > most:
            raise Refusal(
                f"the array {short(name or self.path.name)} has {size / 2**30:.1f} GB, and at most "
                f"{most / 2**30:.3g} GB are read"
            )


@contextmanager
def opened(text: str) -> Iterator[_File]:
    """The file at a path, with every fault of it as a Refusal."""
    path = Path(os.path.expanduser(text))
    if not os.path.isfile(path):  # which, unlike pathlib, takes names too long as well
        raise Refusal(f"there is no file {short(path)}")
    if path.stat().st_size > own.MAX_FILE:
        raise Refusal(f"{short(path.name)} has more than {own.MAX_FILE // 2**30} GB")
    with _faults(path):
        file = _File(path)
    try:
        yield file
    finally:
        if file.archive is not None:
            file.archive.close()


@contextmanager
def _faults(path: Path) -> Iterator[None]:
    """What reading a file may raise, as a Refusal."""
    try:
        yield
    except Refusal:
        raise
    except (OSError, ValueError, EOFError, zipfile.BadZipFile, zlib.error, RuntimeError) as error:
        raise Refusal(
            f"{short(path.name)} cannot be read as an .npy or .npz file ({short(error, 200)})"
        ) from error


def _header(stream: IO[bytes]) -> Header | None:
    """Raises Refusal where this is no array file; None for Python objects, which are never loaded."""
    try:
        version = np.lib.format.read_magic(stream)
        # Version 3 differs from 2 in its encoding only, and only in names of fields.
        read = (
            np.lib.format.read_array_header_1_0 if version == (1, 0) else np.lib.format.read_array_header_2_0
        )
        shape, fortran, dtype = read(stream)
    except (ValueError, SyntaxError, tokenize.TokenError) as error:
        raise Refusal(f"the file is no .npy or .npz file, or a damaged one ({short(error, 200)})") from error
    return None if dtype.hasobject else Header(shape, dtype, fortran)


def _layout(header: Header, height: int | None, width: int | None) -> tuple[int, int, int, str]:
    """(channels, height, width) as the array holds them, and which axes hold them. Raises Refusal."""
    shape = header.shape
    if header.dtype.kind not in "buif":
        raise Refusal(f"the array holds {header.dtype}, and images are made of numbers")
    match shape:
        case (_, pixels):
            if height is not None and width is not None and height * width == pixels:
                return 1, height, width, "flat"
            side = math.isqrt(pixels)
            if side * side == pixels:
                return 1, side, side, "flat"
            raise Refusal(f"rows of {pixels} numbers are not square images; set data.height and data.width")
        case (_, rows, columns):
            return 1, rows, columns, "grey"
        case (_, rows, columns, channels) if channels in (1, 3, 4):
            return (3 if channels == 4 else channels), rows, columns, "last"
        case (_, channels, rows, columns) if channels in (1, 3, 4):
            return (3 if channels == 4 else channels), rows, columns, "first"
    raise Refusal(
        f"an array of shape {' x '.join(map(str, shape)) or '()'} does not hold images; it must be images x "
        "height x width, or have 1, 3 or 4 channels as its second or last axis"
    )


def shape_of(header: Header, height: int | None, width: int | None, grey: bool) -> tuple[int, int, int]:
    """(channels, height, width) that its images will have. Raises Refusal."""
    channels, rows, columns, _ = _layout(header, height, width)
    own.check_count(header.shape[0])
    if rows < 1 or columns < 1:
        raise Refusal("the images have no pixels")
    if rows * columns > own.MAX_PIXELS:
        raise Refusal(
            f"the images have {rows * columns:,} pixels each, and at most {own.MAX_PIXELS:,} are read"
        )
    return (1 if grey else channels, *own.final_size((rows, columns), height, width))


def decode(file: _File, name: str, shape: tuple[int, int, int], request: Request) -> np.ndarray:
    """The images as uint8 [N, C, H, W]."""
    header = file.headers[name]
    _, rows, columns, axes = _layout(header, request.height, request.width)
    stretched = _is_stretched(file, name)
    images = np.empty((header.shape[0], *shape), np.uint8)
    done = 0
    for piece in file.pieces(name):
        pixels = _grey_levels(piece, stretched)
        if axes in ("flat", "grey"):
            pixels = pixels.reshape(-1, 1, rows, columns)
        elif axes == "last":
            pixels = pixels.transpose(0, 3, 1, 2)
        images[done : done + len(pixels)] = pixels if pixels.shape[1:] == shape else _resized(pixels, shape)
        done += len(pixels)
        request.report(done / len(images), f"Reading image {done:,} of {len(images):,}")
    return images


def _resized(pixels: np.ndarray, shape: tuple[int, int, int]) -> np.ndarray:
    """uint8 [N, C, H, W] -> [N, *shape]."""
    from PIL import Image

    images = np.empty((len(pixels), *shape), np.uint8)
    for number, image in enumerate(pixels):
        flat = image[0] if len(image) == 1 else np.ascontiguousarray(image.transpose(1, 2, 0))
        images[number] = own.fit(Image.fromarray(flat), shape)
    return images


def _is_stretched(file: _File, name: str) -> bool:
    """Whether the numbers go from 0 to 1, and not to 255. Raises Refusal for other ranges."""
    if file.headers[name].dtype == bool:
        return True
    low, high = math.inf, -math.inf
    for piece in file.pieces(name):
        least, most = float(piece.min()), float(piece.max())
        if not (math.isfinite(least) and math.isfinite(most)):
            raise Refusal("the array holds values that are not finite")
        low, high = min(low, least), max(high, most)
    if low < 0 or high > 255:
        raise Refusal(f"the array's values go from {low:g} to {high:g}; bring them to 0 to 1, or to 0 to 255")
    return high <= 1


def _grey_levels(values: np.ndarray, stretched: bool) -> np.ndarray:
    """Numbers from 0 to 1, if stretched, or from 0 to 255 as uint8."""
    if stretched and values.dtype.kind in "bu":
        return values.astype(np.uint8) * np.uint8(255)
    if stretched:
        values = values.astype(np.float32) * 255
    if values.dtype.kind == "f":
        values = np.rint(values)
    return values.astype(np.uint8)


def indexed(file: _File) -> tuple[np.ndarray | None, tuple[str, ...]]:
    """Class numbers of all images, those to train on first, and the names of the classes of both splits."""
    pairs = [("x_train", "y_train"), ("x_test", "y_test")]
    if not file.splits_given:
        pairs = [(file.images, next((name for name in LABELS if name in file.headers), ""))]
    if not all(labels in file.headers and labels for _, labels in pairs):
        return None, ()
    values = [
        _labels(file.read(name, MAX_LABELS), name, file.headers[images].shape[0]) for images, name in pairs
    ]
    return own.index_labels(np.concatenate(values))


def _labels(values: np.ndarray, name: str, count: int) -> np.ndarray:
    """One label per image [N]; a row of zeros and a one counts as the place of the one."""
    if values.ndim == 2 and values.shape[1] == 1:
        values = values[:, 0]
    if values.ndim == 2 and values.dtype.kind in "buif" and ((values == 0) | (values == 1)).all():
        values = values.argmax(1)
    if values.shape != (count,):
        shape = " x ".join(map(str, values.shape)) or "()"
        raise Refusal(
            f"the array {short(name)} has the shape {shape}, and {count:,} images need {count:,} labels"
        )
    if values.dtype.kind == "f" and np.isfinite(values).all() and (values == np.rint(values)).all():
        values = values.astype(np.int64)
    if values.dtype.kind not in "buiUS":
        raise Refusal(f"the array {short(name)} holds {values.dtype}, and labels are whole numbers or names")
    return values.astype(str) if values.dtype.kind == "S" else values

"""Users' own images from a folder or a zip. Nothing is unpacked to disk, and names in a zip are only names.

The first level of sub-folders names the classes, if every image lies in one; sub-folders called train and
test are the splits instead, and classes lie below them.
"""

from __future__ import annotations

import io
import os
import stat
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Protocol

import numpy as np

from vae_core.data import own, store
from vae_core.data.dataset import SPLITS, Dataset, Refusal, Request
from vae_core.sentences import quote, short

if TYPE_CHECKING:
    from PIL import Image

SUFFIXES = (".png", ".jpg", ".jpeg", ".bmp", ".gif", ".webp", ".tif", ".tiff", ".pgm", ".ppm")
# Other formats of Pillow start programs or are rarely looked after.
FORMATS = ("PNG", "JPEG", "BMP", "GIF", "WEBP", "TIFF", "PPM")
BLOCK = 100  # images read at a time
ORIENTATION = 0x0112  # the EXIF tag; values from 5 turn the picture on its side


@dataclass(frozen=True)
class Entry:
    """An image file: its name below the folder or in the zip, its size in bytes, and when it changed."""

    name: str
    size: int
    changed: float


def image_shape(path: str, height: int | None, width: int | None, grey: bool) -> tuple[int, int, int]:
    """(channels, height, width) the images will have, from the file names and one header. Raises Refusal."""
    with _opened(path) as files:
        return _shape(files, height, width, grey)


def class_names(path: str) -> tuple[str, ...]:
    """Names of the classes, from the names of the sub-folders. Raises Refusal."""
    with _opened(path) as files:
        return own.index_labels(splits_and_classes([entry.name for entry in files.entries])[1])[1]


def load(request: Request) -> Dataset:
    """All images of the split, as `store` keeps them. Raises Refusal, a sentence naming the file at fault."""
    with _opened(request.path or "") as files:
        split, classes = splits_and_classes([entry.name for entry in files.entries])
        labels, names = own.index_labels(classes)
        count, shape = len(files.entries), _shape(files, request.height, request.width, request.grey)
        parts = {
            each: own.in_split(count, each) if split is None else np.flatnonzero(split == each)
            for each in SPLITS
        }
        # One split after the other, so that each is a piece of the array.
        order = np.concatenate(list(parts.values()))
        images = store.stored_images(
            own.key(request, ()),
            own.digest(files.entries),
            count,
            shape,
            lambda: _decoded(files, request, shape, order),
            lambda: request.report(0.0, "Another process reads the same images"),
        )
    start = 0 if request.split == SPLITS[0] else len(parts[SPLITS[0]])
    mine = parts[request.split]
    return own.dataset(request, store.part(images, start, start + len(mine)), labels, names, mine)


def splits_and_classes(paths: list[str]) -> tuple[np.ndarray | None, list[str] | None]:
    """Each image's split and class, as far as folders in its path name them."""
    names = [PurePosixPath(path).parts for path in paths]
    common = _common(names)
    names = [name[common:] for name in names]
    given = own.splits_given({name[0] for name in names if len(name) > 1}) and min(map(len, names)) > 1
    split = np.array([name[0].lower() for name in names]) if given else None
    if given:
        names = [name[1:] for name in names]
    return split, [name[0] for name in names] if min(map(len, names)) > 1 else None


class _Files(Protocol):
    """Image files in a folder or a zip."""

    entries: list[Entry]

    def read(self, name: str) -> bytes: ...

    def close(self) -> None: ...


class _Folder:
    def __init__(self, root: Path) -> None:
        self.root = root
        self.entries: list[Entry] = []
        looked = 0
        for folder, below, names in os.walk(root):
            looked += len(below) + len(names)
            if looked > own.MAX_ENTRIES:
                raise Refusal(
                    f"{short(root)} holds more than {own.MAX_ENTRIES:,} files and folders of all kinds; name "
                    "the folder of the images themselves"
                )
            for name in names:
                path = Path(folder) / name
                if not is_image(name):
                    continue
                try:
                    facts = path.stat()
                except FileNotFoundError:
                    continue  # a link that leads nowhere
                if not stat.S_ISREG(facts.st_mode):
                    continue  # a pipe would never end
                self.entries.append(Entry(path.relative_to(root).as_posix(), facts.st_size, facts.st_mtime))
                if len(self.entries) > own.MAX_IMAGES:
                    own.check_count(len(self.entries))

    def read(self, name: str) -> bytes:
        with open(self.root / name, "rb") as file:
            return file.read(own.MAX_IMAGE_FILE + 1)

    def close(self) -> None:
        pass


class _Zip:
    def __init__(self, path: Path) -> None:
        self.archive = zipfile.ZipFile(path)
        self.entries: list[Entry] = []
        changed = path.stat().st_mtime
        unpacked = 0
        for info in members(self.archive):
            if not is_image(info.filename.rpartition("/")[2]):
                continue
            unpacked += info.file_size
            self.entries.append(Entry(info.filename, info.file_size, changed))
        if unpacked > own.MAX_UNPACKED:
            raise Refusal(
                f"the zip unpacks to {unpacked / 2**30:.1f} GB, and at most "
                f"{own.MAX_UNPACKED // 2**30} GB are read"
            )

    def read(self, name: str) -> bytes:
        with self.archive.open(name) as file:
            return file.read(own.MAX_IMAGE_FILE + 1)

    def close(self) -> None:
        self.archive.close()


def members(archive: zipfile.ZipFile) -> list[zipfile.ZipInfo]:
    """The files in a zip that somebody put there. Raises Refusal where its names lead out of it, or where a
    password is asked for."""
    found = []
    for info in archive.infolist():
        # Nothing is ever written under these names, but such a zip was made to do harm.
        parts = info.filename.replace("\\", "/").split("/")
        if info.filename.startswith(("/", "\\")) or ".." in parts or ":" in parts[0]:
            raise Refusal(
                f"the zip holds {quote(info.filename)}, a name that leads out of it, and is not opened"
            )
        if info.is_dir() or "__MACOSX" in parts or parts[-1].startswith("."):
            continue
        if stat.S_ISLNK(info.external_attr >> 16):
            continue
        if info.flag_bits & 1:
            raise Refusal("the zip is encrypted; make one without a password")
        found.append(info)
    return found


@contextmanager
def _opened(text: str) -> Iterator[_Files]:
    """The files at a path, sorted by name and checked for number and size. Raises Refusal."""
    path = Path(os.path.expanduser(text))
    if not os.path.exists(path):  # which, unlike pathlib, takes names too long as well
        raise Refusal(f"there is no {short(path)}")
    with _faults(path.name):
        files = _list(path)
    try:
        files.entries.sort(key=lambda entry: entry.name)
        if not files.entries:
            raise Refusal(f"{short(path.name)} holds no images; known are {', '.join(SUFFIXES)}")
        own.check_count(len(files.entries))
        for entry in files.entries:
            if entry.size > own.MAX_IMAGE_FILE:
                raise Refusal(f"{short(entry.name)} has more than {own.MAX_IMAGE_FILE // 2**20} MB")
        yield files
    finally:
        files.close()


def _list(path: Path) -> _Files:
    if os.path.isdir(path):
        return _Folder(path)
    if not os.path.isfile(path) or not zipfile.is_zipfile(path):
        raise Refusal(f"{short(path.name)} is neither a folder nor a zip")
    if path.stat().st_size > own.MAX_FILE:
        raise Refusal(f"{short(path.name)} has more than {own.MAX_FILE // 2**30} GB")
    return _Zip(path)


@contextmanager
def _faults(name: str) -> Iterator[None]:
    """What reading a file, a zip or an image may raise, as a Refusal."""
    from PIL import Image

    try:
        yield
    except Refusal:
        raise
    except Image.UnidentifiedImageError:
        raise Refusal(f"{short(name)} is no image that can be read; remove it or save it anew") from None
    except (
        OSError,
        EOFError,
        ValueError,
        SyntaxError,
        RuntimeError,
        zipfile.BadZipFile,
        zlib.error,
        Image.DecompressionBombError,
    ) as error:
        raise Refusal(
            f"{short(name)} cannot be read ({short(error, 200)}); remove it or save it anew"
        ) from error


def _decoded(
    files: _Files, request: Request, shape: tuple[int, int, int], order: np.ndarray
) -> Iterator[np.ndarray]:
    """The images of entries `order` [N], some at a time: uint8 [M, *shape] each."""
    same = None if request.height is not None or request.width is not None else shape[1:]
    count = len(order)
    images = np.empty((BLOCK, *shape), np.uint8)
    for number, entry in enumerate(files.entries[place] for place in order):
        with _picture(files, entry.name) as (picture, height, width):
            if same is not None and (height, width) != same:
                raise Refusal(
                    f"{short(entry.name)} is {height} by {width} pixels and "
                    f"{short(files.entries[0].name)} is {same[0]} by {same[1]}; set data.height "
                    "and data.width, and all are brought to one size"
                )
            images[number % BLOCK] = own.fit(picture, shape)
        if number % BLOCK == 0:
            request.report(number / count, f"Reading image {number + 1:,} of {count:,}")
        if number % BLOCK == BLOCK - 1 or number == count - 1:
            yield images[: number % BLOCK + 1].copy()


def _shape(files: _Files, height: int | None, width: int | None, grey: bool) -> tuple[int, int, int]:
    with _picture(files, files.entries[0].name) as (_, first_height, first_width):
        given = first_height, first_width
    return (1 if grey else 3, *own.final_size(given, height, width))


def read_one(name: str, content: bytes, shape: tuple[int, int, int]) -> np.ndarray:
    """An image file, by its content, as uint8 [C, H, W], under the same limits. Raises Refusal."""
    with upright(name, lambda: content) as (picture, _, _):
        return own.fit(picture, shape)


def shrunk(name: str, content: bytes, side: int = 1024) -> bytes:
    """An image file, by its content, as one of at most `side` pixels a side, upright. Raises Refusal.

    It is a JPEG, and a PNG where it is transparent.
    """
    with upright(name, lambda: content) as (picture, _, _):
        picture = own.eight_bits(picture)
        clear = own.transparent(picture)
        small = picture.convert("RGBA" if clear else "L" if picture.mode in ("1", "L") else "RGB")
        small.thumbnail((side, side))
        file = io.BytesIO()
        small.save(file, "PNG" if clear else "JPEG", quality=92)
        return file.getvalue()


@contextmanager
def _picture(files: _Files, name: str) -> Iterator[tuple[Image.Image, int, int]]:
    with upright(name, lambda: files.read(name)) as found:
        yield found


@contextmanager
def upright(name: str, read: Callable[[], bytes]) -> Iterator[tuple[Image.Image, int, int]]:
    """An image, upright, with the height and width its header gives; its pixels are read when asked for.

    Raises Refusal, also for what goes wrong while it is in use.
    """
    from PIL import Image, ImageOps

    with _faults(name):
        content = read()
        if len(content) > own.MAX_IMAGE_FILE:
            raise Refusal(f"{short(name)} has more than {own.MAX_IMAGE_FILE // 2**20} MB")
        with Image.open(io.BytesIO(content), formats=FORMATS) as picture:
            width, height = picture.size
            if width * height > own.MAX_PIXELS:
                raise Refusal(
                    f"{short(name)} has {width * height:,} pixels, and at most {own.MAX_PIXELS:,} are read"
                )
            turned = picture.getexif().get(ORIENTATION, 1)
            if turned >= 5:
                width, height = height, width
            yield (picture if turned == 1 else ImageOps.exif_transpose(picture)), height, width


def is_image(name: str) -> bool:
    return name.lower().endswith(SUFFIXES) and not name.startswith(".")


def _common(names: list[tuple[str, ...]]) -> int:
    """How many folders all images have in common, above the ones that tell them apart."""
    depth = 0
    while all(len(name) > depth + 1 for name in names) and len({name[depth] for name in names}) == 1:
        depth += 1
    return depth

"""Sets of users' own images that the app keeps, each one file under the name that its user gave it.

They lie in `own/` below the data root, beside downloads. A file is replaced in one stroke, and holds
safetensors only: pictures were decoded when they came in, and are never decoded again.
"""

from __future__ import annotations

import json
import os
import re
import secrets
import time
import unicodedata
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from filelock import FileLock, Timeout

from vae_core.data import own, storage
from vae_core.data.dataset import Dataset, Refusal, Request
from vae_core.data.storage import Arrays
from vae_core.sentences import quote, reason, short

FOLDER, SUFFIX, DELETED = "own", ".safetensors", ".deleted-"
MAX_SETS = 200
MAX_SET = 512 * 2**20  # bytes of one set
MAX_TOGETHER = 4 * 2**30  # bytes of all sets
NAME_LENGTH = 40
# Begins with a letter or a digit, in any script, and is a plain file name on every system.
NAME = re.compile(r"[^\W_](?:[\w .-]{0,38}[\w-])?")
UNDO = 3600.0  # seconds for which a deleted set can be brought back
STRIP_SIDE, STRIP_COUNT = 28, 10
PATIENCE = 5.0  # seconds to wait for somebody else who changes a set


@dataclass(frozen=True)
class About:
    """What a set says of itself. likelihood, binarisation: what its pixels suggest; see `suggestion.py`."""

    shape: tuple[int, int, int]
    count: int
    classes: tuple[str, ...] = ()
    drawn: bool = False
    likelihood: str = "bernoulli"
    binarisation: str = "dynamic"


@dataclass(frozen=True)
class Content:
    """All of a set: images uint8 [N, C, H, W], labels int64 [N] that index its classes, and whether each is
    for testing, bool [N], where its user said so."""

    about: About
    images: np.ndarray
    labels: np.ndarray | None = None
    test: np.ndarray | None = None


# --- as a dataset -----------------------------------------------------------------------------------


def image_shape(path: str, height: int | None, width: int | None, grey: bool) -> tuple[int, int, int]:
    """(channels, height, width) of the set of that name. Raises Refusal."""
    if height is not None or width is not None:
        raise Refusal("a set of own images has its size already; data.height and data.width stay empty")
    return about(path).shape


def class_names(path: str) -> tuple[str, ...]:
    return about(path).classes


def load(request: Request) -> Dataset:
    """The split of a set. Raises Refusal, a sentence."""
    content = read(request.path or "")
    own.check_count(len(content.images))
    if content.test is None:
        part = own.in_split(len(content.images), request.split)
    else:
        part = np.flatnonzero(content.test == (request.split == "test"))
    return own.dataset(
        request, own.in_memory(content.images[part]), content.labels, content.about.classes, part
    )


# --- reading ----------------------------------------------------------------------------------------


def names() -> list[str]:
    """The sets on this machine, those changed last first."""
    found: dict[str, float] = {}
    for root in storage.roots():
        with suppress(OSError), os.scandir(root / FOLDER) as scan:
            for entry in scan:
                name = entry.name.removesuffix(SUFFIX)
                if entry.name.endswith(SUFFIX) and NAME.fullmatch(name) and name not in found:
                    with suppress(OSError):
                        found[name] = entry.stat().st_mtime
    return sorted(found, key=lambda name: (-found[name], name))


def about(name: str) -> About:
    """What the set says of itself, without reading its images. Raises Refusal where there is none."""
    return _about(_part(name, "about"))


def strip(name: str) -> np.ndarray:
    """A few of its images side by side, uint8 [H, W, 3]. Raises Refusal where it cannot be read."""
    return _part(name, "strip")


def read(name: str) -> Content:
    """All of a set. Raises Refusal, a sentence."""
    arrays = storage.read(_path(name))
    if arrays is None:
        raise Refusal(f"the set of own images {quote(name)} is damaged; delete it and make it anew")
    test = arrays.get("test")
    images, labels = arrays["images"], arrays.get("labels")
    return Content(_about(arrays["about"]), images, labels, None if test is None else test.astype(bool))


def stamp(name: str) -> tuple[int, int]:
    """What changes whenever the set does. Raises Refusal."""
    try:
        found = _path(name).stat()
    except OSError as error:
        raise Refusal(f"{quote(name)} cannot be read: {reason(error)}") from None
    return found.st_mtime_ns, found.st_size


def _part(name: str, key: str) -> np.ndarray:
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(_path(name), framework="np") as file:
            part: np.ndarray = file.get_tensor(key)
        return part
    except (OSError, SafetensorError) as error:
        raise Refusal(f"the set of own images {quote(name)} cannot be read ({short(error, 100)})") from None


def _about(text: np.ndarray) -> About:
    try:
        fields: dict[str, Any] = json.loads(text.tobytes())
        channels, height, width = fields.pop("shape")
        classes = tuple(map(str, fields.pop("classes")))
        return About((channels, height, width), classes=classes, **fields)
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise Refusal(f"a set of own images is damaged ({short(error, 100)}); make it anew") from None


def _path(name: str) -> Path:
    """Where the set of that name lies. Raises Refusal where there is none."""
    if NAME.fullmatch(name):
        for root in storage.roots():
            path = root / FOLDER / f"{name}{SUFFIX}"
            if path.is_file():
                return path
    raise Refusal(
        f"there is no set of own images named {quote(name)} on this machine; it may have been deleted, "
        "or made on another one"
    )


# --- writing ----------------------------------------------------------------------------------------


def check_name(name: str) -> str:
    """The name as it is kept. Raises Refusal where no set may have it."""
    name = unicodedata.normalize("NFC", " ".join(name.split()))
    if not name:
        raise Refusal("the set needs a name")
    if not NAME.fullmatch(name):
        raise Refusal(
            f"{quote(name)} cannot be a set's name: use up to {NAME_LENGTH} letters, digits, spaces, dots, "
            "underscores and minus signs, beginning with a letter or a digit"
        )
    return name


def free_name(wish: str) -> str:
    """A name that is free, from what a file was called."""
    stem = " ".join(re.sub(r"[^\w .-]+", " ", wish).replace("_", " ").split()).strip(" .-")[: NAME_LENGTH - 4]
    stem = stem.strip(" .-") or "my images"
    name, number, taken = stem, 1, {each.lower() for each in names()}
    while name.lower() in taken:
        number += 1
        name = f"{stem} {number}"
    return name


def save(name: str, content: Content) -> str:
    """A new set; the name as it is kept. Raises Refusal where it is taken, or where the set is too large."""
    name = check_name(name)
    with changing():
        if name.lower() in {each.lower() for each in names()}:
            raise Refusal(
                f"there is a set named {quote(name)} already; choose another name, or delete that one"
            )
        write(name, content)
    return name


@contextmanager
def changing() -> Iterator[Path]:
    """While nobody else changes a set; the folder of sets. Raises Refusal where none can be kept."""
    try:
        folder = storage.writable(storage.writable_root() / FOLDER)
        _tidy(folder)
        with FileLock(folder / ".lock", timeout=PATIENCE):
            yield folder
    except Timeout:
        raise Refusal("another process changes own images just now; try again in a moment") from None
    except OSError as error:
        raise Refusal(f"own images cannot be kept on this machine: {reason(error)}") from None


def write(name: str, content: Content) -> None:
    """Puts the set in the place of what has its name, in one stroke; for whoever is `changing` sets."""
    found, images = content.about, content.images
    if images.dtype != np.uint8 or images.shape != (found.count, *found.shape):
        raise ValueError(f"images of {images.shape} are not the {found.count} of {found.shape} that are said")
    own.check_memory(*images.shape[:1], found.shape)
    text = json.dumps(asdict(found)).encode()
    arrays: Arrays = {
        "about": np.frombuffer(text, np.uint8),
        "images": images,
        "strip": side_by_side(images, content.labels),
    }
    if content.labels is not None:
        arrays["labels"] = content.labels.astype(np.int64)
    if content.test is not None:
        arrays["test"] = content.test.astype(np.uint8)
    folder = storage.writable_root() / FOLDER
    _check_room(folder, name, images.nbytes)
    storage.write_atomically(folder / f"{name}{SUFFIX}", storage.pack(arrays))


def delete(name: str) -> str:
    """Takes the set away; the mark with which `restore` brings it back within the hour. Raises Refusal."""
    with changing():
        path, mark = _path(name), secrets.token_hex(8)
        trash = path.with_name(f"{DELETED}{mark}")
        os.rename(path, trash)
        os.utime(trash)
    return mark


def restore(name: str, mark: str) -> None:
    """Brings a deleted set back. Raises Refusal where it is gone for good, or where its name is taken."""
    with changing():
        if name.lower() in {each.lower() for each in names()}:
            raise Refusal(f"there is another set named {quote(name)} by now; delete that one first")
        for root in storage.roots():
            trash = root / FOLDER / f"{DELETED}{mark}"
            if re.fullmatch(r"[0-9a-f]{16}", mark) and trash.is_file():
                os.rename(trash, trash.with_name(f"{check_name(name)}{SUFFIX}"))
                return
    raise Refusal(f"{quote(name)} is gone for good: more than an hour has passed")


def _check_room(folder: Path, name: str, size: int) -> None:
    if size > MAX_SET:
        raise Refusal(
            f"the images need {size / 2**20:,.0f} MB, and a set may have {MAX_SET // 2**20}; choose a "
            "smaller size, or fewer images"
        )
    others = [path for path in folder.glob(f"*{SUFFIX}") if path.name != f"{name}{SUFFIX}"]
    if len(others) >= MAX_SETS or sum(path.stat().st_size for path in others) + size > MAX_TOGETHER:
        raise Refusal("this machine keeps no more sets of own images; delete one that is not needed")


def _tidy(folder: Path) -> None:
    for path in folder.glob(f"{DELETED}*"):
        with suppress(OSError):
            if time.time() - path.stat().st_mtime > UNDO:
                path.unlink()


# --- a few of its images ----------------------------------------------------------------------------


def examples(labels: np.ndarray | None, count: int, most: int) -> np.ndarray:
    """The numbers of up to `most` of `count` images: the first of each class, then the second."""
    if labels is None:
        return np.arange(min(count, most))
    rank = np.zeros(count, np.int64)
    for label in np.unique(labels):
        of_class = labels == label
        rank[of_class] = np.arange(of_class.sum())
    return np.lexsort((labels, rank))[:most]


def side_by_side(
    images: np.ndarray, labels: np.ndarray | None, count: int = STRIP_COUNT, side: int = STRIP_SIDE
) -> np.ndarray:
    """Examples of images uint8 [N, C, H, W] in a row, of `side` pixels each way: uint8 [side, W, 3]."""
    from PIL import Image

    tiles = np.zeros((side, count, side, 3), np.uint8)
    for place, number in enumerate(examples(labels, len(images), count)):
        pixels = images[number].transpose(1, 2, 0)
        tile = Image.fromarray(np.repeat(pixels, 3, 2) if pixels.shape[2] == 1 else pixels[..., :3].copy())
        tiles[:, place] = np.asarray(tile.resize((side, side), Image.Resampling.BOX))
    return tiles.reshape(side, count * side, 3)


def counts(content_labels: np.ndarray | None, classes: Sequence[str]) -> dict[str, int]:
    """How many images each class has."""
    if content_labels is None:
        return {}
    numbers = np.bincount(content_labels, minlength=len(classes))
    return {name: int(number) for name, number in zip(classes, numbers, strict=False)}

"""Images of one size as one array on disk: written once, and read into memory or where it lies.

What would take more than a quarter of the machine's memory is streamed: a batch is read when it is asked for,
and the system keeps in memory what it has room for. A quarter, as the app and several trainings may hold the
same images. Imports no torch before it is needed.
"""

from __future__ import annotations

import logging
import math
import os
import shutil
import warnings
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from threading import Lock
from typing import IO, TYPE_CHECKING

import numpy as np

from vae_core.data.dataset import Dataset, Refusal, Source
from vae_core.data.storage import alone, atomic, forget, roots, writable

if TYPE_CHECKING:
    from torch import Tensor

log = logging.getLogger(__name__)

SHARE = 4  # of the memory a part of which images are held in it
SPARE = 2**30  # bytes that a disk keeps free
KEPT = 6  # arrays, of all folders
UNKNOWN = 8 * 2**30  # bytes of memory that a machine is taken to have where the system does not say: Windows

Blocks = Callable[[], Iterator[np.ndarray]]  # uint8 [M, C, H, W] each, in order


def memory() -> int:
    """Bytes of memory that this process may use: the machine's, or those of its control group."""
    if not hasattr(os, "sysconf"):
        return UNKNOWN
    whole = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    try:
        return min(whole, int(Path("/sys/fs/cgroup/memory.max").read_text()))
    except (OSError, ValueError):  # there is no group, or it has no limit
        return whole


def streamed(count: int, shape: tuple[int, ...]) -> bool:
    """Whether so many images of that shape are left on disk."""
    return count * math.prod(shape) > memory() // SHARE


def stored_images(
    kind: str, key: str, count: int, shape: tuple[int, ...], blocks: Blocks, waiting: Callable[[], None]
) -> np.ndarray:
    """Images uint8 [count, *shape] kept under `kind` and `key`, mapped; or what `blocks` yields, from now on.

    Of a kind there is one array: another key, as of a folder that has changed, takes the place of the one
    before. What is broken off leaves nothing. `waiting` is called while another process writes the same kind.
    Raises Refusal where no disk has room and memory neither.
    """
    found = _find(kind, key, count, shape)
    if found is not None:
        return found
    with alone(kind, waiting):
        found = _find(kind, key, count, shape)  # another process may have written it meanwhile
        return _write(kind, key, count, shape, blocks) if found is None else found


def part(images: np.ndarray, start: int, stop: int) -> tuple[Tensor, Source | None]:
    """The images from `start` to before `stop` as a tensor, in memory; or mapped, and their source."""
    import torch

    shape = images.shape[1:]
    if not isinstance(images, np.memmap):
        return torch.from_numpy(images[start:stop]), None
    assert images.filename is not None
    if not streamed(stop - start, shape):
        # Read, not copied from the mapped pages, which would count as memory too.
        offset = images.offset + start * math.prod(shape)
        pixels = np.fromfile(images.filename, np.uint8, (stop - start) * math.prod(shape), offset=offset)
        return torch.from_numpy(pixels.reshape(-1, *shape)), None
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # nobody writes to images
        mapped = torch.from_numpy(images[start:stop])
    first = images.offset + start * math.prod(shape)
    return mapped, Source(stop - start, _reader(images.filename, first, shape))


def sentence(dataset: Dataset) -> str:
    """That training images are read from disk; "" where they are not."""
    if not dataset.streamed:
        return ""
    return f"Streams its training images, {dataset.images.numel() / 2**30:.1f} GB, from disk."


def _reader(path: str, first: int, shape: tuple[int, ...]) -> Callable[[Tensor], Tensor]:
    """Draws images of a file by their numbers from byte `first`. Raises OSError where the disk fails."""
    import torch

    row = math.prod(shape)
    file = open(path, "rb", buffering=0)  # noqa: SIM115 (as long as anybody draws from it)
    one_by_one = Lock()

    def read(image: np.ndarray, place: int) -> int:
        if hasattr(os, "preadv"):
            return os.preadv(file.fileno(), [image.data], place)
        with one_by_one:  # Windows: the place in the file is everybody's
            file.seek(place)
            return file.readinto(image.data) or 0

    def draw(numbers: Tensor) -> Tensor:
        # By reads: of a mapped file every page of an image costs a fault, and a bad disk the process.
        handle, places = file.fileno(), [first + number * row for number in numbers.tolist()]
        if hasattr(os, "posix_fadvise"):
            for place in places:  # the disk is asked for all of them before the first is waited for
                os.posix_fadvise(handle, place, row, os.POSIX_FADV_WILLNEED)
        found = np.empty((len(places), *shape), np.uint8)
        for image, place in zip(found.reshape(-1, row), places, strict=True):
            if read(image, place) < row:
                raise OSError(f"{path} is cut short")
        return torch.from_numpy(found).to(numbers.device)

    return draw


def _find(kind: str, key: str, count: int, shape: tuple[int, ...]) -> np.ndarray | None:
    for root in roots():
        path = root / "cache" / _name(kind, key)
        try:
            images = np.load(path, mmap_mode="r")
        except (OSError, ValueError, EOFError) as error:
            if not isinstance(error, FileNotFoundError):
                log.info("%s cannot be used (%s)", path, error)
            continue
        if images.shape == (count, *shape) and images.dtype == np.uint8:
            with suppress(OSError):
                os.utime(path)  # those used last are kept
            return images
    return None


def _write(kind: str, key: str, count: int, shape: tuple[int, ...], blocks: Blocks) -> np.ndarray:
    faults = []
    for root in roots():
        try:
            writable(root)
            folder = writable(root / "cache")
            for left in (*folder.glob(f".{kind}-*.npy.*"), *folder.glob(f"{kind}-*.npy")):
                left.unlink(missing_ok=True)
            _check_room(folder, count * math.prod(shape))
            with atomic(folder / _name(kind, key)) as file:
                _write_array(file, (count, *shape), blocks())
            forget(folder, kind.partition("-")[0], KEPT, "npy")
        except OSError as error:
            log.info("%s is not kept in %s: %s", kind, root, error)
            faults.append(f"{root} ({error.strerror or error})")
            continue
        found = _find(kind, key, count, shape)
        if found is not None:
            return found
    if streamed(count, shape):
        raise Refusal(
            f"the images take {count * math.prod(shape) / 2**30:.1f} GB, more than is held in memory, and "
            f"there is no room for them in {' or '.join(faults)}; name another folder in VAE_DATA"
        )
    return np.concatenate(list(blocks()))


def _write_array(file: IO[bytes], shape: tuple[int, ...], blocks: Iterator[np.ndarray]) -> None:
    # By `write`, whose fault on a full disk is an OSError: that of a mapped page ends the process.
    np.lib.format.write_array_header_1_0(file, {"descr": "|u1", "fortran_order": False, "shape": shape})
    for block in blocks:
        file.write(np.ascontiguousarray(block).data)


def _check_room(folder: Path, size: int) -> None:
    free = shutil.disk_usage(folder).free
    if free < size + SPARE:
        raise OSError(f"{free / 2**30:.1f} GB are free")


def _name(kind: str, key: str) -> str:
    return f"{kind}-{key}.npy"

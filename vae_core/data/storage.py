"""Where data lies on disk, and a cache of decoded arrays that is never half written. Imports no torch."""

from __future__ import annotations

import logging
import os
import tempfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import IO

import numpy as np
from filelock import FileLock, Timeout

log = logging.getLogger(__name__)

Arrays = dict[str, np.ndarray]


def user_cache() -> Path:
    """The folder that is always ours to write to."""
    return Path("~/.cache/elbo-room").expanduser()


def roots() -> list[Path]:
    """Folders to look for data in, the preferred one first: VAE_DATA where set, then the user's cache."""
    named = os.environ.get("VAE_DATA", "").strip()
    return [Path(named).expanduser(), user_cache()] if named else [user_cache()]


def writable_root() -> Path:
    """The first root that may be written to; raises OSError where none may."""
    fault: OSError | None = None
    for root in roots():
        try:
            return writable(root)
        except OSError as error:
            fault = error
            log.info("%s cannot be written to; new data goes to %s", root, user_cache())
    raise fault or OSError("there is no folder for data")


def writable(folder: Path) -> Path:
    """`folder`, made if need be; raises OSError where files cannot be made in it."""
    folder.mkdir(parents=True, exist_ok=True)
    # An administrator may write where nobody is meant to: a folder without any write bit is left alone.
    if folder.stat().st_mode & 0o222 == 0 or not os.access(folder, os.W_OK):
        raise PermissionError(f"{folder} is read-only")
    return folder


def cached(
    key: str,
    build: Callable[[], Arrays],
    keep: int | None = None,
    waiting: Callable[[], None] | None = None,
) -> Arrays:
    """The arrays kept under `key`, or what `build` returns, kept for the next time.

    A file that is damaged or cut short fails its checksum and is built anew. Not being able to keep the
    arrays costs the next caller time, and nothing else. With `keep`, only so many of a kind (what comes
    before the last dash of the key) are kept, the newest. With `waiting`, two processes that need the same
    arrays build them once: it is called now and then while the other one does.
    """
    found = _cached(key)
    if found is not None:
        return found
    with alone(key, waiting):
        found = _cached(key)  # somebody else may have built them meanwhile
        return _build(key, build, keep) if found is None else found


def _cached(key: str) -> Arrays | None:
    found = (read(root / "cache" / f"{key}.safetensors") for root in roots())
    return next((arrays for arrays in found if arrays is not None), None)


@contextmanager
def alone(key: str, waiting: Callable[[], None] | None) -> Iterator[None]:
    """While nobody else builds the same arrays; where no lock can be had, all the same."""
    with ExitStack() as stack:
        if waiting is not None:
            try:
                lock = FileLock(writable(writable_root() / "cache") / f".{key}.lock")
                while not lock.is_locked:
                    try:
                        stack.enter_context(lock.acquire(timeout=0.5))
                    except Timeout:
                        waiting()
            except OSError as error:
                log.info("%s is built without a lock: %s", key, error)
        yield


def _build(key: str, build: Callable[[], Arrays], keep: int | None) -> Arrays:
    arrays = build()
    for root in roots():
        try:
            writable(root)
            folder = writable(root / "cache")
            write_atomically(folder / f"{key}.safetensors", pack(arrays))
            if keep is not None:
                forget(folder, key.rpartition("-")[0], keep)
            break
        except OSError as error:
            log.info("%s is not kept in %s: %s", key, root, error)
    return arrays


def write_atomically(path: Path, content: bytes) -> None:
    """Write beside and rename, so that a reader sees the whole file or none."""
    with atomic(path) as file:
        file.write(content)


@contextmanager
def atomic(path: Path) -> Iterator[IO[bytes]]:
    """A file to write to, which takes its place at `path` when all is written, and is removed otherwise."""
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "wb") as file:
            yield file
        os.chmod(temporary, 0o644)
        os.replace(temporary, path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise


def forget(folder: Path, kind: str, keep: int, suffix: str = "safetensors") -> None:
    """Removes the files of a kind but for the newest."""
    files = sorted(folder.glob(f"{kind}-*.{suffix}"), key=lambda path: path.stat().st_mtime, reverse=True)
    for path in files[keep:]:
        path.unlink(missing_ok=True)


def pack(arrays: Arrays) -> bytes:
    """The arrays as safetensors, with a checksum."""
    from safetensors.numpy import save

    return save(
        {name: np.ascontiguousarray(array) for name, array in arrays.items()}, {"crc32": _checksum(arrays)}
    )


def read(path: Path) -> Arrays | None:
    """What `pack` wrote; None where there is no such file, or where its checksum does not hold."""
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(path, framework="np") as file:
            arrays = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 (no mapping)
            cached = (file.metadata() or {}).get("crc32")
    except FileNotFoundError:
        return None
    except (OSError, SafetensorError) as error:
        log.warning("%s cannot be read (%s) and is made anew", path, error)
        return None
    if cached != _checksum(arrays):
        log.warning("%s is damaged and is made anew", path)
        return None
    return arrays


def _checksum(arrays: Arrays) -> str:
    total = 0
    for name in sorted(arrays):
        total = zlib.crc32(
            np.ascontiguousarray(arrays[name]).data.cast("B"), zlib.crc32(name.encode(), total)
        )
    return f"{total:08x}"

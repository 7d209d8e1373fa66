"""The folders of runs: where they lie, names of their files, atomic replacement, and locks.

A file that is replaced is written beside and renamed over the old one, so that a reader sees one or the
other whole, and a process killed at any moment leaves one of them. There is no fsync: the kernel keeps what
a killed process wrote, and only a power cut could lose the last seconds, which a resume repeats anyway.
"""

from __future__ import annotations

import json
import math
import os
import re
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from vae_core.runs import memo
from vae_core.runs.reading import RunError
from vae_core.sentences import quote, reason, short

if sys.platform != "win32":
    import fcntl

SPEC = "spec.json"
STATUS = "status.json"
CONTROL = "control.json"
METRICS = "metrics.jsonl"
WEIGHTS = "weights.safetensors"
STATE = "state.safetensors"
POSTERIORS = "posteriors.safetensors"
EVALUATION = "evaluation.json"
CARD = "card.json"
TITLE = "title.json"
DIRECTIONS = "directions.json"
NAMES = "names.json"
DISENTANGLEMENT = "disentanglement.json"
SEEDS = "seeds.json"
LABELS = "labels.json"
GENERATION = "generation.json"
INPAINTING = "inpainting.json"
UMAP = "umap.safetensors"
PICTURE = "manifold.png"
FRAMES = "frames"
NOTES = ".gallery"  # a folder of the library: what was worked out of the gallery's runs
LOCK = "lock"
LOG = "worker.log"

NAME_LENGTH = 80
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")


class Busy(RunError):
    """Another process holds the lock."""


SHIPPED = Path(__file__).parents[2] / "checkpoints"


def library() -> Path:
    """Where the user's runs live: VAE_RUNS, or `checkpoints/` beside the package."""
    named = os.environ.get("VAE_RUNS", "").strip()
    return Path(os.path.expanduser(named)) if named else SHIPPED


def gallery() -> Path | None:
    """Where the runs lie that came with the app: VAE_GALLERY, none where that is empty, or `checkpoints/`.

    Nothing is written there.
    """
    named = os.environ.get("VAE_GALLERY", str(SHIPPED)).strip()
    return Path(os.path.expanduser(named)) if named else None


def check_name(name: str) -> str:
    """The name, where a run may have it. Raises RunError."""
    if len(name) > NAME_LENGTH:
        raise RunError(f"The name is {len(name)} characters long; at most {NAME_LENGTH} are allowed.")
    if not NAME.fullmatch(name) or name.endswith("."):
        raise RunError(
            f"{quote(name)} cannot be a run's name: use letters, digits, dot, underscore and minus, "
            "beginning with a letter or a digit and not ending with a dot."
        )
    return name


def taken(name: str, parent: Path) -> bool:
    """Whether a run in `parent` has the name, in capitals or not: some file systems see no difference.

    In the library one of the gallery's counts too: a run of its name would hide it.
    """
    shipped = gallery() if same(parent, library()) else None
    return any(
        entry.lower() == name.lower()
        for folder in (parent, shipped)
        if folder is not None
        for entry in names_in(folder)
    )


def same(one: Path, other: Path) -> bool:
    """Whether two paths name one folder, however they are written."""
    return one == other or os.path.abspath(one) == os.path.abspath(other)


def names_in(folder: Path) -> list[str]:
    """The names of all that lies in a folder; none where it cannot be read."""
    try:
        return os.listdir(folder)
    except OSError:
        return []


# --- files --------------------------------------------------------------------------------------


def replace(path: Path, content: bytes) -> None:
    """Put `content` in the place of the file, in one stroke."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}-{threading.get_ident()}.tmp")
    try:
        with open(temporary, "wb", buffering=0, opener=_never_through_a_link) as file:
            rest = memoryview(content)
            while rest:
                rest = rest[file.write(rest) :]
        os.replace(temporary, path)
        memo.clear()
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


def _never_through_a_link(path: str, flags: int) -> int:
    return os.open(path, flags | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0), 0o644)


def sweep(path: Path) -> None:
    """Remove what a killed process was in the middle of writing. Only for whoever holds the run's lock."""
    for folder in (path, path / FRAMES):
        if folder == path or not os.path.islink(folder):
            for leftover in folder.glob(".*.tmp"):
                leftover.unlink(missing_ok=True)


def to_json(value: Any) -> str:
    """JSON of one line: six significant digits, and null for what is no finite number."""
    return json.dumps(_plain(value), allow_nan=False, separators=(",", ":"))


def _plain(value: Any) -> Any:
    if isinstance(value, float):
        if not math.isfinite(value):
            return None
        # Times since 1970 keep their microseconds, which order a queue.
        return round(value, 6) if abs(value) > 1e6 else float(f"{value:.6g}")
    if isinstance(value, dict):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    return value


def write_json(path: Path, value: dict[str, Any]) -> None:
    replace(path, (to_json(value) + "\n").encode())


Stamp = tuple[int, int, int, int]


def stamp(path: Path) -> Stamp | None:
    """What changes whenever the file is replaced, or closed or opened to us; None where there is none."""
    try:
        found = os.lstat(path)
    except OSError:
        return None
    return found.st_mtime_ns, found.st_ctime_ns, found.st_size, found.st_ino


# --- locks --------------------------------------------------------------------------------------


@contextmanager
def hold(path: Path, wait: float = 0.0) -> Iterator[None]:
    """Hold the lock file `path`; the kernel lets go if the process dies.

    Raises Busy after `wait` seconds, and RunError, both sentences, where the file cannot be made.
    """
    lock = FileLock(path, thread_local=False, poll_interval=0.005)
    try:
        lock.acquire(timeout=wait)
    except Timeout:
        raise Busy(f"{short(path.parent.name)} is in use by another process.") from None
    except OSError as error:
        raise RunError(f"{short(path.parent)} cannot be written to: {reason(error)}.") from None
    try:
        yield
    finally:
        lock.release()


def held(path: Path) -> bool:
    """Whether somebody holds the lock file; asking never gets in another asker's way."""
    if sys.platform == "win32":
        try:
            with hold(path):
                return False
        except Busy:
            return True
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOFOLLOW)
    except OSError:
        return False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
        return False
    except OSError:
        return True
    finally:
        os.close(descriptor)

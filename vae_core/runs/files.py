"""The folder of a run: its file names, atomic replacement, JSON that may be damaged, and locks.

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
DIRECTIONS = "directions.json"
NAMES = "names.json"
DISENTANGLEMENT = "disentanglement.json"
SEEDS = "seeds.json"
UMAP = "umap.safetensors"
PICTURE = "manifold.png"
FRAMES = "frames"
LOCK = "lock"
LOG = "worker.log"

NAME_LENGTH = 80
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")


class RunError(Exception):
    """Something that cannot be done with a run; the message is a sentence for the user."""


class Busy(RunError):
    """Another process holds the lock."""


def library() -> Path:
    """Where runs live: VAE_RUNS, or `checkpoints/` beside the package."""
    named = os.environ.get("VAE_RUNS", "").strip()
    return Path(named).expanduser() if named else Path(__file__).parents[2] / "checkpoints"


def check_name(name: str) -> str:
    """The name, where a run may have it. Raises RunError."""
    if len(name) > NAME_LENGTH:
        raise RunError(f"The name is {len(name)} characters long; at most {NAME_LENGTH} are allowed.")
    if not NAME.fullmatch(name) or name.endswith("."):
        raise RunError(
            f"{name!r} cannot be a run's name: use letters, digits, dot, underscore and minus, "
            "beginning with a letter or a digit and not ending with a dot."
        )
    return name


def taken(name: str, parent: Path) -> bool:
    """Whether a run in `parent` has the name, in capitals or not: some file systems see no difference."""
    try:
        return any(entry.lower() == name.lower() for entry in os.listdir(parent))
    except OSError:
        return False


# --- files --------------------------------------------------------------------------------------


def replace(path: Path, content: bytes) -> None:
    """Put `content` in the place of the file, in one stroke."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}-{threading.get_ident()}.tmp")
    try:
        with open(temporary, "wb", buffering=0) as file:
            rest = memoryview(content)
            while rest:
                rest = rest[file.write(rest) :]
        os.replace(temporary, path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


def sweep(path: Path) -> None:
    """Remove what a killed process was in the middle of writing. Only for whoever holds the run's lock."""
    for folder in (path, path / FRAMES):
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


def read_json(path: Path) -> dict[str, Any] | None:
    """The object in the file; None where there is no file or no JSON object in it."""
    try:
        value = json.loads(path.read_bytes())
    except (OSError, ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None


def stamp(path: Path) -> tuple[int, int, int] | None:
    """What changes whenever the file is replaced; None where there is none."""
    try:
        found = os.stat(path)
    except OSError:
        return None
    return found.st_mtime_ns, found.st_size, found.st_ino


# --- locks --------------------------------------------------------------------------------------


@contextmanager
def hold(path: Path, wait: float = 0.0) -> Iterator[None]:
    """Hold the lock file `path`; the kernel lets go if the process dies. Raises Busy after `wait` seconds."""
    lock = FileLock(path, thread_local=False, poll_interval=0.005)
    try:
        lock.acquire(timeout=wait)
    except Timeout:
        raise Busy(f"{path.parent.name} is in use by another process.") from None
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
        descriptor = os.open(path, os.O_RDONLY)
    except OSError:
        return False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
        return False
    except OSError:
        return True
    finally:
        os.close(descriptor)

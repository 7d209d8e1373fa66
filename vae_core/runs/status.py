"""What a run is doing: `status.json`, written by its worker and, where there is none, by the launcher."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Any

from vae_core.runs import files

STATES = (
    "queued",
    "running",
    "paused",
    "finished",
    "stopped",
    "diverged",
    "interrupted",
    "unavailable",  # its images could not be had, and nothing was trained
    "unreadable",
)
STARTING_SECONDS = 30.0  # how long a run may be on its way to a worker


@dataclass(frozen=True)
class Status:
    state: str = "queued"
    message: str = ""
    heartbeat: float = 0.0  # unix seconds of the last sign of life
    step: int = 0
    steps_total: int | None = None  # None where seconds end the run
    epoch: float = 0.0
    seconds: float = 0.0  # of training, over all resumes, without pauses
    images_per_second: float = 0.0
    remaining: float | None = None  # seconds
    device: str = ""
    pid: int | None = None
    created: float = 0.0
    queued: float = 0.0  # unix seconds: its turn in the queue
    started: float = 0.0  # unix seconds of the last start of a worker
    recovered: float = 0.0  # unix seconds of the last time it went on by itself
    by: str = ""  # who trains it: "app" or "process"
    report: dict[str, Any] = field(default_factory=dict)

    @property
    def active(self) -> bool:
        """Whether it is, or soon will be, training."""
        return self.state in ("queued", "running", "paused")

    @property
    def starting(self) -> bool:
        """Handed to a launcher, and no worker has said a word yet."""
        return (
            self.state == "running"
            and self.pid is None
            and abs(time.time() - self.started) < STARTING_SECONDS
        )

    def to_dict(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def parse(cls, value: dict[str, Any]) -> Status:
        """A Status of whatever JSON there is: a field of the wrong kind takes its default."""
        if value.get("state") not in STATES:
            return cls(state="unreadable", message=f"Its {files.STATUS} names no known state.")
        known: dict[str, Any] = {
            f.name: _KINDS[str(f.type)](value[f.name]) for f in fields(cls) if f.name in value
        }
        return cls(**{name: item for name, item in known.items() if item is not None})


def read(path: Path) -> Status:
    """The status of the run in folder `path`; never raises."""
    value = files.read_json(path / files.STATUS)
    if value is not None:
        return Status.parse(value)
    if (path / files.WEIGHTS).is_file():
        return Status(
            state="stopped", message=f"Its {files.STATUS} is missing or damaged; its weights are there."
        )
    return Status(
        state="interrupted", message=f"Its {files.STATUS} is missing or damaged, and it has no weights."
    )


def write(path: Path, status: Status) -> None:
    files.write_json(path / files.STATUS, status.to_dict())


def _text(value: Any) -> str | None:
    return value[:1000] if isinstance(value, str) else None


def number(value: Any) -> float | None:
    """The value, where it is a finite number."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return float(value) if abs(value) < 1e18 and math.isfinite(value) else None


def _whole(value: Any) -> int | None:
    found = number(value)
    return int(found) if found is not None else None


def _object(value: Any) -> dict[str, Any] | None:
    return value if isinstance(value, dict) else None


_KINDS: dict[str, Callable[[Any], Any]] = {
    "str": _text,
    "float": number,
    "float | None": number,
    "int": _whole,
    "int | None": _whole,
    "dict[str, Any]": _object,
}

"""What a run is doing: `status.json`, written by its worker and, where there is none, by the launcher."""

from __future__ import annotations

import os
import time
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from pydantic import OnErrorOmit, TypeAdapter, ValidationError
from typing_extensions import TypedDict

from vae_core.runs import files
from vae_core.runs.metrics import ReportFields as Report
from vae_core.runs.reading import MOST_JSON, Count, Real, Text, Unfit, content
from vae_core.runs.records import Title

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
    def parse(cls, text: bytes) -> Status:
        """A Status of whatever JSON object there is: a field of the wrong kind takes its default.

        Raises Unfit where it is no JSON object.
        """
        try:
            found: dict[str, Any] = dict(_STORED.validate_json(text))
        except ValidationError:
            raise Unfit(f"{files.STATUS} is no JSON object that can be read.") from None
        if found.get("state") not in STATES:
            return cls(state="unreadable", message=f"Its {files.STATUS} names no known state.")
        return cls(**found)


def read(path: Path) -> Status:
    """The status of the run in folder `path`; never raises."""
    with suppress(FileNotFoundError, Unfit):
        return Status.parse(content(path / files.STATUS, MOST_JSON))
    if os.path.isfile(path / files.WEIGHTS):
        return Status(
            state="stopped", message=f"Its {files.STATUS} is missing or damaged; its weights are there."
        )
    return Status(
        state="interrupted", message=f"Its {files.STATUS} is missing or damaged, and it has no weights."
    )


def write(path: Path, status: Status) -> None:
    files.write_json(path / files.STATUS, status.to_dict())


class _Stored(TypedDict, total=False):
    """`status.json` as it is read: a field of the wrong kind is left out."""

    state: OnErrorOmit[str]
    message: OnErrorOmit[Text]
    heartbeat: OnErrorOmit[Real]
    step: OnErrorOmit[Count]
    steps_total: OnErrorOmit[Count]
    epoch: OnErrorOmit[Real]
    seconds: OnErrorOmit[Real]
    images_per_second: OnErrorOmit[Real]
    remaining: OnErrorOmit[Real]
    device: OnErrorOmit[Title]
    pid: OnErrorOmit[Count]
    created: OnErrorOmit[Real]
    queued: OnErrorOmit[Real]
    started: OnErrorOmit[Real]
    recovered: OnErrorOmit[Real]
    by: OnErrorOmit[Title]
    report: OnErrorOmit[Report]


_STORED = TypeAdapter(_Stored)

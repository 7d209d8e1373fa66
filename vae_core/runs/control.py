"""What is asked of a worker: the desired state in `control.json`, read by the worker between two steps.

The file says what is wanted, not what to do next, so writing it twice or reading it late does no harm.
Single steps are a counter of all steps asked for; the worker remembers how many it has made.
"""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Annotated, Any

from pydantic import Field, OnErrorOmit, StrictBool, TypeAdapter, ValidationError
from typing_extensions import TypedDict

from vae_core.runs import files
from vae_core.runs.reading import MOST_JSON, Count, Real, RunError, Unfit, content
from vae_core.sentences import quote, reason, short

LOOK = 0.02  # seconds between two looks at the file


@dataclass(frozen=True)
class Knob:
    """A setting that may change while a run trains.

    setting: its name in the Spec, which has the same bounds; title: in a sentence; mark: on a chart.
    """

    setting: str
    title: str
    mark: str
    least: float
    most: float


# By their names in a run's files.
KNOBS = {
    "beta": Knob("objective.beta", "beta", "β", 0.0, 1000.0),
    "learning_rate": Knob("training.learning_rate", "The learning rate", "lr", 1e-12, 1.0),
    "temperature": Knob("posterior.temperature", "The temperature", "τ", 0.05, 10.0),
}


@dataclass(frozen=True)
class Control:
    paused: bool = False
    stop: bool = False
    steps: int = 0  # single steps asked for so far
    # The knobs. None: as the Spec says.
    beta: float | None = None
    learning_rate: float | None = None
    temperature: float | None = None


class _Stored(TypedDict, total=False):
    """`control.json` as it is read: a field of the wrong kind, or out of its bounds, is left out."""

    paused: OnErrorOmit[StrictBool]
    stop: OnErrorOmit[StrictBool]
    steps: OnErrorOmit[Count]
    beta: OnErrorOmit[Annotated[Real, Field(ge=0, le=KNOBS["beta"].most)]]
    learning_rate: OnErrorOmit[Annotated[Real, Field(ge=0, le=KNOBS["learning_rate"].most)]]
    temperature: OnErrorOmit[Annotated[Real, Field(ge=0.05, le=KNOBS["temperature"].most)]]


_STORED = TypeAdapter(_Stored)


def read(path: Path) -> Control:
    """What is asked of the run in folder `path`; of a missing or damaged file, nothing is asked."""
    try:
        return Control(**_STORED.validate_json(content(path / files.CONTROL, MOST_JSON)))
    except (FileNotFoundError, Unfit, ValidationError):
        return Control()


def request(path: Path, *, more_steps: int = 0, **changes: Any) -> Control:
    """Change what is asked and keep the rest; safe from several sessions at once. Returns what is asked now.

    Raises RunError, a sentence, for a beta or a learning rate that cannot be.
    """
    for name, knob in KNOBS.items():
        _check(changes.get(name), knob)
    try:
        with files.hold(path / f".{files.CONTROL}.lock", wait=5.0):
            now = read(path)
            wanted = replace(now, **changes, steps=now.steps + more_steps)
            files.write_json(path / files.CONTROL, asdict(wanted))
            return wanted
    except OSError as error:
        raise RunError(f"{short(path.name)} cannot be told anything: {reason(error)}.") from None


def _check(value: Any, knob: Knob) -> None:
    if value is None:
        return
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise RunError(f"{knob.title} must be a number, not {quote(value)}.")
    if not knob.least <= value <= knob.most:
        raise RunError(f"{knob.title} must be between {knob.least:g} and {knob.most:g}, not {value:g}.")


class ControlReader:
    """The worker's eye on the file: a look costs one `stat`, and a read only where it changed."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.seen = files.stamp(path / files.CONTROL)
        self.requested = read(path)

    def look(self) -> bool:
        """Whether something else is asked than at the last look; `asked` says what."""
        stamp = files.stamp(self.path / files.CONTROL)
        if stamp == self.seen:
            return False
        self.seen, before, self.requested = stamp, self.requested, read(self.path)
        return self.requested != before

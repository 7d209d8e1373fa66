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

MOST_BETA = 1000.0  # as in the Spec
MOST_LEARNING_RATE = 1.0
LOOK = 0.02  # seconds between two looks at the file


@dataclass(frozen=True)
class Control:
    paused: bool = False
    stop: bool = False
    steps: int = 0  # single steps asked for so far
    beta: float | None = None  # None: as the Spec says
    learning_rate: float | None = None


class _Stored(TypedDict, total=False):
    """`control.json` as it is read: a field of the wrong kind, or out of its bounds, is left out."""

    paused: OnErrorOmit[StrictBool]
    stop: OnErrorOmit[StrictBool]
    steps: OnErrorOmit[Count]
    beta: OnErrorOmit[Annotated[Real, Field(ge=0, le=MOST_BETA)]]
    learning_rate: OnErrorOmit[Annotated[Real, Field(ge=0, le=MOST_LEARNING_RATE)]]


_STORED = TypeAdapter(_Stored)


def read(path: Path) -> Control:
    """What is asked of the run in folder `path`; of a missing or damaged file, nothing is asked."""
    try:
        return Control(**_STORED.validate_json(content(path / files.CONTROL, MOST_JSON)))
    except (FileNotFoundError, Unfit, ValidationError):
        return Control()


def ask(path: Path, *, more_steps: int = 0, **changes: Any) -> Control:
    """Change what is asked and keep the rest; safe from several sessions at once. Returns what is asked now.

    Raises RunError, a sentence, for a beta or a learning rate that cannot be.
    """
    _check(changes.get("beta"), "beta", 0.0, MOST_BETA)
    _check(changes.get("learning_rate"), "The learning rate", 1e-12, MOST_LEARNING_RATE)
    try:
        with files.hold(path / f".{files.CONTROL}.lock", wait=5.0):
            now = read(path)
            wanted = replace(now, **changes, steps=now.steps + more_steps)
            files.write_json(path / files.CONTROL, asdict(wanted))
            return wanted
    except OSError as error:
        raise RunError(f"{short(path.name)} cannot be told anything: {reason(error)}.") from None


def _check(value: Any, name: str, least: float, most: float) -> None:
    if value is None:
        return
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise RunError(f"{name} must be a number, not {quote(value)}.")
    if not least <= value <= most:
        raise RunError(f"{name} must be between {least:g} and {most:g}, not {value:g}.")


class Watch:
    """The worker's eye on the file: a look costs one `stat`, and a read only where it changed."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.seen = files.stamp(path / files.CONTROL)
        self.asked = read(path)

    def look(self) -> bool:
        """Whether something else is asked than at the last look; `asked` says what."""
        stamp = files.stamp(self.path / files.CONTROL)
        if stamp == self.seen:
            return False
        self.seen, before, self.asked = stamp, self.asked, read(self.path)
        return self.asked != before

"""What is asked of a worker: the desired state in `control.json`, read by the worker between two steps.

The file says what is wanted, not what to do next, so writing it twice or reading it late does no harm.
Single steps are a counter of all steps asked for; the worker remembers how many it has made.
"""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from vae_core.runs import files
from vae_core.runs.files import RunError

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


def read(path: Path) -> Control:
    """What is asked of the run in folder `path`; of a missing or damaged file, nothing is asked."""
    value = files.read_json(path / files.CONTROL) or {}
    steps = value.get("steps")
    return Control(
        paused=value.get("paused") is True,
        stop=value.get("stop") is True,
        steps=steps if isinstance(steps, int) and not isinstance(steps, bool) and 0 <= steps < 2**53 else 0,
        beta=_within(value.get("beta"), 0.0, MOST_BETA),
        learning_rate=_within(value.get("learning_rate"), 0.0, MOST_LEARNING_RATE),
    )


def _within(value: Any, least: float, most: float) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return float(value) if least <= value <= most else None


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
        raise RunError(f"{path.name} cannot be told anything: {error.strerror or error}.") from None


def _check(value: Any, name: str, least: float, most: float) -> None:
    if value is None:
        return
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise RunError(f"{name} must be a number, not {value!r}.")
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

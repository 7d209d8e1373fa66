"""`names.json`: what somebody called the latent dimensions of a run. No torch.

A list, `{"names": ["", "position", ...]}`, one text for each dimension, "" where it has no name. Training
on does not take a name away: what a dimension means moves slowly, and the user sees it move.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from vae_core.runs import files
from vae_core.runs.reading import RunError, read_json
from vae_core.sentences import reason, short

LOCK = ".names.lock"
LONGEST = 40  # characters of a name


def load(path: Path, latent: int) -> tuple[str, ...]:
    """The names in the run's folder, `latent` of them, "" where there is none. Never raises."""
    return parse(read_json(path / files.NAMES) or {}, latent)


def save(path: Path, latent: int, dimension: int, name: str) -> tuple[str, ...]:
    """Call a dimension, counted from 0, by that name in the run's folder, "" for none; all names there are.

    Raises RunError, a sentence, where there is no such dimension or the folder cannot be written.
    """
    if not 0 <= dimension < latent:
        raise RunError(f"There is no dimension {dimension + 1} of {latent}.")
    if not os.path.isdir(path):
        raise RunError(f"There is no run named {short(path.name)} any more.")
    try:
        with files.hold(path / LOCK, wait=5.0):
            new = list(load(path, latent))
            new[dimension] = clean(name)
            files.write_json(path / files.NAMES, to_dict(new))
    except OSError as error:
        raise RunError(f"The names of {short(path.name)} cannot be written: {reason(error)}.") from None
    return tuple(new)


def parse(value: dict[str, Any], latent: int) -> tuple[str, ...]:
    """What of a JSON object is names of `latent` dimensions."""
    rows = value.get("names")
    rows = rows if isinstance(rows, list) else []
    named = [clean(row) if isinstance(row, str) else "" for row in rows[:latent]]
    return tuple(named + [""] * (latent - len(named)))


def to_dict(names: list[str] | tuple[str, ...]) -> dict[str, Any]:
    """What `parse` reads."""
    return {"names": list(names)}


def clean(name: str) -> str:
    """The name in one line of at most 40 characters that can be printed."""
    printable = "".join(sign if sign.isprintable() else " " for sign in name)
    return " ".join(printable.split())[:LONGEST].strip()

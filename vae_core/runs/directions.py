"""`directions.json`: the named directions of a run's latent space that somebody saved with it. No torch."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from vae_core.runs import files
from vae_core.runs.files import RunError

LOCK = ".directions.lock"
MOST = 100
NAME_LENGTH, HOW_LENGTH = 60, 200
LARGEST = 1e6  # of a coordinate; codes are a few units from the origin


@dataclass(frozen=True)
class Saved:
    """A direction in latent space, in units of the prior's standard deviation.

    name: unique in the run; vector: D numbers; how: in words, what it was made of; count, rest: images in
    the two groups, error and chance as in `arithmetic.Direction`, None where there were no groups; step: of
    the weights it was made with. Weights that trained on may mean another thing by it.
    """

    name: str
    vector: tuple[float, ...]
    how: str = ""
    count: int | None = None
    rest: int | None = None
    error: float | None = None
    chance: float | None = None
    step: int | None = None


def load(path: Path, latent: int) -> list[Saved]:
    """The directions in the run's folder, in the order they were saved; those that do not fit `latent`
    dimensions, or are damaged, are left out. Never raises."""
    return parse(files.read_json(path / files.DIRECTIONS) or {}, latent)


def save(path: Path, latent: int, direction: Saved) -> list[Saved]:
    """Keep it in the run's folder, in the place of one of that name; all there are now.

    Raises RunError, a sentence, for a name or a vector that cannot be, or a folder that cannot be written.
    """
    if not direction.name.strip() or len(direction.name) > NAME_LENGTH:
        raise RunError(f"A direction's name needs 1 to {NAME_LENGTH} characters.")
    if parse({"directions": [asdict(direction)]}, latent) == []:
        raise RunError(f"{direction.name!r} cannot be saved: it is not {latent} finite numbers.")

    def put(there: list[Saved]) -> list[Saved]:
        new = [direction if one.name == direction.name else one for one in there]
        new += [direction] * (direction not in new)
        if len(new) > MOST:
            raise RunError(f"A run keeps at most {MOST} directions; delete one first.")
        return new

    return _change(path, latent, put)


def delete(path: Path, latent: int, name: str) -> list[Saved]:
    """Take the one of that name away, if there is one; all that are left. Raises RunError as `save`."""
    return _change(path, latent, lambda there: [one for one in there if one.name != name])


def parse(value: dict[str, Any], latent: int) -> list[Saved]:
    """What of a JSON object is directions of `latent` dimensions, checked; the first of each name."""
    rows = value.get("directions")
    found: dict[str, Saved] = {}
    for row in rows[:MOST] if isinstance(rows, list) else []:
        direction = _checked(row, latent)
        if direction is not None:
            found.setdefault(direction.name, direction)
    return list(found.values())


def to_dict(directions: Sequence[Saved]) -> dict[str, Any]:
    """What `parse` reads."""
    return {"directions": [asdict(direction) for direction in directions]}


def _change(path: Path, latent: int, how: Any) -> list[Saved]:
    if not path.is_dir():
        raise RunError(f"There is no run named {path.name} any more.")
    try:
        with files.hold(path / LOCK, wait=5.0):
            new: list[Saved] = how(load(path, latent))
            files.write_json(path / files.DIRECTIONS, to_dict(new))
    except OSError as error:
        raise RunError(
            f"The directions of {path.name} cannot be written: {error.strerror or error}."
        ) from None
    return new


def _checked(row: object, latent: int) -> Saved | None:
    if not isinstance(row, dict):
        return None
    name, vector, how = row.get("name"), row.get("vector"), row.get("how", "")
    if not isinstance(name, str) or not name.strip() or not isinstance(how, str):
        return None
    if not isinstance(vector, list | tuple) or len(vector) != latent:
        return None
    if not all(_number(x) is not None and abs(x) <= LARGEST for x in vector):
        return None
    count, rest, step = (
        value if type(value := row.get(key)) is int and 0 <= value < 1e15 else None
        for key in ("count", "rest", "step")
    )
    return Saved(
        name=name[:NAME_LENGTH],
        vector=tuple(float(x) for x in vector),
        how=how[:HOW_LENGTH],
        count=count,
        rest=rest,
        error=_number(row.get("error")),
        chance=_number(row.get("chance")),
        step=step,
    )


def _number(value: object) -> float | None:
    """A finite number; not a huge integer either, which no float can hold."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return float(value) if abs(value) < 1e300 and math.isfinite(value) else None

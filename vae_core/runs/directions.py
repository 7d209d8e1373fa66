"""`directions.json`: the named directions of a run's latent space that somebody saved with it. No torch."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Annotated, Any

from pydantic import (
    AfterValidator,
    Field,
    OnErrorOmit,
    TypeAdapter,
    ValidatorFunctionWrapHandler,
    WrapValidator,
)

from vae_core.runs import files
from vae_core.runs.reading import Count, Real, RunError, first, read_json
from vae_core.sentences import quote, reason, short

LOCK = ".directions.lock"
MOST = 100
NAME_LENGTH, HOW_LENGTH = 60, 200
LARGEST = 1e6  # of a coordinate; codes are a few units from the origin


def _or_none(value: Any, check: ValidatorFunctionWrapHandler) -> Any:
    try:
        return check(value)
    except ValueError:
        return None


Coordinate = Annotated[float, Field(ge=-LARGEST, le=LARGEST, allow_inf_nan=False, strict=True)]
CountOrNone = Annotated[Count | None, WrapValidator(_or_none)]
RealOrNone = Annotated[Real | None, WrapValidator(_or_none)]


@dataclass(frozen=True)
class Saved:
    """A direction in latent space, in units of the prior's standard deviation.

    name: unique in the run; vector: D numbers; how: in words, what it was made of; count, rest: images in
    the two groups, error and chance as in `arithmetic.Direction`, None where there were no groups; step: of
    the weights it was made with. Weights that trained on may mean another thing by it.
    """

    name: Annotated[str, Field(pattern=r"\S"), AfterValidator(partial(first, most=NAME_LENGTH))]
    vector: tuple[Coordinate, ...]
    how: Annotated[str, AfterValidator(partial(first, most=HOW_LENGTH))] = ""
    count: CountOrNone = None
    rest: CountOrNone = None
    error: RealOrNone = None
    chance: RealOrNone = None
    step: CountOrNone = None


_ROWS = TypeAdapter(list[OnErrorOmit[Saved]])


def load(path: Path, latent: int) -> list[Saved]:
    """The directions in the run's folder, in the order they were saved; those that do not fit `latent`
    dimensions, or are damaged, are left out. Never raises."""
    return parse(read_json(path / files.DIRECTIONS) or {}, latent)


def save(path: Path, latent: int, direction: Saved) -> list[Saved]:
    """Keep it in the run's folder, in the place of one of that name; all there are now.

    Raises RunError, a sentence, for a name or a vector that cannot be, or a folder that cannot be written.
    """
    if not direction.name.strip() or len(direction.name) > NAME_LENGTH:
        raise RunError(f"A direction's name needs 1 to {NAME_LENGTH} characters.")
    if parse({"directions": [asdict(direction)]}, latent) == []:
        raise RunError(f"{quote(direction.name)} cannot be saved: it is not {latent} finite numbers.")

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
    for direction in _ROWS.validate_python(rows[:MOST]) if isinstance(rows, list) else []:
        if len(direction.vector) == latent:
            found.setdefault(direction.name, direction)
    return list(found.values())


def to_dict(directions: Sequence[Saved]) -> dict[str, Any]:
    """What `parse` reads."""
    return {"directions": [asdict(direction) for direction in directions]}


def _change(path: Path, latent: int, how: Any) -> list[Saved]:
    if not os.path.isdir(path):
        raise RunError(f"There is no run named {short(path.name)} any more.")
    try:
        with files.hold(path / LOCK, wait=5.0):
            new: list[Saved] = how(load(path, latent))
            files.write_json(path / files.DIRECTIONS, to_dict(new))
    except OSError as error:
        raise RunError(f"The directions of {short(path.name)} cannot be written: {reason(error)}.") from None
    return new

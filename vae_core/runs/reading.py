"""Reading files that anybody may have written: only plain ones, of a size we know, and JSON of plain values.

A run's folder comes out of a zip, from a colleague or from a disk that failed. What lies there under a
file's name may be a pipe that never ends, a device, a link to somebody's letters, or gigabytes.
"""

from __future__ import annotations

import math
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Annotated, Any, BinaryIO

from pydantic import AfterValidator, Field
from pydantic_core import from_json
from typing_extensions import TypeAliasType

from vae_core.sentences import quote, reason, short

MOST_JSON = 2**20  # bytes of a JSON file
DEPTH = 12  # of lists and objects in each other
KINDS = {
    stat.S_IFLNK: "a link",
    stat.S_IFDIR: "a folder",
    stat.S_IFIFO: "a pipe",
    stat.S_IFSOCK: "a socket",
    stat.S_IFCHR: "a device",
    stat.S_IFBLK: "a device",
}


class RunError(Exception):
    """Something that cannot be done with a run; the message is a sentence for the user."""


class Unfit(RunError):
    """A file that is there and cannot be used; the message says which and why."""


# --- files --------------------------------------------------------------------------------------


@contextmanager
def opened(path: Path, most: int) -> Iterator[tuple[BinaryIO, int]]:
    """A plain file of at most `most` bytes, and its size; opening it never waits.

    Raises FileNotFoundError where there is nothing of that name, and Unfit for all else.
    """
    name = short(path.name)
    try:
        _check_kind(os.lstat(path), name)
        file = open(path, "rb", opener=_without_waiting)  # noqa: SIM115 (it is closed below)
    except (FileNotFoundError, NotADirectoryError):
        raise FileNotFoundError(name) from None
    except (OSError, ValueError) as error:
        raise Unfit(f"{name} cannot be read: {_why(error)}.") from None
    with file:
        found = os.fstat(file.fileno())
        _check_kind(found, name)
        if found.st_size > most:
            raise Unfit(
                f"{name} is too large: {found.st_size / 2**20:,.1f} MB, and at most "
                f"{most / 2**20:,.0f} MB are read."
            )
        try:
            yield file, found.st_size
        except OSError as error:  # a disk that fails
            raise Unfit(f"{name} cannot be read: {_why(error)}.") from None


def _without_waiting(path: str, flags: int) -> int:
    """Neither for whoever writes to a pipe, nor to where a link leads."""
    return os.open(path, flags | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_NOFOLLOW", 0))


def _why(error: Exception) -> str:
    return reason(error) if isinstance(error, OSError) else short(error)


def _check_kind(found: os.stat_result, name: str) -> None:
    kind = stat.S_IFMT(found.st_mode)
    if kind != stat.S_IFREG:
        raise Unfit(f"{name} is {KINDS.get(kind, 'something odd')}, not a file.")


def content(path: Path, most: int) -> bytes:
    """The file's bytes. Raises FileNotFoundError and Unfit."""
    with opened(path, most) as (file, _):
        found = file.read(most + 1)
    if len(found) > most:  # it grew
        raise Unfit(f"{short(path.name)} is too large: more than {most / 2**20:,.0f} MB.")
    return found


# --- JSON ---------------------------------------------------------------------------------------


def first(text: str, most: int) -> str:
    """No more than so many characters of a text."""
    return text[:most]


Whole = Annotated[int, Field(ge=-(10**18), le=10**18, strict=True)]
Count = Annotated[int, Field(ge=0, le=10**15, strict=True)]
Real = Annotated[float, Field(ge=-1e18, le=1e18, allow_inf_nan=False, strict=True)]
Number = Whole | Real
Text = Annotated[str, AfterValidator(partial(first, most=1000))]
Plain = TypeAliasType("Plain", "bool | Number | Text | list[Plain] | dict[str, Plain] | None")


def parse_json(text: bytes, name: str) -> dict[str, Any]:
    """The object in a JSON text of the file `name`: finite numbers of 64 bits, texts that can be written,
    at most DEPTH deep. Raises Unfit."""
    try:
        value = from_json(text, allow_inf_nan=False)
        if isinstance(value, dict):
            _check_plain(value, DEPTH)
            return value
    except ValueError as error:
        raise Unfit(f"{name} cannot be read as JSON: {short(error)}.") from None
    raise Unfit(f"{name} cannot be read: it holds no JSON object.")


def _check_plain(value: Any, depth: int) -> None:
    if isinstance(value, int):
        if not -(2**63) <= value < 2**63:
            raise ValueError(f"{quote(value, 30)} is too large a number")
    elif isinstance(value, float):
        if not math.isfinite(value):
            raise ValueError("a number in it is not finite")
    elif isinstance(value, list | dict):
        if depth == 0:
            raise ValueError(f"it is nested more than {DEPTH} deep")
        for item in value.values() if isinstance(value, dict) else value:
            _check_plain(item, depth - 1)


def read_json(path: Path) -> dict[str, Any] | None:
    """The object in a JSON file; None where there is no file or nothing usable in it."""
    try:
        return parse_json(content(path, MOST_JSON), path.name)
    except (FileNotFoundError, Unfit):
        return None

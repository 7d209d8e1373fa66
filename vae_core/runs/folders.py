"""The folders of a library as a whole: which there are, and how one comes into it and goes out of it.

A run comes and goes by a rename, in one stroke: nobody ever sees half of one.
"""

from __future__ import annotations

import os
import re
import secrets
import shutil
import stat
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from vae_core.runs import files, memo
from vae_core.runs.reading import RunError
from vae_core.sentences import reason, short

NEW, DELETED, ASIDE = ".new-", ".deleted-", ".aside-"
UNDO = 3600.0  # seconds for which a run that was put aside can be brought back
SCARCE = 2**27  # bytes: on a disk with less, what is deleted is to make room at once


def entries(root: Path) -> list[Path]:
    """What a library shows: its folders, and links that lead nowhere, which somebody has to take away.

    Raises OSError where the library itself cannot be read.
    """
    found = []
    with os.scandir(root) as scan:
        for entry in scan:
            if not entry.name.startswith(".") and _is_shown(entry):
                found.append(root / entry.name)
    return found


def _is_shown(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_dir() or (entry.is_symlink() and not os.path.exists(entry.path))
    except OSError:  # a link to itself
        return True


@contextmanager
def new_folder(parent: Path, name: str) -> Iterator[Path]:
    """A folder to fill out of sight, which then comes into the library in one stroke. Raises RunError.

    For whoever holds the library's lock.
    """
    fresh = Path(tempfile.mkdtemp(prefix=NEW, dir=parent))
    try:
        fresh.chmod(0o755)
        yield fresh
        if files.taken(name, parent):
            raise RunError(f"There is already a run named {name}.")
        os.rename(fresh, parent / name)
        memo.clear()
    except BaseException:
        shutil.rmtree(fresh, ignore_errors=True)
        raise


def free_name(stem: str, parent: Path) -> str:
    """The stem, or the stem with the first number that no run has."""
    stem = "".join(letter if files.NAME.fullmatch(f"a{letter}") else "-" for letter in stem)[:72].rstrip(".")
    name, number = stem, 1
    while files.taken(name, parent):
        number += 1
        name = f"{stem}-{number}"
    return name


def take_out(path: Path) -> Path:
    """Takes a folder, or a link, out of the library in one stroke; where it lies now. Raises OSError.

    Only a name changes, for which a full disk has room.
    """
    trash = path.with_name(f"{DELETED}{secrets.token_hex(8)}")
    os.rename(path, trash)
    memo.clear()
    return trash


def put_aside(path: Path) -> str:
    """Takes a folder, or a link, out of the library in one stroke, to be brought back within the hour; the
    mark by which it is found. Raises OSError."""
    mark = secrets.token_hex(8)
    aside = path.with_name(f"{ASIDE}{mark}")
    os.rename(path, aside)
    memo.clear()
    with suppress(OSError):  # of somebody else's folder the age stays, and it goes the sooner
        os.utime(aside, follow_symlinks=False)
    return mark


def bring_back(root: Path, mark: str, name: str) -> Path:
    """Puts what lies aside under that mark back as `name`. Raises OSError, FileNotFoundError where nothing
    does."""
    if not re.fullmatch(r"[0-9a-f]{16}", mark) or Path(name).name != name or name.startswith("."):
        raise FileNotFoundError(mark)
    os.rename(root / f"{ASIDE}{mark}", root / name)
    memo.clear()
    return root / name


def scarce(root: Path) -> bool:
    """Whether the disk has so little room that nothing should lie aside on it."""
    try:
        return shutil.disk_usage(root).free < SCARCE
    except OSError:
        return False


def clear_aside(root: Path) -> None:
    """Removes all that lies aside, however short a time."""
    for name in files.names_in(root):
        if name.startswith(ASIDE):
            with suppress(OSError):
                remove(root / name)


def _lapsed(aside: Path) -> bool:
    try:
        return time.time() - os.lstat(aside).st_mtime > UNDO
    except OSError:
        return False


def untidy(root: Path) -> list[Path]:
    """What was left half made or half deleted, and what was put aside an hour ago or more."""
    return [
        root / name
        for name in files.names_in(root)
        if name.startswith((NEW, DELETED)) or (name.startswith(ASIDE) and _lapsed(root / name))
    ]


def remove(trash: Path) -> None:
    """Removes what was taken out. Raises OSError, the first, where something of it stays."""
    faults: list[OSError] = []

    def again(call: Callable[[str], object], path: str, error: Any) -> None:
        """Folders that were made read-only are ours all the same."""
        try:
            for folder in (os.path.dirname(path), path):
                inside = folder == str(trash) or folder.startswith(f"{trash}{os.sep}")
                if inside and os.path.isdir(folder) and not os.path.islink(folder):
                    os.chmod(folder, stat.S_IRWXU)
            if call in (os.unlink, os.rmdir):
                call(path)
            else:
                shutil.rmtree(path)
        except FileNotFoundError:
            pass  # somebody else was faster
        except OSError as fault:
            faults.append(fault)

    if os.path.islink(trash):
        trash.unlink(missing_ok=True)
    else:
        shutil.rmtree(str(trash), onerror=again)
    if faults and os.path.lexists(trash):
        raise faults[0]


def tidy(root: Path) -> None:
    """Removes what is untidy. For whoever holds the library's lock: while it is held nobody else makes a
    folder."""
    for path in untidy(root):
        with suppress(OSError):
            remove(path)


def fault(root: Path) -> str | None:
    """Why the library cannot be read, in a sentence; None where it can, or is not there yet."""
    try:
        with os.scandir(root):
            return None
    except FileNotFoundError:
        return None
    except OSError as error:
        return f"The folder of runs, {short(root)}, cannot be read: {reason(error)}."

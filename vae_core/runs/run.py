"""Run: one folder of the library, and the folder is the whole truth about it. Imports no torch.

What is asked of a Run is read from the folder when it changed there, so a Run can be kept for as long as one
likes. Nothing that lies in a folder makes a Run raise anything but RunError or SpecError, both sentences.
"""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

from vae_core.runs import control, files, folders, memo, status, titles
from vae_core.runs.contents import Contents
from vae_core.runs.control import Control
from vae_core.runs.files import library
from vae_core.runs.reading import RunError
from vae_core.runs.status import Status
from vae_core.sentences import quote, reason, short
from vae_core.spec import Spec, SpecError

__all__ = ["Run", "RunError", "Status", "all_runs", "bring_back", "create", "find", "library", "load_run"]

STALE = 5.0  # seconds without a heartbeat after which the lock is asked whether the worker lives
NOTHING = 2**20  # bytes: a disk with less is full


class Run(Contents):
    """A run of the library: what is in its folder, what it does, and what can be asked of it."""

    def __repr__(self) -> str:
        return f"Run({str(self.path)!r})"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Run) and self.path == other.path

    def __hash__(self) -> int:
        return hash(self.path)

    # --- what it is ---

    @property
    def status(self) -> Status:
        """What it is doing; "unreadable", with a sentence, where the folder holds no run. Never raises."""
        try:
            _ = self.spec
        except SpecError as error:
            return Status(state="unreadable", message=str(error))
        now = self.written_status
        if now.state == "queued" and not os.access(self.path, os.W_OK):
            return replace(now, state="interrupted", message=interrupted(now, self.path))
        if now.state in ("running", "paused") and not now.starting:
            silent = time.time() - now.heartbeat > STALE
            if silent and not files.held(self.path / files.LOCK):
                return replace(now, state="interrupted", message=interrupted(now, self.path))
        return now

    @property
    def written_status(self) -> Status:
        """What its status file says, whether or not a worker still stands behind it. Never raises."""
        now: Status = self._fresh(files.STATUS, lambda: status.read(self.path), by_spec=False)
        return now

    @property
    def created(self) -> float:
        """Unix seconds; of a folder that says nothing, its own age."""
        return self.written_status.created or _age(self.path)

    @property
    def live(self) -> bool:
        """Whether a worker has it, or is about to."""
        return files.held(self.path / files.LOCK) or status.read(self.path).starting

    # --- what is asked of it ---

    @property
    def control(self) -> Control:
        requested: Control = self._fresh(files.CONTROL, lambda: control.read(self.path), by_spec=False)
        return requested

    def pause(self) -> None:
        self._request(paused=True)

    def go_on(self) -> None:
        """Out of a pause. A run without a worker goes on by `launch.resume`."""
        self._request(paused=False)

    def step(self) -> None:
        """One more training step, then pause."""
        self._request(paused=True, more_steps=1)

    def stop(self) -> None:
        self._request(stop=True)

    def turn(self, knob: str, value: float) -> None:
        """Another beta or learning rate from the next step on; knob: of `control.KNOBS`."""
        self._request(**{knob: value})

    def set_beta(self, beta: float) -> None:
        self.turn("beta", beta)

    def set_learning_rate(self, learning_rate: float) -> None:
        self.turn("learning_rate", learning_rate)

    def _request(self, **changes: Any) -> None:
        self.check_own("be trained")
        control.request(self.path, **changes)

    # --- the folder ---

    def rename(self, new: str) -> Run:
        """Raises RunError, a sentence, where it trains, came with the app, or the name cannot be."""
        files.check_name(new)
        with self._alone("renamed"):
            target = self.path.with_name(new)
            if files.taken(new, self.path.parent) and new.lower() != self.name.lower():
                raise RunError(f"There is already a run named {new}.")
            try:
                os.rename(self.path, target)
                memo.clear()
            except OSError as error:
                raise RunError(f"{self._shown} cannot be renamed: {reason(error)}.") from None
        return Run(target)

    def give_title(self, title: str) -> None:
        """What people call it from now on; links keep the folder's name. Raises RunError, a sentence, where
        it came with the app, where another run is called so, or where it cannot be written."""
        self.check_own("renamed")
        with files.hold(self.path.parent / ".lock", wait=5.0):
            titles.check_free(title, titles.beside(self.path))
            titles.write(self.path, title)

    def put_aside(self) -> str:
        """Out of the library, for an hour in which `bring_back` undoes it; the mark by which it is found.
        Raises RunError, a sentence, where it trains, came with the app, or cannot be moved."""
        with self._alone("deleted"):
            try:
                return folders.put_aside(self.path)
            except OSError as error:
                raise RunError(f"{self._shown} cannot be deleted: {reason(error)}.") from None

    def delete(self) -> None:
        """At once and for good. Raises RunError, a sentence, where it trains, came with the app, or cannot be
        deleted."""
        with self._alone("deleted"):
            try:
                trash = folders.take_out(self.path)
            except OSError as error:
                raise RunError(f"{self._shown} cannot be deleted: {reason(error)}.") from None
        try:
            folders.remove(trash)
        except OSError as error:
            raise RunError(
                f"{self._shown} is out of the library, but not all of its files could be removed "
                f"({reason(error)}). What is left lies in {short(trash)}."
            ) from None

    def duplicate(self, new: str | None = None) -> Run:
        """A copy in the user's library under another name, without the card. Raises RunError, a sentence,
        where it trains, cannot be read or written, or for its name."""
        _ = self._readable()
        parent = library() if self.is_gallery else self.path.parent
        new = files.check_name(
            new if new is not None else folders.free_name(f"{self.name[:70]}-copy", parent)
        )
        try:
            parent.mkdir(parents=True, exist_ok=True)
            with files.hold(parent / ".lock", wait=5.0):
                self._idle("copied")
                now = self.status
                if now.state == "queued":
                    now = replace(
                        now, state="stopped", message=f"Copied from {self.name} before it began to train."
                    )
                with folders.new_folder(parent, new) as fresh:
                    (fresh / files.FRAMES).mkdir()
                    for name, file in self.belongings.items():
                        shutil.copy2(file, fresh / name, follow_symlinks=False)
                    if self.title is not None:
                        titles.write(fresh, titles.free(f"{self.title}, copy", titles.beside(parent / new)))
                    status.write(fresh, replace(now, created=time.time()))
        except OSError as error:
            raise RunError(f"{self._shown} cannot be copied: {reason(error)}.") from None
        return Run(parent / new)

    def check_own(self, done: str) -> None:
        """Raises RunError where the run is gone, or came with the app."""
        if not os.path.lexists(self.path):
            raise RunError(f"There is no run named {self._shown} any more.")
        if self.is_gallery:
            raise RunError(f"{self._shown} came with the app and cannot be {done}. Make a copy of it first.")

    def _idle(self, done: str) -> None:
        if self.live:
            raise RunError(f"{self._shown} is in training and cannot be {done} now. Stop it first.")

    @contextmanager
    def _alone(self, done: str) -> Iterator[None]:
        """With the library's lock, under which nobody starts a worker, and with none at work here."""
        self.check_own(done)
        with files.hold(self.path.parent / ".lock", wait=5.0):
            self._idle(done)
            yield


# --- the library --------------------------------------------------------------------------------


def load_run(path: str | Path) -> Run:
    """The run in the folder `path`, or of that name in the library. Raises RunError where there is none."""
    run = find(path)
    _ = run._readable()
    return run


def find(path: str | Path) -> Run:
    """Like `load_run`, for a run that may be unreadable."""
    for root in (Path(), library(), files.gallery()):
        if root is not None and os.path.isdir(root / path):
            return Run(root / path)
    raise RunError(f"There is no run {quote(str(path))}, neither as a folder nor in {short(library())}.")


def all_runs(open_run: Callable[[Path], Run] = Run) -> list[Run]:
    """Every run of the library, newest first, unreadable ones too, and those of the gallery whose names
    the user's runs leave free. Never raises; `folders.fault` says why a library cannot be read."""
    own = _entries(library())
    taken = {path.name.lower() for path in own}
    free = [path for path in _beside(library()) if path.name.lower() not in taken]
    shown = [*map(open_run, own), *(run for run in map(open_run, free) if run.is_gallery)]
    return sorted(shown, key=lambda run: (run.created, run.name), reverse=True)


def hidden() -> list[str]:
    """Names of runs of the gallery that are not shown, as runs of the user's have them."""
    taken = {path.name.lower() for path in _entries(library())}
    same = [path for path in _beside(library()) if path.name.lower() in taken]
    return sorted(path.name for path in same if Run(path).is_gallery)


def _beside(own: Path) -> list[Path]:
    """The folders of the gallery; none where it is the user's library itself."""
    root = files.gallery()
    return [] if root is None or files.same(root, own) else _entries(root)


def _entries(root: Path) -> list[Path]:
    try:
        return folders.entries(root)
    except OSError:
        return []


def create(spec: Spec, name: str | None = None, *, path: str | Path | None = None, by: str = "app") -> Run:
    """A new run, queued, in the library, or in the folder `path`.

    Without a name it is called after recipe, dataset and the time, and has a title for people. Raises
    RunError, a sentence, also for a Spec that is not resolved.
    """
    if not spec.resolved:
        raise RunError("No run can be made of images at which nobody has looked: their size is not known.")
    named = name is not None or path is not None
    if path is not None and name is None:
        parent, name = Path(path).absolute().parent, Path(path).name
    else:
        parent = library()
    try:
        parent.mkdir(parents=True, exist_ok=True)
        if name is None:
            images = spec.data.path if spec.data.name == "own" and spec.data.path else spec.data.name
            stem = "-".join([spec.recipe or "run", images, datetime.now().strftime("%Y%m%d-%H%M%S")])
            name = folders.free_name(stem, parent)
        files.check_name(name)
        with files.hold(parent / ".lock", wait=5.0), folders.new_folder(parent, name) as fresh:
            files.replace(fresh / files.SPEC, spec.to_json().encode())
            if not named:
                titles.write(fresh, titles.free(titles.compose(spec), titles.beside(parent / name)))
            now = time.time()
            first = Status(created=now, queued=now, by=by, message="Waiting for its turn.")
            if by != "app":
                # Whoever trains it by itself begins at once: no queue may take it away.
                first = replace(first, state="running", message="Starting.", started=now)
            status.write(fresh, first)
    except OSError as error:
        raise RunError(f"No run can be made in {short(parent)}: {reason(error)}.") from None
    return Run(parent / name)


def bring_back(name: str, mark: str) -> Run:
    """The run of that name that `Run.put_aside` took out of the library, in it again. Raises RunError, a
    sentence, where it is gone for good, or where its name is taken."""
    root = library()
    with files.hold(root / ".lock", wait=5.0):
        if files.taken(name, root):
            raise RunError(
                f"There is another run named {short(name)} by now: rename or delete that one first."
            )
        try:
            return Run(folders.bring_back(root, mark, name))
        except FileNotFoundError:
            raise RunError(f"{short(name)} is gone for good: more than an hour has passed.") from None
        except OSError as error:
            raise RunError(f"{short(name)} cannot be brought back: {reason(error)}.") from None


def interrupted(now: Status, path: Path) -> str:
    """What to say of a run whose worker is gone, or never came, as far as its folder shows why."""
    at = f"at step {now.step:,}. " if now.pid is not None else "before it began to train. "
    if not os.access(path, os.W_OK):
        return f"It ended {at}Its folder cannot be written to: allow that, then Resume goes on."
    with suppress(OSError):
        if shutil.disk_usage(path).free < NOTHING:
            return f"It ended {at}The disk is full: make room, then Resume goes on from its last saved state."
    return f"Its process ended without a word {at}Resume goes on from its last saved state."


def _age(path: Path) -> float:
    try:
        return path.stat().st_mtime
    except OSError:
        return 0.0

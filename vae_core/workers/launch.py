"""Starting workers: a queue, a limit on how many train at once, and what becomes of a run whose worker died.

Everything is decided from the run folders under the library's lock, so any number of servers may look after
one library. A `Launcher` starts a worker and knows whether it lives; `LocalLauncher` does so on this machine.
Imports no torch.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Protocol

from vae_core.runs import control, files, status
from vae_core.runs.files import Busy, RunError
from vae_core.runs.run import Run, interrupted, library
from vae_core.runs.status import STARTING_SECONDS, Status
from vae_core.spec import SpecError

HOPELESS = 60.0  # a run that dies within so many seconds of going on by itself is not tried again
FORK_SERVER = (sys.executable, "-m", "vae_core.workers.forkserver")
PACKAGE_PARENT = Path(__file__).parents[2]


class Launcher(Protocol):
    """Where runs are trained. What is asked of a run goes through its folder, wherever that is."""

    def start(self, run: Run) -> None:
        """Have a worker work on the run; returns at once."""

    def alive(self, run: Run) -> bool:
        """Whether a worker has the run."""


class LocalLauncher:
    """Workers on this machine, forked from a server that has torch loaded (`forkserver.py`).

    The server ends with this process; workers do not.
    """

    def __init__(self, command: Sequence[str] = FORK_SERVER) -> None:
        self.command = list(command)
        self._guard = threading.Lock()
        self._server: subprocess.Popen[bytes] | None = None
        self._ready = threading.Event()

    def warm(self) -> None:
        """Start the fork server, if it is not running: torch takes seconds to load. Returns at once."""
        if hasattr(os, "fork"):
            with self._guard:
                self._serving()

    def wait_until_ready(self, seconds: float) -> bool:
        """Start the fork server and wait until it has loaded; whether it has."""
        self.warm()
        server, deadline = self._server, time.monotonic() + seconds
        while server is not None and not self._ready.wait(0.1):
            if server.poll() is not None or time.monotonic() > deadline:
                return False
        return True

    def start(self, run: Run) -> None:
        path = str(run.path.absolute())
        if not hasattr(os, "fork"):
            with open(run.path / files.LOG, "ab") as log:
                subprocess.Popen(
                    [sys.executable, "-m", "vae_core.workers.worker", path],
                    env=_environment(),
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=log,
                    start_new_session=True,
                )
            return
        line = json.dumps(path).encode() + b"\n"
        with self._guard:
            try:
                self._tell(line)
            except BrokenPipeError:  # it was killed after we looked
                self._server = None
                self._tell(line)

    def alive(self, run: Run) -> bool:
        return files.held(run.path / files.LOCK)

    def close(self) -> None:
        """End the fork server; its workers train on."""
        with self._guard:
            if self._server is not None and self._server.stdin is not None:
                with suppress(OSError):
                    self._server.stdin.close()
                self._server.wait()
                self._server = None

    def _tell(self, line: bytes) -> None:
        stdin = self._serving().stdin
        assert stdin is not None
        stdin.write(line)
        stdin.flush()

    def _serving(self) -> subprocess.Popen[bytes]:
        if self._server is None or self._server.poll() is not None:
            self._server = subprocess.Popen(
                self.command,
                env=_environment(),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=_log(),
                start_new_session=True,
            )
            self._ready.clear()
            threading.Thread(
                target=self._listen, args=[self._server], name="fork server", daemon=True
            ).start()
        return self._server

    def _listen(self, server: subprocess.Popen[bytes]) -> None:
        """Its first word says that it has loaded."""
        assert server.stdout is not None
        if server.stdout.readline() and server is self._server:
            self._ready.set()


def _environment() -> dict[str, str]:
    """Ours, with the package to be found, and no threads in numpy: a fork copies none."""
    parts = [str(PACKAGE_PARENT), os.environ.get("PYTHONPATH", "")]
    return os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, parts)), "OPENBLAS_NUM_THREADS": "1"}


def _log() -> int:
    """Where the fork server says why it failed, if it fails."""
    try:
        library().mkdir(parents=True, exist_ok=True)
        return os.open(library() / ".forkserver.log", os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o644)
    except OSError:
        return subprocess.DEVNULL


# --- the queue ----------------------------------------------------------------------------------


def limit() -> int:
    """How many runs train at once: one per NVIDIA GPU, or one per two cores. Paused ones do not count."""
    graphics = [name for name in _names(Path("/dev")) if name.startswith("nvidia") and name[6:].isdigit()]
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return len(graphics) or max(1, cores // 2)


def pump(launcher: Launcher, most: int | None = None) -> None:
    """Start what may start and mark what has died. Cheap; to be called a few times a second.

    Any number of processes may call it: while one does, the others have nothing to do.
    """
    try:
        with files.hold(library() / ".lock"):
            running = 0
            queued: list[tuple[float, Run, Status]] = []
            for run, now in _active():
                if now.state == "queued":
                    queued.append((now.queued, run, now))
                elif now.starting or launcher.alive(run):
                    running += now.state == "running"
                else:
                    _bury(run)
            for _, run, now in sorted(queued, key=_turn):
                if control.read(run.path).stop:
                    status.write(run.path, replace(now, state="stopped", message="Taken out of the queue."))
                elif running < (limit() if most is None else most):
                    _hand_over(run, now)
                    launcher.start(run)
                    running += 1
    except (Busy, OSError):
        return  # somebody else is at it, or there is no library yet: the next call comes soon


def recover(launcher: Launcher) -> list[Run]:
    """To be called when a server starts: what died in training while nobody looked goes on by itself.

    Once: a run that dies again within a minute stays interrupted. Returns the runs that go on.
    """
    recovered = []
    try:
        with files.hold(library() / ".lock", wait=5.0):
            _tidy()
            for run, now in _active():
                if now.state == "queued" or now.starting or launcher.alive(run):
                    continue
                if now.state != "running" or now.by != "app" or run.is_gallery:
                    _bury(run)
                elif now.recovered and now.heartbeat - now.recovered < HOPELESS:
                    words = "It went on by itself after its process had ended, and soon ended again. "
                    _bury(run, words + f"Resume tries once more; {files.LOG} in its folder may say why.")
                else:
                    status.write(run.path, replace(now, state="queued", recovered=time.time()))
                    recovered.append(run)
    except (Busy, OSError):
        return recovered
    if recovered:
        pump(launcher)
    return recovered


def resume(run: Run, by: str = "app") -> None:
    """Queue a run to go on from its last state, or let a paused one go on. Raises RunError, a sentence."""
    run.check_own("trained on")
    try:
        _ = run.spec
    except SpecError as error:
        raise RunError(str(error)) from None
    with files.hold(run.path.parent / ".lock", wait=5.0):
        now = run.status
        if run.live and now.state == "paused" and by == "app":
            run.go_on()
            return
        if run.live or now.state == "queued":
            raise RunError(f"{run.name} is in training or in the queue already.")
        if now.state == "finished":
            raise RunError(f"{run.name} has finished: nothing is left to train.")
        control.ask(run.path, paused=False, stop=False)
        now = replace(now, by=by, recovered=0.0, queued=time.time(), pid=None)
        if by == "app":
            status.write(run.path, replace(now, state="queued", message="Waiting for its turn."))
        else:
            _hand_over(run, now)


def queue_of(run: Run) -> tuple[int, list[Run]]:
    """(the run's place in the queue, the runs that train now).

    The place is 1 for the run that is next to start, and 0 for one that does not wait.
    """
    active = _active()
    waiting = sorted(((now.queued, other, now) for other, now in active if now.state == "queued"), key=_turn)
    names = [other.name for _, other, _ in waiting]
    place = names.index(run.name) + 1 if run.name in names else 0
    return place, [other for other, now in active if now.state == "running"]


def _turn(waiting: tuple[float, Run, Status]) -> tuple[float, str]:
    queued, run, _ = waiting
    return queued, run.name


def _active() -> list[tuple[Run, Status]]:
    """The runs that are queued, running or paused, by what their folders say."""
    found = []
    for name in _names(library()):
        if not name.startswith("."):
            now = status.read(library() / name)
            if now.active:
                found.append((Run(library() / name), now))
    return found


def _hand_over(run: Run, now: Status) -> None:
    """Say that a worker is on its way; until it speaks, nobody starts another."""
    now = replace(
        now, state="running", message="Starting.", started=time.time(), heartbeat=time.time(), pid=None
    )
    status.write(run.path, now)


def _bury(run: Run, message: str = "") -> None:
    """Mark a run whose worker has died. Under its lock, or a worker might be writing its last words."""
    with suppress(Busy), files.hold(run.path / files.LOCK):
        now = status.read(run.path)
        if now.state not in ("running", "paused"):
            return
        if now.pid is None:
            message = (
                f"No process began to train it within {STARTING_SECONDS:.0f} seconds. Resume tries again."
            )
        status.write(
            run.path, replace(now, state="interrupted", message=message or interrupted(now), pid=None)
        )


def _tidy() -> None:
    """Remove what was left half made or half deleted, or never had its images, an hour ago or more."""
    for name in _names(library()):
        path = library() / name
        if name.startswith((".new-", ".deleted-")) and time.time() - path.stat().st_mtime > 3600:
            shutil.rmtree(path, ignore_errors=True)
        elif not name.startswith("."):
            now = status.read(path)
            if now.state == "unavailable" and time.time() - now.heartbeat > 3600:
                with suppress(RunError):
                    Run(path).delete()


def _names(path: Path) -> list[str]:
    try:
        return os.listdir(path)
    except OSError:
        return []

"""Starting workers: a queue, a limit on how many train at once, and what becomes of a run whose worker died.

Everything is decided from the run folders under the library's lock, so any number of servers may look after
one library. A `Launcher` starts a worker and knows whether it lives; `LocalLauncher` does so on this machine.
Imports no torch.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any, Protocol

from vae_core.runs import control, files, folders, status
from vae_core.runs.reading import RunError
from vae_core.runs.run import Run, interrupted, library
from vae_core.runs.status import STARTING_SECONDS, Status
from vae_core.sentences import reason, short
from vae_core.spec import SpecError
from vae_core.workers import own_process

HOPELESS = 60.0  # a run that dies within so many seconds of going on by itself is not tried again
FORK_SERVER = (sys.executable, "-m", "vae_core.workers.forkserver")


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
                    **_surroundings(),
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=log,
                    start_new_session=True,
                )
            return
        line = json.dumps(path).encode() + b"\n"
        with self._guard:
            try:
                self._send(line)
            except BrokenPipeError:  # it was killed after we looked
                self._server = None
                self._send(line)

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

    def _send(self, line: bytes) -> None:
        stdin = self._serving().stdin
        assert stdin is not None
        stdin.write(line)
        stdin.flush()

    def _serving(self) -> subprocess.Popen[bytes]:
        if self._server is None or self._server.poll() is not None:
            self._server = subprocess.Popen(
                self.command,
                **_surroundings(),
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


def _surroundings() -> dict[str, Any]:
    """With the package to be found, and no threads in numpy: a fork copies none."""
    found = own_process.surroundings()
    return found | {"env": found["env"] | {"OPENBLAS_NUM_THREADS": "1"}}


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
    graphics = [
        name for name in files.names_in(Path("/dev")) if name.startswith("nvidia") and name[6:].isdigit()
    ]
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return len(graphics) or max(1, cores // 2)


def schedule(launcher: Launcher, most: int | None = None, open_run: Callable[[Path], Run] = Run) -> None:
    """Start what may start and mark what has died. Cheap; to be called a few times a second.

    Any number of processes may call it: while one does, the others have nothing to do. A run whose folder
    cannot be written to keeps nobody else waiting. `open_run` may know runs from the last time.
    """
    if not files.names_in(library()):
        return  # there is nothing to look after, or no library yet
    try:
        with files.hold(library() / ".lock"):
            running = 0
            queued: list[tuple[float, Run, Status]] = []
            for run, now in _active(open_run):
                if now.state == "queued":
                    queued.append((now.queued, run, now))
                elif now.starting or launcher.alive(run):
                    running += now.state == "running"
                else:
                    with suppress(OSError):
                        mark_dead(run)
            for _, run, now in sorted(queued, key=_turn):
                try:
                    if control.read(run.path).stop:
                        words = "Taken out of the queue."
                        status.write(run.path, replace(now, state="stopped", message=words))
                    elif running < (limit() if most is None else most):
                        _hand_over(run, now)
                        launcher.start(run)
                        running += 1
                except OSError:
                    continue  # `Run.status` says so
    except RunError:
        return  # somebody else is at it, or the library cannot be written to


def recover(launcher: Launcher) -> list[Run]:
    """To be called when a server starts: what died in training while nobody looked goes on by itself.

    Once: a run that dies again within a minute stays interrupted. Returns the runs that go on.
    """
    recovered = []
    try:
        with files.hold(library() / ".lock", wait=5.0):
            for run, now in _active():
                if now.state == "queued" or now.starting or launcher.alive(run):
                    continue
                with suppress(OSError):
                    if now.state != "running" or now.by != "app" or run.is_gallery:
                        mark_dead(run)
                    elif now.recovered and now.heartbeat - now.recovered < HOPELESS:
                        words = "It went on by itself after its process had ended, and soon ended again. "
                        mark_dead(
                            run, words + f"Resume tries once more; {files.LOG} in its folder may say why."
                        )
                    else:
                        status.write(run.path, replace(now, state="queued", recovered=time.time()))
                        recovered.append(run)
    except RunError:
        return recovered
    if recovered:
        schedule(launcher)
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
            raise RunError(f"{short(run.name)} is in training or in the queue already.")
        if now.state == "finished":
            raise RunError(f"{short(run.name)} has finished: nothing is left to train.")
        control.request(run.path, paused=False, stop=False)
        now = replace(now, by=by, recovered=0.0, queued=time.time(), pid=None)
        try:
            if by == "app":
                status.write(run.path, replace(now, state="queued", message="Waiting for its turn."))
            else:
                _hand_over(run, now)
        except OSError as error:
            raise RunError(f"{short(run.name)} cannot go on: {reason(error)}.") from None


def queue_of(run: Run, open_run: Callable[[Path], Run] = Run) -> tuple[int, list[Run]]:
    """(the run's place in the queue, the runs that train now).

    The place is 1 for the run that is next to start, and 0 for one that does not wait.
    """
    active = _active(open_run)
    waiting = sorted(((now.queued, other, now) for other, now in active if now.state == "queued"), key=_turn)
    names = [other.name for _, other, _ in waiting]
    place = names.index(run.name) + 1 if run.name in names else 0
    return place, [other for other, now in active if now.state == "running"]


def _turn(waiting: tuple[float, Run, Status]) -> tuple[float, str]:
    queued, run, _ = waiting
    return queued, run.name


def _active(open_run: Callable[[Path], Run] = Run) -> list[tuple[Run, Status]]:
    """The user's runs that are queued, running or paused, by what their folders say."""
    root = library()
    runs = [open_run(root / name) for name in files.names_in(root) if not name.startswith(".")]
    return [(run, now) for run in runs if (now := run.written_status).active]


def _hand_over(run: Run, now: Status) -> None:
    """Say that a worker is on its way; until it speaks, nobody starts another."""
    now = replace(
        now, state="running", message="Starting.", started=time.time(), heartbeat=time.time(), pid=None
    )
    status.write(run.path, now)


def mark_dead(run: Run, message: str = "") -> None:
    """Mark a run whose worker has died. Under its lock, or a worker might be writing its last words.

    One that no worker ever took, as the server ended while it was handed over, waits in the queue again,
    once. Raises OSError where its folder cannot be written to.
    """
    with suppress(RunError), files.hold(run.path / files.LOCK):
        now = status.read(run.path)
        if now.state not in ("running", "paused"):
            return
        if now.pid is None and now.by == "app" and not now.recovered:
            status.write(run.path, replace(now, state="queued", recovered=time.time()))
            return
        if now.pid is None:
            message = (
                f"No process began to train it within {STARTING_SECONDS:.0f} seconds. Resume tries again."
            )
        words = message or interrupted(now, run.path)
        status.write(run.path, replace(now, state="interrupted", message=words, pid=None))


def tidy(open_run: Callable[[Path], Run] = Run) -> None:
    """Removes what was left half made or half deleted in the library, and runs that an hour ago or more never
    had their images; to be called now and then."""
    if folders.untidy(library()):
        with suppress(RunError), files.hold(library() / ".lock"):
            folders.tidy(library())
    for name in files.names_in(library()):
        run = open_run(library() / name)
        now = run.written_status
        if now.state == "unavailable" and time.time() - now.heartbeat > 3600:
            with suppress(RunError):
                run.delete()

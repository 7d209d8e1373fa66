"""A process that has torch loaded and forks a worker for every run, so that training begins at once.

    python -m vae_core.workers.forkserver

reads lines on standard input, each the path of a run as a JSON string, and ends at the end of the input,
that is when the app's server ends, however it ends. The workers it has forked live on: each is a session of
its own. It says "ready" once it has loaded. Nothing here computes with tensors before the fork: the threads
of OpenMP would not survive it.
"""

from __future__ import annotations

import gc
import json
import os
import signal
import sys
from pathlib import Path

import torch  # noqa: F401

import vae_core.data.binarisation
import vae_core.data.digits
import vae_core.data.idx  # noqa: F401
from vae_core.runs import files
from vae_core.workers import worker

READY = b"ready\n"


def serve() -> None:
    """Fork a worker for each line, until the input ends."""
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # the kernel takes the dead away
    gc.collect()
    gc.freeze()  # a collection in a worker would copy every page it shares with us
    os.write(1, READY)
    for line in sys.stdin.buffer:
        path = json.loads(line)
        if os.fork() == 0:
            _be_worker(path)


def _be_worker(path: str) -> None:
    """The child: alone in its session, with the run's log for its words. Does not return."""
    code = 1
    try:
        os.setsid()
        for number in (signal.SIGCHLD, signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, signal.SIG_DFL)
        redirect(Path(path) / files.LOG)
        code = worker.main(path)
        sys.stdout.flush()
        sys.stderr.flush()
    finally:
        os._exit(code)


def redirect(log: Path) -> None:
    """Standard input from nothing, output and errors to the run's log."""
    nothing = os.open(os.devnull, os.O_RDONLY)
    try:
        words = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_NOFOLLOW | os.O_NONBLOCK, 0o644)
    except OSError:  # a folder that became read-only: what the run's status cannot say, the app will see
        words = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nothing, 0)
    os.dup2(words, 1)
    os.dup2(words, 2)


if __name__ == "__main__":
    serve()

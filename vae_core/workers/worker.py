"""The worker trains one run to its end, in this process: the one way of app, command line and notebooks.

python -m vae_core.workers.worker PATH
"""

from __future__ import annotations

import os
import sys
import traceback
from contextlib import suppress
from pathlib import Path

import torch

from vae_core import data, extensions
from vae_core.runs import files
from vae_core.runs.reading import RunError
from vae_core.runs.run import Run, create
from vae_core.runs.status import Status
from vae_core.spec import Spec, SpecError, resolve
from vae_core.training.process import interrupt_becomes, quick_arithmetic
from vae_core.workers import launch
from vae_core.workers.heartbeat import Heartbeat, Progress
from vae_core.workers.session import Diverged, GivenUp, Session


def train(spec: Spec, out: str | Path | None = None, progress: Progress | None = None) -> Run:
    """Train a new run here and return it.

    out: its name in the library, or a path to its folder. Raises RunError, or what `work` raises.
    """
    spec = resolve(spec)
    by_path = out is not None and (isinstance(out, Path) or os.sep in out)
    run = create(spec, path=out, by="process") if by_path else create(spec, out, by="process")  # type: ignore[arg-type]
    work(run, progress)
    return run


def resume(run: Run, progress: Progress | None = None) -> Run:
    """Go on with a run here. Raises RunError where there is nothing to go on with, or what `work` raises."""
    launch.resume(run, by="process")
    work(run, progress)
    return run


def work(run: Run, progress: Progress | None = None) -> Status:
    """Train the run, from its state where it has one, until it ends or is told to stop; its last status.

    `progress(status as a dict)` is called at every report. Ctrl-C stops cleanly and keeps the run.
    Raises RunError where another process has it, and whatever keeps it from training: SpecError,
    data.Unavailable, the OSError of a full disk. The run is then `interrupted`, or `unavailable` where it
    never began for want of images, and its message says why.
    """
    with (
        files.hold(run.path / files.LOCK, wait=2.0),
        quick_arithmetic(),
        Heartbeat(run.path, progress) as heart,
    ):
        session = Session(run, heart)
        try:
            extensions.load()
            session.prepare()
            with interrupt_becomes(session.request_stop):
                session.train()
                session.finish()
        except Diverged:
            session.diverge()
        except (KeyboardInterrupt, GivenUp):
            session.end("stopped", "Stopped. Resume goes on from its last saved state.")
        except Exception as error:
            never_began = isinstance(error, data.Unavailable) and not (run.path / files.STATE).exists()
            with suppress(OSError):  # the disk may be what failed
                session.end("unavailable" if never_began else "interrupted", sentence(error))
            raise
        return heart.now


def sentence(error: Exception) -> str:
    """What to tell a user of an error that ended a run."""
    if isinstance(error, data.Unavailable | RunError | SpecError | ValueError):
        return str(error)
    if isinstance(error, MemoryError | torch.OutOfMemoryError) or "can't allocate memory" in str(error):
        return "There was not enough memory. Try a smaller batch size or a smaller network."
    if isinstance(error, OSError):
        return f"A file could not be written or read: {error}."
    return f"Training failed ({type(error).__name__}: {error}). Details are in the run's {files.LOG}."


def main(path: str) -> int:
    """Work on the run in the folder `path`. What goes wrong stands in its status, and in full on stderr."""
    try:
        work(Run(path))
    except RunError as error:
        print(error, file=sys.stderr)
        return 1
    except Exception:  # noqa: BLE001 (the last word of this process)
        traceback.print_exc()
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))

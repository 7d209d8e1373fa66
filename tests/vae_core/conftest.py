"""A small model on the smallest dataset, runs of it, and launchers that end with their test."""

import os
import shutil
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from vae_core.runs.run import Run, create
from vae_core.spec import Spec
from vae_core.workers import launch, worker

# The real fork server, which saves more often: a test has no time to wait for seconds of training.
HASTY = "from vae_core.workers import session, forkserver; session.SAVE_EVERY = 0.1; forkserver.serve()"


@pytest.fixture(scope="session")
def small() -> Callable[..., Spec]:
    """small(steps=300, **changes): a Spec that trains at a thousand steps a second or more."""

    def build(steps: int = 300, **changes: object) -> Spec:
        values = {"data.name": "digits", "net.widths": "16", "training.batch_size": 32, "training.seed": 3}
        return Spec().change(**values | {"training.steps": steps} | changes)

    return build


@pytest.fixture(scope="session")
def finished_once(tmp_path_factory: pytest.TempPathFactory) -> Path:
    spec = Spec().change(**{"data.name": "digits", "net.widths": "16", "training.steps": 200})
    run = create(spec, path=tmp_path_factory.mktemp("runs") / "finished", by="process")
    worker.work(run)
    return run.path


@pytest.fixture
def finished(finished_once: Path, own_runs: Path) -> Run:
    """A finished run in the test's own library."""
    shutil.copytree(finished_once, own_runs / "finished")
    return Run(own_runs / "finished")


@pytest.fixture(scope="session")
def shared_launcher() -> Iterator[launch.LocalLauncher]:
    launcher = launch.LocalLauncher((sys.executable, "-c", HASTY))
    yield launcher
    launcher.close()


@pytest.fixture
def launcher(shared_launcher: launch.LocalLauncher, own_runs: Path) -> Iterator[launch.LocalLauncher]:
    """One fork server for all tests; no worker in a test's library outlives the test."""
    assert shared_launcher.wait_until_ready(90)
    yield shared_launcher
    for folder in own_runs.iterdir():
        if not folder.name.startswith("."):
            kill(Run(folder))


def kill(run: Run) -> None:
    """SIGKILL to the run's worker, if one lives."""
    pid = run.status.pid
    if pid is not None and pid != os.getpid() and run.live:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)


@pytest.fixture(name="kill")
def kill_fixture() -> Callable[[Run], None]:
    return kill

"""Disks that are full, libraries that are read-only, folders of somebody else: the real ones.

Each test runs a script in a process of its own: on a small disk in memory, mounted where only that process
sees it, or as a user who owns nothing else.
"""

import os
import shutil
import subprocess
import sys
import tempfile
import textwrap
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

HEAD = """
import os, shutil, sys, time
from pathlib import Path
from vae_core.runs import archive, control, directions, files, folders, names, run as runs, status
from vae_core.runs.reading import RunError
from vae_core.runs.run import Run, all_runs, create, load_run
from vae_core.spec import Spec
from vae_core.workers import launch, worker

SPEC = Spec().change(**{"data.name": "digits", "net.widths": "16", "training.steps": 100_000})
library = files.library()

def refused(act, words):
    try:
        act()
    except RunError as error:
        assert words in str(error) and str(error).endswith("."), error
        assert "\\n" not in str(error) and len(str(error)) < 400, error
    else:
        raise AssertionError(f"{words} was expected")

def fill():
    # Until neither a byte nor a name more finds room.
    (library / ".ballast").mkdir()
    try:
        with open(library / ".ballast" / "bytes", "wb", buffering=0) as file:
            while True:
                file.write(b"x" * 4096)
    except OSError:
        pass
    try:
        for number in range(10_000):
            (library / ".ballast" / str(number)).touch()
    except OSError:
        return
    raise AssertionError("the disk takes more")
"""


@pytest.fixture
def on_a_small_disk(finished_once: Path, tmp_path: Path) -> Callable[[str], None]:
    """Runs a script with a library on a disk of its own, of 4 MB, in which a finished run lies."""
    unshare = shutil.which("unshare")
    disk = tmp_path / "disk"
    disk.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=4m,nr_inodes=400", "tmpfs", str(disk)]
    if unshare is None or subprocess.run([unshare, "-rm", *mount], capture_output=True).returncode:
        pytest.skip("no file system can be mounted here: unshare and mount are missing or not allowed")

    def run(script: str) -> None:
        program = (
            HEAD + f"shutil.copytree({str(finished_once)!r}, library / 'mine')\n" + textwrap.dedent(script)
        )
        (tmp_path / "script.py").write_text(program)
        shell = f"{' '.join(mount)} && exec {sys.executable} {tmp_path / 'script.py'}"
        environment = os.environ | {"VAE_RUNS": str(disk), "VAE_GALLERY": ""}
        done = subprocess.run(
            [unshare, "-rm", "sh", "-c", shell], env=environment, capture_output=True, text=True, timeout=120
        )
        assert done.returncode == 0, done.stderr
        assert "Traceback" not in done.stderr

    return run


@pytest.fixture
def as_another_user(finished_once: Path) -> Iterator[Callable[[str], None]]:
    """Runs a script as nobody, who owns the library and a finished run in it and nothing else."""
    if not hasattr(os, "geteuid") or os.geteuid() != 0:
        pytest.skip("only root can become another user")
    place = Path(tempfile.mkdtemp())  # pytest's own folders are closed to others
    place.chmod(0o755)
    library = place / "theirs"
    shutil.copytree(finished_once, library / "mine")
    for path in (library, *library.rglob("*")):
        os.chown(path, 65534, 65534)

    def run(script: str) -> None:
        # What is imported lies where only root may look.
        become = "from vae_core import data; data.load('digits')\n"
        become += "os.setgroups([]); os.setresgid(65534, 65534, 65534); os.setresuid(65534, 65534, 65534)\n"
        (place / "script.py").write_text(HEAD + become + textwrap.dedent(script))
        environment = os.environ | {"VAE_RUNS": str(library), "VAE_GALLERY": ""}
        environment |= {"VAE_DATA": str(place / "data"), "HOME": str(place)}
        done = subprocess.run(
            [sys.executable, str(place / "script.py")],
            env=environment,
            capture_output=True,
            text=True,
            timeout=120,
        )
        assert done.returncode == 0, done.stderr

    run.library = library  # type: ignore[attr-defined]
    yield run
    shutil.rmtree(place)


def test_a_full_disk_is_emptied_from_the_app_and_everything_else_is_a_sentence(on_a_small_disk):
    """Deleting made a directory first, for which there was no room."""
    on_a_small_disk("""
        run = load_run("mine")
        zipped = archive.export_zip(run)
        launch.schedule(launch.LocalLauncher())  # as a server does, so that the lock is there
        fill()
        refused(lambda: run.duplicate("twin"), "No space left on device")
        refused(lambda: create(SPEC, "new"), "No space left on device")
        refused(lambda: archive.import_zip(zipped, "new"), "No space left on device")
        refused(lambda: names.save(run.path, 2, 0, "slant"), "No space left on device")
        refused(lambda: run.set_beta(2.0), "No space left on device")
        assert [found.name for found in all_runs()] == ["mine"]
        assert run.model is not None
        renamed = run.rename("other")
        free = shutil.disk_usage(library).free
        renamed.delete()
        assert all_runs() == []
        assert shutil.disk_usage(library).free > free
        assert sorted(entry.name for entry in library.iterdir()) == [".ballast", ".lock"]
    """)


def test_a_library_that_became_read_only_is_read_and_everything_else_is_a_sentence(on_a_small_disk):
    on_a_small_disk("""
        run, waiting = load_run("mine"), create(SPEC, "waiting")
        stopped = run.duplicate("stopped")
        status.write(stopped.path, runs.replace(stopped.status, state="stopped"))
        zipped = archive.export_zip(run)
        assert os.system(f"mount -o remount,ro {library}") == 0
        words = "Read-only file system"
        refused(run.delete, words)
        refused(lambda: run.rename("other"), words)
        refused(lambda: run.duplicate("twin"), words)
        refused(lambda: create(SPEC, "new"), words)
        refused(lambda: archive.import_zip(zipped, "new"), words)
        refused(lambda: names.save(run.path, 2, 0, "slant"), words)
        refused(lambda: directions.save(run.path, 2, directions.Saved("a", (1.0, 2.0))), words)
        refused(lambda: run.set_beta(2.0), words)
        refused(lambda: launch.resume(stopped), words)
        assert len(all_runs()) == 3
        assert run.model is not None
        now = waiting.status
        assert (now.state, "cannot be written to" in now.message) == ("interrupted", True)
        launch.schedule(launch.LocalLauncher())  # has nothing to say, and starts nothing
        assert launch.recover(launch.LocalLauncher()) == []

        from vae_core.__main__ import main
        for line in ("runs", "train vae-2d --dataset digits --steps 3", "resume stopped", "stop waiting"):
            assert main(line.split()) == (0 if line == "runs" else 1), line
    """)


def test_a_worker_whose_disk_fills_up_leaves_a_word(on_a_small_disk):
    """The word is the reader's: nothing could be written any more."""
    on_a_small_disk("""
        made = create(SPEC, "new")
        try:
            worker.work(made, lambda now: fill() if now["step"] > 20 else None)
        except OSError as error:
            assert error.errno == 28, error
        else:
            raise AssertionError("it trained on")
        runs.STALE = 0.0
        now = Run(made.path).status
        assert now.state == "interrupted", now
        assert "disk is full" in now.message.lower() or "No space left" in now.message, now.message
        shutil.rmtree(library / ".ballast")
        launch.resume(made)
        assert made.status.state == "queued"

        import threading
        from vae_core.__main__ import main

        def fill_soon():
            while not (library / "typed" / "frames" / "latest.safetensors").exists():
                time.sleep(0.01)
            fill()

        threading.Thread(target=fill_soon).start()
        assert main("train vae-2d --dataset digits --steps 100000000 --out typed".split()) == 1
    """)


def test_a_worker_whose_folder_became_read_only_leaves_a_word(as_another_user):
    as_another_user("""
        made = create(SPEC, "new")
        try:
            worker.work(made, lambda now: made.path.chmod(0o555) if now["step"] > 20 else None)
        except OSError as error:
            assert error.errno == 13, error
        else:
            raise AssertionError("it trained on")
        runs.STALE = 0.0
        now = Run(made.path).status
        assert (now.state, "cannot be written to" in now.message) == ("interrupted", True), now
        other = create(SPEC, "other")
        made.path.chmod(0o755)
        status.write(made.path, runs.replace(status.read(made.path), state="queued", queued=1.0))
        made.path.chmod(0o555)

        class Paper:
            started = []
            def start(self, run):
                self.started.append(run.name)
            def alive(self, run):
                return run.name in self.started

        launch.schedule(Paper(), most=1)
        assert Paper.started == ["other"]  # it keeps nobody else waiting
    """)


def test_folders_of_another_user_are_listed_and_deleted_as_far_as_may_be(as_another_user):
    """One of mode 700 took away all pages for all runs."""
    theirs = as_another_user.library / "theirs"
    theirs.mkdir(mode=0o700)
    (theirs / "spec.json").write_text("{}")
    as_another_user("""
        mine, closed = load_run("mine"), load_run("mine").duplicate("closed")
        closed.path.chmod(0)
        found = {run.name: run for run in all_runs()}
        assert set(found) == {"mine", "closed", "theirs"}
        for name in ("closed", "theirs"):
            assert found[name].status.state == "unreadable"
            assert "Permission denied" in found[name].status.message, found[name].status
            assert not found[name].is_gallery and not found[name].live
            assert found[name].card is None and found[name].metrics == [] and found[name].frames == []
        assert found["mine"].status.state == "finished"
        file = mine.path / "spec.json"
        file.chmod(0)
        assert mine.status.state == "unreadable"
        file.chmod(0o644)
        assert mine.status.state == "finished"  # and it is not remembered as closed
        closed.delete()  # its owner may open it
        refused(found["theirs"].delete, "is out of the library, but not all of its files could be removed")
        assert [run.name for run in all_runs()] == ["mine"]
        (library / "mine" / "frames").chmod(0o500)
        mine.delete()
        assert all_runs() == []
        launch.tidy()
        assert len([entry for entry in library.iterdir() if entry.name.startswith(".deleted-")]) == 1
        library.chmod(0)
        assert all_runs() == []
        assert "cannot be read: Permission denied" in folders.fault(library)
    """)

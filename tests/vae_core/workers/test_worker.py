import itertools
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from types import SimpleNamespace

import pytest
import torch
from PIL import Image

from vae_core import Spec, data
from vae_core.runs import files
from vae_core.runs.reading import RunError
from vae_core.runs.run import Run, create
from vae_core.spec import resolve
from vae_core.workers import heartbeat, session, worker

ROOT = Path(files.__file__).parents[2]


def test_a_name_goes_into_the_library_and_a_path_anywhere(small, own_runs, tmp_path):
    assert worker.train(small(5), "mine").path == own_runs / "mine"
    assert worker.train(small(5), tmp_path / "elsewhere" / "mine").path == tmp_path / "elsewhere" / "mine"
    assert worker.train(small(5), str(tmp_path / "there")).path == tmp_path / "there"
    assert worker.train(small(5)).path.parent == own_runs


def test_a_place_that_is_taken_is_refused_with_a_sentence(small):
    worker.train(small(5), "mine")
    with pytest.raises(RunError, match="already a run"):
        worker.train(small(5), "mine")


def test_two_workers_never_write_to_one_run(small):
    run, faults = create(small(50), "mine", by="process"), []

    def second(now):
        try:
            worker.work(Run(run.path))
        except files.Busy as error:
            faults.append(str(error))

    def once(now):
        if not faults:
            second(now)

    worker.work(run, once)
    assert faults == ["mine is in use by another process."]
    assert run.status.state == "finished"


def test_training_leaves_the_process_as_it_was(small):
    threads, handler = torch.get_num_threads(), signal.getsignal(signal.SIGINT)
    torch.manual_seed(1)
    expected = torch.rand(2)
    torch.manual_seed(1)
    seen = []
    worker.train(small(50), "mine", lambda now: seen.append(torch.get_num_threads()))
    assert torch.get_num_threads() == threads
    assert signal.getsignal(signal.SIGINT) == handler
    assert set(seen) == {1}
    assert torch.equal(torch.rand(2), expected)
    assert "heart" not in [thread.name for thread in threading.enumerate()]


def test_the_same_weights_come_from_a_thread_of_a_notebook(small):
    here, made = worker.train(small(200), "here"), []
    thread = threading.Thread(target=lambda: made.append(worker.train(small(200), "there")))
    thread.start()
    thread.join()
    a, b = here.model.state_dict(), made[0].model.state_dict()
    assert all(torch.equal(a[name], b[name]) for name in a)


CONTROL_C = """
import os, signal, sys
from vae_core.spec import Spec
from vae_core.workers import worker
spec = Spec().change(**{"data.name": "digits", "net.widths": "16", "training.steps": 10_000_000})
pressed = []
def interrupt(now):
    if now["step"] > 50 and not pressed:
        pressed.append(now)
        os.kill(os.getpid(), signal.SIGINT)
run = worker.train(spec, "mine", interrupt)
print(run.status.state)
"""


def test_control_c_stops_cleanly_and_keeps_the_run(own_runs):
    done = subprocess.run([sys.executable, "-c", CONTROL_C], cwd=ROOT, capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (0, "stopped\n"), done.stderr
    assert done.stderr == ""
    run = Run(own_runs / "mine")
    assert run.metrics[-1]["step"] == run.status.step == run.codes["step"][0]
    worker.resume(run, lambda now: run.stop())
    assert run.status.state == "stopped"


def test_a_stop_while_images_are_read_ends_the_reading_and_leaves_nothing_of_it(
    tmp_path, own_runs, monkeypatch
):
    monkeypatch.setenv("VAE_DATA", str(tmp_path / "data"))
    (tmp_path / "pictures").mkdir()
    for number in range(300):
        Image.new("L", (8, 8), number % 256).save(tmp_path / "pictures" / f"{number}.png")
    source = {"data.name": "folder", "data.path": str(tmp_path / "pictures"), "training.steps": 3}
    run, told = create(resolve(Spec().change(**source)), "mine", by="process"), []

    def stop(now):
        told.append(now["message"])
        if now["message"].startswith("Reading image"):
            run.stop()

    monkeypatch.setattr(heartbeat.time, "perf_counter", itertools.count().__next__)
    assert worker.work(run, stop).state == "stopped"
    assert [message for message in told if message.startswith("Reading")] == ["Reading image 1 of 300 (0%)"]
    assert [path.suffix for path in (tmp_path / "data" / "cache").iterdir()] == [".lock"]
    monkeypatch.undo()
    monkeypatch.setenv("VAE_DATA", str(tmp_path / "data"))
    assert worker.resume(run).status.state == "finished"


def test_control_c_before_the_first_step_is_a_stop_too(small, monkeypatch):
    def interrupt(*_, **__):
        raise KeyboardInterrupt

    run = create(small(50), "mine", by="process")
    monkeypatch.setattr(session.data, "load", interrupt)
    assert worker.work(run).state == "stopped"
    monkeypatch.undo()
    worker.resume(run)
    assert run.status.state == "finished"


@pytest.mark.parametrize(
    "error, words",
    [
        (data.Unavailable("There is no network. Choose strokes or digits."), "There is no network."),
        (MemoryError(), "not enough memory"),
        (RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried"), "not enough memory"),
        (OSError(28, "No space left on device"), "No space left on device"),
        (KeyError("secret"), "worker.log"),
    ],
)
def test_what_goes_wrong_is_said_in_a_sentence_and_raised(small, monkeypatch, error, words):
    def fail(*_, **__):
        raise error

    run = create(small(50), "mine", by="process")
    monkeypatch.setattr(session.data, "load", fail)
    with pytest.raises(type(error)):
        worker.work(run)
    now = run.status
    assert now.state == ("unavailable" if isinstance(error, data.Unavailable) else "interrupted")
    assert words in now.message
    assert now.pid is None
    assert not run.live


def test_a_download_is_told_of_as_it_goes(small, monkeypatch):
    load, told, clock = data.load, [], [0.0]

    def slow(*arguments, progress, **more):
        for tenth in range(11):
            clock[0] += 0.2
            progress(tenth / 10, "Downloading")
        return load(*arguments, **more)

    run = create(small(5), "mine", by="process")
    monkeypatch.setattr(session.data, "load", slow)
    monkeypatch.setattr(heartbeat, "time", SimpleNamespace(time=time.time, perf_counter=lambda: clock[0]))
    worker.work(run, lambda now: told.append(now["message"]))
    assert told[:3] == ["Downloading (0%)", "Downloading (10%)", "Downloading (20%)"]
    assert run.status.state == "finished"

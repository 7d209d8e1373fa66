import json
import os
import random
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from safetensors import safe_open
from safetensors.torch import load_file

from vae_core.runs import files, status
from vae_core.runs.reading import read_json
from vae_core.runs.run import Run, RunError, all_runs, create
from vae_core.runs.status import Status
from vae_core.workers import launch, worker
from vae_core.workers.session import SAVE_EVERY

ROOT = Path(files.__file__).parents[2]


class Paper:
    """A launcher that only writes down what it is asked."""

    def __init__(self):
        self.started, self.living = [], set()

    def start(self, run):
        self.started.append(run.name)
        self.living.add(run.name)
        status.write(run.path, replace(run.status, pid=1, heartbeat=time.time()))

    def alive(self, run):
        return run.name in self.living


def end(launcher, run, state="finished"):
    launcher.living.discard(run.name)
    status.write(run.path, replace(run.status, state=state, pid=None))


# --- the queue ---


def test_runs_start_in_the_order_they_were_queued_and_as_many_as_the_limit_allows(small):
    launcher = Paper()
    runs = [create(small(), name) for name in ("c", "a", "b", "d")]
    assert [launch.queue_of(run)[0] for run in runs] == [1, 2, 3, 4]
    for _ in range(3):
        launch.schedule(launcher, most=2)
    assert launcher.started == ["c", "a"]
    assert [launch.queue_of(run)[0] for run in runs] == [0, 0, 1, 2]
    end(launcher, runs[1])
    launch.schedule(launcher, most=2)
    assert launcher.started == ["c", "a", "b"]
    assert [run.status.state for run in runs] == ["running", "finished", "running", "queued"]


def test_a_paused_run_leaves_its_place_to_another(small):
    launcher = Paper()
    first, second = create(small(), "first"), create(small(), "second")
    launch.schedule(launcher, most=1)
    status.write(first.path, replace(first.status, state="paused"))
    launch.schedule(launcher, most=1)
    assert launcher.started == ["first", "second"]
    assert second.status.state == "running"


def test_a_run_that_is_stopped_while_it_waits_never_starts(small):
    launcher, run = Paper(), create(small(), "mine")
    run.stop()
    launch.schedule(launcher)
    assert launcher.started == []
    assert run.status.state == "stopped"
    launch.resume(run)
    launch.schedule(launcher)
    assert launcher.started == ["mine"]


def test_a_deleted_run_leaves_the_queue(small):
    launcher = Paper()
    runs = [create(small(), name) for name in ("a", "b")]
    runs[0].delete()
    assert launch.queue_of(runs[1])[0] == 1
    launch.schedule(launcher, most=1)
    assert launcher.started == ["b"]


def test_two_servers_start_no_run_twice(small):
    for number in range(6):
        create(small(), f"run-{number}")
    code = (
        "import sys\n"
        "from test_launch import Paper; from vae_core.workers import launch\n"
        "paper = Paper()\n"
        "paper.alive = lambda run: True\n"
        "sys.stdin.readline()\n"
        "for _ in range(30): launch.schedule(paper, most=6)\n"
        "print(*paper.started)"
    )
    servers = [
        subprocess.Popen(
            [sys.executable, "-c", code],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            cwd=Path(__file__).parent,
            text=True,
        )
        for _ in range(2)
    ]
    started = " ".join(server.communicate("go\n")[0] for server in servers).split()
    assert sorted(started) == [f"run-{number}" for number in range(6)]


def test_a_run_that_no_process_takes_up_is_tried_once_more_and_then_given_up_with_a_sentence(small):
    """A server killed in the second of handing it over left it interrupted."""
    run, waits = create(small(), "mine"), []
    launcher = Paper()
    launcher.start = lambda run: None
    for _ in range(2):
        launch.schedule(launcher)
        assert run.status.state == "running"
        launch.schedule(launcher)
        assert run.status.state == "running"
        status.write(run.path, replace(run.status, started=time.time() - status.STARTING_SECONDS - 1))
        launch.schedule(launcher)
        waits.append(run.status.state)
    assert waits == ["queued", "interrupted"]
    assert "No process began" in run.status.message


def test_a_dead_worker_is_noticed_and_its_run_can_be_resumed(small):
    launcher, run = Paper(), create(small(), "mine")
    launch.schedule(launcher)
    launcher.living.clear()
    launch.schedule(launcher)
    assert run.status.state == "interrupted"
    assert "Resume" in run.status.message
    launch.resume(run)
    assert run.status.state == "queued"


def test_nothing_is_resumed_that_trains_waits_or_has_finished(small, finished):
    with pytest.raises(RunError, match="has finished"):
        launch.resume(finished)
    waiting = create(small(), "waiting")
    with pytest.raises(RunError, match="queue already"):
        launch.resume(waiting)
    with files.hold(waiting.path / files.LOCK), pytest.raises(RunError, match="in training"):
        launch.resume(waiting)


def test_play_on_a_paused_run_lets_its_worker_go_on(small):
    run = create(small(), "mine")
    run.pause()
    status.write(run.path, replace(run.status, state="paused", pid=1, heartbeat=time.time()))
    with files.hold(run.path / files.LOCK):
        launch.resume(run)
    assert not run.control.paused
    assert run.status.state == "paused"


# --- what becomes of the dead ---


def dead(run, **more):
    status.write(run.path, replace(run.status, state="running", pid=1, heartbeat=time.time() - 9, **more))


def test_a_run_that_died_while_no_server_looked_goes_on_by_itself(small):
    run = create(small(), "mine")
    dead(run)
    launcher = Paper()
    assert launch.recover(launcher) == [run]
    assert launcher.started == ["mine"]


def test_a_run_that_dies_within_a_minute_of_going_on_by_itself_is_left_alone(small):
    run, launcher = create(small(), "mine"), Paper()
    dead(run, recovered=time.time() - 20)
    assert launch.recover(launcher) == []
    assert run.status.state == "interrupted"
    assert "soon ended again" in run.status.message
    dead(run, recovered=time.time() - 200)
    assert launch.recover(launcher) == [run]


@pytest.mark.parametrize("change", [{"state": "paused"}, {"by": "process"}])
def test_what_was_paused_or_trained_from_a_command_line_waits_for_its_owner(small, change):
    run, launcher = create(small(), "mine"), Paper()
    dead(run)
    status.write(run.path, replace(run.status, **{"state": "running"} | change))
    assert launch.recover(launcher) == []
    assert run.status.state == "interrupted"


def test_recovery_leaves_the_living_and_the_waiting_alone(small):
    launcher = Paper()
    living, waiting = create(small(), "living"), create(small(), "waiting")
    launch.schedule(launcher, most=1)
    assert launch.recover(launcher) == []
    assert living.status.state == "running"
    assert waiting.status.state == "queued"


def test_a_library_full_of_rubbish_stops_nothing(small, own_runs):
    for name, content in {
        "a": b"\xff",
        "b": b'{"state": 3}',
        "c": b"[]",
        "d": b'{"state":"running"}',
    }.items():
        (own_runs / name).mkdir()
        (own_runs / name / files.STATUS).write_bytes(content)
    (own_runs / "file").write_text("")
    run, launcher = create(small(), "mine"), Paper()
    launch.schedule(launcher)
    launch.recover(launcher)
    assert launcher.started == ["mine"]
    assert run.status.state == "running"
    assert len(all_runs()) == 5


# --- real processes ---


def readable(run: Run) -> None:
    """Every file of the run can be read, however its worker died."""
    assert run.spec is not None
    assert read_json(run.path / files.STATUS) is not None
    for file in run.path.rglob("*.safetensors"):
        assert load_file(file), file
    assert run.faults == []
    lines = (run.path / files.METRICS).read_bytes().split(b"\n") if run.metrics else []
    assert len(run.metrics) >= len(lines) - 1


def test_a_worker_killed_twenty_times_ends_with_the_weights_of_one_that_never_was(
    small, launcher, kill, wait_until
):
    spec = small(6_000)
    expected = worker.train(spec, "never-killed")
    moments, run = random.Random(20), create(spec, "killed")
    repeated, kills = [], 0
    launch.schedule(launcher)
    while kills < 20:
        wait_until(lambda: run.status.pid is not None, "a worker has begun")
        moment = time.monotonic() + moments.uniform(0.0, 0.3)
        wait_until(lambda: time.monotonic() >= moment, "its time has come")  # noqa: B023
        assert run.status.state == "running", "the machine is too fast for this test: give the run more steps"
        kill(run)
        kills += 1
        wait_until(lambda: not run.live, "it is dead")
        launch.schedule(launcher)
        assert run.status.state == "interrupted"
        readable(run)
        if (run.path / files.STATE).exists():
            with safe_open(run.path / files.STATE, framework="pt") as state:
                saved = json.loads(state.metadata()["session"])["seconds"]
            repeated.append(run.status.seconds - saved)
        launch.resume(run)
        launch.schedule(launcher)
    wait_until(lambda: not run.status.active, "the run has ended")
    assert run.status.state == "finished", run.status
    assert len(repeated) > 10
    assert max(repeated) <= 5
    assert SAVE_EVERY <= 4  # the run above saved more often
    for name in (files.STATE, files.WEIGHTS):
        ours, theirs = load_file(run.path / name), load_file(expected.path / name)
        assert ours.keys() == theirs.keys()
        assert all(torch.equal(ours[key], theirs[key]) for key in ours)
    steps = [report["step"] for report in run.metrics]
    assert steps == sorted(set(steps))
    assert not list(run.path.rglob(".*.tmp"))


SERVER = """
import sys, threading
from vae_core.workers import launch
launcher = launch.LocalLauncher()
print([run.name for run in launch.recover(launcher)], flush=True)
while True:
    launch.schedule(launcher)
    threading.Event().wait(0.05)
"""


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGINT])
def test_a_run_outlives_its_server_and_goes_on_by_itself_if_it_does_not(
    small, launcher, kill, wait_until, number
):
    run = create(small(10_000_000), "mine")
    server = subprocess.Popen(
        [sys.executable, "-c", SERVER],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        # A background job of a shell ignores SIGINT, and its children inherit that.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )
    try:
        wait_until(lambda: run.status.step > 0, "it trains")
    finally:
        os.kill(server.pid, number)
        server.communicate()
    step = run.status.step
    wait_until(lambda: run.status.step > step, "it trains on without a server")
    assert os.getsid(run.status.pid) == run.status.pid

    saved = run.status.step
    kill(run)
    wait_until(lambda: not run.live, "its worker is dead too")
    began = time.monotonic()
    assert launch.recover(launcher) == [run]
    wait_until(lambda: run.status.pid is not None and run.status.message != "Starting.", "it goes on", 30)
    assert "by itself" in run.status.message
    assert time.monotonic() - began < 5
    assert run.status.step <= saved
    run.stop()
    wait_until(lambda: run.status.state == "stopped", "it has stopped")


def test_a_worker_from_the_fork_server_obeys(small, launcher, wait_until):
    run = create(small(10_000_000), "mine")
    launch.schedule(launcher)
    wait_until(lambda: run.status.step > 0, "it trains")
    assert run.live
    with pytest.raises(files.Busy):
        worker.work(run)
    run.pause()
    wait_until(lambda: run.status.state == "paused", "it has paused")
    step = run.status.step
    cpu = processor_seconds(run.status.pid)
    run.step()
    wait_until(lambda: run.status.step == step + 1, "it has made one step")
    beat = run.status.heartbeat
    wait_until(lambda: run.status.heartbeat > beat + 2, "its heart has beaten for two seconds")
    assert processor_seconds(run.status.pid) - cpu < 0.5
    assert run.status.step == step + 1
    launch.resume(run)
    wait_until(lambda: run.status.step > step + 1, "it goes on")
    run.set_beta(3.0)
    wait_until(lambda: any(r.get("moved") == {"beta": 3.0} for r in run.metrics), "beta has moved")
    run.stop()
    wait_until(lambda: run.status.state == "stopped", "it has stopped")
    wait_until(lambda: not run.live, "its process has gone")
    assert run.frame()["step"] == [run.status.step]


def processor_seconds(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def test_a_killed_fork_server_is_replaced(small, wait_until):
    launcher = launch.LocalLauncher()
    launcher.warm()
    launcher._server.kill()
    launcher._server.wait()
    run = create(small(50), "mine")
    launch.schedule(launcher)
    wait_until(lambda: run.status.state == "finished", "it has finished")
    launcher.close()
    assert launcher._server is None


def test_what_keeps_a_run_from_training_stands_in_its_status(small, launcher, wait_until):
    run = create(small(50), "mine")
    (run.path / files.SPEC).write_text(small(50).to_json().replace('"digits"', '"no-such-data"'))
    launch.schedule(launcher)
    wait_until(lambda: status.read(run.path).state not in ("queued", "running"), "it has failed")
    assert "no-such-data" in status.read(run.path).message
    assert "Traceback" not in status.read(run.path).message


def test_where_there_is_no_fork_a_process_is_started_for_each_run(small, wait_until, monkeypatch):
    run = create(small(50), "mine")
    monkeypatch.delattr(os, "fork")
    launch.schedule(launch.LocalLauncher())
    wait_until(lambda: run.status.state == "finished", "it has finished")
    assert (run.path / files.LOG).read_text() == ""


def test_a_status_that_says_little_is_not_waited_for(small):
    run = create(small(), "mine")
    status.write(run.path, Status(state="running"))
    launch.schedule(Paper())
    assert run.status.state == "interrupted"

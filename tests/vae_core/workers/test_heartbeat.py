import os

import pytest

from vae_core.runs import status
from vae_core.runs.status import Status
from vae_core.workers import heartbeat
from vae_core.workers.heartbeat import Heartbeat


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.setattr(heartbeat, "BEAT", 0.05)
    status.write(tmp_path, Status(message="Starting."))
    return tmp_path


def test_it_beats_while_nobody_writes_and_is_still_afterwards(folder, wait_until):
    with Heartbeat(folder, None) as beating:
        first = status.read(folder)
        assert (first.state, first.pid) == ("running", os.getpid())
        wait_until(lambda: status.read(folder).heartbeat > first.heartbeat + 0.2, "the heart has beaten")
    assert not beating._thread.is_alive()


def test_a_heart_that_cannot_write_keeps_beating(folder, wait_until, monkeypatch):
    beats = []

    def refuse(*_):
        beats.append(1)
        raise OSError("the disk is full")

    with Heartbeat(folder, None):
        monkeypatch.setattr(heartbeat.status, "write", refuse)
        wait_until(lambda: len(beats) > 2, "it has tried again")
        monkeypatch.undo()


def test_progress_is_told_what_is_written(folder):
    told = []
    with Heartbeat(folder, told.append) as beating:
        beating.publish(step=7)
        beating.write(step=8)
    assert [now["step"] for now in told] == [7]
    assert status.read(folder).step == 8

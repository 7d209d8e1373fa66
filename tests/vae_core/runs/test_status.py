import json
import time

import pytest

from vae_core.runs import files, status
from vae_core.runs.status import Status


def test_a_status_survives_its_file(tmp_path):
    written = Status(state="paused", step=12, seconds=1.5, report={"train": {"elbo": -100.5}}, pid=7)
    status.write(tmp_path, written)
    assert status.read(tmp_path) == written


@pytest.mark.parametrize(
    "value",
    [
        {"state": "running", "step": "many", "seconds": None, "report": [1], "pid": "x"},
        {"state": "running", "step": 1e400, "epoch": True, "heartbeat": "soon", "unknown": 1},
    ],
)
def test_a_field_of_the_wrong_kind_takes_its_default(value):
    assert Status.parse(json.dumps(value).encode()) == Status(state="running")


def test_an_unknown_state_is_unreadable():
    now = Status.parse(b'{"state": "dancing"}')
    assert now.state == "unreadable"
    assert now.message


@pytest.mark.parametrize("content", [None, b"", b'{"state": "runn', b"[]", b"\x00\x01"])
def test_without_a_readable_file_the_weights_decide(tmp_path, content):
    if content is not None:
        (tmp_path / files.STATUS).write_bytes(content)
    assert status.read(tmp_path).state == "interrupted"
    (tmp_path / files.WEIGHTS).write_bytes(b"")
    now = status.read(tmp_path)
    assert now.state == "stopped"
    assert "missing or damaged" in now.message


def test_a_run_is_starting_until_its_worker_speaks_or_half_a_minute_has_passed():
    now = time.time()
    assert Status(state="running", started=now).starting
    assert not Status(state="running", started=now, pid=1).starting
    assert not Status(state="running", started=now - status.STARTING_SECONDS - 1).starting
    assert not Status(state="queued", started=now).starting

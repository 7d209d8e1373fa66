import json
import math
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from vae_core.runs import files
from vae_core.runs.reading import RunError, read_json


def test_a_reader_sees_the_old_file_or_the_new_one_and_nothing_between(tmp_path):
    path, stop, seen = tmp_path / "file", threading.Event(), set()
    files.replace(path, b"a" * 100_000)

    def read() -> None:
        while not stop.is_set():
            seen.add(path.read_bytes())

    reader = threading.Thread(target=read)
    reader.start()
    for turn in range(200):
        files.replace(path, (b"b" if turn % 2 == 0 else b"a") * 100_000)
    stop.set()
    reader.join()
    assert seen <= {b"a" * 100_000, b"b" * 100_000}
    assert not list(tmp_path.glob(".*"))


def test_a_write_that_fails_leaves_the_old_file_and_no_litter(tmp_path, monkeypatch):
    path = tmp_path / "file"
    files.replace(path, b"old")
    monkeypatch.setattr(files.os, "replace", lambda *_: (_ for _ in ()).throw(OSError("no")))
    with pytest.raises(OSError, match="no"):
        files.replace(path, b"new")
    assert path.read_bytes() == b"old"
    assert not list(tmp_path.glob(".*"))


def test_what_a_killed_writer_left_half_done_is_swept_up(tmp_path):
    (tmp_path / "frames").mkdir()
    for litter in (".state.safetensors.12-1.tmp", "frames/.latest.safetensors.12-1.tmp"):
        (tmp_path / litter).write_bytes(b"half")
    (tmp_path / "state.safetensors").write_bytes(b"whole")
    files.sweep(tmp_path)
    assert sorted(file.name for file in tmp_path.rglob("*") if file.is_file()) == ["state.safetensors"]


def test_json_on_disk_holds_no_nan_and_six_digits():
    written = files.to_json({"a": math.nan, "b": [math.inf, 1.23456789], "t": 1_795_225_320.8694071})
    assert json.loads(written) == {"a": None, "b": [None, 1.23457], "t": 1_795_225_320.869407}


@pytest.mark.parametrize("content", [b"", b"{", b"[1]", b"\xff\xfe", b"[" * 100_000, b'{"a": 1'])
def test_a_damaged_json_file_reads_as_none(tmp_path, content):
    (tmp_path / "x.json").write_bytes(content)
    assert read_json(tmp_path / "x.json") is None


@pytest.mark.parametrize(
    "name", ["", ".", "..", "../x", "a/b", "a\\b", ".hidden", "-rf", "a b", "ä", "a\n", "x" * 81, "end."]
)
def test_a_name_that_is_no_plain_folder_name_is_refused_with_a_sentence(name):
    with pytest.raises(RunError, match="name"):
        files.check_name(name)


@pytest.mark.parametrize("name", ["a", "vae-2d_mnist.v2", "0", "x" * 80])
def test_a_plain_name_is_allowed(name):
    assert files.check_name(name) == name


def test_two_cannot_hold_a_lock_and_asking_who_does_is_in_nobodys_way(tmp_path):
    lock = tmp_path / "lock"
    assert not files.held(lock)
    with files.hold(lock):
        assert files.held(lock)
        assert files.held(lock)
        with pytest.raises(files.Busy), files.hold(lock):
            pass
    assert not files.held(lock)
    with files.hold(lock):
        pass


def test_the_kernel_lets_go_of_the_lock_of_a_killed_process(tmp_path):
    lock = tmp_path / "lock"
    code = (
        "import sys, pathlib; from vae_core.runs import files\n"
        "with files.hold(pathlib.Path(sys.argv[1])): print('held', flush=True); sys.stdin.read()"
    )
    holder = subprocess.Popen(
        [sys.executable, "-c", code, str(lock)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        cwd=Path(files.__file__).parents[2],
    )
    assert holder.stdout.readline() == b"held\n"
    assert files.held(lock)
    holder.kill()
    holder.communicate()
    assert not files.held(lock)


def test_the_library_is_where_the_environment_says(monkeypatch, tmp_path):
    monkeypatch.setenv("VAE_RUNS", str(tmp_path))
    assert files.library() == tmp_path
    monkeypatch.delenv("VAE_RUNS")
    assert files.library() == Path(files.__file__).parents[2] / "checkpoints"

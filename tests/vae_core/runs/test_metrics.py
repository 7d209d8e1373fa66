import json
import os
import threading
import time
from itertools import pairwise

import pytest

from vae_core.runs import metrics
from vae_core.runs.metrics import Log, Reader


def report(step: int, **more: object) -> dict:
    return {"step": step, "seconds": step / 10, "train": {"elbo": -100.0 + step}, **more}


def test_a_reader_follows_a_growing_file(tmp_path):
    path = tmp_path / "metrics.jsonl"
    reader = Reader(path)
    assert reader.read() == []
    log = Log(path, 0)
    for step in range(5):
        log.append(report(step))
        assert [line["step"] for line in reader.read()] == list(range(step + 1))


@pytest.mark.parametrize("cut", [1, 5, 20, 40])
def test_a_torn_last_line_is_passed_over_and_cut_off_by_a_resume(tmp_path, cut):
    path = tmp_path / "metrics.jsonl"
    log = Log(path, 0)
    for step in range(3):
        log.append(report(step))
    path.write_bytes(path.read_bytes()[:-cut])
    assert [line["step"] for line in Reader(path).read()] == [0, 1]
    Log(path, upto=2).append(report(2))
    assert [json.loads(line)["step"] for line in path.read_text().splitlines()] == [0, 1, 2]


def test_a_resume_cuts_what_will_be_trained_again_and_an_old_reader_notices(tmp_path):
    path = tmp_path / "metrics.jsonl"
    log, reader = Log(path, 0), Reader(path)
    for step in range(10):
        log.append(report(step, turn=1))
    assert len(reader.read()) == 10
    again = Log(path, upto=4)
    assert [line["step"] for line in reader.read()] == [0, 1, 2, 3, 4]
    for step in range(5, 10):
        again.append(report(step, turn=2))
    assert [line["turn"] for line in reader.read()] == [1] * 5 + [2] * 5


def test_lines_that_are_no_reports_are_passed_over(tmp_path):
    path = tmp_path / "metrics.jsonl"
    path.write_bytes(b'{"step": 1}\nnonsense\n[]\n{"step": "x"}\n\xff\n' + b"[" * 50_000 + b'\n{"step": 2}\n')
    assert [line["step"] for line in Reader(path).read()] == [1, 2]


def test_a_long_run_keeps_about_two_thousand_lines_evenly_spaced_and_every_move(tmp_path):
    path = tmp_path / "metrics.jsonl"
    log, reader = Log(path, 0), Reader(path)
    moves = {777, 4321, 11_111}
    for step in range(1, 20_001):
        log.append(report(step, **({"moved": {"beta": 2.0}} if step in moves else {})))
        if step % 997 == 0:
            reader.read()
    lines = reader.read()
    assert metrics.KEEP / 2 <= len(lines) <= metrics.KEEP
    assert {line["step"] for line in lines if "moved" in line} == moves
    gaps = [b["step"] - a["step"] for a, b in pairwise(lines) if "moved" not in b]
    assert max(gaps) <= 2 * 20_000 / (metrics.KEEP / 2)


def test_the_spacing_outlives_a_resume(tmp_path):
    path = tmp_path / "metrics.jsonl"
    log = Log(path, 0)
    for step in range(metrics.KEEP):
        log.append(report(step))
    assert log.spacing > 0
    again = Log(path, upto=metrics.KEEP, spacing=log.spacing)
    before = len(Reader(path).read())
    for step in range(metrics.KEEP, metrics.KEEP + 100):
        again.append(report(step))
    assert len(Reader(path).read()) - before <= 100 * 0.1 / log.spacing + 1


def test_several_threads_may_read_at_once(tmp_path):
    path = tmp_path / "metrics.jsonl"
    log, reader, faults = Log(path, 0), Reader(path), []

    def read() -> None:
        for _ in range(200):
            steps = [line["step"] for line in reader.read()]
            if steps != list(range(len(steps))):
                faults.append(steps)

    threads = [threading.Thread(target=read) for _ in range(4)]
    for thread in threads:
        thread.start()
    for step in range(300):
        log.append(report(step))
    for thread in threads:
        thread.join()
    assert not faults
    assert len(reader.read()) == 300


def test_terms_of_the_wrong_kind_are_left_out_and_the_rest_is_read(tmp_path):
    path = tmp_path / "metrics.jsonl"
    line = b'{"step":3,"seconds":"x","train":{"elbo":-1.5,"kl":"x","n":1e999,"deep":[[1]]},"test":3,'
    line += b'"own":[1,{"a":2}]}'
    path.write_bytes(line + b'\n{"step":-1}\n{"step":1e3}\n{"step":4,"own":NaN}\n')
    assert Reader(path).read() == [{"step": 3, "train": {"elbo": -1.5}, "own": [1, {"a": 2}]}]


def test_only_some_thousand_reports_are_read_and_it_is_said(tmp_path):
    path = tmp_path / "metrics.jsonl"
    path.write_bytes(b'{"step":1}\n' * (metrics.MOST + 3))
    reader = Reader(path)
    assert len(reader.read()) == metrics.MOST
    assert "only 5,000 reports are read" in str(reader.fault)
    path.write_bytes(b'{"step":1}\n')
    assert (len(reader.read()), reader.fault) == (1, None)


def test_a_file_of_one_endless_line_is_looked_at_once(tmp_path):
    path = tmp_path / "metrics.jsonl"
    path.write_bytes(b"[" * 30_000_000)
    reader = Reader(path)
    assert reader.read() == []
    began = time.perf_counter()
    assert all(reader.read() == [] for _ in range(1000))
    assert time.perf_counter() - began < 1
    with open(path, "ab") as file:
        file.truncate(metrics.MOST_BYTES + 1)
    assert reader.read() == []
    assert "is too large" in str(reader.fault)


def test_a_pipe_in_the_place_of_the_file_is_replaced_by_a_resume(tmp_path):
    path = tmp_path / "metrics.jsonl"
    os.mkfifo(path)
    reader = Reader(path)
    assert (reader.read(), str(reader.fault)) == ([], "metrics.jsonl is a pipe, not a file.")
    Log(path, 0).append(report(1))
    assert [line["step"] for line in reader.read()] == [1]


def test_the_newest_beta_is_that_of_the_last_whole_report() -> None:
    text = b'{"step": 1, "beta": 1.0}\n{"step": 7, "beta": 2.5}\n{"step": 9, "be'
    assert metrics.newest_beta(text) == [(7, 2.5)]
    assert metrics.newest_beta(b"nothing\n") == []

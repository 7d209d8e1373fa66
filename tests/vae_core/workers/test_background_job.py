"""A computation beside the app: one at a time, it says how far it is, can be cancelled, and says faults."""

from pathlib import Path

import pytest

from vae_core.analysis.progress import Progress
from vae_core.runs import files
from vae_core.workers.background_job import BackgroundJob

JOB = BackgroundJob("sum", "no.such.module")


def test_it_says_how_far_it_is_and_nothing_once_it_is_done(tmp_path: Path) -> None:
    seen = []

    def write(path: Path, progress: Progress) -> None:
        for share in (0.25, 1.0):
            progress(share, "Adding")
            seen.append(JOB.reported(path))
        (path / "sum").write_text("3")

    assert JOB.work(tmp_path, write, "The sum") == 0
    assert seen == [(0.25, "Adding", False), (0.99, "Adding", False)]
    assert JOB.reported(tmp_path) is None
    assert (tmp_path / "sum").read_text() == "3"


def test_cancelled_it_leaves_nothing_and_can_be_started_again(tmp_path: Path) -> None:
    def write(path: Path, progress: Progress) -> None:
        progress(0.5, "Adding")
        JOB.cancel(path)
        assert JOB.reported(path) is None
        progress(0.6, "Adding")
        raise AssertionError("it went on")

    assert JOB.work(tmp_path, write, "The sum") == 0
    assert JOB.reported(tmp_path) is None
    assert not JOB.cancelled(tmp_path)


def test_a_second_one_leaves_the_work_to_the_first(tmp_path: Path) -> None:
    def write(path: Path, progress: Progress) -> None:
        raise AssertionError("both were at it")

    with files.hold(tmp_path / JOB.lock):
        JOB.report(tmp_path, 0.5, "Adding")
        assert JOB.work(tmp_path, write, "The sum") == 0
        assert JOB.reported(tmp_path) == (0.5, "Adding", False)


def test_what_went_wrong_is_said(tmp_path: Path) -> None:
    def write(path: Path, progress: Progress) -> None:
        raise ValueError("two and two make five.")

    with pytest.raises(ValueError, match="five"):
        JOB.work(tmp_path, write, "The sum")
    assert JOB.reported(tmp_path) == (0.0, "The sum could not be computed: two and two make five.", True)

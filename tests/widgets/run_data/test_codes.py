"""What is computed of codes is kept for all sessions, of runs in training apart."""

from pathlib import Path

import pytest

from vae_core.runs import files
from widgets.run_data import codes
from widgets.run_data.codes import IN_TRAINING, LATEST, Codes, cached

AT_REST = Codes("run", files.POSTERIORS, (0, 0, 0, 0))


def in_training(moment: int) -> Codes:
    return Codes("run", LATEST, (moment, 0, 0, 0))


def test_what_runs_in_training_show_does_not_push_out_what_is_at_rest() -> None:
    computed = []

    @cached(1)
    def size(of: Codes, times: int = 1) -> int:
        computed.append(of)
        return times * len(of.path)

    assert size(AT_REST) == 3
    for moment in range(IN_TRAINING + 1):
        assert size(in_training(moment)) == 3
    assert size(AT_REST) == 3
    assert size(in_training(IN_TRAINING)) == 3
    assert len(computed) == IN_TRAINING + 2
    size(in_training(0))  # the oldest gave way
    assert len(computed) == IN_TRAINING + 3
    assert size(AT_REST, 2) == 6
    assert size(AT_REST, times=1) == 3


class InTraining:
    """A run of whose newest frame another moment is there at every look."""

    def __init__(self, path: str) -> None:
        self.path, self.looks = path, 0

    def stamp(self, name: str) -> files.Stamp:
        self.looks += 1
        return self.looks, 0, 0, 0

    def has(self, name: str) -> bool:
        return True


def test_all_sessions_are_shown_one_moment_of_a_run_in_training(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = InTraining(str(tmp_path))
    monkeypatch.setattr(codes, "open_run", lambda path: run)
    monkeypatch.setattr(codes, "is_standard", lambda run: True)
    seen = [codes._of_training(run.path) for _ in range(3)]
    assert run.looks == 1
    assert seen == [Codes(run.path, LATEST, (1, 0, 0, 0))] * 3

import os
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from vae_core import Posteriors, load_run
from vae_core.runs import files, run, status
from vae_core.runs.run import Run, RunError, all_runs, create
from vae_core.runs.status import Status
from vae_core.spec import SpecError
from vae_core.workers import launch


def test_reading_runs_imports_no_torch(finished):
    code = (
        "import sys; from vae_core.runs import archive, run; from vae_core.workers import launch\n"
        "one = run.all_runs()[0]\n"
        "one.status, one.metrics, one.frames, one.frame(), one.codes, one.probes, one.evaluation, one.spec\n"
        "assert one.codes['mean'].shape == (360, 2), one.codes\n"
        "sys.exit('torch' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], cwd=Path(files.__file__).parents[2]).returncode == 0


def test_a_new_run_waits_in_the_library_under_a_telling_name(small, own_runs):
    made = create(small(recipe="vae-2d"))
    assert made.path.parent == own_runs
    assert made.name.startswith("vae-2d-digits-")
    assert made.status.state == "queued"
    assert made.spec == small(recipe="vae-2d")
    assert not made.live
    assert (made.metrics, made.frames, made.frame(), made.codes, made.evaluation) == (
        [],
        [],
        None,
        None,
        None,
    )


def test_runs_made_within_a_second_have_names_of_their_own(small):
    assert len({create(small()).name for _ in range(5)}) == 5


def test_a_name_in_use_is_refused_in_capitals_too(small):
    create(small(), "mine")
    for name in ("mine", "MINE"):
        with pytest.raises(RunError, match="already a run named"):
            create(small(), name)


def test_all_runs_come_newest_first_whatever_else_lies_in_the_library(small, own_runs):
    for number in range(3):
        made = create(small(), f"run-{number}")
        status.write(made.path, replace(made.status, created=1000.0 + number))
    (own_runs / "a-file").write_text("hello")
    (own_runs / ".hidden").mkdir()
    assert [found.name for found in all_runs()] == ["run-2", "run-1", "run-0"]


def broken_spec(path: Path) -> None:
    (path / "spec.json").write_text('{"latent": "lots"}')


def no_spec(path: Path) -> None:
    (path / "spec.json").unlink()


def binary_spec(path: Path) -> None:
    (path / "spec.json").write_bytes(b"\x00\xff" * 100)


def folder_for_spec(path: Path) -> None:
    (path / "spec.json").unlink()
    (path / "spec.json").mkdir()


@pytest.mark.parametrize("damage", [broken_spec, no_spec, binary_spec, folder_for_spec])
def test_an_unreadable_folder_is_listed_with_a_sentence(finished, damage):
    damage(finished.path)
    found = all_runs()[0]
    assert found.status.state == "unreadable"
    assert found.status.message.endswith(".")
    with pytest.raises(SpecError):
        _ = found.spec
    with pytest.raises(RunError):
        load_run(found.path)
    found.delete()
    assert all_runs() == []


def test_damage_anywhere_but_in_the_spec_leaves_a_run_that_answers(finished):
    for file in finished.path.rglob("*"):
        if file.is_file() and file.name != "spec.json":
            file.write_bytes(b"\x93garbage\n{")
    found = all_runs()[0]
    assert found.status.state == "stopped"
    assert found.metrics == []
    assert (found.evaluation, found.codes, found.frame(), found.probes) == (None, None, None, None)
    assert all(found.frame(int(file.name[:8])) is None for file in found.frames)
    for name in ("model", "posteriors"):
        with pytest.raises(RunError):
            getattr(found, name)


def test_a_missing_library_holds_no_runs(monkeypatch, tmp_path):
    monkeypatch.setenv("VAE_RUNS", str(tmp_path / "nowhere"))
    assert all_runs() == []


def test_what_was_learned_comes_back_from_the_folder(finished):
    loaded = load_run("finished")
    assert loaded == finished
    assert isinstance(loaded.posteriors, Posteriors)
    images = torch.zeros(3, 1, 8, 8, dtype=torch.uint8)
    assert loaded.model.posteriors(images).mean.shape == (3, 2)
    assert not loaded.model.training
    assert loaded.posteriors.mean.shape == (360, 2)
    assert loaded.posteriors.labels.bincount().tolist() == [36] * 10
    assert loaded.evaluation["elbo"] == pytest.approx(
        loaded.evaluation["reconstruction"] - loaded.evaluation["kl"], abs=1e-3
    )


def test_loading_a_model_leaves_the_global_generator_alone(finished):
    torch.manual_seed(5)
    expected = torch.rand(3)
    torch.manual_seed(5)
    _ = finished.model
    assert torch.equal(torch.rand(3), expected)


def test_weights_in_float16_load_as_a_model_in_float32(finished):
    from safetensors.torch import load_file, save_file

    weights = load_file(finished.path / files.WEIGHTS)
    save_file({name: value.half() for name, value in weights.items()}, finished.path / files.WEIGHTS)
    model = Run(finished.path).model
    assert {value.dtype for value in model.state_dict().values()} == {torch.float32}


def test_a_frame_holds_what_the_board_draws(finished):
    newest = finished.frame()
    assert newest["mean"].shape == newest["log_var"].shape == (360, 2)
    assert newest["mean"].dtype == np.float16
    assert newest["labels"].shape == (360,)
    assert newest["reconstructions"].shape == (10, 1, 8, 8)
    assert newest["samples"].shape == (16, 1, 8, 8)
    assert newest["step"] == [200]
    assert finished.probes.shape == (10, 1, 8, 8)
    assert finished.frame(12345) is None
    assert finished.frame(int(finished.frames[0].name[:8])) is not None


def test_what_changes_in_the_folder_is_seen_by_a_run_that_was_there_before(finished):
    model, evaluation = finished.model, finished.evaluation
    assert finished.model is model
    files.replace(finished.path / files.WEIGHTS, (finished.path / files.WEIGHTS).read_bytes())
    files.write_json(finished.path / files.EVALUATION, {"elbo": -1.0})
    status.write(finished.path, Status(state="stopped", step=5))
    assert finished.model is not model
    assert finished.evaluation != evaluation
    assert finished.status.step == 5


def test_a_run_whose_worker_died_is_interrupted_for_whoever_looks(finished):
    status.write(finished.path, Status(state="running", step=9, pid=1, heartbeat=time.time() - 60))
    assert finished.status.state == "interrupted"
    assert "Resume" in finished.status.message


# --- renaming, deleting, copying ---


def test_a_run_is_renamed_with_all_it_has(finished):
    renamed = finished.rename("better")
    assert renamed.name == "better"
    assert renamed.status.state == "finished"
    assert [found.name for found in all_runs()] == ["better"]
    assert renamed.rename("Better").name == "Better"


@pytest.mark.parametrize("name", ["../out", "", "a/b", "x" * 81, "other"])
def test_a_rename_to_a_name_that_cannot_be_is_refused(finished, small, name):
    create(small(), "other")
    with pytest.raises(RunError):
        finished.rename(name)
    assert finished.path.is_dir()


def test_a_deleted_run_leaves_nothing(finished, own_runs):
    finished.delete()
    assert [entry for entry in os.listdir(own_runs) if entry != ".lock"] == []
    with pytest.raises(RunError, match="any more"):
        finished.delete()


def test_a_copy_is_a_run_of_its_own(finished):
    copy = finished.duplicate("twin")
    finished.delete()
    assert copy.status.state == "finished"
    assert len(copy.frames) > 0
    assert copy.model is not None
    assert copy.duplicate().name == "twin-copy"
    assert copy.duplicate().name == "twin-copy-2"


def test_a_copy_of_a_run_that_waits_does_not_wait(small):
    assert create(small(), "first").duplicate("second").status.state == "stopped"


def test_a_run_in_training_is_not_touched(finished):
    with files.hold(finished.path / files.LOCK):
        assert finished.live
        for act in (finished.delete, finished.duplicate, lambda: finished.rename("new")):
            with pytest.raises(RunError, match="in training"):
                act()
    assert not finished.live


def test_a_run_on_its_way_to_a_worker_is_not_touched(finished):
    status.write(finished.path, Status(state="running", started=time.time()))
    with pytest.raises(RunError, match="in training"):
        finished.delete()


def test_a_run_that_came_with_the_app_is_only_looked_at_or_copied(finished, gallery):
    (gallery / "shipped").mkdir()
    finished.path.rename(gallery / "shipped")
    finished = Run(gallery / "shipped")
    files.write_json(finished.path / files.CARD, {"title": "A model", "sentence": "Look.", "order": 1})
    assert finished.is_gallery
    assert finished.card["title"] == "A model"
    acts = (finished.delete, finished.stop, finished.step, lambda: finished.rename("new"))
    for act in (*acts, lambda: finished.set_beta(2.0), lambda: launch.resume(finished)):
        with pytest.raises(RunError, match="came with the app"):
            act()
    copy = finished.duplicate("mine")
    assert not copy.is_gallery
    assert copy.path == files.library() / "mine"
    assert copy.card is None
    copy.delete()


def test_a_library_that_cannot_be_written_gives_a_sentence(small, monkeypatch, tmp_path):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("VAE_RUNS", str(tmp_path / "file" / "library"))
    with pytest.raises(RunError, match="No run can be made"):
        create(small())


def test_a_run_is_found_by_name_or_path_or_not_with_a_sentence(finished):
    assert run.find("finished") == Run(finished.path)
    assert run.find(finished.path) == Run(finished.path)
    with pytest.raises(RunError, match="There is no run"):
        run.find("nobody")


def test_moves_of_beta_are_read_from_the_reports_whatever_else_stands_there(finished):
    lines = (
        '{"step": 0, "moved": {"learning_rate": 0.1}}',
        '{"step": 20, "moved": {"beta": 4.0}}',
        '{"step": 21, "train": {"elbo": -1.0}}',
        '{"step": 30, "moved": "beta"}',
        '{"step": 40, "moved": {"beta": "many"}}',
        '{"step": 50, "moved": {"beta": 10, "learning_rate": 0.2}}',
        '{"step": 60, "moved": {"be',
    )
    assert finished.beta_moves == []
    (finished.path / files.METRICS).write_text("\n".join(lines))
    assert finished.beta_moves == [(20, 4.0), (50, 10.0)]
    (finished.path / files.METRICS).unlink()
    assert finished.beta_moves == []

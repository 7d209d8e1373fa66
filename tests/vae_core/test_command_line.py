"""The command line, as other programs call it."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys

import pytest

from vae_core.__main__ import main
from vae_core.runs.run import load_run

DIGITS = ["--dataset", "digits", "--set", "net.widths=16"]


@pytest.fixture
def run():
    assert main(["train", "vae-2d", *DIGITS, "--steps", "40", "--seed", "3", "--out", "mine"]) == 0
    return load_run("mine")


def test_train_makes_a_run_from_a_recipe_and_what_was_set(run):
    spec = run.spec
    assert (spec.recipe, spec.data.name, spec.net.widths) == ("vae-2d", "digits", (16,))
    assert (spec.training.steps, spec.training.seed) == (40, 3)
    assert run.status.state == "finished"
    assert run.status.step == 40


def test_evaluate_prints_json_and_nothing_else(run, capsys):
    capsys.readouterr()
    assert main(["evaluate", "mine", "--samples", "20"]) == 0
    numbers = json.loads(capsys.readouterr().out)
    assert numbers["elbo"] == pytest.approx(numbers["reconstruction"] - numbers["kl"])
    assert sum(numbers["dimension_kl"]) == pytest.approx(numbers["kl"], rel=1e-3)
    # An importance-weighted bound is no looser than the ELBO, up to the noise of either.
    assert numbers["log_px"] > numbers["elbo"] - 0.5
    assert (numbers["split"], numbers["images"], numbers["log_px_samples"]) == ("test", 360, 20)
    assert 0 <= numbers["hole_mass"] <= 0.95
    assert 0 <= numbers["active_units"] <= 2


def test_grey_pixels_under_a_bernoulli_have_no_log_px(capsys):
    grey = [*DIGITS, "--set", "data.binarisation=none", "--steps", "5", "--out", "grey"]
    assert main(["train", "vae-2d", *grey]) == 0
    capsys.readouterr()
    assert main(["evaluate", "grey"]) == 0
    numbers = json.loads(capsys.readouterr().out)
    assert numbers["log_px"] is None
    assert "cross-entropy" in numbers["log_px_note"]


def test_a_density_of_binarised_pixels_is_noted_and_has_no_log_px(capsys):
    drawn = [*DIGITS, "--set", "likelihood.kind=gaussian", "--steps", "5"]
    assert main(["train", "vae-2d", *drawn, "--set", "data.binarisation=dynamic", "--out", "drawn"]) == 0
    assert "Note: A density of pixels that are only black or white" in capsys.readouterr().err
    assert main(["evaluate", "drawn"]) == 0
    numbers = json.loads(capsys.readouterr().out)
    assert (numbers["log_px"], numbers["log_px_effective_mean"]) == (None, None)
    assert "grow without limit" in numbers["log_px_note"]
    # Without being told, a density is trained on grey pixels.
    assert main(["train", "vae-2d", *drawn, "--out", "grey"]) == 0
    assert "Note:" not in capsys.readouterr().err
    assert load_run("grey").spec.data.binarisation == "none"


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["train", "vae-3d"], "'vae-3d' is no recipe"),
        (["train", "vae-2d", "--dataset", "cifar"], "'cifar' is not known"),
        (["train", "vae-2d", "--set", "objective.beta=-1"], "objective.beta: '-1' is not allowed"),
        (["train", "vae-2d", "--epochs", "many"], "training.epochs: 'many' is not allowed"),
        (["train", "vae-2d", "--set", "beta"], "'beta' is no setting"),
        (["train", "vae-2d", "--out", "a/../../b"], "name"),
        (["evaluate", "nowhere"], "no run 'nowhere'"),
        (["resume", "nowhere"], "no run 'nowhere'"),
        (["stop", "nowhere"], "no run 'nowhere'"),
    ],
)
def test_what_cannot_be_is_refused_with_a_sentence_and_leaves_no_run(words, sentence, capsys, tmp_path):
    if sentence == "name":
        words[-1] = "b?d name"
    assert main(words) == 1
    said = " ".join(capsys.readouterr().err.split())
    assert sentence in said
    assert "Traceback" not in said
    capsys.readouterr()
    assert main(["runs"]) == 0
    assert len(capsys.readouterr().out.splitlines()) == 1


def test_a_name_already_taken_is_refused_and_the_run_kept(run, capsys):
    assert main(["train", "vae-2d", *DIGITS, "--steps", "5", "--out", "mine"]) == 1
    assert "already a run named mine" in " ".join(capsys.readouterr().err.split())
    assert load_run("mine").status.step == 40


def test_lists_name_what_there_is(run, capsys):
    for words, expected in (
        ("recipes", ["vae-2d", "autoencoder-2d", "capacity"]),
        ("datasets", ["strokes", "digits", "mnist", "folder"]),
        ("runs", ["mine", "finished", "40"]),
    ):
        assert main([words]) == 0
        out = capsys.readouterr().out
        assert all(word in out for word in expected)


def test_ctrl_c_stops_cleanly_and_keeps_the_run(wait_until):
    command = [sys.executable, "-m", "vae_core"]
    train = [*command, "train", "vae-2d", *DIGITS, "--seconds", "300", "--out", "long"]
    process = subprocess.Popen(train, stderr=subprocess.PIPE, text=True, env=os.environ | {"COLUMNS": "120"})
    try:
        wait_until(lambda: _step_of("long") > 10, "training begins")
        process.send_signal(signal.SIGINT)
        _, said = process.communicate(timeout=60)
    finally:
        process.kill()
    assert process.returncode == 0, said
    assert "Traceback" not in said
    run = load_run("long")
    assert run.status.state == "stopped"
    assert run.evaluation["elbo"] < 0


def _step_of(name: str) -> int:
    try:
        return load_run(name).status.step
    except Exception:  # noqa: BLE001 (it does not exist yet)
        return 0


def test_whatever_lies_in_the_library_the_list_of_runs_is_printed(run, own_runs, capsys):
    (own_runs / "loop").symlink_to("loop")
    (own_runs / "pipe").mkdir()
    os.mkfifo(own_runs / "pipe" / "spec.json")
    shutil.copytree(run.path, own_runs / "marked")
    file = own_runs / "marked" / "status.json"
    file.write_text(json.dumps(json.loads(file.read_text()) | {"message": "[/bold] [red]loud"}))
    capsys.readouterr()
    assert main(["runs"]) == 0
    printed = capsys.readouterr().out
    for words in (
        "mine",
        "[/bold] [red]loud",
        "It is a link that leads nowhere.",
        "spec.json is a pipe, not a file.",
    ):
        assert words in printed


@pytest.mark.parametrize("command", [["evaluate"], ["resume"], ["stop"], ["train", "vae-2d", "--out"]])
@pytest.mark.parametrize("name", ["x" * 300, "x" * 5000, "a\0b", "loop"])
def test_a_name_that_no_run_can_have_is_a_short_sentence(command, name, own_runs, capsys):
    (own_runs / "loop").symlink_to("loop")
    assert main([*command, name]) == 1
    said = capsys.readouterr()
    assert said.out == ""
    assert 10 < len(said.err) < 500
    assert "Traceback" not in said.err


def test_a_library_that_is_no_folder_is_a_sentence(run, monkeypatch, capsys):
    (run.path.parent / "no-folder").write_text("")
    monkeypatch.setenv("VAE_RUNS", str(run.path.parent / "no-folder"))
    assert main(["runs"]) == 1
    assert "cannot be read: Not a directory." in " ".join(capsys.readouterr().err.split())

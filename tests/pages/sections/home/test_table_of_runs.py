"""The table of runs: numbers as they were measured, dashes for the others, and what can be done with rows."""

import csv
import io
import json
from collections.abc import Callable
from pathlib import Path
from zlib import crc32

import pytest
from streamlit.testing.v1 import AppTest

from pages.sections.home import table_of_runs
from tests.pages.shown import html
from vae_core.runs import files
from vae_core.runs.run import Run

ROOT = Path(__file__).parents[4]
App = Callable[..., AppTest]
AddRun = Callable[..., Run]


def shipped(name: str) -> Run:
    return Run(ROOT / "checkpoints" / name)


@pytest.fixture
def select(own_runs: Path) -> Callable[[AppTest, list[str], list[int]], None]:
    """Rows of the table of runs of these names."""

    def choose(at: AppTest, names: list[str], rows: list[int]) -> None:
        key = f"table-{crc32(chr(10).join(names).encode())}"
        at.session_state[key] = {"selection": {"rows": rows, "columns": [], "cells": []}}
        at.run()

    return choose


def test_a_line_is_what_the_evaluation_says_and_nothing_else() -> None:
    run = shipped("sprites-beta-tc")
    found = json.loads((run.path / files.EVALUATION).read_text())
    mig = json.loads((run.path / files.DISENTANGLEMENT).read_text())["metrics"]["mig"]
    line = table_of_runs.line(run)
    assert (line["ELBO"], line["Reconstruction"], line["KL"]) == (
        found["elbo"],
        found["reconstruction"],
        found["kl"],
    )
    assert (line["log p(x)"], line["Hole mass"], line["MIG"]) == (
        found["log_px"],
        100 * found["hole_mass"],
        mig,
    )
    assert (line["Images"], line["Latent size"], line["Kind"]) == ("Sprites", 6, "β-TCVAE")


def test_what_says_nothing_or_was_not_measured_is_left_out(add_run: AddRun) -> None:
    """The KL of an autoencoder stands on the bound of its variances."""
    line = table_of_runs.line(shipped("autoencoder-2d-mnist"))
    assert (line["ELBO"], line["KL"], line["MIG"]) == (None, None, None)
    assert line["Reconstruction"] < 0
    bare = add_run("bare")
    (bare.path / files.EVALUATION).unlink()
    measured = ("ELBO", "Reconstruction", "KL", "log p(x)", "Hole mass", "MIG")
    assert [table_of_runs.line(bare)[name] for name in measured] == [None] * 6
    (bare.path / files.SPEC).write_text("{")
    assert table_of_runs.line(bare)["State"] == "unreadable"


def test_the_csv_is_the_table_with_all_digits() -> None:
    runs = [shipped("vae-2d-mnist"), shipped("autoencoder-2d-mnist")]
    first, second = csv.DictReader(io.StringIO(table_of_runs.as_csv(runs)))
    assert list(first) == list(table_of_runs.COLUMNS)
    assert first["ELBO"] == str(json.loads((runs[0].path / files.EVALUATION).read_text())["elbo"])
    assert (second["Run"], second["ELBO"]) == ("Autoencoder on MNIST", "")


def test_the_help_says_how_many_images_and_samples_there_were() -> None:
    columns = table_of_runs._columns([shipped("vae-2d-mnist"), shipped("cvae-mnist")])
    assert "all 10,000 images" in columns["ELBO"]["help"]
    assert "1,000 samples on 100 test images or 1,000 samples on 1,000" in columns["log p(x)"]["help"]


def test_two_rows_are_compared_and_one_of_one_s_own_is_renamed_in_place(
    app: App, add_run: AddRun, select: Callable[..., None]
) -> None:
    names = ["b", "a"]  # the newest first
    for created, name in enumerate(reversed(names)):
        add_run(name, created=1e9 + created)
    at = app(list="table")
    assert 'class="elbo-card"' not in html(at)
    assert at.button(key="compare-runs").disabled
    select(at, names, [1])
    at.text_input[0].set_value("Digits, at last").run()
    assert Run(Path(files.library()) / "a").title == "Digits, at last"
    assert "Digits, at last" in list(at.dataframe[0].value["Run"])
    select(at, names, [0, 1])
    at.button(key="compare-runs").click().run()
    assert at.query_params["runs"] == "b,a"


def test_rows_of_one_s_own_are_deleted_and_come_back_together(
    app: App, add_run: AddRun, own_runs: Path, select: Callable[..., None]
) -> None:
    for created, name in enumerate("abc"):
        add_run(name, created=1e9 + created)
    at = app(list="table")
    select(at, ["c", "b", "a"], [0, 1])
    at.button(key="delete-runs").click().run()
    assert sorted(path.name for path in own_runs.iterdir() if not path.name.startswith(".")) == ["a"]
    at.button(key="undo-run").click().run()
    assert sorted(path.name for path in own_runs.iterdir() if not path.name.startswith(".")) == [
        "a",
        "b",
        "c",
    ]

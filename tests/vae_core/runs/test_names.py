"""The names of a run's dimensions: kept with it, copied with it, and harmless whatever the file holds."""

import json
from pathlib import Path
from typing import Any

import pytest

from vae_core.runs import files, names
from vae_core.runs.archive import export_zip, import_zip
from vae_core.runs.run import Run, RunError


def test_a_name_is_kept_and_can_be_taken_away(tmp_path: Path) -> None:
    assert names.load(tmp_path, 3) == ("", "", "")
    assert names.save(tmp_path, 3, 1, "  the\n width ") == ("", "the width", "")
    assert names.save(tmp_path, 3, 0, "x" * 100)[0] == "x" * names.LONGEST
    assert names.load(tmp_path, 3) == ("x" * names.LONGEST, "the width", "")
    assert names.save(tmp_path, 3, 1, " ")[1] == ""


@pytest.mark.parametrize("dimension", [-1, 3])
def test_a_dimension_that_there_is_not_has_no_name(tmp_path: Path, dimension: int) -> None:
    with pytest.raises(RunError, match="no dimension"):
        names.save(tmp_path, 3, dimension, "x")


def test_a_run_that_is_gone_takes_no_name(tmp_path: Path) -> None:
    with pytest.raises(RunError, match="no run named gone"):
        names.save(tmp_path / "gone", 3, 0, "x")


@pytest.mark.parametrize(
    "text", ["", "[]", "{}", '{"names": 3}', '{"names": [1, null, {}]}', '{"names": [[]]}']
)
def test_a_file_that_holds_no_names_names_nothing(tmp_path: Path, text: str) -> None:
    (tmp_path / files.NAMES).write_text(text)
    assert names.load(tmp_path, 3) == ("", "", "")


def test_names_that_do_not_fit_are_cut_or_filled(tmp_path: Path) -> None:
    (tmp_path / files.NAMES).write_text('{"names": ["a\\u0000b", "c", "d", "e"]}')
    assert names.load(tmp_path, 3) == ("a b", "c", "d")
    assert names.load(tmp_path, 5) == ("a b", "c", "d", "e", "")


def test_names_and_disentanglement_go_with_a_copy_and_a_zip(finished: Run) -> None:
    latent = finished.spec.latent
    names.save(finished.path, latent, 0, "slant")
    record: dict[str, Any] = {"step": 200, "images": 7, "factors": ["x"], "metrics": {"mig": 0.25}}
    record |= {"mutual_information": [[0.5] * latent], "factor_entropy": [1.5]}
    files.write_json(finished.path / files.DISENTANGLEMENT, record)
    for copy in (finished.duplicate(), import_zip(export_zip(finished), "other")):
        assert names.load(copy.path, latent)[0] == "slant"
        assert json.loads((copy.path / files.DISENTANGLEMENT).read_text()) == record

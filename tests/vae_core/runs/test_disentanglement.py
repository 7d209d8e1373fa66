"""What a run keeps of its disentanglement: what is in it, and that damaged files are none."""

import functools
import itertools
import json
import math
from pathlib import Path

import numpy as np
import pytest
import torch

from vae_core.analysis.disentangle import Cancelled, evaluate_all, factor_entropy
from vae_core.analysis.disentangle.record import record
from vae_core.runs import disentanglement, files, schema
from vae_core.runs.reading import Unfit
from vae_core.spec import Spec

FACTORS = np.array(list(itertools.product(range(2), range(4))) * 40)
NAMES = ("shape", "size")
# The first dimension is the size, the second the shape, and the third says nothing.
CODES = torch.tensor(np.column_stack([FACTORS[:, 1], FACTORS[:, 0], np.zeros(len(FACTORS))]))


def load(path: Path, name: str) -> disentanglement.Record | None:
    """What a run of three dimensions reads from that file of its folder; None where it does not fit."""
    try:
        found: disentanglement.Record = schema.read(path, name, Spec().change(latent=3))
    except (FileNotFoundError, Unfit):
        return None
    return found


@functools.cache
def made() -> disentanglement.Record:
    return record(CODES, torch.tensor(FACTORS), NAMES, step=7)


def test_a_record_holds_the_metrics_and_who_tells_about_whom() -> None:
    found = made()
    assert (found["step"], found["images"], found["factors"]) == (7, 320, ["shape", "size"])
    assert found["metrics"] == evaluate_all(CODES, FACTORS)
    expected = [[0, math.log(2), 0], [math.log(4), 0, 0]]
    np.testing.assert_allclose(found["mutual_information"], expected, atol=1e-12)
    np.testing.assert_allclose(found["factor_entropy"], [math.log(2), math.log(4)])


def test_a_factor_that_does_not_vary_has_no_entropy() -> None:
    factors = np.column_stack([FACTORS, np.ones(len(FACTORS))])
    np.testing.assert_allclose(factor_entropy(factors), [math.log(2), math.log(4), 0])


def test_a_record_that_was_written_is_read_again(tmp_path: Path) -> None:
    found = made()
    disentanglement.write(tmp_path, found)
    read = load(tmp_path, files.DISENTANGLEMENT)
    assert read is not None
    assert read["metrics"] == pytest.approx(found["metrics"], abs=1e-5)
    assert read["mutual_information"] == pytest.approx(np.array(found["mutual_information"]), abs=1e-5)
    (tmp_path / files.DISENTANGLEMENT).write_text(json.dumps(found | {"mutual_information": [[0.1], [0.2]]}))
    assert load(tmp_path, files.DISENTANGLEMENT) is None  # of a run of one dimension
    assert {key: read[key] for key in ("step", "images", "factors")} == {
        key: found[key] for key in ("step", "images", "factors")
    }


@pytest.mark.parametrize(
    "damage",
    [
        {"metrics": None},
        {"metrics": {"mig": "much"}},
        {"step": "seven"},
        {"factors": ["shape"]},
        {"mutual_information": [[0.1], [0.2, 0.3]]},
        {"mutual_information": [[], []]},
        {"mutual_information": [[0.1], [None]]},
        {"factor_entropy": 3},
    ],
)
def test_a_damaged_record_is_none(tmp_path: Path, damage: dict[str, object]) -> None:
    (tmp_path / files.DISENTANGLEMENT).write_text(json.dumps(made() | damage))
    assert load(tmp_path, files.DISENTANGLEMENT) is None


@pytest.mark.parametrize("text", [None, "", "[]", "{}", "{"])
def test_a_file_that_is_missing_or_none_of_ours_is_no_record(tmp_path: Path, text: str | None) -> None:
    if text is not None:
        (tmp_path / files.DISENTANGLEMENT).write_text(text)
        (tmp_path / files.SEEDS).write_text(text)
    assert load(tmp_path, files.DISENTANGLEMENT) is None
    assert load(tmp_path, files.SEEDS) is None


def test_other_seeds_are_read_where_every_row_is_whole(tmp_path: Path) -> None:
    row = {"seed": 1, "elbo": -30.5, "metrics": {"mig": 0.2}}
    found = {"recipe": "beta-tc", "seeds": [row, row | {"seed": 2}]}
    (tmp_path / files.SEEDS).write_text(json.dumps(found))
    assert load(tmp_path, files.SEEDS) == found
    (tmp_path / files.SEEDS).write_text(json.dumps(found | {"seeds": [row, {"seed": 2}]}))
    assert load(tmp_path, files.SEEDS) is None


def test_a_record_that_is_no_longer_wanted_is_cancelled() -> None:
    with pytest.raises(Cancelled):
        record(CODES, FACTORS, NAMES, step=7, cancelled=lambda: True)

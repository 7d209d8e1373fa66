"""Specs of every form that a version of the app wrote, as it wrote them, read by this one.

`written_specs.json` holds one of each; the forms of what ships are tested where the runs are (test_schema).
"""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import pytest

from vae_core import recipes
from vae_core.runs import schema
from vae_core.runs.migrate import ADDED, migrate
from vae_core.spec import Spec

ROOT = Path(__file__).parents[3]
WRITTEN: dict[str, dict[str, Any]] = json.loads(Path(__file__).with_name("written_specs.json").read_text())
WRITTEN |= {
    path.parent.name: json.loads(path.read_text()) for path in (ROOT / "checkpoints").glob("*-*/spec.json")
}


def flat(value: dict[str, Any], before: str = "") -> dict[str, Any]:
    """{"a": {"b": 1}} as {"a.b": 1}."""
    found: dict[str, Any] = {}
    for name, inner in value.items():
        found |= flat(inner, f"{before}{name}.") if isinstance(inner, dict) else {before + name: inner}
    return found


@pytest.mark.parametrize("form", WRITTEN)
def test_a_form_is_read_and_lacks_only_what_is_known_to_have_been_added(form: str):
    """A new setting that fails here wants a line in migrate.ADDED, and today's form in written_specs.json."""
    written = WRITTEN[form]
    spec = schema.read_spec(json.dumps(written).encode())
    found = flat(json.loads(spec.to_json()))
    assert found == flat(migrate(written))
    assert found == found | flat(written)


def test_runs_of_before_products_could_be_rounded_were_trained_in_float32():
    """New ones are rounded where that is faster; one that goes on is what it was."""
    assert recipes.get("vae-2d").training.products == "auto"
    spec = schema.read_spec(json.dumps(WRITTEN["the first"]).encode())
    assert spec.training.products == "float32"


@pytest.mark.parametrize("form", WRITTEN)
def test_migrating_changes_nothing_it_is_given_and_a_second_time_nothing_at_all(form: str):
    written = copy.deepcopy(WRITTEN[form])
    once = migrate(written)
    assert written == WRITTEN[form]
    assert migrate(once) is once


def test_todays_form_needs_no_migrating():
    for recipe in recipes.RECIPES:
        value = recipes.get(recipe).model_dump(mode="json")
        assert migrate(value) is value


@pytest.mark.parametrize("value", [{}, {"training": None}, {"training": [1]}, {"data": 3, "mask": 1}])
def test_what_is_no_spec_is_left_to_the_schema_to_refuse(value: dict[str, Any]):
    found = migrate(value)
    assert {name: found[name] for name in value} == value


def test_every_added_setting_is_one_of_the_spec_and_what_runs_of_before_had_fits_it():
    for where, name, before in ADDED:
        part, _, kind = where.partition(".")
        spec = Spec().change(**{f"{part}.kind": kind}) if kind else Spec()
        whole = spec.model_dump(mode="json")
        settings = whole[part] if part else whole
        assert name in settings
        settings[name] = before
        Spec.parse(whole)  # raises nothing


def test_a_setting_of_one_kind_is_added_to_no_other():
    assert migrate({"posterior": {"kind": "diagonal_gaussian"}})["posterior"]["variance"] == "image"
    assert migrate({"posterior": {"kind": "logistic"}})["posterior"] == {"kind": "logistic"}

"""Arithmetic with images that have a value of a factor: the operand, its control, and the link."""

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from streamlit.testing.v1 import AppTest

from pages.sections.interpolate import factor
from tests.pages.shown import parcels, until, words
from vae_core import data
from vae_core.runs.run import Run

App = Callable[..., AppTest]
AddRun = Callable[..., Run]

ROOT = Path(__file__).parents[2]


@pytest.fixture
def shipped(own_runs: Path) -> Callable[[str], Run]:
    """A copy of a run of the gallery whose images come with factors."""

    def add(name: str) -> Run:
        shutil.copytree(ROOT / "checkpoints" / name, own_runs / name)
        return Run(own_runs / name)

    return add


FACTOR = {"tab": "arithmetic", "plus_is": "factor", "minus_is": "zero", "to_is": "zero"}


def opened(app: App, run: Run, **link: str) -> AppTest:
    """Once the factors are there."""
    at = app("interpolate", run=run.name, **FACTOR | link)
    return until(at, lambda at: "Reading the factors" not in words(at))


def labelled(elements: Any, label: str) -> Any:
    return next(element for element in elements if element.label == label)


def mean_where(run: Run, group: torch.Tensor) -> torch.Tensor:
    return run.posteriors.mean[group].mean(0)


def test_an_operand_may_be_the_images_within_a_range_of_a_factor(
    app: App, shipped: Callable[[str], Run]
) -> None:
    run = shipped("vae-2d-strokes")
    link = {"plus_factor": "thickness", "plus_at": "2.5,3", "minus_is": "factor", "minus_at": "-0.2,0.1"}
    at = opened(app, run, **link)
    slant, thickness = data.load("strokes", "test").factors[:, :2].T
    thick, straight = (thickness >= 2.5) & (thickness <= 3), (slant >= -0.2) & (slant <= 0.1)
    ((_, arrays),) = parcels(at, "path")
    expected = mean_where(run, thick) - mean_where(run, straight)
    np.testing.assert_allclose(arrays["codes"][150], expected, atol=1e-5)
    assert f"{int(thick.sum()):,} images" in words(at)
    assert {name: at.query_params[name] for name in link} == link


@pytest.mark.parametrize(
    "name, values", [("scale", (0.5, 0.6, 0.7)), ("shape", ("square", "ellipse", "heart"))]
)
def test_of_a_factor_with_few_values_one_is_chosen(
    app: App, shipped: Callable[[str], Run], name: str, values: tuple[object, ...]
) -> None:
    run = shipped("sprites-beta-tc")
    at = opened(app, run, plus_factor=name, plus_at=str(values[1]))
    split = data.load("sprites", "test")
    column = split.factors[:, split.factor_names.index(name)]
    group = column == column.unique()[1]
    ((_, arrays),) = parcels(at, "path")
    np.testing.assert_allclose(arrays["codes"][150], mean_where(run, group), atol=1e-5)
    assert f"{int(group.sum()):,} of 10,000 images" in words(at)
    box = labelled(at.selectbox, "Value")
    assert (box.value, tuple(box.options[:3])) == (str(values[1]), tuple(map(str, values)))


def test_a_range_begins_with_the_highest_fifth_for_a_and_the_lowest_for_b(
    app: App, shipped: Callable[[str], Run]
) -> None:
    run = shipped("sprites-beta-tc")
    at = opened(app, run, plus_factor="x", minus_is="factor", minus_factor="x")
    x = data.load("sprites", "test").factors[:, 3].double()
    low, high = x.quantile(torch.tensor([0.2, 0.8], dtype=torch.float64))
    ((_, arrays),) = parcels(at, "path")
    expected = mean_where(run, x >= high) - mean_where(run, x <= low)
    np.testing.assert_allclose(arrays["codes"][150], expected, atol=1e-5)


def test_a_range_goes_into_the_link_and_another_factor_begins_anew(
    app: App, shipped: Callable[[str], Run]
) -> None:
    run = shipped("vae-2d-strokes")
    at = opened(app, run)
    labelled(at.select_slider, "Range").set_range(-0.1, 0.2).run()
    assert at.query_params["plus_at"] == "-0.1,0.2"
    assert tuple(labelled(at.select_slider, "Range").value) == (-0.1, 0.2)
    labelled(at.selectbox, "Factor").set_value("thickness").run()
    assert at.query_params["plus_factor"] == "thickness"
    assert "plus_at" not in at.query_params
    low, high = labelled(at.select_slider, "Range").value
    thickness = data.load("strokes", "test").factors[:, 1]
    assert float(((thickness >= low) & (thickness <= high)).double().mean()) == pytest.approx(0.2, abs=0.02)
    assert not at.exception


def test_a_range_that_holds_no_image_says_so(app: App, shipped: Callable[[str], Run]) -> None:
    at = opened(app, shipped("vae-2d-strokes"), plus_at="0.65,0.65")
    assert "No image lies in this range" in words(at)
    assert not parcels(at, "path")
    assert not at.exception


@pytest.mark.parametrize(
    "link",
    [
        {"plus_factor": "<b>", "plus_at": "nan,1"},
        {"plus_factor": "style", "plus_at": "-0.1,0.2"},
        {"plus_at": "1,2,3"},
        {"plus_at": "heart"},
    ],
)
def test_what_a_link_says_of_a_factor_is_checked(
    app: App, shipped: Callable[[str], Run], link: dict[str, str]
) -> None:
    at = opened(app, shipped("vae-2d-strokes"), **link)
    assert not at.exception
    assert not at.error
    assert len(parcels(at, "path")) == 1
    assert "plus_at" not in at.query_params


def test_a_link_may_name_the_ends_in_any_order_and_beyond_all_values(
    app: App, shipped: Callable[[str], Run]
) -> None:
    at = opened(app, shipped("vae-2d-strokes"), plus_at="1e9,-1e9")
    assert "10,000 images" in words(at)


def test_images_without_factors_offer_none_as_an_operand(app: App, add_run: AddRun) -> None:
    add_run("mine")
    at = app("interpolate", run="mine", **FACTOR)
    assert "a value of a factor" not in labelled(at.selectbox, "A").options
    assert labelled(at.selectbox, "A").value.startswith("class-")
    assert len(parcels(at, "path")) == 1


def test_a_range_ends_at_round_numbers_around_all_values() -> None:
    many = torch.linspace(-0.349, 0.649, 500).tolist()
    assert factor.stops(many) == [round(-0.35 + k / 100, 2) for k in range(101)]
    few = [0.5, 0.75, 1.0]
    assert factor.stops(few) == few
    assert factor.stops([1000.0 * k for k in range(101)]) == [1000.0 * k for k in range(101)]

"""Interpolate: sums and directions of codes."""

from collections.abc import Callable

import numpy as np
import pytest
import torch
from streamlit.testing.v1 import AppTest

from pages.sections.interpolate import (
    arithmetic,
    lasso,
)
from tests.pages.sections.interpolate.parts import ends
from tests.pages.shown import data_of, parcels, until, words
from vae_core import data
from vae_core.analysis import arithmetic as sums
from vae_core.runs import directions, files
from vae_core.runs.directions import Saved
from vae_core.runs.run import Run
from widgets.run_data.codes import newest

App = Callable[..., AppTest]
AddRun = Callable[..., Run]


def test_c_plus_a_less_b_is_where_t_is_one(app: App, add_run: AddRun) -> None:
    run = add_run("mine")
    at = app("interpolate", run="mine", tab="arithmetic", plus="3", minus="7", to="5")
    ((header, arrays),) = parcels(at, "path")
    (a, b), (c, _) = ends(run, 3, 7), ends(run, 5, 0)
    np.testing.assert_allclose(arrays["codes"][150], sums.analogy(a, b, c), atol=1e-5)
    np.testing.assert_allclose(arrays["codes"][50], c, atol=1e-5)
    assert header["marks"] == [[0, "C"], [1, "A − B + C"]]
    assert data_of(at, "ways")["t"] == 1


def test_an_operand_may_be_the_mean_of_a_class(app: App, add_run: AddRun) -> None:
    run = add_run("mine")
    link = {"plus_is": "class-4", "minus_is": "zero", "to_is": "class-2"}
    ((_, arrays),) = parcels(app("interpolate", run="mine", tab="arithmetic", **link), "path")
    labels = run.posteriors.labels
    assert labels is not None
    means = sums.class_means(run.posteriors.mean, labels)
    np.testing.assert_allclose(arrays["codes"][150], means[4] + means[2], atol=1e-5)


def test_arithmetic_begins_with_the_two_classes_that_are_furthest_apart(app: App, add_run: AddRun) -> None:
    run = add_run("mine")
    split, mean = data.load("digits", "test"), run.posteriors.mean
    assert split.labels is not None
    labels = split.labels
    apart = {
        (a, b): sums.direction(mean, labels == a, labels == b) for a in range(10) for b in range(a + 1, 10)
    }
    (_, b), found = max(apart.items(), key=lambda each: each[1].norm / each[1].chance)
    assert found.norm > 2 * found.chance
    at = app("interpolate", run="mine", tab="arithmetic")
    ((header, arrays),) = parcels(at, "path")
    third = ends(run, int((labels == b).nonzero()[0]))[0]  # C is of B's class
    np.testing.assert_allclose(arrays["codes"][50], third, atol=1e-5)
    np.testing.assert_allclose(arrays["codes"][150], third + found.vector, atol=1e-5)
    facts = {name: value for name, value, _ in header["facts"]}
    assert facts["… by chance alone"] == f"{found.chance:.2f} σ"
    assert set(at.query_params) == {"run", "tab"}


def test_arithmetic_of_a_model_told_classes_begins_with_two_styles_of_one_class_and_an_image_of_another(
    app: App, joint: Run
) -> None:
    at = app("interpolate", run="joint", tab="arithmetic")
    assert at.query_params == {"run": "joint", "tab": "arithmetic"}
    split, newest_codes = data.load("digits", "test"), newest(joint)
    assert split.labels is not None
    assert newest_codes is not None
    style = list(arithmetic.styles(newest_codes))
    one, other, third = split.labels[style].tolist()
    assert one == other != third
    mean, axis = joint.posteriors.mean, sums.principal_axis(joint.posteriors.mean)
    below = mean @ axis.float()
    assert below[style[0]] > below[style[1]]
    a, b, c = joint.model.posteriors(split.images[style], split.labels[style]).mean
    ((_, arrays),) = parcels(at, "path")
    np.testing.assert_allclose(arrays["codes"][[50, 150]], torch.stack([c, a - b + c]), atol=1e-5)
    np.testing.assert_array_equal(arrays["classes"].argmax(1), third)


def test_a_direction_of_chance_length_is_a_sentence_and_no_row_of_equal_frames(
    app: App, add_run: AddRun
) -> None:
    run = add_run("mine")
    directions.save(run.path, 2, Saved("noise", (0.01, 0.02), chance=0.02, count=20, rest=20, error=0.02))
    at = app("interpolate", run="mine", tab="arithmetic", direction="saved")
    assert "cannot be told from chance" in at.info[0].value
    assert parcels(at, "path") == []
    at = app("interpolate", run="mine", tab="arithmetic", plus="3", minus="3", to="5")
    assert "no length" in at.info[0].value


def test_a_class_against_the_rest_is_a_direction_with_its_error(app: App, add_run: AddRun) -> None:
    run = add_run("mine")
    link = {"direction": "class", "of_class": "0", "to_is": "zero"}
    ((header, arrays),) = parcels(app("interpolate", run="mine", tab="arithmetic", **link), "path")
    labels = run.posteriors.labels
    assert labels is not None
    found = sums.direction(run.posteriors.mean, labels == 0)
    np.testing.assert_allclose(arrays["codes"][-1], 3 * found.vector, atol=1e-5)
    facts = {name: value for name, value, _ in header["facts"]}
    assert facts["… by chance alone"] == f"{found.chance:.2f} σ"
    assert (header["first"], header["last"]) == (-3, 3)


def test_high_against_low_in_a_factor_is_a_direction(app: App, add_run: AddRun) -> None:
    run = add_run("mine")
    truth = data.load("digits", "test").factors
    at = app("interpolate", run="mine", tab="arithmetic", direction="factor", to_is="zero")
    if truth is None:  # these images have none, so there is nothing to choose
        assert "factor" not in next(group for group in at.button_group if group.label == "Direction").options
        return
    at = until(at, lambda at: parcels(at, "path"))
    expected = sums.by_factor(run.posteriors.mean, truth[:, 0]).vector
    np.testing.assert_allclose(parcels(at, "path")[0][1]["codes"][-1], 3 * expected, atol=1e-5)


def test_a_direction_is_kept_with_the_users_own_run_and_found_again(app: App, add_run: AddRun) -> None:
    run = add_run("mine")
    at = app("interpolate", run="mine", tab="arithmetic", direction="class", of_class="0")
    at.text_input(key="direction-name").input("zeroness").run()
    at.button(key="keep-direction").click().run()
    (kept,) = directions.load(run.path, 2)
    assert (kept.name, kept.step) == ("zeroness", run.status.step)
    at = app("interpolate", run="mine", tab="arithmetic", direction="kept", kept="zeroness", to_is="zero")
    np.testing.assert_allclose(parcels(at, "path")[0][1]["codes"][-1], 3 * np.array(kept.vector), atol=1e-4)
    at.button(key="forget-direction").click().run()
    assert directions.load(run.path, 2) == []


def test_a_name_that_is_typed_just_before_the_button_is_pressed_is_the_one_it_is_kept_under(
    app: App, add_run: AddRun
) -> None:
    run = add_run("mine")
    at = app("interpolate", run="mine", tab="arithmetic", direction="class")
    at.text_input(key="direction-name").input("first").run()
    at.text_input(key="direction-name").input("second")
    at.button(key="keep-direction").click().run()
    assert [one.name for one in directions.load(run.path, 2)] == ["second"]


def test_a_direction_of_a_shipped_run_stays_out_of_its_folder(app: App, add_run: AddRun) -> None:
    run = add_run("shown", card={"title": "Shown"})
    at = app("interpolate", run="shown", tab="arithmetic", direction="class")
    at.text_input(key="direction-name").input("zeroness").run()
    at.button(key="keep-direction").click().run()
    assert not (run.path / files.DIRECTIONS).exists()
    assert "stays in this browser" in words(at)
    options = next(group for group in at.button_group if group.label == "Direction").options
    assert len(options) == 3


def test_a_direction_of_an_earlier_step_says_so(app: App, add_run: AddRun) -> None:
    run = add_run("mine")
    directions.save(run.path, 2, Saved("old", (1.0, 0.5), step=7))
    at = app("interpolate", run="mine", tab="arithmetic", direction="kept")
    assert "Made at step 7" in words(at)


def test_a_group_is_what_a_lasso_holds(app: App, add_run: AddRun) -> None:
    run = add_run("mine")
    mean = run.posteriors.mean
    link = {"to_is": "group", "to_in": "0,-100;0,100;100,100;100,-100", "direction": "class"}
    at = app("interpolate", run="mine", tab="arithmetic", **link)
    ((header, arrays),) = parcels(at, "path")
    zero = round((0 - header["first"]) / (header["last"] - header["first"]) * 200)
    np.testing.assert_allclose(arrays["codes"][zero], mean[mean[:, 0] > 0].mean(0), atol=1e-5)
    assert at.query_params["to_in"] == link["to_in"]


@pytest.mark.parametrize(
    "text", ["", "1,2", "1,2;3,4", "a,b;c,d;e,f", "nan,0;1,1;2,2", "1;2;3", "1,2;3,4;5,6,7"]
)
def test_a_lasso_that_is_none_holds_nothing(text: str) -> None:
    assert lasso.parse(text) is None


def test_what_plotly_says_was_drawn_comes_back_from_the_link() -> None:
    box = {"selection": {"box": [{"x": [0, 1], "y": [2, 3]}], "points": []}}
    corners = lasso.corners_of(box)
    assert corners == [(0, 2), (1, 2), (1, 3), (0, 3)]
    assert lasso.parse(lasso.to_link(corners)) == corners
    long = {"selection": {"lasso": [{"x": list(range(500)), "y": [0.5] * 500}]}}
    assert len(lasso.corners_of(long) or []) <= lasso.CORNERS
    assert lasso.corners_of({"selection": {"points": []}}) is None

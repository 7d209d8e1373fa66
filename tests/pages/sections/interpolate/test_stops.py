"""Interpolate: stops between A and B, and pairs by surprise."""

from collections.abc import Callable

import numpy as np
import pytest
import torch
from streamlit.testing.v1 import AppTest

from pages.sections.interpolate import (
    downloads,
    surprise,
)
from pages.sections.interpolate.path import PathChoice
from tests.pages.sections.interpolate.parts import decoded, reconstruction
from tests.pages.shown import parcels, until
from vae_core import data
from vae_core.runs.run import Run
from widgets.run_data.subject import Picked

App = Callable[..., AppTest]
AddRun = Callable[..., Run]


@pytest.mark.parametrize("count", [1, 2, 6])
def test_a_path_is_at_each_stop_where_its_tick_says(app: App, joint: Run, count: int) -> None:
    images = [3, *range(10, 10 + count), 7]
    link = {f"stop{k + 1}": str(10 + k) for k in range(count)}
    at = app("interpolate", run="joint", a="3", b="7", stops=str(count), **link)
    ((header, arrays),) = parcels(at, "path")
    marks, points = header["marks"], len(arrays["codes"])
    assert [name for _, name in marks] == ["A", *map(str, range(1, count + 1)), "B"]
    assert (header["first"], header["last"]) == (0, 1)
    for (t, _), image in zip(marks, images, strict=True):
        k, frame = t * (points - 1), t * (header["frames"] - 1)
        assert k == pytest.approx(round(k))
        assert frame == pytest.approx(round(frame))  # it has a frame of its own
        torch.testing.assert_close(decoded(joint, arrays, round(k)), reconstruction(joint, image))
    np.testing.assert_array_equal(
        arrays["ends"], data.load("digits", "test").images[images].permute(0, 2, 3, 1)
    )
    assert {name: at.query_params[name] for name in link} == link


def test_a_stop_is_added_and_taken_away_and_the_others_stay_as_they_are(app: App, add_run: AddRun) -> None:
    add_run("mine")
    at = app("interpolate", run="mine", a="3", b="7")
    for _ in range(3):
        at.button(key="add-stop").click().run()
    three = parcels(at, "path")[0][1]["ends"]
    at.button(key="remove-stop-1").click().run()
    np.testing.assert_array_equal(parcels(at, "path")[0][1]["ends"], three[[0, 1, 3, 4]])
    assert at.query_params["stops"] == "2"
    for _ in range(2):
        at.button(key="remove-stop-0").click().run()
    assert len(parcels(at, "path")[0][1]["ends"]) == 2
    assert set(at.query_params) == {"run", "a", "b"}
    assert [mark for _, mark in parcels(at, "path")[0][0]["marks"]] == ["A", "B"]


def test_the_film_and_the_frames_of_a_path_with_stops_pass_each_of_them(add_run: AddRun) -> None:
    run = add_run("mine")
    images = data.load("digits", "test").images.numpy()
    picked = [Picked(images[k], None, k, False, f"test image {k}") for k in (3, 7, 9)]
    view = PathChoice((run,), picked[0], picked[2], "linear", stops=(picked[1],))
    assert [t for t, _ in view.marks] == [0, 0.5, 1]
    shown = downloads.faded(view, torch.tensor([1.0, 0.5, 0.0, 0.25]))
    np.testing.assert_array_equal(shown[:3], images[[9, 7, 3]])
    np.testing.assert_allclose(shown[3], (images[3].astype(float) + images[7]) / 2, atol=0.51)


def test_a_geodesic_with_a_stop_is_looked_for_on_both_sides_of_it(app: App, add_run: AddRun) -> None:
    run = add_run("mine")
    at = app("interpolate", run="mine", a="3", b="7", stops="1", stop1="9", way="geodesic")
    at = until(at, lambda at: "… of the straight line" in [f[0] for f in parcels(at, "path")[0][0]["facts"]])
    ((_, arrays),) = parcels(at, "path")
    mean = run.model.posteriors(data.load("digits", "test").images[[3, 9, 7]]).mean
    np.testing.assert_allclose(arrays["codes"][[0, 100, 200]], mean, atol=1e-5)


def test_a_surprise_is_of_different_classes_comes_back_with_its_seed_and_is_another_each_time(
    app: App, add_run: AddRun
) -> None:
    add_run("mine")
    labels = data.load("digits", "test").labels
    assert labels is not None
    assert all(
        len(set(labels[surprise.drawn(labels.numpy(), len(labels), seed)].tolist())) == 8
        for seed in range(50)
    )
    at = app("interpolate", run="mine", a="3", b="7", stops="1", stop1="9")
    seeds, shown = [], []
    for _ in range(2):
        at.button(key="surprise").click().run()
        seeds.append(at.query_params["surprise"])
        shown.append(parcels(at, "path")[0][1]["ends"])
        assert set(at.query_params) == {"run", "stops", "surprise"}
    assert seeds[0] != seeds[1]
    assert not np.array_equal(*shown)
    again = app("interpolate", run="mine", stops="1", surprise=seeds[1])
    np.testing.assert_array_equal(parcels(again, "path")[0][1]["ends"], shown[1])

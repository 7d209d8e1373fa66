"""Interpolate: the path between two codes, and what it passes."""

import json
from collections.abc import Callable

import numpy as np
import pytest
import torch
from streamlit.testing.v1 import AppTest

from pages.sections.interpolate import (
    compare,
    geodesic_task,
    path_codes,
)
from pages.sections.interpolate.path_codes import Line
from tests.pages.sections.interpolate.parts import T, a_line, ends
from tests.pages.shown import parcels, until, words
from vae_core import data
from vae_core.analysis import interpolate as paths
from vae_core.browser import wire
from vae_core.runs import files
from vae_core.runs.run import Run
from widgets.run_data.codes import newest, weights

App = Callable[..., AppTest]
AddRun = Callable[..., Run]


@pytest.mark.parametrize("kind", ["linear", "spherical"])
def test_the_path_leads_from_the_code_of_a_to_that_of_b_and_half_as_far_beyond(
    app: App, add_run: AddRun, kind: str
) -> None:
    run = add_run("mine")
    at = app("interpolate", run="mine", a="3", b="7", way=kind)
    ((header, arrays),) = parcels(at, "path")
    a, b = ends(run, 3, 7)
    expected = getattr(paths, kind)(a, b, T)
    np.testing.assert_allclose(arrays["codes"], expected, atol=1e-5)
    assert (header["first"], header["last"], header["marks"]) == (-0.5, 1.5, [[0, "A"], [1, "B"]])
    images = data.load("digits", "test").images[[3, 7]]
    np.testing.assert_array_equal(arrays["ends"], images.permute(0, 2, 3, 1))


def test_below_the_frames_stands_the_exact_density_along_the_path(app: App, add_run: AddRun) -> None:
    run = add_run("mine")
    at = until(app("interpolate", run="mine", a="3", b="7"), lambda at: "log_q" in parcels(at, "path")[0][1])
    ((header, arrays),) = parcels(at, "path")
    a, b = ends(run, 3, 7)
    path = paths.linear(a, b, T)
    expected = paths.log_q_along(run.posteriors, path)
    np.testing.assert_allclose(arrays["log_q"], expected.log_q, atol=2e-3)
    np.testing.assert_allclose(arrays["log_p"], expected.log_p, atol=1e-4)
    facts = {name: value for name, value, _ in header["facts"]}
    assert facts["Length in latent space"] == f"{float((b - a).norm()):.2f} σ"
    faded = (data.load("digits", "test").images[[3, 7]].double() / 255).diff(dim=0).norm()
    assert facts["… of the pixels faded over"] == f"{float(faded):.1f}"


def test_a_geodesic_is_no_longer_in_pixels_than_the_straight_line(app: App, add_run: AddRun) -> None:
    run = add_run("mine")
    at = app("interpolate", run="mine", a="3", b="7", way="geodesic")
    at = until(at, lambda at: len(parcels(at, "path")[0][0]["facts"]) >= 5)  # and one where none was shorter
    ((header, arrays),) = parcels(at, "path")
    facts = {name: value for name, value, _ in header["facts"]}
    assert float(facts["Length in pixels"]) <= float(facts["… of the straight line"])
    a, b = ends(run, 3, 7)
    np.testing.assert_allclose(arrays["codes"][[50, 150]], torch.stack([a, b]), atol=1e-5)


def test_a_search_given_up_shows_the_straight_line_and_can_begin_again(add_run: AddRun) -> None:
    line = a_line(add_run("mine"), "geodesic")
    geodesic_task._search(line).cancelled = True  # before it began
    assert geodesic_task._find(line, 0) is None
    assert geodesic_task.start(line).result() is not None
    assert path_codes.along(line).shape == (201, 2)


def test_the_plane_holds_both_ends_however_far_they_are(add_run: AddRun) -> None:
    run = add_run("mine")
    found = newest(run)
    assert found is not None
    for far, extent in ((1.0, 4.0), (9.0, 10.0)):
        line = Line(str(run.path), weights(run), (), ((0.0, 0.0), (far, -0.5)))
        parcel = path_codes.plane(found, line)
        assert parcel is not None
        assert wire.header(parcel)["extent"] == extent


def test_two_runs_stand_under_each_other_each_with_its_own_codes(app: App, add_run: AddRun) -> None:
    add_run("mine")
    add_run("yours")
    at = app("interpolate", run="mine", beside="yours")
    assert [header["title"] for header, _ in parcels(at, "path")] == ["mine", "yours"]
    assert [header["strip"] for header, _ in parcels(at, "path")] == [False, True]  # one fade is enough


def with_beta(run: Run, beta: float) -> Run:
    spec = json.loads((run.path / files.SPEC).read_text())
    spec["objective"]["beta"] = beta
    (run.path / files.SPEC).write_text(json.dumps(spec))
    return Run(run.path)


def test_one_click_puts_the_autoencoder_beside_the_vae_and_says_why(app: App, add_run: AddRun) -> None:
    add_run("mine")
    with_beta(add_run("plain"), 0.0)
    at = app("interpolate", run="mine")
    at.button(key="autoencoder-against-vae").click().run()
    assert [header["title"] for header, _ in parcels(at, "path")] == ["mine", "plain"]
    assert compare.WHY in words(at)
    assert at.query_params["compare"] == "plain"
    assert not [button for button in at.button if button.key == "autoencoder-against-vae"]


def test_the_counterpart_has_the_same_images_and_dimensions(add_run: AddRun) -> None:
    vae, plain, other = add_run("vae"), with_beta(add_run("plain"), 0.0), with_beta(add_run("other"), 4.0)
    assert compare.pair(vae, [vae, other, plain]) == (vae, plain)
    assert compare.pair(plain, [other, vae, plain]) == (plain, vae)
    assert compare.pair(vae, [vae, other]) is None

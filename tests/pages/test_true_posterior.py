"""The section of the true posterior: its numbers, its lists, its link."""

from collections.abc import Callable
from typing import Any

import pytest
import torch
from streamlit.testing.v1 import AppTest

from pages.sections.latent_map import gap_compute
from tests.pages.shown import parcels, until, words
from vae_core import data
from vae_core.analysis import likelihood, posterior_gap
from vae_core.analysis.quadrature import Lattice
from vae_core.pixels import unit
from vae_core.runs.run import Run
from widgets.components.true_posterior import QState
from widgets.shell.component_state import Holder

App = Callable[..., AppTest]
AddRun = Callable[..., Run]
IMAGE = 5


def gap(at: AppTest) -> dict[str, Any]:
    """What the component is told, once the best q is known."""
    until(at, lambda at: any(header["best"] for header, _ in parcels(at, "gap")))
    ((header, _),) = parcels(at, "gap")
    return header


def binarised(index: int) -> torch.Tensor:
    return unit(data.binarise_one(data.load("digits", "test").images[index], "test", index))


def test_the_bar_is_that_of_the_analysis(app: App, add_run: AddRun) -> None:
    run = add_run("mine")
    found = gap(app("latent_map", run="mine", show="gap", a=str(IMAGE)))
    x = binarised(IMAGE)
    integral = posterior_gap.integral_of(run.model, Lattice.of(run.model, 5.0), x)
    known = posterior_gap.of_plane(run.model, x, integral)
    assert found["log_px"] == pytest.approx(known.log_px, abs=0.01)
    assert found["encoder"]["elbo"] == pytest.approx(known.encoder.elbo, abs=0.01)
    assert found["best"]["elbo"] == pytest.approx(known.best.elbo, abs=0.02)
    assert found["encoder"]["elbo"] <= found["best"]["elbo"] <= found["log_px"]
    assert found["error"] == 0


def test_the_image_is_binarised_as_the_evaluation_binarises_it(app: App, add_run: AddRun) -> None:
    run = add_run("mine")
    found = gap(app("latent_map", run="mine", show="gap", a=str(IMAGE)))
    assert run.posteriors is not None
    assert found["encoder"]["mean"] == pytest.approx(run.posteriors.mean[IMAGE].tolist(), abs=1e-3)


def test_the_pinned_image_is_shown_until_another_is_picked(app: App, add_run: AddRun) -> None:
    run = add_run("mine")
    z = ",".join(f"{v:.4g}" for v in run.posteriors.mean[9].tolist())
    at = app("latent_map", run="mine", show="gap", z=z, image="9")
    gap(at)
    assert "test image 9" in "".join(element.proto.body for element in at.get("html"))


def test_the_widest_gap_of_the_list_is_a_click_away(
    app: App, add_run: AddRun, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gap_compute, "SURVEYED", 12)
    run = add_run("mine")
    at = app("latent_map", run="mine", show="gap", a=str(IMAGE))
    until(at, lambda at: "**Widest gaps** of 12 test images" in words(at))
    first = next(each for each in at.button if (each.key or "").startswith("gap-widest-"))
    number = int(str(first.key).rpartition("-")[2])
    first.click().run()
    assert "".join(at.query_params["image"]) == str(number)
    assert "a" not in at.query_params
    shown = gap(at)
    exact = float(likelihood.estimate(run.model, binarised(number)[None], 2000).value)
    assert shown["log_px"] == pytest.approx(exact, abs=0.2)


def test_more_dimensions_have_the_estimate_with_its_error_and_no_plane(
    app: App, shipped: Callable[[str, str], Run], mnist_root: Any
) -> None:
    shipped("vae-16d-mnist", "deep")
    found = gap(app("latent_map", run="deep", show="gap", a="3"))
    assert found["error"] > 0
    assert "fine" not in found["arrays"]
    assert len(found["way"]) == posterior_gap.ADAM_STEPS


def test_a_q_that_makes_no_sense_is_said(app: App, add_run: AddRun) -> None:
    add_run("mine")
    at = app("latent_map", run="mine", show="gap", a=str(IMAGE), q="1,2")
    gap(at)
    assert "The link asks for q “1,2”; that does not fit this run" in words(at)


def test_a_q_that_is_told_late_of_the_image_before_is_not_taken_for_this_ones(
    app: App, add_run: AddRun
) -> None:
    """A slow browser tells it with the next thing it says, after the server has gone on to this image."""
    add_run("mine")
    at = app("latent_map", run="mine", show="gap", a=str(IMAGE))
    about = gap(at)["about"]
    for whose in ("another", about):
        at.session_state["state:true-posterior"] = Holder(QState((0.0, 0.0, 1.0, 1.0), whose), 7)
        at.query_params["q"] = "0,0,1,1"
        gap(at.run())
        assert ("q" in at.query_params) == (whose == about)

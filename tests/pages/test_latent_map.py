"""The latent map: the right density, said in words, and a link that reopens the view."""

import json
import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pytest
import torch
from streamlit.testing.v1 import AppTest

from vae_core import export
from vae_core.analysis import aggregate
from vae_core.training.run import Run

App = Callable[..., AppTest]
AddRun = Callable[..., Run]


def showing(widgets: Sequence[Any], name: str) -> Any:
    """The widget of that name, whichever turn its key is at."""
    return next(widget for widget in widgets if (widget.key or "").startswith(f"{name}:"))


def parcel(at: AppTest, kind: str) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
    """What travels to the browser: "picture", "holes", "frames"."""
    for component in at.get("bidi_component"):
        if component.proto.bytes:
            header, arrays = export.unpack(component.proto.bytes)
            if header.get("kind") == kind:
                return header, arrays
    raise AssertionError(f"no {kind} on the page")


def told(at: AppTest) -> dict[str, Any]:
    """What the map is told to show."""
    (said,) = (json.loads(c.proto.json) for c in at.get("bidi_component") if c.proto.json)
    return said


def words(at: AppTest) -> str:
    return "\n".join(element.value for element in [*at.markdown, *at.caption])


def html(at: AppTest) -> str:
    return "\n".join(element.proto.body for element in at.get("html"))


def test_the_map_shows_the_exact_aggregated_posterior(app: App, add_run: AddRun) -> None:
    run = add_run("mine")
    header, arrays = parcel(app("latent_map", run="mine"), "picture")
    codes, size, first, cell = run.posteriors, *(header["grid"][name] for name in ("size", "x", "cell"))
    assert first == -4
    # Point by point: the mixture of all posteriors, none drawn narrower than a cell.
    for i, j in ((size // 2, size // 2), (size // 3, size // 2), (size // 4, 3 * size // 4)):
        z = np.array([first + i * cell, first + j * cell])
        sigma = np.maximum(np.exp(codes.log_var.numpy() / 2), cell)
        each = -0.5 * ((z - codes.mean.numpy()) / sigma) ** 2 - np.log(sigma) - 0.5 * math.log(2 * math.pi)
        total = np.logaddexp.reduce(each.sum(axis=1)) - math.log(len(sigma))
        assert arrays["log_q"][i, j] == pytest.approx(total, abs=1e-3)
    assert "exact aggregated posterior" in header["meaning"]


def test_the_holes_are_those_of_the_library_at_the_links_threshold(app: App, add_run: AddRun) -> None:
    run = add_run("mine")
    for ratio in (10, 3):
        header, _ = parcel(app("latent_map", run="mine", ratio=str(ratio)), "holes")
        expected = aggregate.holes(aggregate.grid(run.posteriors), ratio=ratio)
        assert header["ratio"] == ratio
        assert [hole["mass"] for hole in header["list"]] == pytest.approx([h.prior_mass for h in expected])


def test_a_link_reopens_the_view(app: App, add_run: AddRun) -> None:
    add_run("mine")
    at = app("latent_map", run="mine", layers="ratio,prior", range="8", view="1,0,2", z="1.5,-0.25")
    header, _ = parcel(at, "picture")
    state = told(at)["state"]
    assert header["extent"] == 8
    assert (state["pin"], state["layers"], state["view"]) == ([1.5, -0.25], ["ratio", "prior"], [1, 0, 2])
    assert at.query_params["z"] == "1.5,-0.25"


def test_a_pin_is_answered_with_the_exact_densities(app: App, add_run: AddRun) -> None:
    run = add_run("mine")
    answer = told(app("latent_map", run="mine", z="0.5,-0.25"))["answer"]
    z = torch.tensor([[0.5, -0.25]])
    assert answer["log_q"] == pytest.approx(float(aggregate.log_density(run.posteriors, z)), abs=1e-5)
    assert answer["log_p"] == pytest.approx(-math.log(2 * math.pi) - 0.5 * (0.25 + 0.0625), abs=1e-5)


@pytest.mark.parametrize("z", ["nan,1", "1", "1,2,3", "inf,inf", "<b>,1", ""])
def test_a_point_that_is_none_is_ignored(app: App, add_run: AddRun, z: str) -> None:
    add_run("mine")
    at = app("latent_map", run="mine", z=z)
    assert not at.exception
    assert told(at)["state"]["pin"] is None


def test_values_of_a_link_are_clamped(app: App, add_run: AddRun) -> None:
    add_run("mine")
    at = app("latent_map", run="mine", z="1e9,-1e9", layers="nonsense", range="17", ratio="-1")
    assert told(at)["state"]["pin"] == [100, -100]
    assert parcel(at, "picture")[0]["extent"] == 4
    assert parcel(at, "holes")[0]["ratio"] == 10


def test_with_no_run_it_says_where_to_go(app: App) -> None:
    at = app("latent_map")
    assert not at.exception
    assert "no run to look at" in at.info[0].value


def test_a_run_without_codes_says_that_they_are_to_come(app: App, add_run: AddRun) -> None:
    run = add_run("young", state="running", heartbeat=2e9)
    (run.path / "posteriors.safetensors").unlink()
    (run.path / "frames" / "latest.safetensors").unlink()
    at = app("latent_map", run="young")
    assert "no latent codes" in at.info[0].value


def test_a_run_in_training_is_drawn_from_its_newest_frame(app: App, add_run: AddRun) -> None:
    run = add_run("young", state="running", heartbeat=2e9)
    frame = run.frame()
    assert frame is not None
    header, arrays = parcel(app("latent_map", run="young"), "picture")
    assert f"{len(frame['mean'])} test images" in header["meaning"]
    np.testing.assert_allclose(arrays["mean"], frame["mean"].astype(np.float32))

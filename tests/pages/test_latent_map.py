"""The latent map: the right density, said in words, and a link that reopens the view."""

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from vae_core.training.run import Run
from widgets.pack import unpack

App = Callable[..., AppTest]
AddRun = Callable[..., Run]


def showing(widgets: Sequence[Any], name: str) -> Any:
    """The widget of that name, whichever turn its key is at."""
    return next(widget for widget in widgets if (widget.key or "").startswith(f"{name}:"))


def shown(at: AppTest) -> dict[str, object]:
    (component,) = at.get("bidi_component")
    return unpack(component.proto.bytes)


def words(at: AppTest) -> str:
    return "\n".join(element.value for element in [*at.markdown, *at.caption])


def test_the_map_shows_the_exact_aggregated_posterior(app: App, add_run: AddRun) -> None:
    run = add_run("mine")
    picture = shown(app("latent_map", run="mine"))
    codes = run.posteriors
    # One cell away from the edge of the picture, point by point: the mixture of all posteriors.
    g = 256
    axis = np.linspace(-4, 4, g)
    for i, j in ((128, 128), (100, 140), (60, 200)):
        z = np.array([axis[i], axis[j]])
        cell = axis[1] - axis[0]
        sigma = np.maximum(np.exp(codes.log_var.numpy() / 2), cell)
        each = -0.5 * ((z - codes.mean.numpy()) / sigma) ** 2 - np.log(sigma) - 0.5 * math.log(2 * math.pi)
        total = np.logaddexp.reduce(each.sum(axis=1)) - math.log(len(sigma))
        assert picture["log_q"][i, j] == pytest.approx(total, abs=1e-3)
    assert "exact aggregated posterior" in words(app("latent_map", run="mine"))


def test_a_link_reopens_the_view(app: App, add_run: AddRun) -> None:
    add_run("mine")
    at = app("latent_map", run="mine", layer="ratio", range="8", points="0", z="1.5,-0.25")
    picture = shown(at)
    assert (picture["layer"], picture["extent"], picture["points"]) == ("ratio", 8.0, False)
    assert picture["pin"] == [1.5, -0.25]
    assert "z1 = 1.50, z2 = −0.25" in words(at)


@pytest.mark.parametrize("z", ["nan,1", "1", "1,2,3", "inf,inf", "<b>,1", ""])
def test_a_point_that_is_none_is_ignored(app: App, add_run: AddRun, z: str) -> None:
    add_run("mine")
    at = app("latent_map", run="mine", z=z)
    assert not at.exception
    assert shown(at)["pin"] is None


def test_values_of_a_link_are_clamped(app: App, add_run: AddRun) -> None:
    add_run("mine")
    at = app("latent_map", run="mine", z="1e9,-1e9", layer="nonsense", range="17")
    picture = shown(at)
    assert picture["pin"] == [64.0, -64.0]
    assert (picture["layer"], picture["extent"]) == ("density", 4.0)
    assert "layer" not in at.query_params


def test_a_click_goes_into_the_link(app: App, add_run: AddRun) -> None:
    add_run("mine")
    at = app("latent_map", run="mine")
    at.session_state["map"] = {"z": [0.5, 1.0]}
    showing(at.selectbox, "run_picker").select("mine").run()
    assert not at.exception


def test_with_no_run_it_says_where_to_go(app: App) -> None:
    at = app("latent_map")
    assert not at.exception
    assert "no run to look at" in at.info[0].value


def test_a_run_without_codes_says_that_they_are_to_come(app: App, add_run: AddRun) -> None:
    run = add_run("young", state="running", heartbeat=2e9)
    (run.path / "posteriors.safetensors").unlink()
    at = app("latent_map", run="young")
    assert "no latent codes" in at.info[0].value

"""Interpolate: a link reopens the view, and what it says is checked."""

from collections.abc import Callable
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from tests.pages.shown import data_of, parcels, words
from vae_core import data
from vae_core.runs import files
from vae_core.runs.run import Run

App = Callable[..., AppTest]
AddRun = Callable[..., Run]


def test_a_link_reopens_the_view(app: App, add_run: AddRun) -> None:
    add_run("mine")
    link = {"a": "3", "b": "7", "way": "spherical", "t": "0.37"}
    at = app("interpolate", run="mine", **link)
    assert data_of(at, "ways")["t"] == 0.37
    assert {name: at.query_params[name] for name in link} == link


def test_the_way_back_to_the_page_leads_to_the_same_view(app: App, add_run: AddRun) -> None:
    add_run("mine")
    link = {"a": "3", "b": "7", "way": "spherical", "t": "0.37"}
    at = app("interpolate", run="mine", **link)
    at.switch_page("pages/traverse.py").run()
    at.query_params.clear()  # as the browser's address is on another page
    at.switch_page("pages/interpolate.py").run()
    assert data_of(at, "ways")["t"] == 0.37
    assert {name: at.query_params[name] for name in link} == link


@pytest.mark.parametrize(
    "link",
    [
        {"a": "99999", "b": "-1"},
        {"t": "nan", "way": "<b>"},
        {"t": "1e9", "beside": "../elsewhere"},
        {"tab": "nothing"},
        {"stops": "99", "stop1": "-3", "surprise": "x", "under": "77"},
        {"tab": "arithmetic", "direction": "sideways", "plus_is": "class-99", "times": "x"},
        {"tab": "arithmetic", "direction": "class", "of_class": "-3", "amount": "inf"},
        {"tab": "arithmetic", "direction": "kept", "kept": "<b>"},
    ],
)
def test_what_a_link_says_is_checked(app: App, add_run: AddRun, link: dict[str, str]) -> None:
    add_run("mine")
    at = app("interpolate", run="mine", **link)
    assert not at.exception
    assert not at.error
    assert len(parcels(at, "path")) == 1
    assert -3 <= data_of(at, "ways")["t"] <= 3


def test_with_no_run_it_says_where_to_go(app: App) -> None:
    assert "no run to look at" in app("interpolate").info[0].value


def test_a_run_without_weights_says_that_they_are_to_come(app: App, add_run: AddRun) -> None:
    run = add_run("young", state="running", heartbeat=2e9)
    (run.path / files.WEIGHTS).unlink()
    assert "no weights" in app("interpolate", run="young").info[0].value


def test_an_unreadable_run_is_a_sentence(app: App, add_run: AddRun) -> None:
    (add_run("broken").path / files.SPEC).write_text("{")
    at = app("interpolate", run="broken")
    assert not at.exception
    assert at.error


@pytest.mark.parametrize("latent", [1, 3])
@pytest.mark.parametrize("condition", ["none", "class"])
def test_runs_of_other_kinds_have_paths_too(app: App, own_runs: Path, latent: int, condition: str) -> None:
    from vae_core import recipes, train

    changes = {"latent": latent, "data.name": "digits", "condition.kind": condition, "training.steps": 2}
    train(recipes.get("vae-2d").change(**changes), out=own_runs / "other")
    images = {"tab": "arithmetic", "plus": "3", "minus": "7"}
    for link in ({"way": "spherical"}, images, {"tab": "arithmetic", "direction": "class"}, {"tab": "grid"}):
        at = app("interpolate", run="other", **link)
        assert not at.exception
        assert not at.error
        if link.get("tab") == "grid":
            assert parcels(at, "grid")[0][1]["codes"].shape == (9, 9, latent)
            continue
        if "direction" in link and not parcels(at, "path"):  # of two steps of training
            assert "cannot be told from chance" in words(at)
            continue
        ((_, arrays),) = parcels(at, "path")
        assert arrays["codes"].shape == (201, latent)
        assert len(parcels(at, "plane")) == (latent > 1)
    if condition == "class":
        at = app("interpolate", run="other")
        one, other = data.load("digits", "test").labels[:2].tolist()
        assert parcels(at, "path")[0][0]["facts"][0][:2] == ["Decoded as", f"{one} to {other}"]

"""Links as they were copied before a table named their parameters open what they showed."""

from collections.abc import Callable
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from vae_core.runs import directions
from vae_core.runs.directions import Saved
from vae_core.runs.run import Run

App = Callable[..., AppTest]
AddRun = Callable[..., Run]


def shown(at: AppTest) -> dict[str, Any]:
    """The values of the plain controls, by label."""
    assert not at.exception
    assert not at.error
    assert not at.warning  # nothing in the link is foreign to the page
    controls = [
        *at.selectbox, *at.number_input, *at.slider, *at.select_slider, *at.toggle, *at.button_group,
    ]  # fmt: skip
    return {control.label: control.value for control in controls}


def includes(at: AppTest, expected: dict[str, Any]) -> bool:
    found = shown(at)
    return {label: found.get(label) for label in expected} == expected


def test_home(app: App, add_run: AddRun) -> None:
    add_run("one")
    add_run("two")
    assert includes(app(run="one"), {"Run in use": "one"})


def test_train(app: App, add_run: AddRun) -> None:
    add_run("mine")
    at = app("train", run="mine", recipe="vae-2d", set=["latent=8", "objective.beta=4.0"], map="1")
    assert includes(at, {"Latent dimensions": 8})
    assert "map" not in at.query_params  # the map is always there today
    assert at.query_params["set"] == ["latent=8", "objective.beta=4.0"]


def test_latent_map(app: App, add_run: AddRun) -> None:
    add_run("mine")
    link = {"z": "1.5,-0.25", "layers": "ratio,points", "view": "1,0,2", "spacing": "quantile", "frame": "1"}
    at = app("latent_map", run="mine", ratio="20", range="8", show="kl", **link)
    assert includes(at, {"Range": 8, "Hole: p / q above": 20, "Below the map": "kl"})
    assert {name: at.query_params[name] for name in link} == link


def test_traverse(app: App, add_run: AddRun) -> None:
    add_run("mine")
    add_run("yours")
    link = {"from": "prior", "reach": "4", "with": "yours", "move": "1:1.5", "move2": "2:-1", "linked": "0"}
    at = app("traverse", run="mine", part="save", of="yours", **link)
    expected = {"Start from": "prior", "Range": "4", "Compare with": "yours", "Of": "yours"}
    assert includes(at, expected | {"Below the board": "save"})
    assert {name: at.query_params[name] for name in link} == link


def test_interpolate(app: App, add_run: AddRun) -> None:
    add_run("mine")
    add_run("plain")
    link = {"a": "3", "b": "7", "way": "spherical", "t": "0.37"}
    at = app("interpolate", run="mine", beside="plain", **link)
    assert includes(at, {"Path": "spherical", "Compare with": "plain"})
    assert {name: at.query_params[name] for name in (*link, "compare")} == link | {"compare": "plain"}


def test_arithmetic_along_a_kept_direction(app: App, add_run: AddRun) -> None:
    run = add_run("mine")
    for name in ("first", "second"):
        directions.save(run.path, 2, Saved(name, (1.0, 0.5), step=run.status.step))
    at = app("interpolate", run="mine", tab="arithmetic", direction="kept", kept="second", to_is="class-3")
    assert includes(at, {"Direction": "saved", "Name": "second", "Starting from": "class-3"})
    assert at.query_params["saved"] == "second"


@pytest.mark.parametrize(
    ("link", "expected"),
    [
        ({"hide": "lower half", "k": "8", "method": "encoder", "seed": "4"},
         {"Hide": "lower half", "Completions": 8, "Method": "encoder", "Seed": 4}),
        ({"do": "denoise", "noise": "gaussian", "strength": "60", "seed": "4"},
         {"Question": "denoise", "Noise": "gaussian", "Strength, %": 60, "Seed": 4}),
    ],
)  # fmt: skip
def test_inpaint(app: App, add_run: AddRun, link: dict[str, str], expected: dict[str, Any]) -> None:
    add_run("mine")
    assert includes(app("inpaint", run="mine", a="3", **link), expected)


@pytest.mark.parametrize(
    ("link", "expected"),
    [
        ({"t": "50", "seed": "3"}, {"Question": "samples", "Temperature, %": 50, "Seed": 3}),
        ({"do": "styles", "from": "1", "to": "2"}, {"Question": "styles", "Blend from": 1, "to": 2}),
        ({"do": "slide", "class": "2", "slide": "1:1.5"}, {"Question": "slide", "Class": 2}),
    ],
)
def test_generate(app: App, joint: Run, link: dict[str, str], expected: dict[str, Any]) -> None:
    at = app("generate", run="joint", a="5", **link)
    assert includes(at, expected)
    assert {f"generate_{name}": value for name, value in link.items()}.items() <= {
        name: value if isinstance(value, str) else value[-1] for name, value in at.query_params.items()
    }.items()

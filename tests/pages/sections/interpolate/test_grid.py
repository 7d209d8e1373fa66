"""Interpolate: a grid of four corners."""

import io
from collections.abc import Callable

import numpy as np
import pytest
import torch
from PIL import Image
from streamlit.testing.v1 import AppTest

from pages.sections.interpolate import (
    downloads,
    grid,
    surprise,
)
from pages.sections.interpolate.grid import GridChoice
from tests.pages.sections.interpolate.parts import reconstruction
from tests.pages.shown import parcels
from vae_core import data
from vae_core.runs.run import Run
from widgets.run_data.subject import Picked

App = Callable[..., AppTest]
AddRun = Callable[..., Run]


CORNERS = ((0, 0), (0, 8), (8, 0), (8, 8))


@pytest.mark.parametrize("kind", ["linear", "spherical"])
def test_the_corners_of_a_grid_are_the_four_reconstructions_each_under_its_class(
    app: App, joint: Run, kind: str
) -> None:
    link = {"tab": "grid", "a": "3", "b": "7", "c": "11", "d": "20", "grid_way": kind}
    at = app("interpolate", run="joint", **link)
    ((_, arrays),) = parcels(at, "grid")
    assert arrays["codes"].shape == (9, 9, 3)
    for (row, column), k in zip(CORNERS, (3, 7, 11, 20), strict=True):
        z, y = (torch.tensor(arrays[name][row, column])[None] for name in ("codes", "classes"))
        torch.testing.assert_close(joint.model.decode_mean(z, y)[0], reconstruction(joint, k))
    np.testing.assert_allclose(arrays["classes"][4, 4], arrays["classes"][[0, 0, 8, 8], [0, 8, 0, 8]].mean(0))
    assert {name: at.query_params[name] for name in link if name in at.query_params} == {
        name: value for name, value in link.items() if value != "linear"
    }


def test_the_picture_of_a_grid_holds_the_corners_where_they_are(add_run: AddRun) -> None:
    run = add_run("mine")
    images = data.load("digits", "test").images
    picked = tuple(Picked(images[k].numpy(), None, k, False, f"test image {k}") for k in (3, 7, 11, 20))
    sheet = np.asarray(Image.open(io.BytesIO(grid.sheet(run, GridChoice(picked, "linear", ())))).convert("L"))
    strips = downloads.strips
    for (row, column), image in zip(CORNERS, picked, strict=True):
        mean = run.model.posteriors(torch.tensor(image.image)[None]).mean
        decoded = (255 * run.model.decode_mean(mean)).round()[0, 0].numpy()
        top, left = 2 * strips.HEAD + row * (56 + strips.GAP), strips.LABEL + column * (56 + strips.GAP)
        np.testing.assert_allclose(sheet[top : top + 56, left : left + 56], np.kron(decoded, np.ones((7, 7))))


def test_a_surprise_gives_a_grid_four_corners_of_different_classes(app: App, add_run: AddRun) -> None:
    run = add_run("mine")
    at = app("interpolate", run="mine", tab="grid", c="5", d="6")
    at.button(key="surprise").click().run()
    assert set(at.query_params) == {"run", "tab", "surprise"}
    split = data.load("digits", "test")
    assert split.labels is not None
    seeded = surprise.drawn(split.labels.numpy(), len(split.labels), int(at.query_params["surprise"]))[:4]
    codes = parcels(at, "grid")[0][1]["codes"][[0, 0, 8, 8], [0, 8, 0, 8]]
    np.testing.assert_allclose(codes, run.model.posteriors(split.images[seeded]).mean, atol=1e-5)
    assert len(set(split.labels[seeded].tolist())) == 4

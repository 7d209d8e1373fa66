"""Interpolate: which class the frames of a path are decoded under."""

import csv
import io
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from streamlit.testing.v1 import AppTest

from pages.sections.interpolate import (
    downloads,
    path_codes,
)
from pages.sections.interpolate.path_codes import Line
from tests.pages.sections.interpolate.parts import decoded, reconstruction
from tests.pages.shown import parcels
from vae_core import data
from vae_core.model import oracle_classifier
from vae_core.runs.run import Run
from widgets.run_data.codes import weights

App = Callable[..., AppTest]

ROOT = Path(__file__).parents[4]


def test_a_class_that_travels_leads_from_a_under_its_own_class_to_b_under_its_own(
    app: App, joint: Run
) -> None:
    at = app("interpolate", run="joint", a="3", b="7", way="spherical")
    ((_, arrays),) = parcels(at, "path")
    for k, image in ((50, 3), (150, 7)):
        torch.testing.assert_close(decoded(joint, arrays, k), reconstruction(joint, image))
    labels = data.load("digits", "test").labels
    assert labels is not None
    one, other = labels[[3, 7]].tolist()
    middle = np.zeros(10)
    middle[[one, other]] += 0.3, 0.7
    np.testing.assert_allclose(arrays["classes"][120], middle, atol=1e-6)
    np.testing.assert_array_equal(arrays["classes"][200], arrays["classes"][150])  # beyond B it stays B's


@pytest.mark.parametrize(("under", "of"), [("a", 3), ("b", 7), ("6", None)])
def test_a_class_that_is_held_is_the_same_all_along(app: App, joint: Run, under: str, of: int | None) -> None:
    at = app("interpolate", run="joint", a="3", b="7", under=under)
    ((header, arrays),) = parcels(at, "path")
    labels = data.load("digits", "test").labels
    assert labels is not None
    y = int(labels[of]) if of is not None else int(under)
    np.testing.assert_array_equal(arrays["classes"].argmax(1), y)
    assert header["facts"][0][:2] == ["Decoded as", str(y)]
    assert at.query_params["under"] == under


def test_what_is_taken_away_is_decoded_under_the_class_that_travels(joint: Run) -> None:
    labels = data.load("digits", "test").labels
    assert labels is not None
    one, other = labels[[3, 7]].tolist()
    codes = joint.model.posteriors(data.load("digits", "test").images[[3, 7]], labels[[3, 7]]).mean
    line = Line(str(joint.path), weights(joint), (one, other), tuple(map(tuple, codes.tolist())))
    ends = downloads.images(line, torch.tensor([0.0, 1.0], dtype=torch.float64), "means")
    for image, k in zip(ends, (3, 7), strict=True):
        np.testing.assert_allclose(image, 255 * reconstruction(joint, k), atol=0.51)
    rows = list(csv.DictReader(io.StringIO(downloads.numbers([joint], [line], [None]))))
    assert [rows[k]["classes"] for k in (50, 75, 150)] == [
        f"{one}:1",
        f"{one}:0.75 {other}:0.25",
        f"{other}:1",
    ]
    assert downloads.decoded(joint, line) == f"as {one} to {other}"


@pytest.mark.skipif(not (ROOT / "checkpoints" / "cvae-mnist").exists(), reason="the gallery is not here")
def test_the_shipped_model_told_classes_reaches_b_where_the_class_travels_and_not_where_it_is_as(
    mnist_root: Path,
) -> None:
    run, oracle = Run(ROOT / "checkpoints" / "cvae-mnist"), oracle_classifier.load("mnist")
    split, generator = data.load("mnist", "test"), torch.Generator().manual_seed(0)
    assert split.labels is not None
    pairs = torch.randint(len(split.images), (200, 2), generator=generator)
    one, other = pairs[split.labels[pairs[:, 0]] != split.labels[pairs[:, 1]]][:100].T
    assert len(one) == 100
    codes = run.model.posteriors(split.images[other], split.labels[other]).mean
    reached = {}
    for under, end in (("travels", other), ("a", one)):
        ys = zip(split.labels[one].tolist(), split.labels[end].tolist(), strict=True)
        lines = [Line(str(run.path), None, y, ((0.0,) * 5,) * 2) for y in ys]
        weights = torch.cat([path_codes.class_weights(line, torch.ones(1)) for line in lines])  # type: ignore[misc]
        read = oracle.read(run.model.decode_mean(codes, weights)).argmax(1)
        reached[under] = int((read == split.labels[other]).sum())
    assert reached == {"travels": 100, "a": 0}

"""Conditional: samples by class, styles, sliders, the classifier, measures; runs that know no class."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
import torch
from streamlit.testing.v1 import AppTest

from pages.sections.conditional import classifying, measures, samples, styles
from tests.pages.shown import words
from vae_core import data
from vae_core.analysis import generate
from vae_core.runs.run import Run
from widgets.run_data.library import open_run

App = Callable[..., AppTest]
AddRun = Callable[..., Run]


@pytest.mark.parametrize("task", ["samples", "styles", "slide", "classifier", "measures"])
def test_every_question_is_answered(app: App, joint: Run, task: str) -> None:
    at = app("conditional", run="joint", conditional_do=task)
    assert not at.exception
    assert not at.error
    assert "Notice" in words(at)


def test_a_run_that_is_told_no_class_says_so_and_leads_to_those_that_are(
    app: App, add_run: AddRun, joint: Run
) -> None:
    add_run("plain")
    at = app("conditional", run="plain")
    assert not at.exception
    assert "not told a class" in words(at)


def test_a_link_of_nonsense_is_clamped(app: App, joint: Run) -> None:
    link = {"do": "<i>", "t": "999", "seed": "-3", "from": "x", "class": "77"}
    at = app("conditional", run="joint", **{f"conditional_{name}": value for name, value in link.items()})
    assert not at.exception
    assert at.slider[0].value == 150
    assert at.number_input[0].value == 0
    said = at.warning[0].value
    assert "temperature 999; the most is 150. Shown: 150." in said
    assert "seed -3; the least is 0. Shown: 0." in said
    assert "question “\\<i\\>”; that is none of the choices. Shown: Samples." in said


def test_the_same_seed_draws_the_same_sheet_and_no_temperature_one_image(joint: Run) -> None:
    key = (str(joint.path), None)
    first = samples.sheet(*key, (3, 7), 1.0, 0)
    assert first.shape == (2, samples.COUNT, 1, 8, 8)
    assert (first == samples.sheet(*key, (3, 7), 1.0, 0)).all()
    assert (first != samples.sheet(*key, (3, 7), 1.0, 1)).any()
    cold = samples.sheet(*key, (3,), 0.0, 0)
    assert (cold == cold[:, :1]).all()


def test_a_blend_begins_and_ends_at_its_classes(joint: Run) -> None:
    key, z = (str(joint.path), None), (0.5, -0.3, 0.1)
    every, way = styles.in_every_class(*key, z), styles.between(*key, z, 2, 5)
    assert np.abs(way[0].astype(int) - every[2]).max() <= 1
    assert np.abs(way[-1].astype(int) - every[5]).max() <= 1


def test_the_classifier_s_table_is_that_of_its_own_answers(joint: Run) -> None:
    found = classifying.read(str(joint.path), None, lambda *_: None, lambda: False)
    test = data.load("digits", "test")
    assert int(found.confusion.sum()) == len(test)
    # Digits are drawn once for evaluation: the table is of those pixels.
    images = data.binarise_static(test.images, "test")
    said = open_run(str(joint.path)).model.classify(images).argmax(1)
    assert found.accuracy == pytest.approx(float((said == test.labels).double().mean()))
    assert all(true != wrong for _, true, wrong, _ in found.mistakes)


def test_measures_say_what_the_library_says(joint: Run) -> None:
    found = measures.measure(str(joint.path), None, lambda *_: None, lambda: False)
    assert found.agreement is None  # nobody reads 8 x 8 digits here
    assert found.probe == generate.probe(joint.posteriors)
    assert found.elbo is not None
    assert found.elbo.shape == (10,)
    assert bool((found.elbo < 0).all())
    assert torch.isfinite(found.elbo).all()

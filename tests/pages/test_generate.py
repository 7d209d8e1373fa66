"""Generate: samples of any run; by class, styles, sliders, the classifier, measures of those told one."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Callable

import numpy as np
import pytest
import torch
from streamlit.testing.v1 import AppTest

from pages.sections.generate import by_class, classifying, measures, sheet, styles
from tests.pages.shown import html, until, words
from vae_core import data
from vae_core.analysis import aggregate, decode, generate
from vae_core.pixels import to_uint8
from vae_core.runs.run import Run
from widgets.run_data.classes import dataset_classes
from widgets.run_data.codes import newest
from widgets.run_data.library import open_run

App = Callable[..., AppTest]
AddRun = Callable[..., Run]


@pytest.mark.parametrize("task", ["sheet", "samples", "styles", "slide", "classifier", "measures"])
def test_every_question_is_answered(app: App, joint: Run, task: str) -> None:
    at = app("generate", run="joint", generate_do=task)
    assert not at.exception
    assert not at.error
    assert "Notice" in words(at)


def test_a_run_without_a_classifier_names_those_that_have_one(
    app: App, shipped: Callable[[str, str], Run]
) -> None:
    shipped("cvae-mnist", "told")
    shipped("joint-vae-mnist", "reads")
    at = app("generate", run="told", generate_do="classifier")
    assert not at.exception
    assert "has no classifier" in at.info[0].value
    links = [each.proto.query_string for each in at.main.get("page_link")]
    assert [each for each in links if "classifier" in each] == ["run=reads&generate_do=classifier"]


def test_a_run_that_is_told_no_class_has_samples_by_both_algorithms(app: App, add_run: AddRun) -> None:
    add_run("plain")
    at = until(app("generate", run="plain"), lambda at: "such draws at 100 %" in words(at))
    assert not at.exception
    assert html(at).count("<img") == 2 * sheet.ROWS * sheet.ACROSS
    assert "Through posteriors" in words(at)
    assert "From the prior" in words(at)
    assert "No independent classifier" in words(at)  # of 8 x 8 digits
    assert "Question" not in [group.label for group in at.button_group]
    one = app("generate", run="plain", codes_from="prior", generate_t="50", generate_seed="3")
    assert html(one).count("<img") == sheet.ROWS * sheet.ACROSS
    assert not one.warning


def test_a_link_to_classes_of_a_run_that_knows_none_is_said(app: App, add_run: AddRun) -> None:
    add_run("plain")
    at = app("generate", run="plain", generate_do="styles")
    assert "question “styles”; that is none of the choices here. Shown: Samples." in at.warning[0].value


def test_the_sheet_of_the_prior_at_no_temperature_is_one_image_and_marks_what_is_in_holes(
    add_run: AddRun,
) -> None:
    codes = newest(add_run("plain"))
    assert codes is not None
    cold = sheet.sheet(codes, None, "prior", 0.0, 0)
    assert (cold.images == cold.images[:1]).all()
    warm = sheet.sheet(codes, None, "prior", 1.0, 0)
    assert (warm.images != sheet.sheet(codes, None, "prior", 1.0, 1).images).any()
    log_q = aggregate.log_density(codes.posteriors, torch.from_numpy(warm.z)).numpy()
    square = (warm.z**2).sum(1)
    empty = log_q < -0.5 * square - math.log(2 * math.pi) - math.log(10)
    assert (warm.hole == (empty & (square <= -2 * math.log(0.05)))).all()


def test_pixels_are_means_modes_or_drawn_as_the_link_says(app: App, add_run: AddRun) -> None:
    codes = newest(add_run("plain"))
    assert codes is not None
    shown = {
        how: sheet.sheet(codes, None, "prior", 1.0, 0, how).images for how in ("means", "modes", "drawn")
    }
    for how in ("modes", "drawn"):  # of a Bernoulli: black or white
        assert set(np.unique(shown[how])) == {0, 255}
    assert ((shown["means"] > 127) == (shown["modes"] == 255)).all()
    assert (shown["drawn"] != shown["modes"]).any()
    at = app("generate", run="plain", pixels="modes")
    (switch,) = [group for group in at.button_group if group.label == "Pixels"]
    assert switch.value == "modes"


def test_what_is_measured_of_many_samples_is_what_the_library_says(add_run: AddRun) -> None:
    codes = newest(add_run("plain"))
    assert codes is not None
    found = sheet.measure(codes, None, 1.0, lambda *_: None, lambda: False)
    assert found.read is None
    mass = aggregate.hole_mass(codes.posteriors)
    share = found.share["prior"]
    assert share.value == pytest.approx(mass.value, abs=4 * math.hypot(share.error, mass.error))


def test_the_table_of_codes_holds_what_each_sample_was_drawn_from(joint: Run) -> None:
    codes = newest(joint)
    drawn = {kind: sheet.sheet(codes, 0, kind, 1.0, 5) for kind in ("posteriors", "prior")}
    rows = list(csv.DictReader(io.StringIO(sheet.codes_table(joint, drawn))))
    assert len(rows) == 2 * sheet.ROWS * sheet.ACROSS
    z = torch.tensor([[float(row[f"z{d + 1}"]) for d in range(joint.spec.latent)] for row in rows])
    y = torch.tensor([dataset_classes(joint).index(row["class"]) for row in rows])
    again = to_uint8(decode.decode(joint.model, z, y).numpy())
    images = np.concatenate([drawn["posteriors"].images, drawn["prior"].images])
    assert np.abs(again.astype(int) - images).max() <= 1
    through = [row["test_image"] for row in rows if row["test_image"]]
    assert len(through) == sheet.ROWS * sheet.ACROSS
    labels = codes.posteriors.labels[torch.tensor([int(number) for number in through])]
    assert torch.equal(labels, y[: len(through)])


def test_a_link_of_nonsense_is_clamped(app: App, joint: Run) -> None:
    link = {"do": "<i>", "t": "999", "seed": "-3", "from": "x", "class": "77"}
    at = app("generate", run="joint", **{f"generate_{name}": value for name, value in link.items()})
    assert not at.exception
    assert at.slider[0].value == 150
    assert at.number_input[0].value == 0
    said = at.warning[0].value
    assert "temperature 999; the most is 150. Shown: 150." in said
    assert "seed -3; the least is 0. Shown: 0." in said
    assert "question “\\<i\\>”; that is none of the choices. Shown: By class." in said


def test_the_same_seed_draws_the_same_sheet_and_no_temperature_one_image(joint: Run) -> None:
    key = (str(joint.path), None)
    first = by_class.sheet(*key, (3, 7), 1.0, 0)
    assert first.shape == (2, by_class.COUNT, 1, 8, 8)
    assert (first == by_class.sheet(*key, (3, 7), 1.0, 0)).all()
    assert (first != by_class.sheet(*key, (3, 7), 1.0, 1)).any()
    cold = by_class.sheet(*key, (3,), 0.0, 0)
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

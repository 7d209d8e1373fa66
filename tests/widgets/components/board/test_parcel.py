"""What the training board is told: measured numbers in their places, and nothing that was not measured."""

import math
from pathlib import Path

import numpy as np
import pytest

from vae_core.browser import wire
from vae_core.runs.run import create
from vae_core.spec import Spec
from vae_core.workers import worker
from widgets.components.board import parcel


def report(step: int, train: float, test: float | None = None, **more: object) -> dict[str, object]:
    line: dict[str, object] = {"step": step, "seconds": step / 10, "train": {"elbo": train}, **more}
    return line | ({"test": {"elbo": test}} if test is not None else {})


def test_curves_of_a_short_run_are_its_reports() -> None:
    curves = parcel.curves([report(1, -500.0), report(5, -300.0, -310.0)])
    assert curves["steps"].tolist() == [1, 5]
    assert curves["elbo_train"].tolist() == [-500.0, -300.0]
    assert math.isnan(curves["elbo_test"][0])  # not measured there: no point is drawn
    assert curves["elbo_test"][1] == -310.0
    assert np.isnan(curves["kl_train"]).all()


def test_a_long_run_is_thinned_by_means_and_keeps_its_last_step() -> None:
    reports = [
        report(step, float(step % 2), float(step) if step % 7 == 0 else None) for step in range(1, 2001)
    ]
    curves = parcel.curves(reports)
    assert len(curves["steps"]) == parcel.POINTS
    assert curves["steps"][-1] == 2000
    np.testing.assert_allclose(curves["elbo_train"].mean(), 0.5, atol=0.02)
    measured = curves["elbo_test"][np.isfinite(curves["elbo_test"])]
    assert len(measured) > 250  # thinning does not lose the rarer test numbers
    assert (np.diff(measured) > 0).all()


def test_no_reports_are_no_points() -> None:
    assert all(len(values) == 0 for values in parcel.curves([]).values())


def test_moves_are_marked_where_and_to_what_they_were_made() -> None:
    reports = [
        report(1, 0.0),
        report(40, 0.0, moved={"beta": 4.0}),
        report(90, 0.0, moved={"learning_rate": 3e-4}),
    ]
    assert parcel.marks(reports) == [{"step": 40, "text": "β 4"}, {"step": 90, "text": "lr 3e-4"}]


def test_a_drag_is_one_mark_where_it_ended() -> None:
    moves = [(10, 1.5), (12, 2.0), (14, 4.0), (40, 1.0)]
    reports = [report(step, 0.0, moved={"beta": value}) for step, value in moves]
    assert parcel.marks(reports) == [{"step": 14, "text": "β 4"}, {"step": 40, "text": "β 1"}]


@pytest.mark.parametrize("moved", [None, 4, {"beta": "<b>"}, {"other": 1.0}])
def test_what_is_no_move_is_no_mark(moved: object) -> None:
    assert parcel.marks([report(1, 0.0, moved=moved)]) == []


def test_the_axes_are_the_two_dimensions_with_most_kl() -> None:
    assert parcel._choose([], np.array([0.1, 2.0, 0.0, 3.0])) == [1, 3]


def test_axes_that_are_nearly_the_best_stay() -> None:
    kept: list[int] = []
    parcel._choose(kept, np.array([3.0, 2.0, 1.9]))
    assert parcel._choose(kept, np.array([3.0, 1.9, 2.0])) == [0, 1]
    assert parcel._choose(kept, np.array([3.0, 0.1, 2.0])) == [0, 2]


def test_two_dimensions_are_their_own_axes() -> None:
    assert parcel._choose([], np.array([0.0, 5.0])) == [0, 1]


@pytest.mark.parametrize(
    "state, step, total, seconds, most, progress",
    [
        ("running", 50, 200, 3.0, None, 0.25),
        ("running", 50, None, 15.0, 60.0, 0.25),
        ("running", 300, 200, 3.0, None, 1.0),
        ("finished", 200, 200, 3.0, None, None),
        ("running", 50, None, 3.0, None, None),
    ],
)
def test_progress_is_a_share_of_what_ends_the_run(
    state: str, step: int, total: int | None, seconds: float, most: float | None, progress: float | None
) -> None:
    assert parcel._progress(state, step, total, seconds, most) == progress


def test_what_an_objective_has_besides_is_a_curve_of_its_own():
    reports = [
        {"step": step, "train": {"elbo": -90.0, "total_correlation": 0.1 * step, "mutual_information": 5.0}}
        for step in (1, 2, 3)
    ]
    assert parcel.terms(reports) == ["mutual_information", "total_correlation"]
    assert parcel.curves(reports)["total_correlation_train"].tolist() == pytest.approx([0.1, 0.2, 0.3])
    assert parcel.terms([{"step": 1, "train": {"elbo": -90.0}}]) == []


def test_hidden_pixels_are_shown_in_a_colour_that_no_grey_image_has():
    images = np.random.default_rng(0).integers(0, 256, (3, 1, 4, 4), np.uint8)
    masks = np.ones_like(images)
    masks[:, :, :2] = 0
    shown = parcel.seen(images, masks)
    assert shown.shape == (3, 3, 4, 4)
    assert (shown[:, :, 2:] == images[:, :, 2:]).all()
    assert (shown[:, :, :2] == np.array(parcel.HIDDEN)[:, None, None]).all()
    assert len(set(parcel.HIDDEN)) > 1
    assert parcel.seen(images.repeat(3, axis=1), masks).shape == (3, 3, 4, 4)


def test_a_report_of_a_single_step_is_averaged_with_those_before_it() -> None:
    reports = [report(100, -200.0), report(200, -180.0), report(201, -300.0), report(301, -170.0)]
    shown = parcel.curves(reports)["elbo_train"].tolist()
    assert shown[0] == -200.0
    assert shown[1] == -180.0
    assert shown[2] == pytest.approx((100 * -180.0 + 1 * -300.0) / 101, abs=1e-3)
    assert shown[3] == -170.0


def test_a_run_of_single_steps_shows_each_of_them() -> None:
    assert parcel.curves([report(k, -100.0 * k) for k in (1, 2, 3)])["elbo_train"].tolist() == [
        -100.0,
        -200.0,
        -300.0,
    ]


def test_a_curve_breaks_where_nothing_was_measured_for_long(javascript) -> None:
    steps, values = [0, 10, 20, 30, 40, 100, 110, 200], [1, None, 3, 4, 5, 6, 7, 8]
    found = javascript("curves.js", "pieces(steps, values)", "board", steps=steps, values=values)
    assert found == [[0, 2, 3, 4], [5, 6], [7]]


def test_contours_under_a_normal_prior_are_circles_of_its_mass(javascript, tmp_path) -> None:
    from vae_core import recipes
    from vae_core.runs import run as runs
    from widgets.components.board import prior

    run = runs.create(recipes.get("vae-2d"), path=tmp_path / "standard")
    (standard,) = prior.priors(run, [0, 1], [])
    axis, log_p = standard.axis, standard.log_p.astype(np.float16)
    grid = {"x": axis[0], "cell": axis[1] - axis[0], "size": len(axis)}
    for mass, level in standard.regions:
        values = {"grid": grid, "log_p": log_p.ravel().tolist(), "level": level}
        browser = "../../vae_core/browser"
        (loop,) = javascript("contours.js", "outlines(grid, log_p, level)", browser, **values)
        radius = np.hypot(*np.array(loop).T)
        np.testing.assert_allclose(radius, math.sqrt(-2 * math.log(1 - mass)), atol=0.01)


def test_one_dimension_has_no_contours(tmp_path) -> None:
    from vae_core import recipes
    from vae_core.runs import run as runs
    from widgets.components.board import planes

    run = runs.create(recipes.get("vae-2d").change(latent=1), path=tmp_path / "line")
    found, header = planes.of_shots(run, [0], [{}, {}])
    assert header == {"regions": []}
    assert (found.arrays, found.holes) == ({}, [None, None])


def test_a_run_that_weighs_codes_has_curves_of_its_bound_in_training_and_test_and_a_tile(
    own_runs: Path,
) -> None:
    changes = {"data.name": "digits", "net.widths": "16", "training.steps": 30, "objective.kind": "iwae"}
    run = create(Spec().change(**changes), "weighs")
    worker.work(run)
    header, arrays = wire.unpack(parcel.build(run, film=False))
    assert header["bound"] == "Bound, k = 5"
    assert header["terms"] == [["effective_samples", "effective samples"]]
    assert header["weighted"] == ""
    assert "Reconstruction − bound" not in [tile[0] for tile in header["tiles"]]
    for split in ("train", "test"):
        there = np.isfinite(arrays[f"bound_{split}"])
        assert there.any()
        assert (arrays[f"bound_{split}"] > arrays[f"elbo_{split}"])[there].all()
    (tile,) = [each for each in header["tiles"] if each[0] == header["bound"]]
    assert float(tile[1].replace("−", "-")) == pytest.approx(run.evaluation["bound"], abs=0.06)

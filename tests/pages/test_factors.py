"""Which dimension tells about which factor, and how disentangled a model is, on the page Traverse."""

import json
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from pages.sections.traverse import charts, factors, scores
from tests.pages.records import a_record
from tests.pages.shown import html, words
from vae_core import data
from vae_core.analysis import traverse
from vae_core.analysis.disentangle import mutual_information
from vae_core.data.catalogue import WITH_FACTORS
from vae_core.runs import files
from vae_core.runs.run import Run
from vae_core.workers import disentanglement_job

App = Callable[..., AppTest]
AddRun = Callable[..., Run]
Shipped = Callable[[str, str], Run]


def heatmap(at: AppTest) -> dict[str, Any]:
    figure: dict[str, Any] = json.loads(at.get("plotly_chart")[0].proto.spec)
    return next(trace for trace in figure["data"] if trace["type"] == "heatmap")


def test_the_matrix_is_the_mutual_information_of_factors_and_sorted_dimensions(
    app: App, sprites: Callable[..., Run]
) -> None:
    run = sprites()
    at = app("traverse", run="sprites")
    factors.measure(str(run.path), None)  # as long as the page waits for
    for _ in range(200):
        if at.get("plotly_chart"):
            break
        at.run()
    truth = data.load("sprites", "test").factors
    assert truth is not None
    order = traverse.usage(run.posteriors).order.numpy()
    np.testing.assert_allclose(
        heatmap(at)["z"], mutual_information(run.posteriors.mean, truth).T[:, order], atol=1e-6
    )


def test_a_kept_record_is_shown_at_once(app: App, sprites: Callable[..., Run]) -> None:
    run = sprites()
    found = a_record(run)
    at = app("traverse", run="sprites")
    order = traverse.usage(run.posteriors).order.tolist()
    assert heatmap(at)["z"][0] == pytest.approx([found["mutual_information"][0][d] for d in order])
    page = html(at)
    for name, metric in scores.METRICS.items():
        assert f"{metric.title}</th><td>{found['metrics'][name]:.3f}" in page
    assert not [button for button in at.button if (button.key or "").startswith("metrics-")]


def test_once_the_model_was_trained_on_the_metrics_are_offered_anew(
    app: App, sprites: Callable[..., Run]
) -> None:
    run = sprites()
    a_record(run, step=7)
    at = app("traverse", run="sprites")
    assert at.button(key="metrics-sprites").label == "Compute the metrics again"
    assert "trained on since step 7" in words(at)


def test_two_runs_metrics_stand_side_by_side(app: App, sprites: Callable[..., Run]) -> None:
    for name in ("one", "two"):
        run = sprites(name)
        if name == "one":
            a_record(run)
    at = app("traverse", run="one", **{"with": "two"})
    assert "<th>one</th><th>two</th>" in html(at)
    assert "<th>MIG</th><td>0.100</td><td>–</td>" in html(at)
    assert at.button(key="metrics-two").label == "Compute the metrics of two"


def test_computing_shows_how_far_it_is_and_can_be_cancelled(app: App, sprites: Callable[..., Run]) -> None:
    run = sprites()
    disentanglement_job.JOB.report(run.path, 0.4, "Growing trees")
    at = app("traverse", run="sprites")
    at.button(key="metrics-cancel-sprites").click().run()
    assert disentanglement_job.JOB.cancelled(run.path)
    assert disentanglement_job.JOB.reported(run.path) is None
    assert at.button(key="metrics-sprites")


def test_a_run_without_factors_says_which_have_them(app: App, add_run: AddRun) -> None:
    add_run("mine")
    said = words(app("traverse", run="mine"))
    for name in ("sprites", "dsprites", "strokes"):
        assert name in said


def test_the_scores_of_other_seeds_stand_below_with_their_median(
    app: App, sprites: Callable[..., Run]
) -> None:
    run = sprites("shown", card={"title": "Shown"})
    a_record(run)
    rows = [{"seed": k, "elbo": -50.0 - k, "metrics": {"mig": 0.1 * k}} for k in range(1, 4)]
    files.write_json(run.path / files.SEEDS, {"recipe": "beta-4", "seeds": rows})
    page = html(app("traverse", run="shown"))
    assert "<th>median</th><td>−52.0</td><td>0.200</td>" in page


def test_the_page_says_that_disentanglement_cannot_be_identified(
    app: App, sprites: Callable[..., Run]
) -> None:
    sprites()
    assert "Locatello et al. 2019" in words(app("traverse", run="sprites"))


def test_the_datasets_said_to_have_factors_are_those_that_have_them() -> None:
    for name in ("sprites", "strokes", "digits"):
        assert (data.load(name, "test").factors is not None) == (name in WITH_FACTORS)


@pytest.mark.timeout(180)
def test_the_process_beside_the_app_keeps_the_record(
    sprites: Callable[..., Run], monkeypatch: pytest.MonkeyPatch
) -> None:
    run = sprites()

    def few(codes: Any, truth: Any, *_: Any, seed: int = 0) -> dict[str, float]:
        assert len(codes) == len(truth)
        return {"mig": 0.5}

    monkeypatch.setattr("vae_core.analysis.disentangle.record.evaluate_all", few)
    assert disentanglement_job.main(run.path) == 0
    found = run.disentanglement
    assert found is not None
    assert found["metrics"] == {"mig": 0.5}
    assert found["factors"] == ["shape", "scale", "orientation", "x", "y"]
    assert found["step"] == disentanglement_job.step_of(run.codes)


def test_markup_in_a_name_is_shown_as_it_stands() -> None:
    figure = charts.matrix([[1.0]], ["x"], [2.0], ["z1 <b>"], [False])
    assert figure["layout"]["xaxis"]["ticktext"] == ["z1 &lt;b&gt;"]

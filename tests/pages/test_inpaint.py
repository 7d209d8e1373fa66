"""Inpaint: what is hidden is completed, noise is laid over, surprise is measured; links and odd runs."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch
from streamlit.testing.v1 import AppTest

from pages.sections.inpaint import anomaly, compute, condition_picker, denoising, foreign_sets
from tests.pages.shown import html, parcels, until, words
from vae_core import data
from vae_core.analysis import anomaly as library
from vae_core.analysis import denoise
from vae_core.model import noise
from vae_core.runs.run import Run
from vae_core.spec import Spec
from widgets.run_data.library import open_run
from widgets.run_data.subject import Picked, Subject
from widgets.shell import sheets

App = Callable[..., AppTest]
AddRun = Callable[..., Run]


def told(at: AppTest) -> Any:
    """The control that says which class the model is told."""
    return next(box for box in at.selectbox if box.label == "Class")


def found(at: AppTest, results: int = 1) -> list[tuple[dict[str, Any], dict[str, np.ndarray]]]:
    """What the board shows once all that was asked is there, of each result."""

    def ended(at: AppTest) -> bool:
        for task in at.session_state["inpaint_tasks"]:
            task.future.exception(60)
        return len([each for each, _ in parcels(at, "completions") if each["facts"]]) == results

    return parcels(until(at, ended), "completions")


def fact(board: dict[str, Any], name: str) -> str:
    return next(value for known, value, _ in board["facts"] if known == name)


def settled(at: AppTest, sign: str) -> AppTest:
    """The page after what it computes beside itself is there."""
    import streamlit as st

    from widgets.shell import tasks

    for _ in range(60):
        if sign in words(at):
            return at
        state = at.session_state  # it has no get
        task = state[denoising.TASK] if denoising.TASK in state else None  # noqa: SIM401
        if isinstance(task, tasks.Task) and task.future is not None:
            task.future.exception(30)
        at.run()
    st.cache_resource.clear()
    raise AssertionError(words(at))


@pytest.fixture(autouse=True)
def short_chains(monkeypatch: pytest.MonkeyPatch) -> None:
    """Under noise: what they find is tested in the library."""
    monkeypatch.setattr(denoise, "hmc", partial(denoise.hmc, steps=5, warm_up=5, leapfrogs=2))


@pytest.fixture
def subject(add_run: AddRun) -> tuple[Run, Subject]:
    run = add_run("small")
    image = data.load("digits", "test").images[0].numpy()
    return run, Subject.of(run, Picked(image, 0, 0, False, "an image"))


def test_the_page_completes_what_is_hidden(app: App, add_run: AddRun) -> None:
    add_run("small")
    at = app("inpaint", run="small", k="8", length="50")
    ((board, arrays),) = found(at)
    assert not at.exception
    assert board["title"] == "Hamiltonian Monte Carlo"  # the default
    assert board["total"] - board["warm_up"] == 50
    assert "mixed" in board["badge"][1]
    frames, count, latent = arrays["codes"].shape
    assert (count, board["steps"][0], board["steps"][-1]) == (8, 0, board["total"])
    assert frames == len(board["steps"]) > 10
    assert arrays["axes"].shape == (latent, 2)
    assert len(board["nearest"]) == 8
    assert arrays["drawn"].shape == (8, 8, 8, 1)
    kept = arrays["observed"].astype(bool)
    assert (arrays["drawn"][:, kept] == arrays["image"][kept]).all()


def test_two_methods_are_seen_side_by_side_on_the_same_plane(app: App, add_run: AddRun) -> None:
    add_run("small")
    boards = found(app("inpaint", run="small", method="importance", beside="encoder"), 2)
    assert [board["title"] for board, _ in boards] == ["Importance sampling", "Encoder"]
    (one, first), (two, second) = boards
    assert one["scene"]["view"] == two["scene"]["view"]
    np.testing.assert_array_equal(first["axes"], second["axes"])
    assert "effective draws" in [name for name, _, _ in one["facts"]]


def test_two_runs_are_seen_side_by_side(app: App, add_run: AddRun) -> None:
    add_run("small")
    add_run("other")
    boards = found(app("inpaint", run="small", method="encoder", beside="other"), 2)
    assert len({board["title"] for board, _ in boards}) == 2


def test_running_longer_asks_for_four_times_as_many_draws_which_begin_with_these(
    app: App, add_run: AddRun
) -> None:
    add_run("small")
    at = app("inpaint", run="small", length="100")
    ((_, before),) = found(at)
    next(button for button in at.button if button.label == "Run 4 times longer").click().run()
    assert at.query_params["length"] == "400"
    ((board, after),) = found(at)
    assert board["total"] - board["warm_up"] == 400
    np.testing.assert_array_equal(before["codes"][0], after["codes"][0])


@pytest.mark.parametrize("task", ["denoise", "anomaly"])
def test_the_other_questions_are_answered(app: App, add_run: AddRun, task: str) -> None:
    add_run("small")
    at = app("inpaint", run="small", do=task)
    assert not at.exception
    assert "Notice" in words(at)


@pytest.mark.parametrize("task", ["inpaint", "denoise", "anomaly"])
def test_every_question_is_answered_by_a_model_that_is_told_the_class(
    app: App, joint: Run, task: str
) -> None:
    at = app("inpaint", run="joint", do=task, method="encoder")
    assert not at.exception
    assert not at.error
    assert ("Class" in [box.label for box in at.selectbox]) == (task != "anomaly")
    if task == "inpaint":
        ((board, _),) = found(at)
        assert fact(board, "log p(hidden | observed, class)")


def test_at_first_the_class_is_what_the_classifier_reads_in_what_is_visible(app: App, joint: Run) -> None:
    x = data.binarise_static(data.load("digits", "test").images[:1], "test").float() / 255
    x[..., 4:] = 0
    at = app("inpaint", run="joint", method="encoder", hide="right half")
    assert told(at).value == int(joint.model.classify(x).argmax())
    assert "as" not in at.query_params


@pytest.mark.parametrize(("label", "expected"), [(7, 7), (None, 0)])
def test_without_a_classifier_it_is_the_images_label_or_the_first(
    app: App, joint: Run, monkeypatch: pytest.MonkeyPatch, label: int | None, expected: int
) -> None:
    of = Subject.of
    monkeypatch.setattr(condition_picker, "_read", lambda *arguments: None)
    monkeypatch.setattr(Subject, "of", lambda *arguments: replace(of(*arguments), label=label))
    at = app("inpaint", run="joint", method="encoder")
    assert told(at).value == expected


def test_a_chosen_class_stays_though_another_is_read_and_choosing_what_is_read_lets_go(
    app: App, joint: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    read = [6]
    monkeypatch.setattr(condition_picker, "_read", lambda *arguments: read[0])
    at = app("inpaint", run="joint", method="encoder", **{"as": "77"})
    assert told(at).value == 6
    told(at).select(3).run()
    assert at.query_params["as"] == "3"
    for read[0] in (3, 5):
        at.run()
        assert told(at).value == 3
    told(at).select(5).run()
    assert "as" not in at.query_params
    read[0] = 8
    at.run()
    assert told(at).value == 8


def test_what_is_completed_and_denoised_is_so_under_the_class_told(joint: Run) -> None:
    image = data.load("digits", "test").images[0].numpy()
    one = Subject.of(joint, Picked(image, 0, 0, False, "an image"))
    observed, x = np.tile([True, False], (8, 4)), one.tensor()[None]
    for y in (3, 8):
        found = compute.complete(str(joint.path), None, one, observed.tobytes(), y, "encoder", 4, 0, 50)
        labels = torch.full((4,), y)
        decoded = joint.model.decode_mean(found.completions.z, labels)
        hidden = torch.from_numpy(~observed)
        torch.testing.assert_close(found.completions.images[..., hidden], decoded[..., hidden])
        _, clean = denoising.denoised(str(joint.path), None, one, y, "gaussian", 0.0, 0)
        code = joint.model.posteriors(x, labels[:1]).mean
        torch.testing.assert_close(torch.from_numpy(clean), joint.model.decode_mean(code, labels[:1])[0])


def test_a_link_of_nonsense_is_clamped(app: App, add_run: AddRun) -> None:
    add_run("small")
    link = {"do": "<b>", "method": "magic", "k": "1e9", "hide": "all", "seed": "-7", "strength": "900"}
    at = app("inpaint", run="small", **link)
    assert not at.exception
    assert at.selectbox[1].value == "right half" or any(box.value == "right half" for box in at.selectbox)


def test_a_run_without_weights_says_so(app: App, add_run: AddRun) -> None:
    run = add_run("small")
    for file in run.path.glob("*.safetensors"):
        file.unlink()
    at = app("inpaint", run="small")
    assert not at.exception
    assert "no weights" in words(at)


def test_the_same_seed_completes_the_same_and_observed_pixels_stay(subject: tuple[Run, Subject]) -> None:
    run, one = subject
    observed = np.ones((8, 8), bool)
    observed[:, 4:] = False
    arguments: tuple[Any, ...] = (str(run.path), None, one, observed.tobytes(), None, "importance", 4)
    first, again, other = (compute.complete(*arguments, seed, 50) for seed in (0, 0, 1))
    assert torch.equal(first.completions.z, again.completions.z)
    assert not torch.equal(first.completions.z, other.completions.z)
    kept = first.completions.images[:, 0, observed].numpy()
    assert (kept == one.tensor()[0].numpy()[observed]).all()


def test_all_methods_are_compared_on_the_same_mask(subject: tuple[Run, Subject]) -> None:
    run, one = subject
    observed = np.tile([True, False], (8, 4))
    told: list[float] = []
    rows = compute.compare(
        str(run.path),
        None,
        one,
        observed.tobytes(),
        None,
        16,
        0,
        50,
        lambda share, _: told.append(share),
        lambda: False,
    )
    assert [row["Method"] for row in rows] == [compute.METHODS[name][0] for name in compute.listed(run)]
    assert all(row["log p, nats"] < 0 and row["±"] > 0 and row["Seconds"] > 0 for row in rows)
    assert told == sorted(told)
    # The page beside the table, of the same method, seed and number of completions, has the same numbers.
    alone = compute.complete(str(run.path), None, one, observed.tobytes(), None, "hmc", 16, 0, 50)
    assert {**rows[0], "Seconds": 0} == {
        "Method": "Hamiltonian Monte Carlo", **compute.numbers(alone), "Seconds": 0
    }  # fmt: skip
    by_name = dict(zip(compute.listed(run), rows, strict=True))
    for name in ("hmc", "langevin", "metropolis_within_gibbs", "pseudo_gibbs"):
        assert by_name[name]["R̂"] >= 1 - 0.01
        assert "mixed" in by_name[name]["Verdict"]
    assert by_name["encoder"]["Verdict"] == ""


def test_the_likelihood_of_hidden_pixels_stays_when_other_completions_are_asked_for(
    app: App, add_run: AddRun
) -> None:
    add_run("small")

    def said(method: str, count: int) -> tuple[str, str]:
        ((board, _),) = found(app("inpaint", run="small", method=method, k=str(count), length="100"))
        return next((value, help) for name, value, help in board["facts"] if "log p" in name)

    for method in ("encoder", "langevin"):
        assert said(method, 4) == said(method, 16)
    assert "under the model, from 992 codes" in said("langevin", 8)[1]
    assert "under the codes that the encoder draws, not the model's own" in said("encoder", 8)[1]


def test_the_film_is_thinned_evenly_and_keeps_both_its_ends() -> None:
    film = compute.Film(np.zeros((301, 4, 2), np.float32), tuple(range(301)), 300, 100)
    thinned = film.thinned(61)
    assert len(thinned.steps) == len(thinned.codes) == 61
    assert thinned.steps[:3] == (0, 5, 10)
    assert thinned.steps[-1] == 300
    assert film.thinned(1).steps == (0, 300)


@pytest.mark.parametrize(
    ("task", "sign"), [("inpaint", "x_h"), ("denoise", r"\tilde{x}"), ("anomaly", r"\mathrm{ELBO}")]
)
def test_each_question_has_an_equation_of_its_own(app: App, add_run: AddRun, task: str, sign: str) -> None:
    add_run("small")
    (latex,) = app("inpaint", run="small", do=task, method="encoder").latex
    assert sign in latex.value


def test_binary_runs_ask_about_binary_pixels(subject: tuple[Run, Subject]) -> None:
    _, one = subject
    assert one.binarised
    assert set(np.unique(one.image)) <= {0, 255}


def test_denoising_shows_what_both_find_and_whether_the_chains_mixed(app: App, add_run: AddRun) -> None:
    add_run("small")
    at = settled(app("inpaint", run="small", do="denoise"), "Draws from the posterior")
    assert not at.exception
    assert "The encoder never saw noise in training" in words(at)
    assert "mixed" in words(at)
    assert next(slider.value for slider in at.slider if slider.label == "Strength, %") == 10
    shown = html(at)
    for caption in ("with noise · 0.", "one pass · 0.", "posterior · 0.", "truth"):
        assert caption in shown
    # Another strength: the posterior of before stays until there is a new one.
    next(slider for slider in at.slider if slider.label == "Strength, %").set_value(20).run()
    assert "posterior of before" in html(at) or "posterior · 0." in html(at)


def test_the_posterior_under_noise_is_under_the_class_told_and_what_a_block_leaves_stays(joint: Run) -> None:
    image = data.load("digits", "test").images[0].numpy()
    one = Subject.of(joint, Picked(image, 0, 0, False, "an image"))
    found = denoising.sampled(str(joint.path), None, one, 3, "block", (0.3, 0.6), 0)
    assert found.mean.shape == (2, 1, 8, 8)
    noisy = denoising.noised(one, "block", 0.3, 0)
    generator = torch.Generator().manual_seed(0)
    left = noise.block(one.tensor(), 0.3, generator).numpy().astype(bool)
    assert (found.mean[0].numpy()[left] == noisy[left]).all()
    assert (found.mean[0].numpy()[~left] > 0).all()


def test_noise_of_no_strength_changes_nothing(subject: tuple[Run, Subject]) -> None:
    run, one = subject
    noisy, clean = denoising.denoised(str(run.path), None, one, None, "gaussian", 0.0, 0)
    assert (noisy == one.tensor().numpy()).all()
    assert clean.shape == noisy.shape


def test_surprise_sums_to_the_reconstruction_and_own_images_are_measured(
    subject: tuple[Run, Subject],
) -> None:
    run, one = subject
    found, elbo = anomaly.surprise_of(str(run.path), None, one)
    assert found.shape == (1, 8, 8)
    assert elbo < -found.sum()  # the KL comes off
    told: list[float] = []
    sets = foreign_sets.measured(str(run.path), None, lambda share, _: told.append(share), lambda: False)
    assert sets.keys() == {foreign_sets.OWN, *foreign_sets.titles(run)}
    assert told == sorted(told)
    images = data.binarise_static(data.load("digits", "test").images[: foreign_sets.COUNT], "test")
    for each in sets.values():
        assert len(each.elbo) == len(each.complexity) == len(images)
    own, expected = sets[foreign_sets.OWN], library.elbo(open_run(str(run.path)).model, images, 8)
    assert torch.equal(own.elbo, expected)
    assert torch.equal(own.corrected, own.elbo + own.complexity)
    # Nothing has a shorter code than a blank image, whatever it costs the model.
    assert float(sets["blank"].complexity.max()) < float(own.complexity.min())


def test_foreign_sets_are_compared_and_the_most_surprising_images_come_first(
    app: App, add_run: AddRun, monkeypatch: pytest.MonkeyPatch
) -> None:
    drawn: list[np.ndarray] = []
    monkeypatch.setattr(anomaly.sheet, "sheet", lambda key, images, numbers, *more: drawn.append(numbers))
    run = add_run("small")
    at = until(app("inpaint", run="small", do="anomaly", against="rotated"), lambda at: at.dataframe)
    assert not at.exception
    table = at.dataframe[0].value
    titles = ["Blank images", "Inverted", "Rotated by 90°", "Uniform noise", "Pixels shuffled"]
    assert list(table["Against"]) == titles
    assert table["AUC of the ELBO"].str.fullmatch(r"[01]\.\d{3} \([01]\.\d{3} to [01]\.\d{3}\)").all()
    figures = [json.loads(chart.proto.spec)["data"] for chart in at.get("plotly_chart")]
    assert [len(figure) for figure in figures] == [2, 3, 2]
    assert "Most surprising test images" in words(at)
    most, least = (torch.from_numpy(numbers.copy()) for numbers in drawn[-2:])
    sets = foreign_sets.measured(str(run.path), None, lambda *_: None, lambda: False)
    elbo = sets[foreign_sets.OWN].elbo
    assert int(most[0]) == int(elbo.argmin())
    assert int(least[0]) == int(elbo.argmax())
    rows = list(anomaly._rows(sets))
    assert len(rows) == 6 * len(elbo)
    assert rows[1] == ("own", 1, float(elbo[1]), float(sets["own"].complexity[1]))
    assert elbo[most].max() < elbo[least].min()


def test_pictures_are_as_large_as_they_should_be() -> None:
    from io import BytesIO

    from PIL import Image

    images = np.zeros((5, 1, 8, 8), np.uint8)
    assert Image.open(BytesIO(sheets.tile(images, columns=4))).size == (4 * 9 * 4, 2 * 9 * 4)
    shown = sheets.covered(images[0], np.zeros((8, 8), bool))
    assert tuple(shown[:, 0, 0]) == sheets.HIDDEN


def test_images_that_are_not_on_this_machine_are_missed_in_a_sentence_and_never_fetched(
    app: App, add_run: AddRun, monkeypatch: pytest.MonkeyPatch
) -> None:
    add_run("small")
    asked: list[object] = []
    monkeypatch.setattr(anomaly, "absent", lambda source: "It is not on this machine.")
    monkeypatch.setattr(foreign_sets, "measured", lambda *arguments, **more: asked.append(arguments))
    at = app("inpaint", run="small", do="anomaly")
    assert not at.exception
    assert "It is not on this machine." in words(at)
    assert not asked


def test_the_class_that_a_run_never_saw_is_a_foreign_set() -> None:
    def sets(name: str) -> dict[str, str]:
        return foreign_sets.titles(SimpleNamespace(spec=Spec().change(**{"data.name": name})))  # type: ignore[arg-type]

    without = sets("strokes_without_9")
    assert without[foreign_sets.HELD_OUT] == "Strokes: 9, held out"
    assert "strokes" not in without
    assert not {foreign_sets.HELD_OUT, "strokes_without_9"} & set(sets("strokes"))

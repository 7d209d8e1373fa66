"""The Train page: a form that is a Spec, and buttons that write what is wanted into the run's folder."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from pages.sections.train import objective_form
from vae_core import Spec, recipes
from vae_core.runs.run import Run, all_runs
from widgets.components.board.pack import unpack

App = Callable[..., AppTest]
AddRun = Callable[..., Run]


def showing(widgets: Sequence[Any], name: str) -> Any:
    """The widget of that name, whichever turn its key is at."""
    return next(widget for widget in widgets if (widget.key or "").startswith(f"{name}:"))


@pytest.fixture
def page(app: App) -> AppTest:
    return app("train")


def only_run() -> Run:
    (run,) = all_runs()
    return run


def press(at: AppTest, key: str) -> AppTest:
    return at.button(key=key).click().run()


def test_play_queues_a_run_with_the_settings_and_puts_it_into_the_link(page: AppTest) -> None:
    press(page, "play")
    run = only_run()
    assert run.status.state == "queued"
    assert run.spec == recipes.get("vae-2d")
    assert page.query_params["run"] == run.name
    assert page.button(key="play").disabled
    assert not page.exception


def test_a_link_fills_the_form(app: App) -> None:
    at = app("train", recipe="vae-16d", set=["latent=8", "objective.beta=4", "data.name=digits"])
    assert showing(at.number_input, "set:latent").value == 8
    assert showing(at.select_slider, "set:objective.beta").value == 4
    press(at, "play")
    assert only_run().spec == recipes.get("vae-16d").change(
        **{"latent": 8, "objective.beta": 4, "data.name": "digits"}
    )


@pytest.mark.parametrize(
    "link, said",
    [
        ({"set": "latent=-3"}, "latent"),
        ({"set": "objective.beta=nan"}, "beta"),
        ({"set": "no.such=1"}, "no.such"),
        ({"recipe": "no-such"}, "no-such"),
        ({"set": "net.widths=99999999"}, "widths"),
        ({"set": ["data.name=folder", "data.path=/etc"]}, "files of this machine"),
    ],
)
def test_a_link_with_impossible_settings_is_said_and_the_usual_ones_are_shown(
    app: App, link: dict[str, str], said: str
) -> None:
    at = app("train", **link)
    assert not at.exception
    assert said in at.error[0].value
    assert showing(at.number_input, "set:latent").value == recipes.get("vae-2d").latent


def test_what_is_changed_goes_into_the_link_and_back(page: AppTest, app: App) -> None:
    showing(page.number_input, "set:latent").set_value(5).run()
    showing(page.selectbox, "set:likelihood.kind").select("gaussian").run()
    showing(page.number_input, "set:training.seed").set_value(77).run()
    again = app("train", recipe=page.query_params["recipe"], set=page.query_params["set"])
    press(again, "play")
    spec = only_run().spec
    assert (spec.latent, spec.likelihood.kind, spec.training.seed) == (5, "gaussian", 77)
    assert spec.data.binarisation == "none"  # a Gaussian is over grey pixels


def test_a_recipe_keeps_the_images(page: AppTest) -> None:
    page.button(key="use-digits").click().run()
    showing(page.selectbox, "set:recipe").select("linear").run()
    press(page, "play")
    spec = only_run().spec
    assert (spec.data.name, spec.net.kind, spec.data.binarisation) == ("digits", "linear", "none")


def test_settings_that_cannot_be_are_refused_in_a_sentence(page: AppTest) -> None:
    showing(page.selectbox, "set:net.kind").select("conv").run()
    showing(page.text_input, "set:net.channels").set_value("8,8,8,8,8").run()
    assert "convolutions" in page.error[0].value
    assert showing(page.text_input, "set:net.channels").value == "16, 32"


def test_pause_step_and_stop_write_what_is_wanted(app: App, add_run: AddRun) -> None:
    run = add_run("mine", state="running", heartbeat=2e9)
    at = app("train", run="mine")
    press(at, "pause")
    assert run.control.paused
    press(at, "step")
    assert (run.control.paused, run.control.steps) == (True, 1)
    press(at, "stop")
    assert run.control.stop


def test_beta_and_learning_rate_move_a_live_run_and_start_no_other(app: App, add_run: AddRun) -> None:
    run = add_run("mine", state="running", heartbeat=2e9)
    at = app("train", run="mine")
    showing(at.select_slider, "set:objective.beta").set_value(4.0).run()
    showing(at.select_slider, "set:training.learning_rate").set_value(1e-4).run()
    assert (run.control.beta, run.control.learning_rate) == (4.0, 1e-4)
    assert at.button(key="play").disabled
    assert [each.name for each in all_runs()] == ["mine"]


def test_a_live_run_shows_the_beta_it_was_moved_to(app: App, add_run: AddRun) -> None:
    add_run("mine", state="running", heartbeat=2e9).set_beta(6.0)
    assert showing(app("train", run="mine").select_slider, "set:objective.beta").value == 6.0


def test_another_architecture_says_that_it_starts_a_new_run(app: App, add_run: AddRun) -> None:
    run = add_run("mine", state="running", heartbeat=2e9)
    at = app("train", run="mine")
    showing(at.number_input, "set:latent").set_value(3).run()
    assert any("new run" in caption.value for caption in at.caption)
    press(at, "play")
    assert run.control.stop
    assert {each.spec.latent for each in all_runs()} == {2, 3}


def test_play_goes_on_after_a_pause(app: App, add_run: AddRun) -> None:
    run = add_run("mine", state="paused", heartbeat=2e9)
    run.pause()
    press(app("train", run="mine"), "play")
    assert not run.control.paused
    assert len(all_runs()) == 1


def test_reset_keeps_the_seed_and_new_seed_does_not(app: App, add_run: AddRun) -> None:
    run = add_run("mine")
    at = app("train", run="mine")
    press(at, "reset")
    press(at, "new-seed")
    others = (each for each in all_runs() if each.name != "mine")
    again, other = sorted(others, key=lambda each: each.status.created)
    assert again.spec == run.spec
    assert other.spec.training.seed != run.spec.training.seed
    assert other.spec == run.spec.change(**{"training.seed": other.spec.training.seed})


def test_step_without_a_live_run_makes_one_that_pauses_after_a_step(page: AppTest) -> None:
    press(page, "step")
    assert (only_run().control.paused, only_run().control.steps) == (True, 1)


def test_the_board_of_a_finished_run_holds_its_frames(app: App, add_run: AddRun) -> None:
    run = add_run("mine")
    at = app("train", run="mine")
    (board,) = (component for component in at.get("bidi_component") if component.proto.bytes)
    shown = unpack(board.proto.bytes)
    assert shown["run"] == "mine"
    assert shown["replay"]
    assert shown["frame_steps"][-1] == run.status.step
    assert shown["cloud"].shape == (len(shown["frame_steps"]), len(shown["labels"]), 2)


def test_the_gallery_cannot_be_trained_on(app: App, add_run: AddRun) -> None:
    add_run("shown", card={"title": "Shown"})
    at = app("train", run="shown")
    assert at.button(key="reset").disabled
    assert at.button(key="stop").disabled


def test_without_mnist_and_network_the_drawn_digits_are_offered(app: App, own_runs: Path) -> None:
    from vae_core.runs import run as runs

    made = runs.create(Spec().change(**{"data.name": "mnist"}), "stuck")
    file = made.path / "status.json"
    file.write_text(
        '{"state":"stopped","message":"MNIST is not on this machine, and it could not be fetched.","step":0}'
    )
    at = app("train", run="stuck")
    offer = next(button for button in at.button if button.label == "Train on strokes instead")
    offer.click().run()
    assert {run.spec.data.name for run in all_runs()} == {"mnist", "strokes"}


def test_own_images_are_learned_from_by_their_path(page: AppTest, tmp_path: Path) -> None:
    file = tmp_path / "mine.npy"
    np.save(file, np.random.default_rng(0).integers(0, 256, (60, 20, 20), dtype=np.uint8))
    page.text_input(key="own-path").set_value(str(file)).run()
    page.button(key="own-use").click().run()
    press(page, "play")
    spec = only_run().spec
    assert (spec.data.name, spec.data.path, spec.data.shape) == ("array", str(file), (1, 28, 28))


def test_own_images_that_are_not_there_are_a_sentence(page: AppTest) -> None:
    page.text_input(key="own-path").set_value("/no/such/place").run()
    page.button(key="own-use").click().run()
    assert not page.exception
    assert "/no/such/place" in page.error[0].value


def test_an_unreadable_run_is_a_sentence(app: App, add_run: AddRun) -> None:
    run = add_run("bad")
    (run.path / "spec.json").write_text("{}}")
    at = app("train", run="bad")
    assert not at.exception
    assert "cannot be read" in at.error[0].value
    assert not at.button(key="play").disabled


@pytest.mark.parametrize("kind", objective_form.OBJECTIVES)
def test_every_kind_of_objective_has_its_controls(app: App, kind: str) -> None:
    at = app("train", recipe="cvae", set=["data.name=digits", f"objective.kind={kind}"])
    assert not at.exception
    assert showing(at.selectbox, "set:objective.kind").value == kind


def test_the_number_of_labels_is_a_control(app: App) -> None:
    at = app("train", recipe="m2-100", set="data.name=digits")
    showing(at.select_slider, "set:condition.labels").set_value(600).run()
    press(at, "play")
    assert only_run().spec.condition.labels == 600
    at = app("train", recipe="m2-100", set="data.name=digits")
    showing(at.select_slider, "set:condition.labels").set_value("all").run()
    again = app("train", recipe="m2-100", set=at.query_params["set"])
    assert showing(again.select_slider, "set:condition.labels").value == "all"


def test_a_model_that_is_told_nothing_keeps_no_objective_about_classes(app: App) -> None:
    at = app("train", recipe="joint-vae", set="data.name=digits")
    showing(at.selectbox, "set:condition.kind").set_value("none").run()
    assert not at.exception
    assert showing(at.selectbox, "set:objective.kind").value == "elbo"

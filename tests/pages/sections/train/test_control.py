"""Train: buttons and sliders write what is wanted into the run's folder."""

from collections.abc import Callable

from streamlit.testing.v1 import AppTest

from tests.pages.sections.train.parts import Hand, only_run, press
from tests.pages.shown import showing
from vae_core import recipes
from vae_core.runs.run import Run, all_runs

App = Callable[..., AppTest]
AddRun = Callable[..., Run]


def test_play_queues_a_run_with_the_settings_and_puts_it_into_the_link(page: AppTest) -> None:
    press(page, "play")
    run = only_run()
    assert run.status.state == "queued"
    assert run.spec == recipes.get("vae-2d")
    assert page.query_params["run"] == run.name
    assert page.button(key="play").disabled
    assert not page.exception


def test_pause_step_and_stop_write_what_is_wanted(app: App, add_run: AddRun) -> None:
    run = add_run("mine", state="running", heartbeat=2e9)
    at = app("train", run="mine")
    press(at, "pause")
    assert run.control.paused
    press(at, "step")
    assert (run.control.paused, run.control.steps) == (True, 1)
    press(at, "stop")
    assert run.control.stop


def test_what_follows_the_first_button_stays_in_its_place_when_a_run_ends(app: App, add_run: AddRun) -> None:
    """A second press on Stop would land on what starts another run."""
    states = {"running": {"heartbeat": 2e9}, "stopped": {}, "finished": {}}
    for state, status in states.items():
        add_run(state, state=state, **status)
    keys = ["play", "pause", "step", "stop", "reset", "new-seed"]
    found = {
        name: [each.key for each in app("train", run=name).button if each.key in {*keys, "resume"}]
        for name in states
    }
    assert found["running"] == found["finished"] == keys
    assert found["stopped"] == ["resume", *keys[1:], "play"]


def test_beta_and_learning_rate_move_a_live_run_and_start_no_other(
    app: App, add_run: AddRun, hand: Hand
) -> None:
    run = add_run("mine", state="running", heartbeat=2e9)
    at = app("train", run="mine")
    hand.moves.append((4.0, True))
    at.run()
    assert at.query_params["set"] == ["data.name=digits", "objective.beta=4.0", "training.steps=120"]
    showing(at.select_slider, "set:training.learning_rate").set_value(1e-4).run()
    assert (run.control.beta, run.control.learning_rate) == (4.0, 1e-4)
    assert at.button(key="play").disabled
    assert [each.name for each in all_runs()] == ["mine"]


def test_while_it_is_dragged_beta_moves_the_run_and_the_link_waits(
    app: App, add_run: AddRun, hand: Hand
) -> None:
    run = add_run("mine", state="running", heartbeat=2e9)
    at = app("train", run="mine")
    before = at.query_params["set"]
    hand.moves.append((2.5, False))
    at.run()
    assert (run.control.beta, at.query_params["set"]) == (2.5, before)


def test_beta_without_a_run_in_training_is_that_of_the_next_one(page: AppTest, hand: Hand) -> None:
    hand.moves.append((0.1, True))
    page.run()
    press(page, "play")
    assert only_run().spec.objective.beta == 0.1


def test_a_live_run_shows_the_beta_it_was_moved_to(app: App, add_run: AddRun, hand: Hand) -> None:
    add_run("mine", state="running", heartbeat=2e9).set_beta(6.0)
    app("train", run="mine")
    assert hand.shown[-1] == (6.0, True)


def test_beside_resume_stands_the_beta_it_goes_on_with_where_the_slider_says_another(
    app: App, add_run: AddRun, hand: Hand
) -> None:
    add_run("mine", state="stopped").set_beta(19.0)

    def said(at: AppTest) -> list[str]:
        return [each.value for each in at.caption if "goes on with" in each.value]

    at = app("train", run="mine")
    assert said(at) == ["**Resume** goes on with β 19, where it was moved to; the slider is of a new run."]
    hand.moves.append((19.0, True))
    assert said(at.run().run()) == []


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


def test_the_gallery_cannot_be_trained_on(app: App, add_run: AddRun) -> None:
    add_run("shown", card={"title": "Shown"})
    at = app("train", run="shown")
    assert at.button(key="reset").disabled
    assert at.button(key="stop").disabled


def test_after_stop_resume_is_the_button_and_a_new_run_is_called_so(app: App, add_run: AddRun) -> None:
    add_run("mine", state="stopped")
    at = app("train", run="mine")
    buttons = {button.key: button for button in at.button}
    assert buttons["resume"].proto.type == "primary"
    assert (buttons["play"].label, buttons["play"].proto.type) == ("New run", "secondary")
    assert [button.key for button in at.button if button.proto.type == "primary"] == ["resume"]


def test_a_run_in_the_queue_says_what_it_waits_for_and_links_to_it(app: App, add_run: AddRun) -> None:
    add_run("ahead", state="running", heartbeat=2e9)
    add_run("first", state="queued", queued=1.0)
    add_run("mine", state="queued", queued=2.0)
    at = app("train", run="mine")
    assert any(caption.value == "Place 2 in the queue. Waits for" for caption in at.caption)
    links = [link.proto for link in at.get("page_link") if "which trains" in link.proto.label]
    assert [(link.label, link.query_string) for link in links] == [("ahead, which trains", "run=ahead")]
    rows = [text.value for text in app().markdown]
    assert any("place 2 in the queue, waits for ahead, which trains" in row for row in rows)

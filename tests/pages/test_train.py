"""The Train page: a form that is a Spec, and buttons that write what is wanted into the run's folder."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from pages.sections.train import beta, details, labels
from tests.pages.shown import parcels, showing
from vae_core import VAE, Spec, recipes
from vae_core.browser import wire
from vae_core.data import download
from vae_core.runs.run import Run, all_runs
from vae_core.spec import Likelihood, titles
from widgets.components.board import parcel, tiles
from widgets.shell import tasks, words

App = Callable[..., AppTest]
AddRun = Callable[..., Run]


@pytest.fixture
def page(app: App) -> AppTest:
    return app("train")


class Hand:
    """Stands in for the slider of beta: what it is shown with, and what is done with it at the next run."""

    def __init__(self) -> None:
        self.shown: list[tuple[float, bool]] = []  # (beta, whether it reports while it is dragged)
        self.moves: list[tuple[float, bool]] = []  # (beta, whether the hand lets go)

    def __call__(self, key: str, value: float, *, live: bool, on_move: Callable[[], None], **_: Any) -> None:
        self.shown.append((value, live))
        if self.moves:
            to, done = self.moves.pop(0)
            st.session_state[key] = {"moved": {"value": to, "done": done, "count": 1}}
            on_move()


@pytest.fixture
def hand(monkeypatch: pytest.MonkeyPatch) -> Hand:
    hand = Hand()
    monkeypatch.setattr(beta.log_slider, "log_slider", hand)
    return hand


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


def test_a_link_fills_the_form(app: App, hand: Hand) -> None:
    at = app("train", recipe="vae-16d", set=["latent=8", "objective.beta=4", "data.name=digits"])
    assert showing(at.number_input, "set:latent").value == 8
    assert hand.shown[-1] == (4.0, False)
    press(at, "play")
    assert only_run().spec == recipes.get("vae-16d").change(
        **{"latent": 8, "objective.beta": 4, "data.name": "digits"}
    )


@pytest.mark.parametrize(
    "link, said",
    [
        ({"set": "latent=-3"}, "Latent dimensions"),
        ({"set": "objective.beta=nan"}, "β"),
        ({"set": "no.such=1"}, "no.such"),
        ({"recipe": "no-such"}, "no-such"),
        ({"set": "net.widths=99999999"}, "Widths of the layers"),
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


@pytest.mark.parametrize(("kind", "title"), titles(Likelihood).items())
def test_each_likelihood_is_shown_under_its_own_title(app: App, kind: str, title: str) -> None:
    images = "mnist" if kind == "perceptual" else "digits"  # of which a classifier ships
    at = app("train", recipe="vae-2d", set=[f"likelihood.kind={kind}", f"data.name={images}"])
    box = showing(at.selectbox, "set:likelihood.kind")
    assert (box.value, box.options) == (kind, list(titles(Likelihood).values()))
    assert title in box.options


def test_the_form_says_what_grey_levels_cost_before_anything_trains(app: App) -> None:
    at = app("train", recipe="vae-2d", set=["likelihood.kind=categorical", "data.name=digits"])
    spec = recipes.get("vae-2d").change(**{"likelihood.kind": "categorical", "data.name": "digits"})
    cost = tasks.start(details.cost_of, spec.to_json(), lane="counting-weights").result()
    (line,) = [caption.value for caption in at.run().caption if "million weights" in caption.value]
    # 256 outputs for each of 64 pixels, from the decoder's last 256 units.
    assert cost.weights == sum(p.numel() for p in VAE(spec).parameters())
    assert cost.weights > 257 * 256 * 64
    assert f"{cost.weights / 1e6:.1f} million weights" in line
    assert "an epoch" in line
    assert not [c for c in app("train", recipe="vae-2d").caption if "million weights" in c.value]


def test_the_form_and_the_command_line_say_the_same_of_a_density_of_binary_pixels(app: App) -> None:
    changes = ["likelihood.kind=gaussian", "data.binarisation=dynamic"]
    note = recipes.get("vae-2d").change_text(changes).likelihood_note
    assert note
    at = app("train", recipe="vae-2d", set=changes)
    assert any(note in caption.value for caption in at.caption)
    assert not any(note in caption.value for caption in app("train", recipe="vae-2d").caption)


def test_of_a_fixed_sigma_the_form_says_which_beta_it_equals(app: App) -> None:
    changes = ["likelihood.kind=gaussian", "likelihood.variance=fixed", "likelihood.sigma=0.1"]
    at = app("train", recipe="vae-2d", set=[*changes, "objective.beta=100"])
    assert any("σ = 1 with β = 1:" in caption.value for caption in at.caption)
    learned = app("train", recipe="vae-2d", set=["likelihood.kind=gaussian"])
    assert not any("σ = 1" in caption.value for caption in learned.caption)


def test_a_recipe_keeps_the_images(page: AppTest) -> None:
    page.button(key="use-digits").click().run()
    showing(page.selectbox, "set:recipe").select("linear").run()
    press(page, "play")
    spec = only_run().spec
    assert (spec.data.name, spec.net.kind, spec.data.binarisation) == ("digits", "linear", "none")


def said(at: AppTest) -> list[str]:
    """What stands in red at fields and under the buttons."""
    return [caption.value for caption in at.caption if caption.value.startswith(":red[")]


STARTERS = ("play", "step", "new-seed")


def test_what_cannot_be_stays_at_its_field_and_nothing_trains_until_it_is_mended(page: AppTest) -> None:
    showing(page.selectbox, "set:net.kind").select("conv").run()
    showing(page.text_input, "set:net.channels").set_value("8,8,8,8,8").run()
    assert showing(page.text_input, "set:net.channels").value == "8,8,8,8,8"
    at_field, at_buttons = said(page)
    assert "convolutions" in at_field
    assert "“Channels”" in at_buttons
    assert all(page.button(key=key).disabled for key in STARTERS)
    showing(page.number_input, "set:latent").set_value(5).run()  # another field mends nothing
    assert showing(page.text_input, "set:net.channels").value == "8,8,8,8,8"
    assert page.button(key="play").disabled
    showing(page.text_input, "set:net.channels").set_value("8, 8").run()
    assert said(page) == []
    press(page, "play")
    assert only_run().spec.net.channels == (8, 8)
    assert only_run().spec.latent == 5


def test_a_press_that_comes_with_the_change_trains_nothing_else(page: AppTest) -> None:
    """Who types and clicks Play at once sends both in one message."""
    showing(page.selectbox, "set:net.kind").select("mlp").run()
    showing(page.text_input, "set:net.widths").set_value("64, many")
    press(page, "play")
    assert all_runs() == []
    assert "'many' is not allowed; it must be a whole number." in words_of(said(page)[0])


def test_two_changes_that_fit_only_together_may_come_one_after_the_other(app: App) -> None:
    at = app("train", recipe="cvae", set="data.name=digits")
    showing(at.selectbox, "set:objective.kind").select("m2").run()
    showing(at.selectbox, "set:mask.kind").select("random").run()
    assert at.button(key="play").disabled
    showing(at.selectbox, "set:objective.kind").select("elbo").run()
    assert said(at) == []
    press(at, "play")
    assert (only_run().spec.objective.kind, only_run().spec.mask.kind) == ("elbo", "random")


def test_what_was_wanted_of_a_part_that_went_is_forgotten(page: AppTest) -> None:
    showing(page.selectbox, "set:net.kind").select("mlp").run()
    showing(page.text_input, "set:net.widths").set_value("none of these").run()
    assert page.button(key="play").disabled
    showing(page.selectbox, "set:net.kind").select("linear").run()
    assert said(page) == []
    assert not page.button(key="play").disabled


def words_of(markdown: str) -> str:
    return markdown.replace("\\", "")


@pytest.mark.parametrize(
    "key, kind, value",
    [
        ("net.widths", "mlp", "0"),
        ("net.widths", "mlp", "a, 8"),
        ("net.widths", "mlp", "1.5"),
        ("net.widths", "mlp", ""),
        ("net.widths", "mlp", ",".join(9 * "8")),
        ("net.channels", "conv", "16, 99999"),
        ("net.channels", "partial_conv", "x"),
    ],
)
def test_a_field_is_spoken_of_by_its_label_and_not_by_its_name_in_a_spec(
    page: AppTest, key: str, kind: str, value: str
) -> None:
    showing(page.selectbox, "set:net.kind").select(kind).run()
    showing(page.text_input, f"set:{key}").set_value(value).run()
    assert len(said(page)) == 2
    theirs = re.compile(r"net|widths\b|channels\b|\.\d:|Tuple|Input|validation")
    assert not any(theirs.search(words_of(text)) for text in said(page))


def test_pause_step_and_stop_write_what_is_wanted(app: App, add_run: AddRun) -> None:
    run = add_run("mine", state="running", heartbeat=2e9)
    at = app("train", run="mine")
    press(at, "pause")
    assert run.control.paused
    press(at, "step")
    assert (run.control.paused, run.control.steps) == (True, 1)
    press(at, "stop")
    assert run.control.stop


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
    ((shown, arrays),) = parcels(at, "board")
    assert shown["run"] == "mine"
    assert shown["replay"]
    assert shown["frame_steps"][-1] == run.status.step
    assert arrays["cloud"].shape == (len(shown["frame_steps"]), len(arrays["labels"]), 2)


def test_the_gallery_cannot_be_trained_on(app: App, add_run: AddRun) -> None:
    add_run("shown", card={"title": "Shown"})
    at = app("train", run="shown")
    assert at.button(key="reset").disabled
    assert at.button(key="stop").disabled


def test_a_run_whose_download_failed_is_not_resumed_and_makes_place_for_one_on_strokes(
    app: App, own_runs: Path
) -> None:
    from vae_core.runs import run as runs

    made = runs.create(Spec().change(**{"data.name": "mnist"}), "stuck")
    (made.path / "status.json").write_text(
        '{"state":"unavailable","message":"MNIST is not on this machine, and its server stopped sending."}'
    )
    at = app("train", run="stuck")
    labels = [button.label for button in at.button]
    assert "Resume" not in labels
    assert "Try again" in labels
    offer = next(button for button in at.button if button.label == "Train on strokes instead")
    offer.click().run()
    assert only_run().spec.data.name == "strokes"
    assert at.query_params["run"] == only_run().name
    assert "data.name=strokes" in at.query_params["set"]


def test_without_mnist_and_network_play_trains_on_strokes_and_says_so(
    app: App, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("VAE_DATA", str(tmp_path / "empty"))
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setitem(download.MIRRORS, "mnist", ["http://127.0.0.1:9/"])
    at = app("train", set="data.name=mnist")
    press(at, "play")
    assert only_run().spec.data.name == "strokes"
    (note,) = at.info
    assert note.value == "MNIST is not on this machine and there is no network, so this trains on Strokes."
    assert "data.name=strokes" in at.query_params["set"]
    press(at, "new-seed")
    assert {run.spec.data.name for run in all_runs()} == {"strokes"}
    assert app("train").session_state["draft"].data.name == "strokes"  # what is not there is not the default


def test_a_shipped_run_whose_images_are_not_here_lends_the_form_its_settings_and_strokes(
    app: App, own_runs: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("VAE_DATA", str(tmp_path / "empty"))
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setitem(download.MIRRORS, "mnist", ["http://127.0.0.1:9/"])
    from vae_core.runs import run as runs

    made = runs.create(Spec().change(**{"data.name": "mnist", "latent": 5}), "shipped")
    (made.path / "card.json").write_text('{"title": "Shipped", "sentence": "", "order": 1}')
    at = app("train", run="shipped")
    draft = at.session_state["draft"]
    assert (draft.data.name, draft.latent) == ("strokes", 5)
    assert "MNIST is not on this machine" in at.info[0].value


@pytest.mark.parametrize("page", ["", "train", "latent_map"])
def test_a_beta_that_training_moved_is_told_with_its_way_on_every_page(
    app: App, add_run: AddRun, wait_until: Callable[..., None], page: str
) -> None:
    run = add_run("mine")
    with open(run.path / "metrics.jsonl", "a") as file:
        file.write('{"step": 8500, "moved": {"beta": 10.0}}\n')
    at = app(page, run="mine")
    assert not at.exception
    way = "1 → 10 at step 8,500"
    assert any(way in caption.value.replace("\u00a0", " ") for caption in at.sidebar.caption)
    if page == "":
        assert any(f"β {way}" in row.proto.body for row in at.get("html"))
    if page == "latent_map":

        def on_the_map() -> bool:  # its numbers are worked out in the background
            at.run()
            below = [row.proto.body for row in at.get("html")]
            moved = any(number.label == "beta" and number.value == "1 → 10" for number in at.metric)
            return moved and any("weight of the KL, from step 8,500" in body for body in below)

        wait_until(on_the_map, "the map has its numbers")


def test_the_numbers_of_a_past_step_are_those_of_its_report(add_run: AddRun) -> None:
    run = add_run("mine")
    steps = [report["step"] for report in run.metrics]
    report = run.metrics[len(steps) // 2]
    shown = {name: (value, under) for name, value, under, _, _ in tiles.tiles(run, past=report["step"])}
    assert shown["Reconstruction"][1] == f"train {words.nats(report['train']['reconstruction'])}"
    assert shown["Epoch"] == (f"{report['epoch']:.2f}", f"step {words.count(report['step'])}")
    assert shown["Elapsed"][0] == words.duration(report["seconds"])
    assert shown["Remaining"][0] == "–"
    before = {name: value for name, value, *_ in tiles.tiles(run, past=steps[0] - 1)}
    assert (before["ELBO"], before["Epoch"]) == ("–", "0.00")


def test_the_numbers_of_a_frame_are_those_of_its_step_and_not_of_a_later_one(add_run: AddRun) -> None:
    frame = add_run("mine").status.step
    ahead = add_run("ahead", step=frame + 9)
    for film in (False, True):
        said, _ = wire.unpack(parcel.build(ahead, film=film))
        assert said["frame_steps"][-1] == frame
        numbers = {name: under for name, _, under, *_ in said["past_tiles"][-1]}
        assert numbers["Epoch"] == f"step {words.count(frame)}"
        assert len(said["past_tiles"]) == len(said["frame_steps"])
    now, _ = wire.unpack(parcel.build(add_run("other"), film=False))
    assert [len(each) for each in now["past_tiles"]] == [len(now["tiles"]) + 1]  # with the holes of the frame


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
    rows = [text.proto.body for text in app().get("html")]
    assert any("place 2 in the queue, waits for ahead, which trains" in row for row in rows)


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
    (sentence,) = said(page)
    assert "/no/such/place" in words_of(sentence)
    assert not page.button(key="play").disabled  # the form is as it was


def test_an_unreadable_run_is_a_sentence(app: App, add_run: AddRun) -> None:
    run = add_run("bad")
    (run.path / "spec.json").write_text("{}}")
    at = app("train", run="bad")
    assert not at.exception
    assert "cannot be read" in at.error[0].value
    assert not at.button(key="play").disabled


@pytest.mark.parametrize("kind", labels.choices("objective.kind"))
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

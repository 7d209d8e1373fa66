"""Train: what the page says of a run's numbers."""

from collections.abc import Callable

import pytest
from streamlit.testing.v1 import AppTest

from pages.sections.train import stage
from tests.pages.shown import parcels
from vae_core.browser import wire
from vae_core.runs import files
from vae_core.runs.frames import step_of
from vae_core.runs.run import Run
from widgets.components.board import parcel, tiles
from widgets.shell import words

App = Callable[..., AppTest]
AddRun = Callable[..., Run]


def test_the_board_of_a_finished_run_holds_its_frames(app: App, add_run: AddRun) -> None:
    run = add_run("mine")
    at = app("train", run="mine")
    ((shown, arrays),) = parcels(at, "board")
    assert shown["run"] == "mine"
    assert shown["replay"]
    assert shown["frame_steps"][-1] == run.status.step
    assert arrays["cloud"].shape == (len(shown["frame_steps"]), len(arrays["labels"]), 2)


def test_a_run_in_training_sends_its_newest_moment_and_those_before_it_where_they_are_asked_for(
    app: App, add_run: AddRun
) -> None:
    run = add_run("mine", state="running", heartbeat=2e9)
    at = app("train", run="mine")
    ((shown, _),) = parcels(at, "board")
    assert (len(shown["frame_steps"]), shown["first"]) == (1, 0)
    assert not parcels(at, "earlier")
    for name, there in (("other", 0), ("mine", 1)):
        at.session_state[stage.ASKED] = stage.Asked(name)
        assert len(parcels(at.run(), "earlier")) == there
    ((before, arrays),) = parcels(at, "earlier")
    stored = [step_of(frame) for frame in run.frames]
    assert before["frame_steps"] == stored
    assert arrays["cloud"].shape[0] == len(stored) > 1
    (run.path / files.FRAMES / f"{stored[-1] + 5:08d}.safetensors").write_bytes(run.frames[-1].read_bytes())
    ((later, _),) = parcels(at.run(), "earlier")
    assert later == before  # what the browser has needs not be sent again


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
        assert any(f"β {way}" in row.value for row in at.markdown)
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


def test_an_unreadable_run_is_a_sentence(app: App, add_run: AddRun) -> None:
    run = add_run("bad")
    (run.path / "spec.json").write_text("{}}")
    at = app("train", run="bad")
    assert not at.exception
    assert "cannot be read" in at.error[0].value
    assert not at.button(key="play").disabled

"""What a class would do with the app, in a real browser, on real MNIST."""

import os
import re
import shutil
import signal
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import numpy as np
import pytest
import torch
from playwright.sync_api import Locator, Page, expect

from pages.sections.train.beta import STOPS
from vae_core.runs.run import Run

NewTab = Callable[[str], Page]


def button(page: Page, name: str) -> Locator:
    return page.get_by_role("button", name=name, exact=True).first


def board(page: Page) -> Locator:
    return page.locator(".board")


def step(page: Page) -> int:
    return int(board(page).get_attribute("data-step") or 0)


def shows_a_later_step(page: Page) -> None:
    """The board goes on by itself."""
    before = step(page)
    page.wait_for_function(
        """before => [...document.querySelectorAll('*')].some(e => e.shadowRoot?.querySelector('.board')
           && +e.shadowRoot.querySelector('.board').dataset.step > before)""",
        arg=before,
    )


def beta(page: Page) -> Locator:
    return page.get_by_role("slider", name="β, the weight of the KL")


def badge(page: Page, word: str) -> Locator:
    return page.locator(".st-key-stage").get_by_text(word, exact=True)


@pytest.fixture
def live(server: Any, new_tab: NewTab, wait_until: Any) -> Iterator[tuple[Page, Run]]:
    """A page on which a run on MNIST has just begun to train; it is stopped afterwards."""
    before = {run.name for run in server.all_runs()}
    page = new_tab("/train?recipe=vae-2d&set=data.name=mnist&set=training.epochs=500")
    button(page, "Play").click()
    wait_until(lambda: len(server.all_runs()) > len(before), "a run is made")
    (run,) = (run for run in server.all_runs() if run.name not in before)
    try:
        expect(board(page)).to_have_attribute("data-run", run.name)
        expect(board(page)).to_have_attribute("data-step", re.compile(r"[1-9]\d*"))
        yield page, run
    finally:  # also where the board never came: 500 epochs would slow every test after this one
        run.stop()
        wait_until(lambda: not run.live, "the worker stops")


def test_the_first_screen_shows_a_model_at_work_that_follows_the_pointer_and_opens_into_its_map(
    server: Any, new_tab: NewTab, pixels: Callable[[Locator], np.ndarray], wait_until: Any
) -> None:
    page = new_tab("/")
    expect(page.get_by_role("heading", name="Elbo Room")).to_be_visible()
    expect(page.get_by_text("Small digits, 2 dimensions").first).to_be_visible()
    figure = page.locator(".forward-pass")
    at_first = figure.get_attribute("data-z")
    expect(figure).not_to_have_attribute("data-z", at_first or "")  # it walks by itself
    plane = page.get_by_role("application", name="Latent map")
    plane.hover(position={"x": 90, "y": 120})
    expect(figure).to_have_attribute("data-mode", "hand")
    before = figure.get_attribute("data-z") or ""
    plane.press("ArrowRight")
    expect(figure).not_to_have_attribute("data-z", before)
    z = torch.tensor([[float(v) for v in (figure.get_attribute("data-z") or "").split(",")]])
    (run,) = (run for run in server.all_runs() if run.name == "shown")
    decoded = 255 * run.model.decode_mean(z)[0, 0].numpy()
    np.testing.assert_allclose(pixels(page.locator(".forward-pass .out canvas"))[..., 0], decoded, atol=2)

    page.emulate_media(reduced_motion="reduce")
    page.mouse.move(10, 10)
    expect(page.locator(".forward-pass .pause")).to_be_hidden()
    plane.press("Enter")
    expect(page).to_have_url(re.compile(r"/latent_map\?run=shown&z="))
    expect(page.get_by_role("application", name="Latent map of Small digits, 2 dimensions")).to_be_visible()


def test_a_finished_run_plays_its_training_again(new_tab: NewTab) -> None:
    page = new_tab("/train?run=shown")
    slider = page.locator(".board .slider")
    last = slider.input_value()
    page.locator(".board .play").click()
    expect(slider).not_to_have_value(last)
    expect(page.locator(".board .at")).to_contain_text("step")


def test_all_numbers_are_of_the_step_that_is_looked_at(new_tab: NewTab) -> None:
    page = new_tab("/train?run=shown")
    tiles, slider = page.locator(".board .tiles"), page.locator(".board .slider")
    expect(tiles).to_contain_text("step 150")
    end = tiles.inner_text()
    slider.press("Home")
    expect(page.locator(".board .at")).to_have_text(re.compile(r"^step \d+$"))
    step = page.locator(".board .at").inner_text()
    assert step != "step 150"
    expect(tiles).to_contain_text(step)
    expect(tiles).not_to_contain_text("step 150")
    assert tiles.inner_text().splitlines()[1] != end.splitlines()[1]  # the ELBO
    slider.press("End")
    expect(tiles).to_have_text(re.compile("step 150"))
    assert tiles.inner_text() == end


def test_each_figure_can_be_taken_away_as_a_picture(new_tab: NewTab) -> None:
    page = new_tab("/train?run=shown")
    for figure in (".cloud", ".probes", ".curves", ".bars"):
        if figure == ".bars":
            button(page, "KL per dimension").click()
        for kind, begins in (("SVG", b"<svg"), ("PNG", b"\x89PNG")):
            page.locator(figure).get_by_label("Take away").click()
            with page.expect_download() as download:
                page.locator(figure).get_by_role("button", name=kind, exact=True).click()
            content = Path(download.value.path()).read_bytes()
            assert content.startswith(begins)
            assert b"run=shown" in content
            assert download.value.suggested_filename.startswith("shown-")
            assert len(content) > 1000
            if kind == "SVG":
                ElementTree.fromstring(content)


def test_play_trains_on_mnist_and_the_board_follows(live: tuple[Page, Run]) -> None:
    page, run = live
    assert run.spec.data.name == "mnist"
    shows_a_later_step(page)
    shows_a_later_step(page)
    expect(page.locator(".board .tiles")).to_contain_text("ELBO")
    expect(badge(page, "training")).to_be_visible()
    assert f"run={run.name}" in page.url


def test_pause_holds_step_makes_one_and_play_goes_on(live: tuple[Page, Run], wait_until: Any) -> None:
    page, run = live
    button(page, "Pause").click()
    expect(badge(page, "paused")).to_be_visible()
    wait_until(lambda: run.status.state == "paused", "the worker pauses")
    held = run.status.step
    button(page, "Step").click()
    wait_until(lambda: run.status.step == held + 1, "the worker makes one step")
    expect(board(page)).to_have_attribute("data-step", str(held + 1))
    button(page, "Play").click()
    expect(badge(page, "training")).to_be_visible()
    shows_a_later_step(page)


def test_a_pause_shows_all_that_went_before_and_a_step_in_it_what_is_new(
    live: tuple[Page, Run], wait_until: Any
) -> None:
    page, run = live
    shows_a_later_step(page)
    button(page, "Pause").click()
    slider = page.locator(".board .slider")
    expect(slider).to_be_visible()
    slider.press("Home")
    expect(page.locator(".board .at")).to_have_text("step 0")
    expect(page.locator(".board .tiles")).to_contain_text("step 0")
    slider.press("End")
    before = run.status.step
    button(page, "Step").click()
    wait_until(lambda: run.status.step == before + 1, "one step is made")
    expect(page.locator(".board .at")).to_have_text(f"step {before + 1:,}")


def test_an_earlier_step_is_looked_at_while_the_run_goes_on(live: tuple[Page, Run], wait_until: Any) -> None:
    page, _ = live
    slider, at = page.locator(".board .slider"), page.locator(".board .at")

    def at_the_beginning() -> bool:
        slider.press("Home")
        return at.inner_text() == "step 0"

    expect(slider).to_be_visible()
    wait_until(at_the_beginning, "the first moment is there", 30)
    shows_a_later_step(page)
    shows_a_later_step(page)
    expect(at).to_have_text("step 0")
    expect(page.locator(".board .tiles")).to_contain_text("step 0")
    page.reload()
    expect(slider).to_be_visible()
    # What was stored before the page was opened comes too, if not at once.
    wait_until(at_the_beginning, "the moments before the page was opened are there", 30)
    slider.press("End")
    first = at.inner_text()
    expect(at).not_to_have_text(first)  # who is at the end follows it


def test_beta_moves_the_run_and_is_marked_on_the_curves(
    live: tuple[Page, Run], server: Any, wait_until: Any
) -> None:
    page, run = live
    runs = len(server.all_runs())
    box = beta(page).bounding_box()
    assert box is not None
    middle, height = box["x"] + 8 + 0.53 * (box["width"] - 16), box["y"] + box["height"] / 2
    page.mouse.move(middle, height)
    page.mouse.down()
    page.mouse.move(middle + 0.2 * box["width"], height, steps=6)
    wait_until(lambda: (run.control.beta or 0) > 3, "beta moves the run while it is dragged")
    expect(page).not_to_have_url(re.compile("objective.beta"))
    page.mouse.up()
    expect(page).to_have_url(re.compile("objective.beta"))
    held = run.control.beta
    assert held is not None
    beta(page).press("ArrowRight")  # from stop to stop
    wait_until(lambda: run.control.beta == next(stop for stop in STOPS if stop > held), "the key moves it on")
    expect(board(page)).to_have_attribute("data-marks", re.compile("β"))
    assert len(server.all_runs()) == runs


def test_stop_keeps_the_run_and_resume_goes_on(live: tuple[Page, Run], wait_until: Any) -> None:
    page, run = live
    button(page, "Stop").click()
    expect(badge(page, "stopped")).to_be_visible()
    wait_until(lambda: not run.live, "the worker ends")
    held = run.status.step
    button(page, "Resume").click()
    expect(badge(page, "training")).to_be_visible()
    wait_until(lambda: run.status.step > held, "the run goes on")


def test_a_second_tab_and_a_reload_show_the_same_run(live: tuple[Page, Run], new_tab: NewTab) -> None:
    page, run = live
    link = page.url
    other = new_tab(link)
    expect(board(other)).to_have_attribute("data-run", run.name)
    shows_a_later_step(other)
    page.reload()
    expect(board(page)).to_have_attribute("data-run", run.name)
    shows_a_later_step(page)


def test_leaving_the_page_does_not_stop_the_run(
    live: tuple[Page, Run], new_tab: NewTab, wait_until: Any
) -> None:
    page, run = live
    page.get_by_role("link", name="Home").click()
    expect(page.get_by_role("heading", name="Your runs")).to_be_visible()
    expect(page.get_by_text(run.title).first).to_be_visible()
    held = run.status.step
    page.close()
    wait_until(lambda: run.status.step > held, "the run goes on")


def test_the_run_outlives_a_killed_server(live: tuple[Page, Run], server: Any, wait_until: Any) -> None:
    page, run = live
    worker = run.status.pid
    server.kill(signal.SIGKILL)
    held = run.status.step
    wait_until(lambda: run.status.step > held, "the run goes on without a server")
    server.start()
    page.reload()
    expect(board(page)).to_have_attribute("data-run", run.name)
    shows_a_later_step(page)
    assert run.status.pid == worker


def test_what_cannot_be_read_is_named_and_deleted_with_its_button_and_the_others_stay(
    server: Any, new_tab: NewTab
) -> None:
    (server.runs / "loop").symlink_to("loop")
    (server.runs / "foreign").mkdir()
    (server.runs / "foreign" / "spec.json").write_text('{"data": {"name": "folder", "path": "/"}}')
    try:
        read_and_delete(server, new_tab("/?run=foreign&all_runs=1"))
    finally:
        for name in ("loop", "foreign"):
            with suppress(FileNotFoundError):
                (server.runs / name).unlink() if name == "loop" else shutil.rmtree(server.runs / name)


def read_and_delete(server: Any, page: Page) -> None:
    for name, why in (("loop", "It is a link that leads nowhere."), ("foreign", "does not say how large")):
        row = page.locator(f".st-key-row-{name}")
        expect(row).to_contain_text(why)
        row.locator(f".st-key-more-{name}").get_by_role("button").first.click()
        dialog = page.get_by_role("dialog")
        expect(dialog).to_contain_text(why)
        dialog.get_by_role("button", name="Delete").click()
        expect(row).to_have_count(0)
        assert not os.path.lexists(server.runs / name)
    page.get_by_role("button", name="Undo").click()
    expect(page.locator(".st-key-row-foreign")).to_be_visible()
    expect(page.locator(".st-key-card-shown")).to_be_visible()

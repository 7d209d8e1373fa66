"""Interpolate on its page, under a hand in Chromium."""

import re
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest
from playwright.sync_api import Locator, Page, expect

from tests.e2e.conftest import IDLE
from vae_core import data
from vae_core.runs.run import Run

NewTab = Callable[[str], Page]
A, B = 3, 18  # test images: a nought and a three


@pytest.fixture(scope="module")
def run(server: Any) -> Iterator[Run]:
    with server.lend("vae-2d-mnist") as run:
        yield run


def slider(page: Page) -> Locator:
    return page.get_by_role("slider", name="t, the place on the path")


def stands_at(page: Page, t: str) -> None:
    expect(slider(page)).to_have_attribute("aria-valuetext", f"t = {t}")
    expect(page.locator(".interpolate .live figcaption")).to_have_text(f"Decoded at t = {t}")


@pytest.fixture
def shows(run: Run, pixels: Any, wait_until: Any) -> Callable[[Locator, float], None]:
    """The canvas comes to show what the straight path from A to B decodes to at t."""

    def shows(canvas: Locator, t: float) -> None:
        a, b = run.model.posteriors(data.load("mnist", "test").images[[A, B]]).mean
        grey = 255 * run.model.decode_mean(((1 - t) * a + t * b)[None])[0, 0].numpy()
        wait_until(
            lambda: np.abs(pixels(canvas)[..., 0] - grey).max() < 2, f"the image at t = {t} is there", 10
        )

    return shows


def test_the_path_between_two_picked_images_is_decoded_under_the_hand_and_comes_back_with_the_link(
    new_tab: NewTab, run: Run, pick: Any, shows: Any
) -> None:
    page = new_tab(f"/interpolate?run={run.name}")
    image, frames = page.locator(".interpolate .live canvas"), page.locator(".interpolate .frames").first
    stands_at(page, "0.50")
    pick(page, "a", A)
    pick(page, "b", B)
    expect(page.locator(".st-key-picker-b")).to_contain_text(f"3, test image {B}")
    shows(image, 0.5)
    expect(frames.locator("canvas")).to_have_count(21)  # from t = -0.5 to 1.5
    shows(frames.locator("canvas").nth(5), 0.0)
    shows(frames.locator("canvas").nth(15), 1.0)
    expect(page.locator(".interpolate .reading")).to_contain_text("At t = 0.50: log q")

    slider(page).focus()
    for key, t in (("ArrowRight", "0.51"), ("PageUp", "0.61"), ("Home", "−0.50")):
        page.keyboard.press(key)
        stands_at(page, t)
    shows(image, -0.5)
    box = frames.bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + 5.5 / 21 * box["width"], box["y"] + 8)
    page.mouse.down()
    stands_at(page, "0.00")
    shows(image, 0.0)
    page.mouse.move(box["x"] + 13.5 / 21 * box["width"], box["y"] + 8, steps=4)
    stands_at(page, "0.80")
    shows(image, 0.8)
    page.mouse.up()
    expect(page).to_have_url(re.compile(r"[?&]t=0\.8\b"))

    page.reload()
    stands_at(page, "0.80")
    for name, number in (("a", A), ("b", B)):
        expect(page.locator(f".st-key-picker-{name}")).to_contain_text(f"test image {number}")
    shows(image, 0.8)


def test_what_is_taken_from_an_image_and_added_again_gives_the_other_image_and_can_be_kept(
    new_tab: NewTab, run: Run, shows: Any
) -> None:
    page = new_tab(f"/interpolate?run={run.name}&tab=arithmetic&plus={B}&minus={A}&to={A}")
    expect(page.locator(".interpolate .marks")).to_have_text("CA − B + C")
    stands_at(page, "1.00")
    image = page.locator(".interpolate .live canvas")
    shows(image, 1.0)

    page.get_by_role("textbox", name="Name of this direction").fill("to a three")
    page.keyboard.press("Enter")
    page.get_by_role("button", name="Keep it").click()
    page.get_by_role("radio", name="Kept").or_(page.get_by_role("button", name="Kept")).first.click()
    expect(page.get_by_role("combobox", name="Name")).to_have_value("to a three")
    expect(page.locator(".interpolate .marks")).to_have_text("−3−2−10+1+2+3")
    slider(page).focus()
    page.keyboard.press("Home")
    stands_at(page, "−3.00")
    shows(image, -3.0)


def test_a_told_class_travels_over_a_stop_images_are_drawn_and_a_grid_is_looked_at(
    new_tab: NewTab, server: Any, pick: Any, pixels: Any, wait_until: Any
) -> None:
    with server.lend("cvae-mnist") as told:
        split = data.load("mnist", "test")
        assert split.labels is not None

        def reconstruction(k: int) -> np.ndarray:
            y = split.labels[[k]]
            grey = 255 * told.model.decode_mean(told.model.posteriors(split.images[[k]], y).mean, y)
            return grey[0, 0].numpy()

        def shows(canvas: Locator, expected: np.ndarray) -> None:
            wait_until(lambda: np.abs(pixels(canvas)[..., 0] - expected).max() < 2, "the image is there", 10)

        page = new_tab(f"/interpolate?run={told.name}&a={A}&b={B}")
        frames = page.locator(".interpolate .frames").first.locator("canvas")
        shows(frames.nth(5), reconstruction(A))
        shows(frames.nth(15), reconstruction(B))  # a three, by the class that has travelled

        page.get_by_role("button", name="Add a stop").click()
        pick(page, "stop1", 7)
        expect(page.locator(".interpolate .marks")).to_have_text("A1B")
        for k, image in ((0, A), (10, 7), (20, B)):
            shows(frames.nth(k), reconstruction(image))
        page.get_by_role("button", name="Take stop 1 away").click()
        expect(page.locator(".interpolate .marks")).to_have_text("AB")

        page.get_by_role("button", name="Surprise me").click()
        expect(page).to_have_url(re.compile(r"[?&]surprise=\d+"))
        page.get_by_role("radio", name="Grid").or_(page.get_by_role("button", name="Grid")).first.click()
        numbers = [
            int(re.findall(r"test image (\d+)", page.locator(f".st-key-picker-{name}").inner_text())[0])
            for name in expect_four(page)
        ]
        assert len(set(split.labels[numbers].tolist())) == 4
        tiles, large = page.locator(".image-grid .tiles"), page.locator(".image-grid .decoded")
        box = tiles.bounding_box()
        assert box is not None
        for (x, y), image in zip(((0.05, 0.05), (0.95, 0.05), (0.05, 0.95)), numbers, strict=False):
            page.mouse.move(box["x"] + x * box["width"], box["y"] + y * box["height"])
            shows(large, reconstruction(image))
        page.get_by_role("button", name="Take away").click()
        with page.expect_download() as saved:
            page.get_by_role("button", name="PNG 2×").click()
        assert saved.value.suggested_filename == f"{told.name}-grid-linear-2x.png"


def expect_four(page: Page) -> tuple[str, ...]:
    """The pickers of a grid's corners, once all are there."""
    names = ("a", "b", "c", "d")
    expect(page.locator(".st-key-picker-d")).to_contain_text("test image")
    page.wait_for_selector(IDLE)
    for name in names:
        expect(page.locator(f".st-key-picker-{name}")).to_contain_text("test image")
    return names

"""The Train page's bar and drawer under a hand in Chromium; it is one screen."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Locator, Page, expect

NewTab = Callable[[str], Page]


@pytest.fixture
def page(new_tab: NewTab) -> Page:
    page = new_tab("/train?recipe=vae-2d&set=data.name=digits")
    expect(thumb(page)).to_have_attribute("aria-valuetext", "1")
    return page


def thumb(page: Page) -> Locator:
    return page.get_by_role("slider", name="β, the weight of the KL")


def middle(locator: Locator) -> tuple[float, float]:
    box = locator.bounding_box()
    assert box is not None
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2


def tick(page: Page, text: str) -> float:
    """Where a value of beta's scale is marked, from left to right."""
    mark = page.locator(".log-slider .marks").get_by_text(text, exact=True)
    expect(mark).to_be_visible()
    return middle(mark)[0]


def test_a_thumb_is_grabbed_at_its_centre_and_a_click_on_a_tick_goes_there(page: Page) -> None:
    height = middle(thumb(page))[1]
    page.mouse.move(tick(page, "1"), height)
    page.mouse.down()
    page.mouse.move(tick(page, "10"), height, steps=8)
    page.mouse.up()
    expect(page).to_have_url(re.compile(r"objective\.beta(=|%3D)10\.0"))
    expect(thumb(page)).to_have_attribute("aria-valuetext", "10")
    for value in ("0", "0.1", "100", "1"):
        page.mouse.click(tick(page, value), height)
        expect(thumb(page)).to_have_attribute("aria-valuetext", value)
    expect(page).not_to_have_url(re.compile(r"objective\.beta"))  # 1 is the recipe's own


def test_the_drawer_takes_the_focus_in_and_gives_it_back(page: Page) -> None:
    field = page.get_by_role("spinbutton", name="Latent dimensions")
    button = page.get_by_role("button", name="Settings", exact=True)
    expect(field).to_be_hidden()
    button.press("Enter")
    expect(field).to_be_visible()
    expect(page.get_by_role("button", name="Close settings")).to_be_focused()
    field.fill("3")
    field.press("Enter")
    expect(page).to_have_url(re.compile("latent(=|%3D)3"))
    expect(field).to_be_visible()  # a run of the script leaves it open
    page.keyboard.press("Escape")
    expect(field).to_be_hidden()
    expect(button).to_be_focused()


@pytest.mark.parametrize("width, height", [(1280, 800), (1024, 768)])
def test_everything_is_seen_without_scrolling(new_tab: NewTab, width: int, height: int) -> None:
    page = new_tab("/train?run=shown")
    page.set_viewport_size({"width": width, "height": height})
    expect(page.locator(".board .samples canvas")).to_be_visible()
    page.wait_for_function(
        "() => { const main = document.querySelector('[data-testid=stMain]');"
        " return main.scrollHeight <= main.clientHeight; }"
    )
    for part in (".cloud canvas", ".tiles", ".curves canvas", ".probes canvas", ".samples canvas", ".slider"):
        box = page.locator(f".board {part}").bounding_box()
        assert box is not None
        assert box["y"] >= 0
        assert box["y"] + box["height"] <= height
    plot = page.locator(".board .cloud canvas").bounding_box()
    assert plot is not None
    assert plot["width"] > 0.38 * width

"""The Train page's form under a hand in Chromium."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Locator, Page, expect

NewTab = Callable[[str], Page]
BETA = "[class*='st-key-set-objective-beta']"


@pytest.fixture
def page(new_tab: NewTab) -> Page:
    page = new_tab("/train?recipe=vae-2d&set=data.name=digits")
    expect(thumb(page)).to_have_attribute("aria-valuetext", "1")
    return page


def thumb(page: Page) -> Locator:
    return page.locator(BETA).get_by_role("slider")


def middle(locator: Locator) -> tuple[float, float]:
    box = locator.bounding_box()
    assert box is not None
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2


def tick(page: Page, text: str) -> Locator:
    """Of beta's scale, which comes first on the page."""
    return page.locator(".elbo-ticks").first.get_by_text(text, exact=True)


def test_a_thumb_that_stands_on_a_tick_is_grabbed_at_its_centre(page: Page) -> None:
    page.mouse.move(*middle(thumb(page)))
    page.mouse.down()
    page.mouse.move(middle(tick(page, "10"))[0], middle(thumb(page))[1], steps=8)
    page.mouse.up()
    expect(page).to_have_url(re.compile(r"objective\.beta(=|%3D)10\.0"))
    expect(thumb(page)).to_have_attribute("aria-valuetext", "10")


@pytest.mark.parametrize("value", ["0", "0.1", "10", "100"])
def test_a_click_on_a_tick_or_its_label_goes_there(page: Page, value: str) -> None:
    page.mouse.click(*middle(tick(page, value)))
    expect(page).to_have_url(re.compile(rf"objective\.beta(=|%3D){re.escape(value)}(\.0)?(&|$)"))
    expect(thumb(page)).to_have_attribute("aria-valuetext", value)
    page.mouse.click(middle(tick(page, "1"))[0], middle(thumb(page))[1])  # the line over the label
    expect(thumb(page)).to_have_attribute("aria-valuetext", "1")

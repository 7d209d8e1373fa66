"""Presenting, in Chromium: the key F, the button, a reload, the way back, and an f that is only typed."""

from collections.abc import Callable
from typing import Any

from playwright.sync_api import Page, expect


def side(page: Page) -> float:
    box = page.locator(".square").bounding_box()
    assert box is not None
    return box["height"]


def test_a_map_is_presented_alone_as_high_as_the_screen(new_tab: Callable[[str], Page], server: Any) -> None:
    with server.lend("vae-2d-mnist"):
        page = new_tab("/latent_map?run=vae-2d-mnist")
        page.set_viewport_size({"width": 1280, "height": 800})
        sidebar, number = page.get_by_test_id("stSidebar"), page.get_by_test_id("stMetricValue")
        expect(number.first).to_be_visible()
        before = side(page)

        page.locator("body").press("f")
        expect(sidebar).to_be_hidden()
        expect(page.get_by_role("heading", name="Latent map")).to_be_hidden()
        assert side(page) > 1.3 * before
        box = page.locator(".square").bounding_box()
        assert box is not None
        assert box["y"] + box["height"] <= 800

        page.reload()  # it stays until somebody leaves
        expect(number.first).to_be_visible()
        expect(sidebar).to_be_hidden()
        page.get_by_role("button", name="Leave presentation").click()
        expect(sidebar).to_be_visible()

        page.get_by_role("button", name="Present").click()
        expect(sidebar).to_be_hidden()
        page.locator("body").press("Escape")
        expect(sidebar).to_be_visible()

        page.goto(page.url.replace("latent_map", "train"))
        page.get_by_role("button", name="Settings", exact=True).click()
        field = page.get_by_role("spinbutton").first
        expect(field).to_be_visible()
        field.press("f")
        expect(sidebar).to_be_visible()

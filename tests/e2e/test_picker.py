"""Picking, drawing and masking in Streamlit, as a page has them."""

import base64
import io
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Page, expect

HERE = Path(__file__).parent
# A file that is dropped on an element, or pasted there.
GIVE = """([kind, target, name, text]) => {
  const bytes = Uint8Array.from(atob(text), (each) => each.charCodeAt(0)), given = new DataTransfer();
  given.items.add(new File([bytes], name, { type: "image/png" }));
  const options = { bubbles: true, cancelable: true, dataTransfer: given, clipboardData: given };
  const event = kind === "drop" ? new DragEvent(kind, options) : new ClipboardEvent(kind, options);
  document.querySelector(target).dispatchEvent(event);
}"""


def bar(left: int) -> bytes:
    """A photo of a line on paper."""
    paper = np.full((90, 60), 210, np.uint8)
    paper[20:70, left : left + 6] = 40
    file = io.BytesIO()
    Image.fromarray(paper).save(file, "PNG")
    return file.getvalue()


@pytest.fixture(scope="module")
def pickers(server: Any) -> Iterator[Any]:
    data = Path(server.environment["VAE_DATA"])
    mine = type(server)(server.runs, data, server.wait_until, HERE / "picker_app.py")
    yield mine
    mine.kill()


@pytest.fixture
def page(new_tab: Callable[[str], Page], pickers: Any) -> Page:
    page = new_tab(pickers.url)
    expect(page.get_by_text("A is ")).to_be_visible()
    return page


def opened(page: Page, which: int = 0) -> None:
    page.get_by_role("button", name="Change").nth(which).click()
    expect(page.get_by_role("button", name="At random").or_(page.locator(".paint.draw"))).to_be_visible()


def closed(page: Page) -> None:
    page.keyboard.press("Escape")
    expect(page.get_by_role("radio", name="Upload")).to_be_hidden()


def test_an_image_is_chosen_from_the_sheet_and_a_copied_link_shows_it(
    page: Page, new_tab: Callable[[str], Page]
) -> None:
    opened(page)
    page.get_by_role("button", name="test image 13", exact=False).click()
    expect(page.get_by_text("test image 13,")).to_be_visible()
    expect(page.get_by_text("B is ")).to_contain_text("test image 7,")
    assert "a=13" in page.url
    other = new_tab(page.url)
    expect(other.get_by_text("A is ")).to_contain_text("test image 13,")


def test_a_drawing_is_used_at_once_and_is_still_there_after_another_page(page: Page, stroke: Any) -> None:
    opened(page)
    page.get_by_role("radio", name="Draw", exact=True).click()
    canvas = page.locator(".paint.draw .over")
    expect(canvas).to_be_visible()
    stroke(page, canvas, (0.5, 0.2), (0.5, 0.8))
    expect(page.get_by_text("A is ")).to_contain_text("drawn by hand")
    first = page.get_by_text("A is ").inner_text()
    stroke(page, canvas, (0.5, 0.8), (0.8, 0.8))
    expect(page.get_by_text("A is ")).not_to_have_text(first)
    second = page.get_by_text("A is ").inner_text()
    closed(page)
    opened(page)
    expect(page.locator(".paint.draw")).to_be_visible()
    expect(page.locator(".paint.draw .hint")).to_be_hidden()  # it is not empty
    closed(page)
    page.get_by_role("link", name="Other").click()
    expect(page.get_by_text("Another page")).to_be_visible()
    page.get_by_role("link", name="Images").click()
    expect(page.get_by_text("A is ")).to_have_text(second)


def test_a_mask_is_known_when_the_brush_is_lifted_and_outlives_another_image_and_another_page(
    page: Page, stroke: Any
) -> None:
    expect(page.get_by_text("0 pixels are hidden")).to_be_visible()
    stroke(page, page.locator(".paint.mask .over"), (0.2, 0.5), (0.8, 0.5))
    said = page.get_by_text("pixels are hidden")
    expect(said).not_to_have_text("0 pixels are hidden")
    hidden = said.inner_text()
    opened(page)
    page.get_by_role("button", name="At random").click()
    expect(page.get_by_text("A is ")).not_to_contain_text("test image 0,")
    expect(said).to_have_text(hidden)
    closed(page)
    page.get_by_role("link", name="Other").click()
    expect(page.get_by_text("Another page")).to_be_visible()
    page.get_by_role("link", name="Images").click()
    expect(page.get_by_text("pixels are hidden")).to_have_text(hidden)
    expect(page.locator(".paint.mask .said")).to_contain_text("% hidden")


def test_an_uploaded_image_is_used(page: Page) -> None:
    opened(page)
    page.get_by_role("radio", name="Upload").click()
    page.locator("input[type=file]").set_input_files(HERE.parents[1] / "widgets/shell/icon.png")
    expect(page.get_by_text("A is ")).to_contain_text("icon.png")
    before = page.get_by_text("A is ").inner_text()
    page.get_by_test_id("stCheckbox").get_by_text("Invert").click()
    expect(page.get_by_text("A is ")).not_to_have_text(before)


def test_a_photo_is_shown_before_and_after_and_a_second_one_is_dropped_on_the_picture(page: Page) -> None:
    opened(page)
    page.get_by_role("radio", name="Upload").click()
    files = [{"name": f"{k}.png", "mimeType": "image/png", "buffer": bar(20 * k)} for k in (1, 2)]
    files.append({"name": "no.png", "mimeType": "image/png", "buffer": b"MZ"})
    page.locator("input[type=file]").set_input_files(files)
    expect(page.get_by_text("A is ")).to_contain_text("1.png")
    expect(page.get_by_text("is no image that can be read").last).to_be_visible()
    for step in ("Photo", "Ink found", "As the model sees it"):
        expect(page.get_by_role("img", name=step, exact=True)).to_be_visible()
    expect(page.get_by_role("slider", name="Threshold, %")).to_be_visible()
    page.get_by_role("button", name="2.png", exact=True).click()  # of the strip
    expect(page.get_by_text("A is ")).to_contain_text("2.png")
    closed(page)
    for kind, target, said, name in (
        ("drop", ".st-key-picker-b .elbo-picked img", "B is ", "3.png"),
        ("paste", "body", "A is ", "4.png"),  # of the first, where none is open or under the pointer
    ):
        page.mouse.move(5, 5)
        page.evaluate(GIVE, [kind, target, name, base64.b64encode(bar(15)).decode()])
        expect(page.get_by_text(said)).to_contain_text(name)

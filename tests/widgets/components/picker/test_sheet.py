"""The sheet of thumbnails, in Chromium, on a page without Streamlit."""

from typing import Any

import numpy as np
import pytest

from widgets.components import scripts
from widgets.components.picker import sheet
from widgets.shell import data_url

COUNT = 25  # in three rows of ten


@pytest.fixture
def thumbnails(stage: Any) -> Any:
    found = stage(sheet.script(), scripts.text(sheet.HERE / "sheet.css"))
    found.mount("sheet", page_of(0))
    return found


def page_of(first: int, selected: int | None = None) -> dict[str, Any]:
    images = np.zeros((COUNT, 1, 8, 8), np.uint8)
    return {
        "png": data_url.address(sheet.picture(images + first)), "shape": [8, 8], "columns": 10, "rows": 3,
        "indices": list(range(first, first + COUNT)),
        "captions": [f"image {first + k}" for k in range(COUNT)],
        "selected": selected, "where": "", "first": first == 0, "last": first > 0, "label": "Images",
    }  # fmt: skip


def focused(stage: Any) -> str:
    return stage.page.evaluate("() => window.roots.sheet.activeElement?.getAttribute('aria-label')")


def test_a_click_tells_the_number_of_the_image_and_outlines_it_at_once(thumbnails: Any) -> None:
    thumbnails.page.get_by_role("button", name="image 13").click()
    assert thumbnails.said("sheet") == {"choice": 13}
    pressed = thumbnails.page.locator("#sheet [aria-pressed=true]")
    assert pressed.count() == 1
    assert pressed.get_attribute("aria-label") == "image 13"


def test_arrows_move_in_rows_and_columns_and_enter_chooses(thumbnails: Any) -> None:
    thumbnails.page.keyboard.press("Tab")
    assert focused(thumbnails) == "image 0"
    for key in ("ArrowRight", "ArrowDown", "ArrowDown", "ArrowLeft"):
        thumbnails.page.keyboard.press(key)
    assert focused(thumbnails) == "image 20"
    thumbnails.page.keyboard.press("Enter")
    assert thumbnails.said("sheet") == {"choice": 20}


def test_beyond_the_last_image_lies_the_next_page(thumbnails: Any) -> None:
    thumbnails.page.keyboard.press("Tab")
    thumbnails.page.keyboard.press("ArrowLeft")  # before the first there is none
    assert thumbnails.all_said("sheet") == []
    thumbnails.page.keyboard.press("End")
    thumbnails.page.keyboard.press("ArrowRight")
    assert thumbnails.said("sheet") == {"turn": 1}
    thumbnails.mount("sheet", page_of(COUNT))
    assert focused(thumbnails) == f"image {COUNT}"
    thumbnails.page.keyboard.press("ArrowLeft")
    assert thumbnails.said("sheet") == {"turn": -1}
    thumbnails.mount("sheet", page_of(0))
    assert focused(thumbnails) == f"image {COUNT - 1}"


def test_pages_are_turned_by_buttons_too(thumbnails: Any) -> None:
    assert thumbnails.page.get_by_role("button", name="Page back").is_disabled()
    thumbnails.page.get_by_role("button", name="Page forward").click()
    assert thumbnails.said("sheet") == {"turn": 1}


def test_python_says_what_is_chosen(thumbnails: Any) -> None:
    thumbnails.mount("sheet", page_of(0, selected=7))
    assert thumbnails.page.locator("#sheet [aria-pressed=true]").get_attribute("aria-label") == "image 7"


def test_each_thumbnail_shows_its_own_image(stage: Any) -> None:
    """Every image is of one grey; a screenshot finds it in its place."""
    import io

    from PIL import Image

    images = np.arange(COUNT, dtype=np.uint8).reshape(-1, 1, 1, 1) * np.full((1, 1, 8, 8), 10, np.uint8)
    found = stage(sheet.script(), scripts.text(sheet.HERE / "sheet.css"))
    found.mount("sheet", page_of(0) | {"png": data_url.address(sheet.picture(images))})
    found.page.wait_for_function("() => document.readyState === 'complete'")
    shot = Image.open(io.BytesIO(found.page.screenshot())).convert("L")
    for k in (0, 9, 10, 19, 24):
        box = found.page.get_by_role("button", name=f"image {k}", exact=True).bounding_box()
        middle = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
        assert shot.getpixel(middle) == pytest.approx(10 * k, abs=1)


def test_large_images_are_shrunk() -> None:
    assert sheet.picture(np.zeros((60, 3, 128, 96), np.uint8)).shape == (3, 6 * 43, 10 * 32)

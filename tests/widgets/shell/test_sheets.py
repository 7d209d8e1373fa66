"""Sheets of images in a browser: as many in a line as are asked for, wide or narrow."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from widgets.shell import sheets

CSS = Path(sheets.__file__).with_name("app.css").read_text()


@pytest.mark.parametrize("across", [8, None])
@pytest.mark.parametrize("captioned", [False, True])
@pytest.mark.parametrize("room", [1600, 420])
def test_so_many_images_stand_in_a_line(
    browser: Any, monkeypatch: pytest.MonkeyPatch, across: int | None, captioned: bool, room: int
) -> None:
    shown: list[str] = []
    monkeypatch.setattr(sheets.st, "html", shown.append)
    images = np.zeros((36, 1, 28, 28), np.uint8)
    if captioned:
        sheets.row([(str(k), image, "") for k, image in enumerate(images)], 64, across)
    else:
        sheets.sheet(images, 64, across)
    page = browser.new_page(viewport={"width": 1800, "height": 900})
    try:
        page.set_content(f"<style>{CSS}</style><div style='width:{room}px'>{shown[0]}</div>")
        tops = page.evaluate(
            "[...document.querySelectorAll('img')].map((i) => i.getBoundingClientRect().top)"
        )
    finally:
        page.close()
    lines = list(Counter(tops).values())
    if across is None:
        assert lines[0] == ((room + 10) // 74 if captioned else (room + 4) // 68)
    else:
        assert lines == [8, 8, 8, 8, 4]

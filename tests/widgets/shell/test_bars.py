"""Bars of classes: as high as their shares, within the page, and said in words."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from widgets.shell import bars

CSS = Path(bars.__file__).with_name("app.css").read_text()
SHARES = {
    "test images": ([0.05] * 4 + [0.2] * 4, "#8d939c"),
    "<b> of the prior": ([0.0, 0.31] + [0.115] * 6, "#b98a2c"),
}
CLASSES = [*map(str, range(6)), "Ankle boot", "7 & more"]


@pytest.mark.parametrize("room", [1000, 320])
def test_a_bar_is_as_high_as_its_share_and_all_stand_in_the_room(
    browser: Any, monkeypatch: pytest.MonkeyPatch, room: int
) -> None:
    shown: list[str] = []
    monkeypatch.setattr(bars.st, "html", shown.append)
    bars.grouped(CLASSES, SHARES)
    page = browser.new_page(viewport={"width": 1200, "height": 500})
    try:
        page.set_content(f"<style>{CSS}</style><div style='width:{room}px; margin: 0'>{shown[0]}</div>")
        found = page.evaluate(
            """[...document.querySelectorAll("[role=img] i")].map((i) => {
                const { left, right, width, height } = i.getBoundingClientRect();
                return [i.title, left, right, width, height];
            })"""
        )
        left = page.locator(".elbo-bars").bounding_box()["x"]
        whole = page.locator("[role=img]").bounding_box()["height"]
        said = page.get_by_role("img").get_attribute("aria-label")
        assert page.locator("[role=img] small").all_inner_texts() == ["0 %", "10 %", "20 %", "30 %", "40 %"]
    finally:
        page.close()
    assert len(found) == 16
    expected = {
        f"{name}, {called}: {100 * share:.1f} %": share
        for name, (of_classes, _) in SHARES.items()
        for called, share in zip(CLASSES, of_classes, strict=True)
    }
    for title, start, end, width, height in found:
        assert height == pytest.approx(expected[title] / 0.4 * whole, abs=0.6)
        assert width > 2
        assert left <= start < end <= left + room
    assert "<b> of the prior: 0 0.0 %, 1 31.0 %, 2 11.5 %" in said


@pytest.mark.parametrize(
    ("highest", "lines"),
    [
        (0.0, [0, 0.01]),
        (0.05, [0, 0.01, 0.02, 0.03, 0.04, 0.05]),
        (0.17, [0, 0.05, 0.1, 0.15, 0.2]),
        (1.0, [0, 0.2, 0.4, 0.6, 0.8, 1]),
    ],
)
def test_lines_go_from_nothing_to_above_the_highest_bar(highest: float, lines: list[float]) -> None:
    assert bars.ticks(highest) == pytest.approx(lines)

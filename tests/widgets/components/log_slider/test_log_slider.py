"""A slider on a logarithmic scale, and how often it reports."""

from itertools import pairwise
from typing import Any

import pytest

from widgets.components import log_slider
from widgets.components.log_slider import moved

SCALE = {"least": 0.01, "most": 100.0, "ticks": [0, 0.1, 1, 10, 100]}
STOPS = [0, 0.5, 1, 2, 100]


def test_equal_ratios_are_equal_distances_and_0_is_at_the_left_end(javascript) -> None:
    values = [0, 0.01, 0.1, 1, 10, 100, 500]
    shares = javascript(
        "log_scale.js", "values.map((v) => shareOfValue(v, s))", "log_slider", values=values, s=SCALE
    )
    assert (shares[0], shares[5], shares[6]) == (0, 1, 1)
    steps = [b - a for a, b in pairwise(shares[1:6])]
    assert steps == pytest.approx([steps[0]] * 4)
    back = javascript(
        "log_scale.js", "shares.map((v) => valueAtShare(v, s))", "log_slider", shares=shares[:6], s=SCALE
    )
    assert back == values[:6]


def test_values_have_two_digits_and_ticks_draw_the_thumb_to_themselves(javascript) -> None:
    at = javascript(
        "log_scale.js", "[0.7, 0.535, 0.02].map((v) => valueAtShare(v, s))", "log_slider", s=SCALE
    )
    assert at == [float(f"{0.01 * 1e4 ** ((0.7 - 0.06) / 0.94):.2g}"), 1, 0]


def test_keys_go_from_stop_to_stop(javascript) -> None:
    pairs = [[1, 1], [1, -1], [0.7, 1], [0, -1], [100, 1]]
    found = javascript(
        "log_scale.js",
        "pairs.map(([v, by]) => nextStop(v, by, stops))",
        "log_slider",
        pairs=pairs,
        stops=STOPS,
    )
    assert found == [2, 0.5, 1, 0, 100]


@pytest.mark.parametrize(
    "said", [None, {}, {"moved": None}, {"moved": {"value": "x", "done": True, "count": 1}},
             {"moved": {"value": float("nan"), "done": True, "count": 1}},
             {"moved": {"value": -1, "done": True, "count": 1}}]
)  # fmt: skip
def test_what_makes_no_sense_is_no_report(said: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(log_slider.st, "session_state", {"beta": said})
    assert moved("beta") is None


@pytest.fixture
def slider(stage: Any) -> Any:
    """A slider that reports while it is dragged."""
    shown = stage(log_slider.script(), log_slider.css())
    data = {"value": 1, "label": "β", "help": "", "stops": STOPS, "live": True, "count": 0, **SCALE}
    shown.data = data
    shown.mount("beta", data)
    return shown


def test_a_drag_reports_on_its_way_and_once_more_at_its_end(slider: Any) -> None:
    page = slider.page
    box = page.get_by_role("slider").bounding_box()
    height, at = box["y"] + 10, lambda share: box["x"] + 8 + share * (box["width"] - 16)
    page.mouse.move(at(0.53), height)
    page.mouse.down()
    for k in range(12):
        page.mouse.move(at(0.53 + 0.02 * k), height)
        page.wait_for_timeout(40)
    # What answers an earlier report does not move the thumb that is held.
    slider.mount("beta", slider.data | {"value": 0.1})
    held = page.get_by_role("slider").get_attribute("aria-valuetext")
    page.mouse.up()
    reports = page.evaluate("window.said.beta")
    assert [report["count"] for report in reports] == list(range(1, len(reports) + 1))
    assert [report["done"] for report in reports] == [False] * (len(reports) - 1) + [True]
    assert 2 <= len(reports) - 1 <= 8  # in half a second
    assert float(held) == reports[-1]["value"] > 3


def test_what_answers_the_last_report_moves_the_thumb(slider: Any) -> None:
    thumb = slider.page.get_by_role("slider")
    thumb.press("ArrowRight")
    assert thumb.get_attribute("aria-valuetext") == "2"
    slider.page.wait_for_function("() => window.said.beta?.at(-1).done")
    count = slider.said("beta")["count"]
    slider.mount("beta", slider.data | {"value": 0.5, "count": count - 1})
    assert thumb.get_attribute("aria-valuetext") == "2"
    slider.mount("beta", slider.data | {"value": 0.5, "count": count})
    assert thumb.get_attribute("aria-valuetext") == "0.5"

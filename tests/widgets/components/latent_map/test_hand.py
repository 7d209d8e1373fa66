"""The latent map under the hand, in Chromium, on a page without Streamlit."""

import numpy as np
import pytest

from tests.widgets.components.latent_map.decoding import assert_decodes
from widgets.components import latent_map as lm

SIGMA = (0.3, 0.6)  # of every posterior, along both axes


def test_hovering_decodes_the_place_under_the_pointer(maps, parcels, model) -> None:
    maps.show(parcels)
    maps.hover(1.0, 0.5)
    assert_decodes(maps, model, 1.0, 0.5)
    assert "(1.00, 0.50)" in maps.text(".numbers")


def test_a_click_pins_and_leaving_restores_the_pin(maps, parcels, model) -> None:
    maps.show(parcels)
    maps.click(0.5, 2.5)
    maps.hover(-2.0, -3.0)
    assert_decodes(maps, model, -2.0, -3.0)
    maps.page.mouse.move(2, 2)
    maps.settle()
    assert_decodes(maps, model, 0.5, 2.5)
    assert maps.said()["pin"] == pytest.approx([0.5, 2.5], abs=0.02)


def test_before_anything_is_pinned_the_middle_of_the_prior_is_decoded(maps, parcels, model) -> None:
    maps.show(parcels)
    assert_decodes(maps, model, 0.0, 0.0, atol=1)


def test_holding_drags_the_pin_and_python_hears_of_it_once_it_is_let_go(maps, parcels, model) -> None:
    maps.show(parcels)
    maps.hover(0.0, 1.0)
    maps.page.mouse.down()
    for x in np.linspace(0, 1.5, 12):
        maps.hover(float(x), 1.0)
    assert_decodes(maps, model, 1.5, 1.0)
    maps.page.wait_for_timeout(400)  # longer than the pause after which a hand at rest is reported
    assert maps.page.evaluate("() => window.said.map ?? []") == []
    maps.page.mouse.up()
    assert maps.said()["pin"] == pytest.approx([1.5, 1.0], abs=0.02)


def test_many_moves_make_one_message(maps, parcels) -> None:
    maps.show(parcels)
    # At once: however busy the machine is, no pause between them is long enough to be reported.
    maps.page.locator(".over").evaluate(
        """element => {
            for (let i = 0; i < 10; i++)
                element.dispatchEvent(new KeyboardEvent("keydown", { key: "ArrowRight", bubbles: true }));
        }"""
    )
    assert maps.said()["pin"] == pytest.approx([1.0, 0.0], abs=1e-6)
    assert maps.page.evaluate("() => window.said.map.length") == 1


def test_arrow_keys_nudge_a_tenth_and_with_shift_a_hundredth(maps, parcels, model) -> None:
    maps.show(parcels)
    maps.page.locator(".over").focus()
    for key in ["ArrowUp", "ArrowUp", "ArrowLeft", "Shift+ArrowLeft"]:
        maps.page.keyboard.press(key)
    maps.settle()
    assert_decodes(maps, model, -0.11, 0.2, atol=1)
    assert maps.said()["pin"] == pytest.approx([-0.11, 0.2])
    maps.forget()
    maps.page.keyboard.press("Escape")
    assert maps.said()["pin"] is None


def test_the_wheel_zooms_about_the_pointer_and_a_double_click_resets(maps, parcels, model) -> None:
    maps.show(parcels)
    maps.hover(1.0, 1.0)
    maps.page.mouse.wheel(0, -300)
    maps.settle()
    assert_decodes(maps, model, 1.0, 1.0)
    x, _, half = maps.said()["view"]
    assert half < 4
    assert (x - 1) / (0 - 1) == pytest.approx(half / 4, abs=0.01)  # 1 stays where it is, 0 moves away from it
    maps.forget()
    maps.page.mouse.dblclick(*maps.point(0, 0))
    said = maps.said()
    assert said["view"] is None
    assert said["pin"] is None  # the two presses of a double click pin nothing


def test_at_the_end_of_zooming_out_the_page_scrolls_again(maps, parcels) -> None:
    maps.show(parcels)
    maps.page.evaluate("() => { document.body.style.height = '3000px'; }")
    maps.hover(0, 0)
    for _ in range(12):
        maps.page.mouse.wheel(0, 300)
    maps.page.wait_for_function("() => window.scrollY > 0")


def test_shift_and_drag_moves_the_map_and_leaves_the_pin(maps, parcels) -> None:
    maps.show(parcels)
    maps.hover(0.0, 0.0)
    maps.page.keyboard.down("Shift")
    maps.page.mouse.down()
    maps.page.mouse.move(*maps.point(1.0, 0.0))
    maps.page.mouse.up()
    maps.page.keyboard.up("Shift")
    said = maps.said()
    assert said["view"] == pytest.approx([-1.0, 0.0, 4.0], abs=0.02)
    assert said["pin"] is None


def test_two_fingers_zoom_and_leave_the_pin(maps, parcels) -> None:
    maps.show(parcels, state=lm.MapState(pin=(0.5, 1.0)).to_browser())
    cx, cy = maps.point(0, 0)
    session = maps.page.context.new_cdp_session(maps.page)

    def touch(kind: str, *places: float) -> None:
        points = [{"x": cx + x, "y": cy, "id": k} for k, x in enumerate(places)]
        session.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})

    touch("touchStart", -50)  # no two fingers land at once
    touch("touchMove", -40)
    touch("touchStart", -40, 40)
    for spread in (50, 60, 70, 80):
        touch("touchMove", -spread, spread)
    touch("touchEnd")
    assert maps.said()["view"][2] == pytest.approx(2.0, rel=0.1)
    assert maps.said()["pin"] == pytest.approx([0.5, 1.0])
    assert "(0.50, 1.00)" in maps.text(".numbers")


def test_a_finger_drags_the_pin(maps, parcels, model) -> None:
    maps.show(parcels)
    maps.page.touchscreen.tap(*maps.point(-0.5, 1.5))
    maps.settle()
    assert_decodes(maps, model, -0.5, 1.5)
    assert maps.said()["pin"] == pytest.approx([-0.5, 1.5], abs=0.02)


def test_a_click_on_an_image_pins_its_mean(maps, parcels, model) -> None:
    maps.show(parcels)
    maps.click(0.04, -2.03)
    assert_decodes(maps, model, 0.0, -2.0, atol=1)
    said = maps.said()
    assert said["image"] == 0
    assert said["pin"] == pytest.approx([0.0, -2.0], abs=1e-4)
    assert "left" in maps.text(".caption")


def test_epsilon_draws_drop_dots_and_decode(maps, parcels, model) -> None:
    maps.show(parcels, state=lm.MapState(pin=(0.0, -2.0), image=0).to_browser())
    assert maps.page.locator(".epsilon button").is_enabled()
    draws = []
    for _ in range(5):
        maps.page.locator(".epsilon button").click()
        maps.settle()
        draws.append(
            [
                float(v.replace("−", "-"))
                for v in maps.text(".numbers dd span >> nth=0").strip("()").split(",")
            ]
        )
    assert maps.page.locator(".epsilon canvas").count() == 5
    assert_decodes(maps, model, *draws[-1], atol=3)
    assert all(abs(x) < 6 * SIGMA[0] and abs(y + 2) < 6 * SIGMA[1] for x, y in draws)
    assert len({tuple(draw) for draw in draws}) == 5

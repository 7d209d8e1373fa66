"""The sliders under the hand, in Chromium, on a page without Streamlit."""

from dataclasses import replace

import numpy as np
import pytest

from tests.widgets.components.traverse.models import SIGMAS, assert_shows, moved


def test_at_first_the_images_code_is_decoded_beside_the_image(boards, model, vae) -> None:
    image = np.arange(64, dtype=np.uint8).reshape(1, 8, 8) * 4
    boards.show([replace(model, image=image)])
    assert_shows(boards.image(), vae, model.origin)
    assert_shows(boards.pixels(".again", "board"), vae, model.origin)
    np.testing.assert_allclose(boards.pixels(".original", "board")[:, :, 0], image[0], atol=1)


def test_without_an_image_the_prior_mean_is_decoded(boards, model, vae) -> None:
    boards.show([replace(model, origin=None)])
    assert_shows(boards.image(), vae, [0, 0, 0, 0])
    assert not boards.page.locator(".pair").is_visible()


def test_dragging_a_slider_decodes_as_torch_does_and_python_hears_of_it_once_it_is_let_go(
    boards, model, vae
) -> None:
    boards.show([model])
    box = boards.slider(1).bounding_box()

    def at(t: float) -> tuple[float, float]:  # the thumb is 14 pixels wide, and stays within
        return box["x"] + 7 + t * (box["width"] - 14), box["y"] + box["height"] / 2

    boards.page.mouse.move(*at(0.4))
    boards.page.mouse.down()
    for t in np.linspace(0.4, 0.75, 12):
        boards.page.mouse.move(*at(t))
        boards.settle()
        z = float(boards.slider(1).evaluate("(s) => s.value")) * 6 - 3
        assert_shows(boards.image(), vae, moved(model, z2=z))
    boards.page.wait_for_timeout(400)  # longer than the pause after which a hand at rest is reported
    assert boards.all_said("board") == []
    boards.page.mouse.up()
    assert boards.said()["moved"] == [[[1, pytest.approx(1.5, abs=0.05)]]]
    assert len(boards.all_said("board")) == 1


def test_strips_go_through_the_code_on_screen(boards, model, vae) -> None:
    boards.show([model])
    for k in (0, 3, 6):
        assert_shows(boards.tile(2, k), vae, moved(model, z3=SIGMAS[k]))
    boards.press(0, "PageUp")
    boards.decoded()
    to = boards.said()["moved"][0][0][1]
    for k in (0, 3, 6):
        assert_shows(boards.tile(2, k), vae, moved(model, z1=to, z3=SIGMAS[k]))
        assert_shows(boards.tile(0, k), vae, moved(model, z1=SIGMAS[k]))


def test_arrow_keys_nudge_a_tenth_and_with_shift_a_hundredth(boards, model, vae) -> None:
    boards.show([replace(model, origin=None)])
    boards.press(3, "ArrowRight", "ArrowUp", "Shift+ArrowLeft")
    assert_shows(boards.image(), vae, [0, 0, 0, 0.19])
    assert boards.said()["moved"] == [[[3, pytest.approx(0.19)]]]
    assert boards.row(3).locator("output").inner_text() == "0.19"


def test_paging_goes_to_the_next_image_of_the_strip(boards, model, vae) -> None:
    boards.show([model])
    boards.press(0, "PageUp")
    assert_shows(boards.image(), vae, moved(model, z1=0))
    boards.press(0, "PageDown", "PageDown")
    assert_shows(boards.image(), vae, moved(model, z1=-2))
    boards.press(0, "End")
    assert_shows(boards.image(), vae, moved(model, z1=3))


@pytest.mark.parametrize("how", ["Home", "double click", "Reset"])
def test_a_slider_goes_back_to_the_images_own_value(boards, model, vae, how: str) -> None:
    boards.show([model])
    boards.press(2, "End")
    assert boards.said()["moved"] != []
    boards.forget()
    if how == "Home":
        boards.press(2, "Home")
    elif how == "Reset":
        boards.page.get_by_role("button", name="Reset").click()
    else:
        boards.slider(2).dblclick()
    boards.settle()
    assert_shows(boards.image(), vae, model.origin)
    assert boards.said()["moved"] == [[]]
    assert boards.page.get_by_role("button", name="Reset").is_disabled()


def test_an_image_of_a_strip_is_previewed_under_the_pointer_and_gone_to_with_a_click(
    boards, model, vae
) -> None:
    boards.show([model])
    tile = boards.row(1).locator(".strip canvas >> nth=5")
    tile.hover()
    boards.settle()
    assert_shows(boards.image(), vae, moved(model, z2=2))
    boards.page.mouse.move(2, 2)
    boards.settle()
    assert_shows(boards.image(), vae, model.origin)
    tile.click()
    boards.page.mouse.move(2, 2)
    boards.settle()
    assert_shows(boards.image(), vae, moved(model, z2=2))
    assert boards.said()["moved"] == [[[1, 2.0]]]


def test_a_finger_taps_an_image_of_a_strip(boards, model, vae) -> None:
    boards.show([model])
    boards.row(1).locator(".strip canvas >> nth=0").tap()
    boards.settle()
    assert_shows(boards.image(), vae, moved(model, z2=-3))


def test_space_plays_a_dimension_back_and_forth_and_tells_python_only_where_it_ends(boards, model) -> None:
    boards.show([model])
    boards.page.evaluate(
        """() => {
          window.seen = [];
          const slider = window.roots.board.querySelector(".row[data-dimension='0'] input");
          const look = () => { window.seen.push(Number(slider.value)); requestAnimationFrame(look); };
          look();
        }"""
    )
    boards.press(0, " ")
    assert boards.row(0).locator(".play").get_attribute("data-playing") == "true"
    boards.page.wait_for_function("() => Math.max(...window.seen) > 0.99", timeout=10_000)
    boards.page.wait_for_function("() => Math.min(...window.seen) < 0.01", timeout=10_000)
    assert boards.all_said("board") == []
    boards.press(0, " ")
    said = boards.said()["moved"][0]
    assert [d for d, _ in said] == [0]
    stood = float(boards.slider(0).evaluate("(s) => s.value")) * 6 - 3
    assert said[0][1] == pytest.approx(stood, abs=1e-4)


def test_a_draw_of_the_prior_moves_every_slider_and_the_next_one_differs(boards, model, vae) -> None:
    boards.show([model])
    draws = []
    for _ in range(2):
        boards.page.get_by_role("button", name="Random").click()
        draws.append([z for _, z in boards.said()["moved"][0]])
        boards.settle()
        assert_shows(boards.image(), vae, draws[-1])
        boards.forget()
    assert len(draws[0]) == 4
    assert draws[0] != draws[1]

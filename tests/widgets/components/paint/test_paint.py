"""The canvas under the hand, in Chromium, on a page without Streamlit."""

import base64
import io
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from PIL import Image

from widgets.components import paint
from widgets.components.paint import state

SIDE, SIZE = 28, 280  # pixels of the image, of the screen
DARK = {"primary": "#4db6ac", "background": "#14171c", "text": "#e7e5df", "border": "#343a44"}
BRUSH = 2.5  # diameter of the usual brush in pixels


class Canvas:
    """A canvas of 28 x 28 pixels in which places are (x, y) in pixels of the image."""

    def __init__(self, stage: Any, mode: str) -> None:
        self.stage, self.page, self.mode = stage, stage.page, mode
        self.data: dict[str, Any] = {
            "mode": mode, "height": SIDE, "width": SIDE, "channels": 1, "revision": 0, "size": SIZE,
            "label": "Canvas", "image": None, "start": "",
        }  # fmt: skip
        if mode == "mask":
            self.data["image"] = state.encode_pixels(np.full((SIDE, SIDE), 200))
        self.update()

    def update(self, **changes: Any) -> None:
        self.data |= changes
        self.stage.mount("canvas", self.data)

    def point(self, x: float, y: float) -> tuple[float, float]:
        box = self.page.locator("#canvas .over").bounding_box()
        return box["x"] + x * box["width"] / self.data["width"], box["y"] + y * box["height"] / self.data[
            "height"
        ]

    def stroke(self, *places: tuple[float, float], button: str = "left") -> None:
        self.page.mouse.move(*self.point(*places[0]))
        self.page.mouse.down(button=button)
        for place in places[1:]:
            self.page.mouse.move(*self.point(*place))
        self.page.mouse.up(button=button)

    def said(self) -> np.ndarray:
        """What Python makes of the last message."""
        decode: Callable[..., np.ndarray | None]
        decode = state.decode_mask if self.mode == "mask" else state.decode_pixels
        found = decode(
            self.stage.said("canvas"), (self.data["height"], self.data["width"]), self.data["revision"]
        )
        assert found is not None
        return found

    def messages(self) -> int:
        return len(self.stage.all_said("canvas"))

    def shown(self, layer: str = ".base") -> np.ndarray:
        """The canvas's own pixels, uint8 [H, W, 4]."""
        self.stage.settle()
        address = self.page.evaluate("(layer) => window.roots.canvas.querySelector(layer).toDataURL()", layer)
        return np.asarray(Image.open(io.BytesIO(base64.b64decode(address.split(",")[1]))).convert("RGBA"))

    def press(self, *keys: str) -> None:
        self.page.locator("#canvas .over").focus()
        for key in keys:
            self.page.keyboard.press(key)

    def tool(self, name: str) -> Any:
        return self.page.locator(f"#canvas .tools .{name}")


@pytest.fixture
def drawing(stage: Any) -> Canvas:
    return Canvas(stage(paint.script(), paint.css()), "draw")


@pytest.fixture
def masking(stage: Any) -> Canvas:
    return Canvas(stage(paint.script(), paint.css()), "mask")


def distance(a: tuple[float, float], b: tuple[float, float]) -> np.ndarray:
    """Of the middle of each pixel to the line from a to b, [28, 28]: by trying a thousand places on it."""
    y, x = np.mgrid[:SIDE, :SIDE] + 0.5
    line = np.linspace(a, b, 1000)
    return np.hypot(x[..., None] - line[:, 0], y[..., None] - line[:, 1]).min(-1)


def test_a_stroke_inks_what_is_within_half_the_brush_and_fades_over_a_pixel(drawing: Canvas) -> None:
    drawing.stroke((6.0, 8.0), (20.0, 8.0), (20.0, 22.0))
    far = np.minimum(distance((6, 8), (20, 8)), distance((20, 8), (20, 22)))
    expected = 255 * np.clip(BRUSH / 2 - far + 0.5, 0, 1)
    np.testing.assert_allclose(drawing.said(), expected, atol=2)
    np.testing.assert_array_equal(drawing.shown()[..., 0], drawing.said())


def test_python_hears_once_when_the_pointer_is_lifted_and_at_once(drawing: Canvas) -> None:
    drawing.page.mouse.move(*drawing.point(5, 5))
    drawing.page.mouse.down()
    for x in range(6, 20):
        drawing.page.mouse.move(*drawing.point(x, 5))
    drawing.stage.settle()
    assert drawing.shown()[5, 10, 0] == 255
    assert drawing.messages() == 0
    drawing.page.mouse.up()
    assert drawing.messages() == 1


def test_a_stroke_that_changes_nothing_is_not_told(masking: Canvas) -> None:
    masking.stroke((5, 5), (9, 9), button="right")
    assert masking.messages() == 0
    assert masking.tool("undo").is_disabled()


@pytest.mark.parametrize("way", ["button", "shift", "tool"])
def test_ink_is_erased_by_the_right_button_with_shift_or_by_the_eraser(drawing: Canvas, way: str) -> None:
    drawing.stroke((4, 14), (24, 14))
    if way == "tool":
        drawing.tool("eraser").click()
    if way == "shift":
        drawing.page.keyboard.down("Shift")
    drawing.stroke((14, 14), (24, 14), button="right" if way == "button" else "left")
    left, right = np.hsplit(drawing.said(), 2)
    assert left[13:15].max() == 255
    assert right.max() == 0


def test_undo_takes_back_stroke_by_stroke_and_clearing_too(drawing: Canvas) -> None:
    drawing.stroke((4, 4), (10, 4))
    first = drawing.said()
    drawing.stroke((4, 20), (10, 20))
    second = drawing.said()
    drawing.tool("clear").click()
    assert not drawing.said().any()
    drawing.tool("undo").click()
    np.testing.assert_array_equal(drawing.said(), second)
    drawing.press("Control+z")
    np.testing.assert_array_equal(drawing.said(), first)
    drawing.press("Control+z")
    assert not drawing.said().any()
    assert drawing.tool("undo").is_disabled()


def test_the_keyboard_draws(drawing: Canvas) -> None:
    drawing.press("ArrowUp", "Shift+ArrowLeft")
    drawing.page.keyboard.down(" ")
    for _ in range(8):
        drawing.page.keyboard.press("ArrowRight")
    assert drawing.messages() == 0
    drawing.page.keyboard.up(" ")
    # From the middle one pixel up and four to the left, then eight to the right.
    expected = 255 * np.clip(BRUSH / 2 - distance((10.5, 13.5), (18.5, 13.5)) + 0.5, 0, 1)
    np.testing.assert_allclose(drawing.said(), expected, atol=2)
    assert drawing.messages() == 1


def test_brackets_change_the_brush(drawing: Canvas) -> None:
    drawing.press("]", "]", "]")
    assert drawing.page.locator("#canvas input").input_value() == "4"
    drawing.stroke((14.5, 14.5))
    assert (
        drawing.said()[14].astype(bool).sum() == 5
    )  # 4 pixels, and the fading of half a pixel on both sides


def test_a_finger_draws_and_a_second_one_does_nothing(drawing: Canvas) -> None:
    session = drawing.page.context.new_cdp_session(drawing.page)

    def touch(kind: str, *places: tuple[float, float]) -> None:
        points = [dict(zip("xy", drawing.point(*place), strict=True), id=k) for k, place in enumerate(places)]
        session.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})

    touch("touchStart", (6, 6))
    touch("touchStart", (6, 6), (20, 20))
    touch("touchMove", (12, 6), (25, 25))
    touch("touchEnd")
    said = drawing.said()
    assert said[5:7, 6:12].min() == 255
    assert said[12:].max() == 0


def test_what_python_puts_on_the_canvas_is_there(drawing: Canvas) -> None:
    image = np.random.default_rng(0).integers(0, 256, (SIDE, SIDE), dtype=np.uint8)
    drawing.update(start=state.encode_pixels(image), revision=1)
    np.testing.assert_array_equal(drawing.shown()[..., 0], image)


def test_python_moves_the_canvas_only_with_a_new_revision(drawing: Canvas) -> None:
    drawing.stroke((4, 4), (10, 4))
    before = drawing.said()
    drawing.update(start=state.encode_pixels(np.full((SIDE, SIDE), 9)))
    np.testing.assert_array_equal(drawing.shown()[..., 0], before)
    drawing.update(revision=1)
    assert (drawing.shown()[..., 0] == 9).all()


def test_a_canvas_that_appears_again_shows_what_python_kept(drawing: Canvas) -> None:
    drawing.stroke((4, 4), (10, 4))
    kept = drawing.said()
    drawing.stage.unmount("canvas")
    drawing.update(start=state.encode_pixels(kept))
    np.testing.assert_array_equal(drawing.shown()[..., 0], kept)


def test_a_rerun_neither_remounts_nor_disturbs_a_stroke(drawing: Canvas) -> None:
    drawing.page.evaluate("() => { window.before = window.roots.canvas.querySelector('.over'); }")
    drawing.page.mouse.move(*drawing.point(5, 5))
    drawing.page.mouse.down()
    drawing.page.mouse.move(*drawing.point(10, 5))
    drawing.update(label="Another label")
    drawing.page.mouse.move(*drawing.point(15, 5))
    drawing.page.mouse.up()
    assert drawing.said()[5, 5:15].min() == 255
    assert drawing.page.evaluate("() => window.before === window.roots.canvas.querySelector('.over')")


def test_a_brush_hides_pixels_and_the_eraser_shows_them_again(masking: Canvas) -> None:
    masking.stroke((8, 8.2), (20, 8.2))
    hidden = ~masking.said()
    np.testing.assert_array_equal(hidden, distance((8, 8.2), (20, 8.2)) <= 2.5)
    masking.tool("eraser").click()
    masking.stroke((8, 8.2), (20, 8.2))
    assert masking.said().all()


def test_a_mask_is_inverted_cleared_and_said_in_words(masking: Canvas) -> None:
    assert masking.stage.text(".said", "canvas") == "Nothing hidden"
    left = np.ones((SIDE, SIDE), bool)
    left[:, :7] = False
    masking.update(start=state.encode_mask(left), revision=1)
    assert masking.stage.text(".said", "canvas") == "25 % hidden"
    masking.tool("invert").click()
    np.testing.assert_array_equal(masking.said(), ~left)
    assert masking.stage.text(".said", "canvas") == "75 % hidden"
    masking.press("Delete")
    assert masking.said().all()


def test_a_preset_can_be_undone(masking: Canvas) -> None:
    masking.stroke((8, 8), (20, 8))
    before = masking.said()
    masking.update(start=state.encode_mask(np.zeros((SIDE, SIDE), bool)), revision=1)
    masking.tool("undo").click()
    np.testing.assert_array_equal(masking.said(), before)


@pytest.mark.parametrize("theme", [None, DARK])
def test_what_is_hidden_is_hatched_and_the_rest_is_seen(masking: Canvas, theme: dict | None) -> None:
    if theme:
        masking.stage.theme(theme)
    masking.update(start=state.encode_mask(np.repeat([[True] * 14 + [False] * 14], SIDE, 0)), revision=1)
    over = masking.shown(".over")
    seen, hatched = np.hsplit(over[:, 4:-4], 2)
    assert seen[:, :-4, 3].max() == 0
    assert hatched[..., 3].min() > 200
    inside = hatched[10:-10, 10:-10, :3].astype(int)
    assert np.ptp(inside.sum(-1)) > 100  # stripes


def test_an_image_in_colour_is_shown_in_its_own_pixels(stage: Any) -> None:
    masking = Canvas(stage(paint.script(), paint.css()), "mask")
    image = np.random.default_rng(0).integers(0, 256, (20, 30, 3), dtype=np.uint8)
    masking.update(width=30, height=20, channels=3, image=state.encode_pixels(image), start="")
    np.testing.assert_array_equal(masking.shown()[..., :3], image)
    base = masking.page.locator("#canvas .base")
    assert base.evaluate("(canvas) => getComputedStyle(canvas).imageRendering") == "pixelated"
    box = base.bounding_box()
    assert box["width"] / box["height"] == pytest.approx(1.5, abs=0.01)


def test_the_ring_is_as_large_as_the_brush(masking: Canvas) -> None:
    masking.page.mouse.move(*masking.point(14, 14))
    ring = masking.shown(".over")[..., 3] > 128
    rows, columns = np.nonzero(ring)
    radius = np.hypot(rows - ring.shape[0] / 2 + 0.5, columns - ring.shape[1] / 2 + 0.5)
    assert np.abs(radius - 2.5 * ring.shape[0] / SIDE).max() < 3  # device pixels


def test_everything_is_reachable_by_keyboard_and_has_a_name(masking: Canvas) -> None:
    masking.stroke((8, 8), (20, 8))  # or there is nothing to undo
    names = []
    for _ in range(9):
        masking.page.keyboard.press("Tab")
        names.append(
            masking.page.evaluate("() => window.roots.canvas.activeElement?.getAttribute('aria-label')")
        )
    for name in ("Hide pixels", "Show pixels", "Brush size", "Undo", "Invert", "Show everything", "Save"):
        assert any((found or "").startswith(name) for found in names), name
    label = masking.page.locator("#canvas .over").get_attribute("aria-label")
    assert label == "Canvas"


def test_a_drawing_is_saved_as_png(drawing: Canvas) -> None:
    drawing.stroke((4, 4), (10, 4))
    with drawing.page.expect_download() as download:
        drawing.tool("save").click()
    saved = np.asarray(Image.open(io.BytesIO(download.value.path().read_bytes())).convert("L"))
    factor = len(saved) // SIDE
    np.testing.assert_array_equal(saved[factor // 2 :: factor, factor // 2 :: factor], drawing.said())


def test_enter_says_that_a_drawing_is_finished_where_somebody_wants_to_know(drawing: Canvas) -> None:
    drawing.press("Enter")
    dot = drawing.said()
    assert dot.any()  # otherwise it paints a dot, as Space does
    before = drawing.messages()
    drawing.update(enter=True)
    drawing.press("Enter")
    assert drawing.messages() == before + 1
    assert drawing.stage.said("canvas") == {"entered": {"revision": 0, "pixels": state.encode_pixels(dot)}}

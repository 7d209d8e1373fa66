"""The latent map under the hand, in Chromium, on a page without Streamlit."""

import io
import json
import math
import subprocess
from itertools import combinations

import numpy as np
import pytest
import torch

from vae_core.analysis import aggregate
from vae_core.browser import wire
from vae_core.model.posteriors import Posteriors
from vae_core.model.vae import VAE
from vae_core.spec import Spec
from widgets.components import latent_map as lm

SIGMA = (0.3, 0.6)
DARK = {"primary": "#4db6ac", "background": "#14171c", "text": "#e7e5df", "border": "#343a44"}


@pytest.fixture(scope="module")
def model() -> VAE:
    data = {"binarisation": "none", "image_shape": (1, 8, 8)}
    with torch.random.fork_rng():
        torch.manual_seed(0)
        vae = VAE(Spec.parse({"data": data, "net": {"kind": "mlp", "widths": [16]}})).eval()
    with torch.no_grad():
        for parameter in vae.decoder.parameters():
            parameter *= 3
    return vae


@pytest.fixture(scope="module")
def posteriors() -> Posteriors:
    """Two classes, left and right; the first image alone at (0, -2), away from all others."""
    mean = torch.randn(300, 2, generator=torch.Generator().manual_seed(0)) * 0.4
    labels = torch.arange(300) % 2
    mean[:, 0] += torch.where(labels == 0, -1.8, 1.8)
    mean[0] = torch.tensor([0.0, -2.0])
    return Posteriors(mean, torch.log(torch.tensor(SIGMA)).mul(2).expand(300, 2).contiguous(), labels)


@pytest.fixture(scope="module")
def parcels(model: VAE, posteriors: Posteriors) -> dict[str, bytes]:
    grid = aggregate.grid(posteriors, size=64)
    return {
        "decoder": wire.decoder(model, "float32"),
        "picture": lm.picture(grid, posteriors, classes=["left", "right"]),
        "holes": lm.hole_parcel(grid, aggregate.holes(grid)),
    }


def expected(model: VAE, *z: float) -> np.ndarray:
    return (255 * model.decode_mean(torch.tensor([z]))[0, 0]).numpy()


def assert_decodes(maps, model: VAE, *z: float, atol: float = 6) -> None:
    """A pixel of the screen is a sixtieth of a standard deviation: grey levels may differ by a few."""
    np.testing.assert_allclose(maps.image(), expected(model, *z), atol=atol)


def test_names_of_classes_stand_clear_of_the_badges_and_of_each_other(node: str) -> None:
    """Three classes at one place, and a hole's badge there too: none hides another."""
    script = (
        lm.script()
        + """
        const found = [];
        const ctx = { strokeText() {}, fillText(text, x, y) { found.push([text, x, y]); } };
        const scene = {
          plot: { small: false }, colours: {}, classes: ["0", "1", "2"],
          toX: (x) => 100 + 50 * x, toY: (y) => 100 - 50 * y,
          holes: { list: [{ center: [0, 0] }] },
          points: { centres: new Map([[0, [0, 0]], [1, [0.02, 0]], [2, [0, 0.02]]]) },
        };
        drawNames(ctx, scene, new Set(["holes", "points"]));
        console.log(JSON.stringify(found));
    """
    )
    command = [node, "--input-type=module", "-"]
    said = subprocess.run(command, input=script, text=True, capture_output=True, check=True).stdout
    names = {name: (x, y) for name, x, y in json.loads(said)}
    assert sorted(names) == ["0", "1", "2"]
    places = [(100, 100), *names.values()]
    for one, other in combinations(places, 2):
        assert abs(one[0] - other[0]) >= 16 or abs(one[1] - other[1]) >= 18


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


def test_two_fingers_zoom(maps, parcels) -> None:
    maps.show(parcels)
    cx, cy = maps.point(0, 0)
    session = maps.page.context.new_cdp_session(maps.page)

    def touch(kind: str, spread: float | None) -> None:
        points = (
            [{"x": cx - spread, "y": cy, "id": 0}, {"x": cx + spread, "y": cy, "id": 1}] if spread else []
        )
        session.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})

    touch("touchStart", 40)
    for spread in (50, 60, 70, 80):
        touch("touchMove", spread)
    touch("touchEnd", None)
    assert maps.said()["view"][2] == pytest.approx(2.0, rel=0.1)


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


def test_the_ellipse_reaches_one_and_two_true_standard_deviations(maps, parcels) -> None:
    state = lm.MapState(pin=(0.0, -2.0), image=0, layers=("ellipse",))
    maps.show(parcels, state=state.to_browser())
    inked = maps.page.evaluate(
        """() => {
          const canvas = window.roots.map.querySelector(".over"), { width, height } = canvas;
          const scale = width / canvas.clientWidth, found = [];
          const { data } = canvas.getContext("2d").getImageData(0, 0, width, height);
          for (let k = 0; k < width * height; k++) {
            if (data[4 * k + 3] > 100) found.push([(k % width) / scale, Math.floor(k / width) / scale]);
          }
          return found;
        }"""
    )
    box = maps.page.locator("#map .over").bounding_box()
    (x0, y0), (x1, _) = maps.point(0, -2), maps.point(1, -2)
    offsets = (np.array(inked) - np.array([x0 - box["x"], y0 - box["y"]])) / (x1 - x0)
    # Away from the pin's own cross, everything drawn lies on one of the two ellipses.
    radii = np.hypot(offsets[:, 0] / SIGMA[0], offsets[:, 1] / SIGMA[1])
    far = np.hypot(*offsets.T) > 0.32
    assert far.sum() > 50
    nearest = np.where(radii[far] < 1.5, 1, 2)
    assert np.abs(radii[far] - nearest).max() < 0.15
    assert {1, 2} == set(nearest.tolist())


def test_layers_are_toggled_from_the_legend_and_told_to_python(maps, parcels) -> None:
    maps.show(parcels)
    maps.page.locator(".toggle.ratio").click()
    assert "ratio" in maps.said()["layers"]
    assert "posterior" not in maps.said()["layers"]  # one ground at a time
    maps.page.locator(".toggle.ratio").click()  # and never none
    assert maps.page.locator(".toggle.ratio").get_attribute("aria-pressed") == "true"


@pytest.mark.parametrize("layer", lm.LAYERS)
def test_each_layer_draws_something(maps, parcels, layer: str) -> None:
    def drawn(*layers: str) -> list[int]:
        maps.show(
            parcels,
            state=lm.MapState(pin=(0.0, -2.0), image=0, layers=layers).to_browser(),
            revision=len(layers),
        )
        maps.hover(-2.9, 2.9)
        maps.page.wait_for_timeout(300 if layer == "manifold" else 0)
        return maps.page.evaluate(
            """() => [".base", ".over"].map((name) => {
              const canvas = window.roots.map.querySelector(name), { width, height } = canvas;
              return canvas.getContext("2d").getImageData(0, 0, width, height).data.reduce((a, b) => a + b);
            })"""
        )

    if layer == "ellipse":
        maps.page.mouse.move(2, 2)
    assert drawn() != drawn(layer)


def test_python_answers_without_remounting_or_moving_anything(maps, parcels, posteriors) -> None:
    maps.show(parcels)
    maps.click(0.5, 1.0)
    pin = maps.said()["pin"]
    maps.page.evaluate("() => { window.before = window.roots.map.querySelector('.over'); }")
    parts = "window.roots.map.querySelectorAll('.over, .words, .near, .decoded')"
    places = f"() => [...{parts}].map((part) => part.getBoundingClientRect().top)"
    before = maps.page.evaluate(places)
    images = np.arange(5 * 64, dtype=np.uint8).reshape(5, 1, 8, 8)
    exact = lm.answer(pin, -2.46, -7.89, images, [0.1, 0.2, 0.3, 0.4, 0.5], ["left"] * 5, "between codes")
    maps.show(parcels, answer=exact, state=lm.MapState(pin=tuple(pin)).to_browser())
    maps.page.mouse.move(2, 2)
    maps.settle()
    assert maps.page.evaluate("() => window.before === window.roots.map.querySelector('.over')")
    assert maps.page.evaluate(places) == before
    assert "−7.89" in maps.text(".numbers")
    assert "exact" in maps.text(".numbers")
    assert maps.page.locator(".near figure").count() == 5
    assert f"{round(math.exp(-2.46 + 7.89), -1):.0f}" in maps.text(".words")


def test_an_answer_about_another_pin_is_ignored(maps, parcels) -> None:
    maps.show(parcels)
    maps.click(0.5, 1.0)
    late = lm.answer(
        [1.5, 1.0], -9.99, -9.99, np.zeros((1, 1, 8, 8), np.uint8), [1], ["left"], "between codes"
    )
    maps.show(parcels, answer=late)
    maps.page.mouse.move(2, 2)
    maps.settle()
    assert "9.99" not in maps.text(".numbers")
    assert maps.page.locator(".near figure").count() == 0


def test_a_link_restores_pin_layers_and_view(maps, parcels, model) -> None:
    state = lm.MapState(pin=(1.25, -0.75), layers=("ratio", "holes"), view=(1.0, 0.0, 2.0))
    maps.show(parcels, state=state.to_browser())
    assert_decodes(maps, model, 1.25, -0.75, atol=1)
    pressed = maps.page.locator(".toggle[aria-pressed=true]").all_inner_texts()
    assert len(pressed) == 2
    maps.hover(0.0, 0.0, half=2.0)  # half of what the usual view shows, and centred at 1
    assert_decodes(maps, model, 1.0, 0.0)


def test_python_moves_the_map_only_with_a_new_revision(maps, parcels, model) -> None:
    maps.show(parcels)
    maps.click(0.5, 1.0)
    maps.said()
    maps.page.mouse.move(2, 2)
    elsewhere = lm.MapState(pin=(-1.0, 2.0)).to_browser()
    maps.show(parcels, state=elsewhere)
    assert_decodes(maps, model, 0.5, 1.0)
    maps.forget()
    maps.show(parcels, state=elsewhere, revision=1)
    assert_decodes(maps, model, -1.0, 2.0, atol=1)
    assert maps.said()["pin"] == [-1.0, 2.0]


def test_the_next_hole_is_a_key_away_and_said_in_words(maps, parcels) -> None:
    maps.show(parcels)
    maps.page.locator(".over").focus()
    maps.page.keyboard.press("h")
    maps.settle()
    said, _ = wire.unpack(parcels["holes"])
    assert maps.said()["pin"] == pytest.approx(said["list"][0]["center"], abs=1e-4)
    assert maps.text(".words").startswith("Hole 1: the prior expects")


def test_the_numbers_are_those_of_the_grid(maps, parcels, posteriors) -> None:
    maps.show(parcels, state=lm.MapState(pin=(0.7, 0.4)).to_browser())
    z = torch.tensor([[0.7, 0.4]])
    found = maps.page.locator(".numbers dd span").all_inner_texts()[1:]
    numbers = [float(v.replace("−", "-")) for v in found]
    log_p = float(-0.5 * z.square().sum() - math.log(2 * math.pi))
    assert numbers == pytest.approx([log_p, float(aggregate.log_density(posteriors, z))], abs=0.02)


def test_linked_maps_share_their_cursor(maps, parcels, model) -> None:
    maps.show(parcels, key="one", group="pair", height=300)
    maps.show(parcels, key="two", group="pair", height=300)
    maps.hover(1.0, -1.0, key="one")
    np.testing.assert_allclose(maps.image("two"), expected(model, 1.0, -1.0), atol=10)
    maps.page.mouse.move(2, 2)
    maps.settle()
    np.testing.assert_allclose(maps.image("two"), expected(model, 0.0, 0.0), atol=1)


def linked(maps, parcels, **options) -> None:
    """Two maps of one group, and the controls of both."""
    for key in ("one", "two"):
        maps.show(parcels, key=key, group="pair", size="compact", height=300, **options)
    maps.show(parcels, key="map", group="pair", size="controls", height=300, **options)


def test_linked_maps_share_pin_layers_and_view_and_the_controls_tell_for_all(maps, parcels) -> None:
    linked(maps, parcels, links="place")
    maps.click(1.0, -1.0, key="one")
    assert maps.text(".numbers", "two") == maps.text(".numbers", "one")
    pin = maps.said("map")["pin"]
    assert pin == pytest.approx([1.0, -1.0], abs=0.02)
    maps.page.locator("#map .toggle.ratio").click()
    for key in ("one", "two", "map"):
        assert maps.page.locator(f"#{key} .toggle.ratio").get_attribute("aria-pressed") == "true"
    maps.page.locator("#two .over").press("+")
    maps.page.wait_for_function("() => window.said.map.at(-1).view")
    said = maps.said("map")
    assert said["view"][2] == pytest.approx(4 * 0.8)
    assert "ratio" in said["layers"]
    assert said["pin"] == pin
    maps.hover(*pin, key="one", half=3.2)
    assert maps.text(".numbers", "two") == maps.text(".numbers", "one")
    assert maps.all_said("one") == maps.all_said("two") == []


def test_linked_maps_of_the_same_images_show_the_same_image(maps, parcels, posteriors, model) -> None:
    """The second encoder puts every image on the other side."""
    turned = Posteriors(-posteriors.mean, posteriors.log_var, posteriors.labels)
    other = parcels | {"picture": lm.picture(aggregate.grid(turned, size=64), turned)}
    options = {"group": "pair", "links": "image", "images": "these", "height": 300}
    maps.show(parcels, key="one", size="compact", **options)
    maps.show(other, key="two", size="compact", **options)
    maps.show(parcels, key="map", size="controls", **options)
    near = posteriors.mean[0].tolist()
    maps.hover(*near, key="one")
    image = int((posteriors.mean - torch.tensor(near)).norm(dim=1).argmin())
    wanted = (-posteriors.mean[image]).tolist()
    np.testing.assert_allclose(maps.image("two"), expected(model, *wanted), atol=3)
    maps.click(*near, key="one")
    assert maps.said("map")["image"] == image
    maps.page.locator("#two .over").press("ArrowRight")
    maps.page.wait_for_function("(next) => window.said.map.at(-1).image === next", arg=image + 1)


def test_linked_maps_replay_the_same_moment(maps, parcels, posteriors, replay) -> None:
    """Of runs that kept other steps, the nearest."""
    means = [posteriors.mean * k / 3 for k in (1, 2, 3)]
    grids = [aggregate.grid(Posteriors(mean, posteriors.log_var, None), size=64) for mean in means]
    sparse = lm.frames([12, 90, 160], means, posteriors.labels, grids, [0.5, 0.4, 0.1])
    options = {"group": "pair", "links": "place", "height": 300}
    maps.show(parcels | {"frames": sparse}, key="one", size="compact", **options)
    maps.show(parcels | {"frames": replay}, key="map", size="controls", **options)
    slider = maps.page.locator("#map .scrub input")
    slider.fill("3")  # step 80
    maps.settle()
    assert maps.text(".scrub output").startswith("step 80")
    assert maps.text(".scrub output", "one").startswith("step 90, holes on this map 40.0 %")
    assert maps.said("map")["frame"] == 3
    maps.page.locator("#one .over").press(" ")  # any of them plays all
    maps.page.wait_for_function("() => window.said.map?.at(-1)?.frame === null", timeout=20_000)
    assert maps.page.locator("#one .latent-map").get_attribute("data-replayed") == "false"


def test_a_place_is_read_from_the_mixture_itself(maps, parcels) -> None:
    """Between the points of the grid, and of posteriors far narrower than a cell."""
    narrow = Posteriors(torch.tensor([[0.5, 0.5], [-1.0, 0.2]]), torch.full((2, 2), -16.0), None)
    grid = aggregate.grid(narrow, size=64)
    found = aggregate.holes(grid)
    picture = lm.picture(grid, narrow, mixture=narrow)
    own = parcels | {"picture": picture, "holes": lm.hole_parcel(grid, found)}
    for pin in ([0.5, 0.5], [0.501, 0.5], [0.0, 0.0]):
        maps.show(own, key=str(pin), state=lm.MapState(pin=tuple(pin)).to_browser())
        shown = float(
            maps.page.locator(f"[id='{pin}'] .numbers dd span").nth(2).inner_text().replace("−", "-")
        )
        z = torch.tensor([pin], dtype=torch.float64)
        assert shown == pytest.approx(float(aggregate.log_density(narrow, z)), rel=1e-3, abs=0.01)
    words = maps.page.locator("[id='[0.5, 0.5]'] .words").inner_text()
    assert words.startswith("The data put")  # an image lies in this cell, which else is a hole
    assert maps.page.locator("[id='[0.0, 0.0]'] .words").inner_text().startswith("Hole 1")


def test_a_thumbnail_is_the_square_alone(maps, parcels) -> None:
    maps.show(parcels, size="thumbnail", height=160)
    assert not maps.page.locator(".legend").is_visible()
    assert not maps.page.locator(".panel").is_visible()
    box = maps.page.locator("#map .over").bounding_box()
    assert box["width"] == box["height"] == 160


@pytest.fixture(scope="module")
def replay(posteriors: Posteriors) -> bytes:
    means = [posteriors.mean * k / 5 for k in range(1, 6)]
    grids = [aggregate.grid(Posteriors(mean, posteriors.log_var, None), size=64) for mean in means]
    return lm.frames([10, 20, 40, 80, 160], means, posteriors.labels, grids, [0.5, 0.4, 0.3, 0.2, 0.1])


def test_space_plays_the_replay_to_its_end(maps, parcels, replay) -> None:
    maps.show(parcels | {"frames": replay})
    assert maps.page.locator(".scrub").is_visible()
    assert maps.text(".scrub output").startswith("now")
    maps.page.evaluate(
        """() => {
          window.seen = [];
          const output = window.roots.map.querySelector(".scrub output");
          const changes = { childList: true, characterData: true, subtree: true };
          new MutationObserver(() => window.seen.push(output.textContent)).observe(output, changes);
        }"""
    )
    maps.page.locator(".over").focus()
    maps.page.keyboard.press(" ")
    maps.page.wait_for_function("() => window.seen.at(-1)?.startsWith('now')", timeout=20_000)
    assert maps.page.evaluate("() => window.seen.slice(0, 4)") == [
        "step 10, holes on this map 50.0 %",
        "step 20, holes on this map 40.0 %",
        "step 40, holes on this map 30.0 %",
        "step 80, holes on this map 20.0 %",
    ]


def test_a_frame_of_the_replay_has_its_own_holes(maps, parcels, replay) -> None:
    def red(x: float, y: float) -> bool:
        """Whether the layers have painted this place, and red."""
        left, top = maps.point(x, y)
        box = maps.page.locator("#map .over").bounding_box()
        pixel = maps.page.evaluate(
            """([x, y]) => [...window.roots.map.querySelector(".base").getContext("2d").getImageData(
                 x * devicePixelRatio, y * devicePixelRatio, 1, 1).data]""",
            [left - box["x"], top - box["y"]],
        )
        return pixel[3] > 0 and pixel[0] > pixel[2]

    maps.show(parcels | {"frames": replay}, state=lm.MapState(layers=("holes",), frame=0).to_browser())
    # A fifth of the way the codes were near the middle: the prior around it was empty.
    assert red(-1.5, 0.0)
    assert not red(0.0, 0.0)
    assert not red(-3.0, 0.0)  # beyond the region of 95 % no place is a hole
    maps.show(parcels | {"frames": replay}, state=lm.MapState(layers=("holes",)).to_browser(), revision=1)
    assert not red(-1.5, 0.0)


def test_an_exact_answer_is_about_now_and_not_about_a_frame_of_the_replay(maps, parcels, replay) -> None:
    answer = lm.answer((0.5, 0.5), -2.0, -7.0, np.zeros((0, 1, 8, 8)), [], [], "none")
    now = lm.MapState(pin=(0.5, 0.5)).to_browser()
    maps.show(parcels | {"frames": replay}, state=now, answer=answer)
    assert "exact" in maps.text(".numbers")
    maps.show(parcels | {"frames": replay}, state=now | {"frame": 0}, answer=answer, revision=1)
    assert "exact" not in maps.text(".numbers")


def test_frames_stream_in_while_the_hand_stays_where_it_is(maps, parcels, model, posteriors) -> None:
    maps.show(parcels)
    maps.click(0.5, 1.5)
    maps.page.locator(".toggle.ratio").click()
    maps.page.mouse.move(2, 2)
    later = Posteriors(posteriors.mean * 0.5, posteriors.log_var, posteriors.labels)
    grid = aggregate.grid(later, size=64)
    maps.show({"decoder": parcels["decoder"], "picture": lm.picture(grid, later, classes=["left", "right"])})
    assert_decodes(maps, model, 0.5, 1.5)
    assert maps.page.locator(".toggle.ratio").get_attribute("aria-pressed") == "true"
    value = maps.page.locator(".numbers dd span").all_inner_texts()[2]
    exact = float(aggregate.log_density(later, torch.tensor([[0.5, 1.5]])))
    assert float(value.replace("−", "-")) == pytest.approx(exact, abs=0.15)


def test_a_map_waits_for_all_its_parcels_and_shows_the_old_ones_until_then(maps, parcels, model) -> None:
    wide = {"holes": parcels["holes"], "picture": parcels["picture"]}
    maps.show(wide, decoder=wire.header(parcels["decoder"])["id"])
    assert maps.page.locator(".waiting").is_visible()
    maps.bring("decoder", parcels["decoder"])
    assert not maps.page.locator(".waiting").is_visible()
    assert_decodes(maps, model, 0.0, 0.0, atol=1)


def test_in_more_dimensions_the_map_decodes_on_its_plane_and_names_its_density(maps) -> None:
    data = {"binarisation": "none", "image_shape": (1, 8, 8)}
    vae = VAE(Spec.parse({"data": data, "latent": 4, "net": {"kind": "mlp", "widths": [9]}})).eval()
    mean = torch.randn(50, 4, generator=torch.Generator().manual_seed(0))
    codes = Posteriors(mean, torch.full_like(mean, -1.0), None)
    origin = torch.tensor([0.0, 0.3, 0.0, -0.6])
    picture = lm.picture(
        aggregate.slice(codes, origin, dims=(0, 2), size=64),
        codes, dims=(0, 2), origin=origin, symbol="z1, z3 | rest", meaning="A slice through the pin.",
    )  # fmt: skip
    maps.show({"decoder": wire.decoder(vae, "float32"), "picture": picture})
    maps.hover(1.0, -2.0)
    np.testing.assert_allclose(maps.image(), expected(vae, 1.0, 0.3, -2.0, -0.6), atol=4)
    assert "log q(z1, z3 | rest)" in maps.text(".numbers")
    # The slice knows q(z) in the whole space, by what its held coordinates add.
    z = torch.tensor([[1.0, 0.3, -2.0, -0.6]])
    exact = float(aggregate.log_density(codes, z) - aggregate.log_prior(z))
    shown = maps.page.locator(".numbers dd span").all_inner_texts()[3]
    assert float(shown.replace("−", "-")) == pytest.approx(exact, abs=0.1)
    assert maps.text(".meaning") == "A slice through the pin."


def test_everything_is_reachable_by_keyboard_and_has_a_name(maps, parcels, replay) -> None:
    maps.show(parcels | {"frames": replay})
    names = []
    for _ in range(20):
        maps.page.keyboard.press("Tab")
        names.append(
            maps.page.evaluate(
                """() => {
                  const here = window.roots.map.activeElement;
                  return here && (here.getAttribute("aria-label") ?? here.textContent);
                }"""
            )
        )
    reached = [name for name in names if name is not None]
    assert all(reached)
    for name in ("Latent map", "Play the replay", "Training step", "Keys and gestures", "Holes"):
        assert any(name in found for found in reached), name


def test_the_map_follows_the_theme(maps, parcels) -> None:
    def middle_of_a_contour() -> list[int]:
        x, y = maps.point(math.sqrt(-2 * math.log(0.5)), 0)
        box = maps.page.locator("#map .base").bounding_box()
        return maps.page.evaluate(
            """([x, y]) => {
              const canvas = window.roots.map.querySelector(".base");
              const scale = canvas.width / canvas.clientWidth;
              return [...canvas.getContext("2d").getImageData(scale * x - 3, scale * y, 7, 1).data];
            }""",
            [x - box["x"], y - box["y"]],
        )

    state = lm.MapState(layers=("prior",)).to_browser()
    maps.show(parcels, state=state)
    light = middle_of_a_contour()
    maps.theme(DARK)
    maps.show(parcels, state=state)
    assert maps.page.locator("#map .latent-map").get_attribute("data-theme") == "dark"
    assert middle_of_a_contour() != light


def test_unmounting_leaves_nothing_behind(maps, parcels) -> None:
    maps.show(parcels)
    maps.page.evaluate(
        "() => { for (const end of Object.values(window.ends)) end(); window.roots.map.host.remove(); }"
    )
    maps.page.mouse.move(100, 100)
    maps.page.mouse.wheel(0, 100)
    maps.settle()
    maps.show({}, key="another", picture=wire.header(parcels["picture"])["id"])
    assert maps.page.locator("#another .waiting").is_visible()


@pytest.mark.parametrize("ending", ["png", "svg"])
def test_the_map_can_be_taken_away_and_looks_as_on_screen(maps, parcels, tmp_path, ending: str) -> None:
    from PIL import Image

    maps.show(parcels, state=lm.MapState(pin=(0.0, -2.0), image=0, layers=lm.LAYERS[3:]).to_browser())
    maps.page.locator(".save summary").click()
    with maps.page.expect_download() as download:
        maps.page.get_by_role("button", name=ending.upper(), exact=True).click()
    file = tmp_path / download.value.suggested_filename
    download.value.save_as(file)
    assert file.name == f"latent-map-z1-z2.{ending}"
    maps.page.mouse.move(2, 2)
    maps.settle()
    box = maps.page.locator("#map .over").bounding_box()
    screen = Image.open(io.BytesIO(maps.page.screenshot(clip=box))).convert("L")
    if ending == "svg":
        page = maps.page.context.browser.new_page()
        page.set_content(f"<style>body {{ margin: 0 }}</style>{file.read_text(encoding='utf-8')}")
        assert page.locator("parsererror").count() == 0
        shot = page.screenshot(clip={"x": 0, "y": 0, "width": box["width"], "height": box["height"]})
        saved = Image.open(io.BytesIO(shot)).convert("L")
        page.close()
    else:
        saved = Image.open(file).convert("L")
    assert saved.size == screen.size
    difference = np.abs(np.asarray(saved, float) - np.asarray(screen, float))
    assert difference.mean() < 3

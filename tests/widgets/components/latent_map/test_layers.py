"""What each layer of the map draws, in both themes, on screen and in a file."""

import io
import json
import math
import subprocess
from itertools import combinations

import numpy as np
import pytest

from widgets.components import latent_map as lm

SIGMA = (0.3, 0.6)  # of every posterior, along both axes
DARK = {"primary": "#4db6ac", "background": "#14171c", "text": "#e7e5df", "border": "#343a44"}


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

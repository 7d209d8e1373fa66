"""Maps of one group: what one hand does on all of them."""

import io
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest
import torch
from PIL import Image

from tests.widgets.components.latent_map.decoding import expected
from vae_core.analysis import aggregate
from vae_core.model.posteriors import Posteriors
from widgets.components import latent_map as lm


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
    sparse = lm.frames([12, 90, 160], means, posteriors.labels, grids)
    options = {"group": "pair", "links": "place", "height": 300}
    holes = [0.5, 0.4, 0.1]
    maps.show(parcels | {"frames": sparse}, key="one", size="compact", frame_holes=holes, **options)
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


def test_the_controls_take_away_all_maps_side_by_side(maps, parcels) -> None:
    for key in ("one", "two"):
        maps.show(parcels, key=key, group="pair", size="compact", height=300, label=f"Map {key}")
    maps.show(parcels, key="map", group="pair", size="controls", height=300)
    contents = []
    for kind in ("PNG", "SVG"):
        maps.page.locator("#map").get_by_label("Take away").click()
        with maps.page.expect_download() as saved:
            maps.page.locator("#map").get_by_role("button", name=kind, exact=True).click()
        contents.append(Path(saved.value.path()).read_bytes())
    png, svg = contents
    whole = maps.page.locator("#one .over").bounding_box()
    sheet = np.asarray(Image.open(io.BytesIO(png)).convert("RGB"))
    assert sheet.shape[1] == 2 * round(whole["width"])
    assert sheet.shape[0] > whole["height"]
    left, right = np.split(sheet[30:], 2, axis=1)
    assert (left != right).mean() < 1e-3  # the same run twice, but for the smoothing of edges
    assert len(np.unique(left.reshape(-1, 3), axis=0)) > 50
    assert svg.index(b"Map one") < svg.index(b"Map two")
    ElementTree.fromstring(svg)

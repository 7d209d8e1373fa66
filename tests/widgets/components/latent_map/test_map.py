"""What the map takes from Python, shows in numbers and words, and says back."""

import math

import numpy as np
import pytest
import torch

from tests.widgets.components.latent_map.decoding import assert_decodes, expected
from vae_core.analysis import aggregate
from vae_core.browser import wire
from vae_core.model.posteriors import Posteriors
from vae_core.model.vae import VAE
from vae_core.spec import Spec
from widgets.components import latent_map as lm


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


def test_a_place_is_read_from_the_mixture_itself(maps, parcels) -> None:
    """Between the points of the grid, and of posteriors far narrower than a cell."""
    narrow = Posteriors(torch.tensor([[0.5, 0.5], [-1.0, 0.2]]), torch.full((2, 2), -16.0), None)
    grid = aggregate.grid(narrow, size=64)
    found = aggregate.holes(grid)
    picture = lm.picture(grid, narrow, mixture=True)
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

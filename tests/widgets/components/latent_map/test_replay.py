"""The replay of a training on the map."""

import numpy as np
import pytest
import torch

from tests.widgets.components.latent_map.decoding import assert_decodes
from vae_core.analysis import aggregate
from vae_core.model.posteriors import Posteriors
from widgets.components import latent_map as lm


def test_space_plays_the_replay_to_its_end(maps, parcels, replay) -> None:
    maps.show(parcels | {"frames": replay}, frame_holes=[0.5, 0.4, 0.3, 0.2, 0.1])
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

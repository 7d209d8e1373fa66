"""The latent map on its page, under a hand in Chromium."""

import json
import re
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import parse_qs, urlsplit

import numpy as np
import pytest
import torch
from playwright.sync_api import Locator, Page, expect

from vae_core.analysis import aggregate
from vae_core.runs.run import Run

NewTab = Callable[[str], Page]
MARGIN = {"left": 42, "top": 8, "right": 8, "bottom": 38}  # of the axes, in pixels
EXTENT = 4.0


@pytest.fixture(scope="module")
def run(server: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Run]:
    """An autoencoder of the small digits: nothing holds its codes together, so its map has holes."""
    from vae_core import recipes, train

    path = tmp_path_factory.mktemp("trained") / "hollow"
    train(recipes.get("autoencoder-2d").change(**{"data.name": "digits", "training.steps": 400}), out=path)
    card = {"title": "Hollow digits", "sentence": "An autoencoder.", "order": 2}
    (path / "card.json").write_text(json.dumps(card))
    with server.lend(path) as run:
        yield run


@pytest.fixture
def page(new_tab: NewTab, run: Run) -> Page:
    page = new_tab(f"/latent_map?run={run.name}&range=4")
    ready(page)
    return page


def ready(page: Page) -> None:
    expect(page.locator(".latent-map .waiting")).to_be_hidden()
    expect(page.locator(".latent-map .scrub")).to_be_visible()


def plane(page: Page) -> Locator:
    return page.get_by_role("application", name="Latent map of Hollow digits")


def place(page: Page, x: float, y: float) -> tuple[float, float]:
    """Pixels from the map's corner, of a place on the whole map."""
    box = plane(page).bounding_box()
    assert box is not None
    width = box["width"] - MARGIN["left"] - MARGIN["right"]
    height = box["height"] - MARGIN["top"] - MARGIN["bottom"]
    scale = height / 2 / EXTENT
    return MARGIN["left"] + width / 2 + x * scale, MARGIN["top"] + height / 2 - y * scale


def hover(page: Page, x: float, y: float) -> None:
    left, top = place(page, x, y)
    plane(page).hover(position={"x": left, "y": top})


def click(page: Page, x: float, y: float) -> None:
    left, top = place(page, x, y)
    plane(page).click(position={"x": left, "y": top})


def link(page: Page) -> dict[str, str]:
    return {name: values[0] for name, values in parse_qs(urlsplit(page.url).query).items()}


def pinned(page: Page) -> list[float]:
    """z of the link, once there is one."""
    expect(page).to_have_url(re.compile(r"[?&]z=-?\d"))
    return [float(v) for v in link(page)["z"].split(",")]


def decoded(page: Page) -> np.ndarray:
    """The large decoded image, uint8 [H, W]."""
    height, width, pixels = page.locator(".latent-map .decoded").evaluate(
        """canvas => { const { width, height } = canvas;
           return [height, width, [...canvas.getContext("2d").getImageData(0, 0, width, height).data]]; }"""
    )
    return np.array(pixels, np.uint8).reshape(height, width, 4)[:, :, 0]


def expected(run: Run, *z: float) -> np.ndarray:
    return (255 * run.model.decode_mean(torch.tensor([z]))[0, 0]).numpy()


def between(run: Run) -> list[float]:
    """A place near the middle that lies farthest from all images' points: a click there pins no image."""
    axis = torch.linspace(-1.5, 1.5, 61)
    places = torch.cartesian_prod(axis, axis)
    return places[torch.cdist(places, run.posteriors.mean).min(1).values.argmax()].tolist()


def test_hovering_decodes_in_the_browser_and_tells_the_server_nothing(page: Page, run: Run) -> None:
    frames: list[object] = []
    page.on("websocket", lambda socket: socket.on("framesent", frames.append))
    for x, y in ((1.0, 0.5), (-1.5, -1.0)):
        hover(page, x, y)
        page.wait_for_function(
            "() => new Promise(go => requestAnimationFrame(() => requestAnimationFrame(go)))"
        )
        # A pixel of the screen is a fiftieth of a standard deviation: grey levels differ by a few.
        np.testing.assert_allclose(decoded(page), expected(run, x, y), atol=8)
    assert frames == []
    assert "z" not in link(page)


def test_a_click_pins_the_server_answers_exactly_and_nothing_is_mounted_anew(page: Page, run: Run) -> None:
    plane(page).evaluate("canvas => { canvas.mark = 'the same'; }")
    x, y = between(run)
    click(page, x, y)
    z = pinned(page)
    assert z == pytest.approx([x, y], abs=0.02)
    numbers = page.locator(".latent-map .numbers")
    expect(numbers).to_contain_text("exact")
    log_q = float(aggregate.log_density(run.posteriors, torch.tensor([z])))
    expect(numbers).to_contain_text(f"{log_q:.1f}".replace("-", "−")[:-1])
    expect(page.locator(".latent-map .near figure")).to_have_count(5)
    assert plane(page).evaluate("canvas => canvas.mark") == "the same"


def test_a_link_restores_pin_layers_and_view(page: Page, new_tab: NewTab, run: Run) -> None:
    page.get_by_role("button", name="log p/q").click()
    page.get_by_role("button", name="Images", exact=True).click()
    click(page, -0.8, 0.6)
    pinned(page)
    left, top = place(page, 0, 0)
    plane(page).hover(position={"x": left, "y": top})
    page.mouse.wheel(0, -300)
    expect(page).to_have_url(re.compile("view="))
    again = new_tab(page.url)
    ready(again)
    expect(again.get_by_role("button", name="log p/q")).to_have_attribute("aria-pressed", "true")
    expect(again.get_by_role("button", name="Images", exact=True)).to_have_attribute("aria-pressed", "false")
    np.testing.assert_allclose(decoded(again), expected(run, *pinned(again)), atol=3)
    assert link(again) == link(page)


def test_the_keyboard_moves_the_pin_plays_the_replay_and_takes_the_pin_away(page: Page) -> None:
    click(page, 0.5, 0.5)
    before = pinned(page)
    plane(page).press("ArrowRight")
    plane(page).press("Shift+ArrowUp")
    to = f"z={before[0] + 0.1:.4g}"[:6]
    expect(page).to_have_url(re.compile(re.escape(to)))
    assert pinned(page) == pytest.approx([before[0] + 0.1, before[1] + 0.01], abs=2e-3)
    plane(page).press("Space")
    expect(page.locator(".latent-map .scrub output")).to_contain_text("step")
    expect(page.locator(".latent-map .scrub output")).to_contain_text("now")  # it ends where it is now
    plane(page).press("Escape")
    expect(page).not_to_have_url(re.compile(r"[?&]z="))


def test_go_to_pins_the_hole_and_the_map_says_so(page: Page, run: Run) -> None:
    hole = aggregate.holes(aggregate.grid(run.posteriors))[0]
    page.get_by_role("button", name="Go to").first.click()
    expect(page.locator(".latent-map .words")).to_contain_text("Hole 1")
    assert pinned(page) == pytest.approx(hole.center.tolist(), abs=1e-3)


def test_another_threshold_finds_other_holes_and_keeps_the_pin(page: Page, run: Run) -> None:
    click(page, 0.3, 0.3)
    z = pinned(page)
    page.get_by_role("button", name="Range, holes").click()
    slider = page.locator("[class*='st-key-at-ratio']").get_by_role("slider").first
    slider.focus()
    page.keyboard.press("ArrowRight")
    expect(page).to_have_url(re.compile("ratio=20"))
    mass = sum(h.prior_mass for h in aggregate.holes(aggregate.grid(run.posteriors), ratio=20))
    expect(page.locator(".latent-map .scrub output")).to_contain_text(f"{100 * mass:.1f} %")
    assert pinned(page) == z


def test_each_section_below_the_map_comes_when_it_is_asked_for(page: Page) -> None:
    for section, said in (
        ("What the KL is made of", "Mutual information"),
        ("Samples from holes", "Median distance"),
        ("Take away", "Replay as GIF"),
    ):
        expect(page.get_by_text(said)).to_have_count(0)
        page.get_by_role("radio", name=section).or_(page.get_by_role("button", name=section)).first.click()
        expect(page.get_by_text(said).first).to_be_visible()

"""Compare on its page, under a hand in Chromium."""

import re
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import numpy as np
import pytest
import torch
from playwright.sync_api import Locator, Page, expect

from vae_core.analysis import aggregate
from vae_core.runs.run import Run
from widgets.run_data.comparisons import PRESETS

NewTab = Callable[[str], Page]
BOTH = PRESETS["VAE | Autoencoder"]


@pytest.fixture(scope="module")
def runs(server: Any) -> Iterator[dict[str, Run]]:
    with ExitStack() as lent:
        yield {name: lent.enter_context(server.lend(name)) for name in PRESETS["Four betas"]}


def maps(page: Page) -> Locator:
    return page.locator(".latent-map[data-size=compact]")


def ready(page: Page, count: int) -> None:
    expect(maps(page)).to_have_count(count)
    for k in range(count):
        expect(maps(page).nth(k).locator(".waiting")).to_be_hidden()
        expect(maps(page).nth(k).locator(".numbers dd").first).to_be_visible()


def numbers(page: Page, of: int) -> tuple[str, float]:
    """z as it stands beside a map, and log q(z)."""
    values = maps(page).nth(of).locator(".numbers dd span").all_inner_texts()
    return values[0], float(values[2].replace("−", "-"))


def places(page: Page) -> set[str]:
    return {numbers(page, k)[0] for k in range(maps(page).count())}


def test_one_pointer_one_pin_and_one_link_for_all_maps(
    new_tab: NewTab, runs: dict[str, Run], pixels: Any
) -> None:
    page = new_tab("/")
    page.get_by_role("link", name="VAE | Autoencoder").click()
    ready(page, 2)
    expect(page).to_have_url(re.compile(r"/compare\?.*runs=vae-2d-mnist(,|%2C)autoencoder-2d-mnist"))
    over = [maps(page).nth(k).locator(".over") for k in range(2)]
    box = over[0].bounding_box()
    assert box is not None
    here = {"x": 0.6 * box["width"], "y": 0.3 * box["height"]}
    over[0].hover(position=here)
    expect(maps(page).nth(1).locator(".numbers dd span").first).not_to_have_text("(0.00, 0.00)")
    assert len(places(page)) == 1
    # The pointer has no more digits than the page shows; a pin has all of them in the link.
    over[1].click(position=here)
    expect(page).to_have_url(re.compile(r"[?&]at=-?\d"))
    page.mouse.move(2, 2)
    z = [float(v) for v in re.findall(r"[?&]at=(-?[\d.]+)(?:,|%2C)(-?[\d.]+)", page.url)[0]]
    again = new_tab(page.url)
    ready(again, 2)
    for k, name in enumerate(BOTH):
        exact = float(aggregate.log_density(runs[name].posteriors, torch.tensor([z])))
        assert numbers(again, k)[1] == pytest.approx(exact, rel=1e-2, abs=0.02)
        wanted = 255 * runs[name].model.decode_mean(torch.tensor([z]))[0, 0].numpy()
        shown = pixels(maps(again).nth(k).locator(".decoded"))[..., 0]
        np.testing.assert_allclose(shown, wanted, atol=3)
    assert places(again) == places(page)
    page.reload()
    ready(page, 2)
    assert places(page) == places(again)


def test_a_preset_layers_zoom_and_replay_hold_for_four_maps(new_tab: NewTab, runs: dict[str, Run]) -> None:
    page = new_tab("/compare")
    ready(page, 2)
    page.get_by_role("button", name="Four betas").click()
    ready(page, 4)
    controls = page.locator(".latent-map[data-size=controls]")
    controls.get_by_role("button", name="log p/q").click()
    expect(page).to_have_url(re.compile(r"layers=ratio"))
    maps(page).nth(3).locator(".over").press("+")
    expect(page).to_have_url(re.compile(r"view=0(,|%2C)0(,|%2C)3\.2"))
    slider = controls.get_by_role("slider", name="Training step")
    expect(slider).to_be_visible()
    slider.fill("3")
    expect(page).to_have_url(re.compile(r"frame=3"))
    steps = [maps(page).nth(k).locator(".scrub output") for k in range(4)]
    for step in steps:
        expect(step).to_have_text(re.compile(r"step \d.*holes on this map \d"))
    said = [step.inner_text() for step in steps]
    page.reload()
    ready(page, 4)
    for step, before in zip(steps, said, strict=True):
        expect(step).to_have_text(before)


def test_one_image_goes_through_all_encoders(new_tab: NewTab, runs: dict[str, Run]) -> None:
    page = new_tab(f"/compare?runs={','.join(BOTH)}&range=32&same=image&a=7")
    ready(page, 2)
    for number in (7, 8):
        for k, name in enumerate(BOTH):
            x, y = runs[name].posteriors.mean[number].tolist()
            shown = f"({x:.2f}, {y:.2f})".replace("-", "−")
            expect(maps(page).nth(k).locator(".numbers dd span").first).to_have_text(shown)
        if number == 7:
            maps(page).nth(1).locator(".over").press("ArrowRight")  # to the next image, on any map
            expect(page).to_have_url(re.compile(r"[?&]a=8\b"))
            expect(page.locator(".elbo-picked")).to_contain_text("test image 8")

"""q under the hand in Chromium: fitted, dragged, put back, and in the link."""

import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from vae_core.runs.run import Run

NewTab = Callable[[str], Page]
# The middle of all places where the pointer can take hold of q, which lie around its centre.
HELD = """canvas => {
    const { left, top, width, height } = canvas.getBoundingClientRect(), held = [];
    for (let x = 4; x < width; x += 4) for (let y = 4; y < height; y += 4) {
        canvas.dispatchEvent(new PointerEvent("pointermove", { clientX: left + x, clientY: top + y }));
        if (canvas.style.cursor === "grab") held.push([left + x, top + y]);
    }
    return [0, 1].map((d) => held.reduce((sum, place) => sum + place[d], 0) / held.length);
}"""


@pytest.fixture(scope="module")
def run(server: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Run]:
    """A VAE of the small digits, whose encoder has not learned to be right."""
    from vae_core import recipes, train

    path = tmp_path_factory.mktemp("trained") / "gaps"
    train(recipes.get("vae-2d").change(**{"data.name": "digits", "training.steps": 200}), out=path)
    with server.lend(path) as run:
        yield run


def nats(page: Page, name: str) -> float:
    text = page.locator(f".gap dl .{name} dd").inner_text()
    return float(text.replace("−", "-").replace("≈", ""))


@pytest.fixture
def page(new_tab: NewTab, run: Run) -> Page:
    page = new_tab(f"/latent_map?run={run.name}&show=gap&a=5")
    expect(page.locator(".gap dl .approximation dd")).to_have_text(re.compile(r"\d"))
    page.locator(".true-posterior").scroll_into_view_if_needed()
    return page


def test_fit_takes_the_amortisation_gap_back_and_back_gives_it_again(page: Page) -> None:
    before, gap, top = nats(page, "elbo"), nats(page, "amortisation"), nats(page, "log_px")
    assert before + gap + nats(page, "approximation") == pytest.approx(top, abs=0.03)
    page.get_by_role("button", name="Fit").click()
    expect(page).to_have_url(re.compile(r"[?&]q="))
    assert nats(page, "elbo") == pytest.approx(before + gap, abs=0.06)
    assert nats(page, "log_px") == top
    page.get_by_role("button", name="Back to the encoder").click()
    expect(page).not_to_have_url(re.compile(r"[?&]q="))
    assert nats(page, "elbo") == before


def test_a_drag_of_its_centre_costs_nats_at_once_and_a_link_shows_the_same(
    page: Page, new_tab: NewTab
) -> None:
    before = nats(page, "elbo")
    plane = page.get_by_role("application", name="True posterior and q")
    grip = plane.evaluate(HELD)
    page.mouse.move(*grip)
    page.mouse.down()
    page.mouse.move(grip[0] + 40, grip[1], steps=4)
    moved = nats(page, "elbo")
    page.mouse.up()
    expect(page).to_have_url(re.compile(r"[?&]q="))
    assert moved != before
    assert nats(page, "elbo") == moved
    other = new_tab(page.url)
    expect(other.locator(".gap dl .approximation dd")).to_have_text(re.compile(r"\d"))
    assert nats(other, "elbo") == pytest.approx(moved, abs=0.05)


def test_another_image_begins_with_its_encoders_q(page: Page, pick: Callable[[Page, str, int], None]) -> None:
    page.get_by_role("button", name="Fit").click()
    expect(page).to_have_url(re.compile(r"[?&]q="))
    pick(page, "a", 8)
    expect(page).not_to_have_url(re.compile(r"[?&]q="))
    expect(page.get_by_role("button", name="Back to the encoder")).to_be_disabled()

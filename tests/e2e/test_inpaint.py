"""Inpaint on its page, under a hand in Chromium."""

import re
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest
from playwright.sync_api import Page, expect

from vae_core import data
from vae_core.runs.run import Run
from widgets.shell.sheets import HIDDEN

NewTab = Callable[[str], Page]
IMAGE = 3  # of the test images


@pytest.fixture(scope="module")
def run(server: Any) -> Iterator[Run]:
    """Its encoder knows masks, so that completions come at once."""
    with server.lend("masked-16d-mnist") as run:
        yield run


def choose(page: Page, label: str, option: str) -> None:
    page.get_by_role("combobox", name=label).click()
    page.get_by_role("option", name=option, exact=True).click()


def scores(page: Page) -> Any:
    return page.get_by_text("Error of the mean")


def test_a_hand_hides_and_uncovers_pixels_and_only_what_is_hidden_is_completed(
    new_tab: NewTab, run: Run, pick: Any, pixels: Any, stroke: Any, wait_until: Any
) -> None:
    page = new_tab(f"/inpaint?run={run.name}")
    said, canvas = page.locator(".paint.mask .said"), page.locator(".paint.mask .over")
    truth = data.binarise_static(data.load("mnist", "test").images[IMAGE : IMAGE + 1], "test")[0, 0].numpy()

    def hidden() -> np.ndarray:
        """What the method is not given, bool [H, W]; the canvas says the same of it."""
        shown = (pixels(page.get_by_alt_text("observed"))[..., :3] == HIDDEN).all(-1)
        return shown if said.inner_text() == f"{round(100 * shown.mean())} % hidden" else np.zeros_like(shown)

    def completed(mask: np.ndarray) -> None:
        """Sixteen images that are the true one outside the mask, and not all the same within."""
        expect(page.locator(".elbo-sheet img")).to_have_count(16)
        images = [pixels(page.locator(".elbo-sheet img").nth(k))[..., 0] for k in range(16)]
        assert all((image[~mask] == truth[~mask]).all() for image in images)
        assert any((image != images[0]).any() for image in images)

    pick(page, "a", IMAGE)
    wait_until(
        lambda: (pixels(page.get_by_alt_text("truth"))[..., 0] == truth).all(), "the image is there", 10
    )
    right = np.arange(28)[None].repeat(28, 0) >= 14
    assert (hidden() == right).all()
    completed(right)

    first = scores(page).inner_text()
    stroke(page, canvas, (0.1, 0.5), (0.4, 0.5))
    expect(scores(page)).not_to_have_text(first)
    wait_until(lambda: hidden()[14, 4:11].all(), "the stroke hides pixels", 10)
    painted = hidden()
    assert painted[right].all()
    completed(painted)

    second = scores(page).inner_text()
    page.get_by_role("button", name="Show pixels again").click()
    stroke(page, canvas, (0.6, 0.2), (0.9, 0.2))
    expect(scores(page)).not_to_have_text(second)
    wait_until(lambda: hidden().any() and not hidden()[5, 18:25].any(), "the eraser uncovers pixels", 10)
    erased = hidden()
    assert (erased <= painted).all()
    completed(erased)

    choose(page, "Hide", "upper half")
    expect(said).to_have_text("50 % hidden")
    wait_until(lambda: (hidden() == right.T[::-1]).all(), "the upper half is hidden", 10)
    completed(right.T[::-1])


def test_a_sampler_is_waited_for_and_the_comparison_of_all_can_be_cancelled(
    new_tab: NewTab, run: Run, pixels: Any
) -> None:
    page = new_tab(f"/inpaint?run={run.name}&a={IMAGE}")
    expect(scores(page)).not_to_contain_text("R̂")
    image = page.locator(".elbo-sheet img").first
    at_once = image.get_attribute("src") or ""
    page.evaluate(
        """() => new MutationObserver(() => {
            window.waited ||= document.body.innerText.includes("Completing …");
        }).observe(document.body, { subtree: true, childList: true, characterData: true })"""
    )
    choose(page, "Method", "Langevin")
    expect(scores(page)).to_contain_text(re.compile(r"accepted \d+% · effective samples .*R̂ \d"))
    assert page.evaluate("window.waited")
    expect(page.locator(".no-webgl")).to_have_count(0)  # what a policy without 'unsafe-eval' shows
    expect(image).not_to_have_attribute("src", at_once)

    page.get_by_text("All methods on this mask").click()
    expect(page.get_by_test_id("stProgress")).to_contain_text("Hamiltonian Monte Carlo")
    page.get_by_role("button", name="Cancel").click()
    expect(page.get_by_text("Cancelled.")).to_be_visible()
    expect(page.get_by_role("button", name="Start again")).to_be_visible()
    expect(page.get_by_test_id("stDataFrame")).to_have_count(0)

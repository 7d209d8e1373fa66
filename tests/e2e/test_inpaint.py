"""Inpaint on its page, under a hand in Chromium."""

import re
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest
from playwright.sync_api import Locator, Page, expect

from vae_core import data
from vae_core.runs.run import Run
from widgets.shell.sheets import HIDDEN

NewTab = Callable[[str], Page]
IMAGE = 3  # of the test images
PIXELS = "c => [c.width, ...c.getContext('2d').getImageData(0, 0, c.width, c.height).data]"


@pytest.fixture(scope="module")
def run(server: Any) -> Iterator[Run]:
    """Its encoder knows masks, so that completions come at once."""
    with server.lend("masked-16d-mnist") as run:
        yield run


def choose(page: Page, label: str, option: str) -> None:
    page.get_by_role("combobox", name=label).click()
    page.get_by_role("option", name=option, exact=True).click()


def seen(canvas: Locator) -> np.ndarray:
    """uint8 [H, W, 3] of a canvas."""
    width, *values = canvas.evaluate(PIXELS)
    return np.array(values, np.uint8).reshape(-1, width, 4)[..., :3]


def summary(page: Page, caption: str) -> np.ndarray:
    return seen(page.locator(f".found .summary canvas[aria-label={caption}]"))


def scores(page: Page) -> Locator:
    return page.locator(".found dl")


def test_a_hand_hides_and_uncovers_pixels_and_only_what_is_hidden_is_completed(
    new_tab: NewTab, run: Run, pick: Any, stroke: Any, wait_until: Any
) -> None:
    page = new_tab(f"/inpaint?run={run.name}&a=0")
    said, canvas = page.locator(".paint.mask .said"), page.locator(".paint.mask .over")
    truth = data.binarise_one(data.load("mnist", "test").images[IMAGE], "test", IMAGE)[0].numpy()

    def hidden() -> np.ndarray:
        """What the method is not given, bool [H, W]; the canvas says the same of it."""
        shown = (summary(page, "observed") == HIDDEN).all(-1)
        return shown if said.inner_text() == f"{round(100 * shown.mean())} % hidden" else np.zeros_like(shown)

    def completed(mask: np.ndarray) -> None:
        """Sixteen images that are the true one outside the mask, and not all the same within."""
        expect(page.locator(".tile canvas")).to_have_count(16)
        images = [seen(page.locator(".tile canvas").nth(k))[..., 0] for k in range(16)]
        assert all((image[~mask] == truth[~mask]).all() for image in images)
        assert any((image != images[0]).any() for image in images)

    expect(scores(page)).to_contain_text("nats")
    pick(page, "a", IMAGE)
    wait_until(lambda: (summary(page, "truth")[..., 0] == truth).all(), "the image is there", 10)
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


def test_chains_are_seen_on_their_way_then_as_a_film_and_the_comparison_of_all_can_be_cancelled(
    new_tab: NewTab, run: Run, wait_until: Any
) -> None:
    page = new_tab(f"/inpaint?run={run.name}&a={IMAGE}&length=100")
    expect(scores(page)).not_to_contain_text("R̂")
    page.evaluate(
        """() => { const hosts = [...document.querySelectorAll("*")];
        const found = hosts.map(e => e.shadowRoot?.querySelector(".found")).find(Boolean);
        new MutationObserver(() => { window.waited ||= /Warming|Sampling/.test(found.innerText); })
            .observe(found, { subtree: true, childList: true, characterData: true }); }"""
    )
    choose(page, "Method", "Hamiltonian Monte Carlo")
    expect(scores(page)).to_contain_text(re.compile(r"accepted\s*\d+%.*R̂\s*\d", re.DOTALL))
    assert page.evaluate("window.waited")
    expect(page.locator(".found .badge")).to_contain_text("mixed")

    counts, moment = page.locator(".found .counts b"), page.locator(".found output")
    expect(moment).to_have_text("draw 100 of 100")
    assert sum(int(text.split()[0]) for text in counts.all_inner_texts()) == 16
    page.locator(".found .tile").nth(5).hover()
    expect(page.locator(".found .says")).to_contain_text(re.compile("read as .*nearest training image, a "))
    last = seen(page.locator(".found .tile canvas").first)
    page.get_by_role("button", name="Play the film").click()
    expect(moment).to_have_text(re.compile("warming up"))
    expect(moment).to_have_text("draw 100 of 100", timeout=15_000)
    assert (seen(page.locator(".found .tile canvas").first) == last).all()
    page.get_by_role("slider", name="Moment of the chains").press("Home")
    expect(moment).to_have_text("start")

    page.get_by_role("button", name="Take away").click()
    with page.expect_download() as film:
        page.get_by_role("button", name="Film as GIF").click()
    content = film.value.path().read_bytes()
    assert content[:6] == b"GIF89a"
    assert b"length=100" in content
    assert run.name in film.value.suggested_filename
    page.keyboard.press("Escape")

    page.get_by_text("All methods on this mask").click()
    expect(page.get_by_test_id("stProgress")).to_be_visible()  # at whichever method
    page.get_by_role("button", name="Cancel").click()
    expect(page.get_by_text("Cancelled.")).to_be_visible()
    expect(page.get_by_role("button", name="Start again")).to_be_visible()
    expect(page.get_by_test_id("stDataFrame")).to_have_count(0)

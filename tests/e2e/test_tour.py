"""The tour and the words, as somebody who has never been here meets them."""

import re
from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.e2e.conftest import IDLE
from vae_core.runs.run import Run
from widgets.shell import tours

NewTab = Callable[[str], Page]
STEPS = tours.tour("first").steps


@pytest.fixture(scope="module", autouse=True)
def shipped(server: Any) -> Iterator[None]:
    with ExitStack() as lent:
        for name in ("vae-2d-mnist", "autoencoder-2d-mnist", "beta-4-mnist", "sprites-beta-tc"):
            lent.enter_context(server.lend(name))
        yield


def at_step(page: Page, number: int) -> Locator:
    """The panel, once the whole page shows the step."""
    panel = page.locator(".st-key-tour")
    expect(panel.get_by_text(f"Step {number} of 7", exact=True)).to_be_visible()
    page.wait_for_selector(IDLE)
    return panel


def answer(panel: Locator, number: int, place: int) -> None:
    panel.get_by_role("button", name=STEPS[number - 1].answers[place], exact=True).click()
    expect(panel.get_by_text("Right." if place == 0 else "Not quite.", exact=True)).to_be_visible()


def press(panel: Locator, way: str) -> None:
    """A button where the step is on the same page, else a link."""
    panel.get_by_role("button", name=way).or_(panel.get_by_role("link", name=way)).click()


@pytest.mark.timeout(240)
def test_the_tour_is_walked_from_home_to_its_end(new_tab: NewTab, server: Any, wait_until: Any) -> None:
    before = {run.name for run in server.all_runs()}
    page = new_tab("/")
    page.get_by_role("link", name="Take the tour").click()
    panel = at_step(page, 1)
    expect(page.get_by_test_id("stSidebar")).to_be_hidden()
    expect(page.locator(".latent-map")).to_be_hidden()  # before the guess
    answer(panel, 1, 1)
    expect(panel.locator(".given")).to_contain_text("28 (your guess)")
    expect(page.locator(".latent-map")).to_be_visible()
    press(panel, "Next")
    answer(at_step(page, 2), 2, 0)
    expect(page).to_have_url(re.compile(r"step=2.*guess=1|guess=1.*step=2"))
    page.reload()  # in the middle: the same step, with its answer
    panel = at_step(page, 2)
    expect(panel.get_by_text("Right.", exact=True)).to_be_visible()
    for number in (3, 4):
        press(panel, "Next")
        answer(at_step(page, number), number, 0)
        expect(page.locator(".latent-map")).to_be_visible()
    expect(panel).to_contain_text("94.5 %")
    press(panel, "Back")
    panel = at_step(page, 3)
    press(panel, "Skip")
    press(at_step(page, 4), "Skip")
    panel = at_step(page, 5)
    beta_falls_while_it_trains(page, server, before, wait_until)
    answer(panel, 5, 0)
    press(panel, "Next")
    answer(at_step(page, 6), 6, 0)
    press(panel, "Next")
    answer(at_step(page, 7), 7, 0)
    slider = page.locator(".traverse input[type=range]").first
    slider.press("ArrowRight")
    expect(page).to_have_url(re.compile("move="))
    panel.get_by_role("button", name="Leave the tour").click()
    expect(panel).to_have_count(0)
    expect(page.get_by_test_id("stSidebar")).to_be_visible()
    expect(page).to_have_url(re.compile(r"/traverse\?(?!.*(tour|step|guess)=).*move="))


def beta_falls_while_it_trains(page: Page, server: Any, before: set[str], wait_until: Any) -> None:
    """Play, and beta to 10 by the keys, with the tour still there."""
    page.get_by_role("button", name="Play", exact=True).first.click()
    wait_until(lambda: {run.name for run in server.all_runs()} - before, "a run is made")
    (run,) = (run for run in server.all_runs() if run.name not in before)
    expect(page.locator(".board")).to_have_attribute("data-run", run.name)
    at_step(page, 5)
    thumb = page.get_by_role("slider", name="β, the weight of the KL")
    thumb.focus()
    for _ in range(8):
        page.keyboard.press("ArrowRight")
    wait_until(lambda: bool(Run(run.path).beta_moves), "beta has moved")
    run.stop()
    wait_until(lambda: not run.live, "the worker stops")
    at_step(page, 5)


def card(page: Page) -> Locator:
    return page.locator(".terms .card")


def spot(page: Page, text: str) -> tuple[float, float]:
    """The middle of a word of the page's notice."""
    x, y = (
        page.get_by_test_id("stMain")
        .locator("p", has_text="Notice.")
        .first.evaluate(
            """(p, text) => {
            const walker = document.createTreeWalker(p, NodeFilter.SHOW_TEXT);
            while (walker.nextNode()) {
                const at = walker.currentNode.data.indexOf(text);
                if (at < 0) continue;
                const range = new Range();
                range.setStart(walker.currentNode, at);
                range.setEnd(walker.currentNode, at + text.length);
                const box = range.getBoundingClientRect();
                return [box.left + box.width / 2, box.top + box.height / 2];
            }
        }""",
            text,
        )
    )
    return x, y


def point(page: Page, text: str) -> tuple[float, float]:
    """Rests the mouse on a word of the notice, and again where numbers that came late have moved it away."""
    for _ in range(3):
        x, y = spot(page, text)
        page.mouse.move(x - 2, y)
        page.mouse.move(x, y)
        with suppress(AssertionError):
            expect(card(page)).to_be_visible(timeout=5000)
            break
    expect(card(page)).to_be_visible()
    return x, y


def test_a_word_explains_itself_to_pointer_finger_and_keyboard(new_tab: NewTab) -> None:
    page = new_tab("/latent_map?run=vae-2d-mnist")
    expect(page.locator(".terms .line a").first).to_be_visible()
    expect(page.get_by_role("radio", name="Drawn")).to_be_visible()  # the title stands
    x, y = point(page, "q(z)")
    expect(card(page)).to_contain_text("Aggregated posterior q(z)")
    assert card(page).locator("math .lit").evaluate("e => getComputedStyle(e).color") == "rgb(15, 106, 115)"
    # The way from the word to its card leaves it open; elsewhere it goes.
    page.mouse.move(x, y + 40, steps=4)
    expect(card(page)).to_be_visible()
    page.mouse.move(1200, 700)
    expect(card(page)).to_be_hidden()
    page.mouse.click(*spot(page, "prior"))  # as a tap
    expect(card(page)).to_contain_text("Prior p(z)")
    page.keyboard.press("Escape")
    expect(card(page)).to_be_hidden()
    page.locator(".terms .line a").first.focus()
    page.keyboard.press("Tab")
    expect(card(page)).to_be_visible()
    name = page.locator(".terms .line a:focus").inner_text()
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Glossary")).to_be_visible()
    expect(page.locator(".st-key-glossary-term h2")).to_contain_text(name)
    expect(page).to_have_url(re.compile(r"/glossary\?.*term="))
    page.go_back()
    expect(page.get_by_role("heading", name="Latent map")).to_be_visible()
    expect(page.locator(".terms")).to_have_count(1)


def test_a_word_in_what_comes_later_is_a_term_too_and_leaves_with_it(new_tab: NewTab) -> None:
    page = new_tab("/latent_map?run=vae-2d-mnist")
    line = page.locator(".terms .line")
    expect(line).to_contain_text("Hole mass")
    expect(line).not_to_contain_text("Mutual information")
    page.get_by_role("radio", name="What the KL is made of").click()
    expect(line).to_contain_text("Mutual information")
    page.get_by_role("radio", name="Holes", exact=True).click()
    expect(line).not_to_contain_text("Mutual information")


def test_the_glossary_is_searched_and_leads_to_where_a_term_is_seen(new_tab: NewTab) -> None:
    page = new_tab("/glossary")
    page.get_by_label("Search").fill("hole mass")
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile(r"find=hole"))
    expect(page.locator(".st-key-glossary-term h2")).to_have_text("Hole mass")
    page.get_by_role("link", name="See it: Latent map").click()
    expect(page).to_have_url(re.compile(r"/latent_map\?run=autoencoder-2d-mnist"))

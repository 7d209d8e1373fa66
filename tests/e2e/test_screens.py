"""Every page on phone, tablet, laptop and desk, light and dark, and as a screen reader has it."""

import re
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import CDPSession, Page, expect

NewTab = Callable[[str], Page]
HERE = Path(__file__).parent
AXE = (HERE / "axe" / "axe.min.js").read_text()
FAULTS = (HERE / "screen_faults.js").read_text()
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
OF_COLOURS = ["color-contrast", "link-in-text-block"]  # the rules that another theme may break
PATIENCE = 10_000  # milliseconds for a page to settle after its window changed

# Name, address on a shipped run, and what stands on the page once it is complete.
PAGES = {
    "home": ("/?run=vae-2d-mnist&more=1", ".forward-pass[data-z]"),
    "train": ("/train?run=vae-2d-mnist", ".replay .play"),
    "latent map": ("/latent_map?run=vae-2d-mnist", "[data-testid=stMetricValue]"),
    "latent map in 16 dimensions": ("/latent_map?run=vae-16d-mnist", "[data-testid=stMetricValue]"),
    "compare": ("/compare?runs=vae-2d-mnist,vae-16d-mnist", ".elbo-compared"),
    "traverse": ("/traverse?run=vae-16d-mnist&start=0", ".traverse input[type=range]"),
    "interpolate": ("/interpolate?run=vae-2d-mnist&a=0&b=1", ".interpolate .passed[data-known=true]"),
    "inpaint": ("/inpaint?run=vae-16d-mnist&method=importance", ".found .badge:not([hidden])"),
    "generate": ("/generate?run=cvae-mnist", ".elbo-sheet img"),
    "tour": ("/latent_map?run=vae-2d-mnist&tour=first&step=3&guess=2", ".elbo-answers"),
    "glossary": ("/glossary?run=vae-2d-mnist&term=kl", ".katex-display"),
}
# Width and height in CSS pixels, and device pixels to one of them. The last is 1280 x 900 at 150 %.
WINDOWS = {
    "1920": (1920, 1080, 1.0),
    "1280": (1280, 900, 1.0),
    "1024": (1024, 768, 1.0),
    "150 %": (853, 600, 1.5),
    "768": (768, 1024, 1.0),
    "390": (390, 844, 1.0),
}


@pytest.fixture(scope="module", autouse=True)
def shipped(server: Any) -> Iterator[None]:
    with ExitStack() as lent:
        for name in ("vae-2d-mnist", "vae-16d-mnist", "cvae-mnist"):
            lent.enter_context(server.lend(name))
        yield


def opened(new_tab: NewTab, name: str) -> Page:
    address, complete = PAGES[name]
    page = new_tab(address)
    expect(page.locator(complete).first).to_be_visible()
    return page


def resize(screen: CDPSession, window: str) -> None:
    width, height, ratio = WINDOWS[window]
    size = {"width": width, "height": height, "deviceScaleFactor": ratio, "mobile": False}
    screen.send("Emulation.setDeviceMetricsOverride", size)


def settled(page: Page, faults: Callable[[], list[str]]) -> list[str]:
    """Faults that last: charts and canvases take a moment to follow the window."""
    for _ in range(PATIENCE // 250):
        page.wait_for_timeout(250)
        found = faults()
        if not found:
            break
    return found


def violations(page: Page, rules: list[str]) -> list[str]:
    """Of WCAG 2.2 A and AA, as far as axe-core finds them."""
    if not page.evaluate("Boolean(window.axe)"):
        page.evaluate(AXE)
    found: list[str] = page.evaluate(
        """async (rules) => (await axe.run(document, { runOnly: rules, resultTypes: ["violations"] }))
            .violations.flatMap(({ id, nodes }) => nodes.map(({ target, html, any, all, none }) =>
                `${id}: ${html.slice(0, 120)} ${[...any, ...all, ...none][0]?.message ?? ""}`))""",
        rules,
    )
    return found


def nameless(page: Page) -> list[str]:
    """Controls and pictures that a screen reader cannot tell from others, by what it would read."""
    said = page.locator("body").aria_snapshot()
    names = re.findall(r"- (button|img|slider|link) ?(?:\"((?:[^\"\\]|\\.)*)\")?", said)
    counted = Counter(names)
    return [
        f"{role} “{name}”, {count} times"
        for (role, name), count in counted.items()
        if re.search(r"\b[a-z]+_[a-z]+\b", name)  # the name of an icon
        or (role != "img" and not name)
        or (role == "button" and name == "Help" and count > 1)
        or (role == "img" and re.search(r"\d$", name) and count > 1)
    ]


@pytest.mark.timeout(300)
@pytest.mark.parametrize("name", PAGES)
def test_nothing_overlaps_is_cut_hard_to_read_or_nameless(new_tab: NewTab, name: str) -> None:
    page = opened(new_tab, name)
    screen = page.context.new_cdp_session(page)
    found = {("light", "names"): nameless(page)}
    for theme, rules in (("light", RULES), ("dark", OF_COLOURS)):
        page.emulate_media(color_scheme=theme)
        expect(page.get_by_test_id("stApp")).to_have_css("color-scheme", theme)
        # Where things stand is the same in both themes; what they look like is not.
        for window in WINDOWS if theme == "light" else ("1280", "390"):
            resize(screen, window)
            found[theme, window] = settled(page, lambda: page.evaluate(FAULTS))
            if window in ("1280", "390"):
                found[theme, window] += settled(page, partial(violations, page, rules))
    assert {where: faults for where, faults in found.items() if faults} == {}


def test_the_replay_says_the_step_and_not_the_frame(new_tab: NewTab) -> None:
    page = opened(new_tab, "train")
    slider = page.get_by_role("slider", name="Moment of the training")
    slider.focus()
    page.keyboard.press("Home")
    expect(slider).to_have_attribute("aria-valuetext", re.compile(r"^step [\d,]+$"))


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_focus_on_a_page_link_is_seen(new_tab: NewTab, theme: str) -> None:
    page = opened(new_tab, "home")
    page.emulate_media(color_scheme=theme)  # type: ignore[arg-type]
    expect(page.get_by_test_id("stApp")).to_have_css("color-scheme", theme)
    for _ in range(20):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.matches('.stSidebar [data-testid=stPageLink-NavLink]')"):
            break
    style, ring, ground = page.evaluate(
        """() => { const on = getComputedStyle(document.activeElement);
            const side = getComputedStyle(document.querySelector('[data-testid=stSidebar]'));
            return [`${on.outlineStyle} ${on.outlineWidth}`, on.outlineColor, side.backgroundColor]; }"""
    )
    assert style == "solid 2px"
    assert contrast(ring, ground) >= 3


def contrast(one: str, other: str) -> float:
    """Of two colours as CSS computes them: WCAG 2.2, contrast ratio."""

    def luminance(colour: str) -> float:
        parts = [int(part) / 255 for part in re.findall(r"\d+", colour)[:3]]
        red, green, blue = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts)
        return 0.2126 * red + 0.7152 * green + 0.0722 * blue

    darker, lighter = sorted((luminance(one), luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


def test_one_ground_of_the_map_is_always_shown_and_a_draw_says_what_it_waits_for(new_tab: NewTab) -> None:
    page = opened(new_tab, "latent map")
    ground = page.locator(".latent-map .grounds .toggle")
    shown = page.locator('.latent-map .grounds .toggle[aria-pressed="true"]')
    expect(shown).to_have_text("Data q(z)")
    shown.click()
    expect(shown).to_have_text("Data q(z)")
    ground.filter(has_text="log p/q").click()
    expect(shown).to_have_text("log p/q")
    # And what cannot be used yet says what it waits for.
    expect(page.get_by_role("button", name="Draw ε")).to_be_disabled()
    hint = page.locator(".latent-map .epsilon .strip").evaluate("e => getComputedStyle(e, '::after').content")
    assert hint == '"Pin an image first"'


def test_the_frame_on_a_strip_stands_around_one_picture(new_tab: NewTab) -> None:
    page = opened(new_tab, "traverse")
    slider = page.locator(".traverse input[type=range]").first
    slider.focus()
    for _ in range(7):
        slider.press("ArrowRight")
        off = page.locator(".traverse .strip").first.evaluate(
            """strip => {
                const box = e => e.getBoundingClientRect(), middle = e => (box(e).left + box(e).right) / 2;
                const frame = middle(strip.querySelector('.here'));
                const pictures = [...strip.querySelectorAll('canvas')];
                return Math.min(...pictures.map(picture => Math.abs(middle(picture) - frame)));
            }"""
        )
        assert off < 1

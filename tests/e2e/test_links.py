"""After every kind of choice: F5, a stranger with the link, and Back show what was on screen."""

import re
import shutil
import signal
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from tests.e2e.conftest import IDLE, close_picker
from vae_core.runs.run import Run

NewTab = Callable[[str], Page]
Shown = list[str]

# What a person sees of the state: values of controls, what is pressed and chosen, pictures by their pixels.
# Canvases under the pointer are left out, and lists that are folded away. Null while the page does not rest:
# a script runs, what it has replaced is still there, or the browser has not loaded the code of a control.
STATE = """(idle) => {
    if (!document.querySelector(idle)) return null;
    if (document.querySelector("[data-stale=true], [data-testid=stSkeleton]")) return null;
    const found = [];
    const text = (e) => e.innerText.replace(/\\s+/g, " ").trim();
    const named = (e) => e.getAttribute("aria-label") ?? e.closest("[data-testid]")?.dataset.testid ?? "";
    const walk = (root) => {
        for (const e of root.querySelectorAll("*")) {
            if (e.shadowRoot) walk(e.shadowRoot);
            if (!e.checkVisibility() || e.closest("[data-testid=stSidebar]")) continue;
            if (e.matches("input[type=checkbox], input[type=radio]")) {
                found.push(`${named(e)}: ${e.checked}`);
            } else if (e.matches("input:not([type=file])")) {
                found.push(`${named(e)}: ${e.getAttribute("aria-valuetext") ?? e.value}`);
            } else if (e.matches("[data-testid=stSelectbox], [data-testid=stSliderThumbValue]")) {
                found.push(text(e));
            } else if (e.matches("[aria-pressed], [aria-checked]")) {
                found.push(`${text(e)}: ${e.ariaPressed ?? e.ariaChecked}`);
            } else if (e.matches("img")) found.push(`${e.alt}: ${e.currentSrc.slice(-80)}`);
            else if (e.matches(".said, .elbo-picked p")) found.push(text(e));
        }
    };
    walk(document);
    return found;
}"""


@pytest.fixture(scope="module")
def run(server: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Run]:
    """A small joint VAE of scikit-learn's digits: three dimensions, classes, a classifier."""
    from vae_core import recipes, train

    path = tmp_path_factory.mktemp("trained") / "mine"
    changes = {"data.name": "digits", "latent": 3, "training.steps": 80, "net.widths": [32]}
    train(recipes.get("joint-vae").change(**changes), out=path)
    shutil.copytree(path, path.with_name("second"))
    with server.lend(path) as run, server.lend(path.with_name("second")):
        yield run


def steady(page: Page, wait_until: Any) -> Shown:
    """What is on screen once it rests: nothing is awaited, and twice the same is there."""
    last: list[Shown | None] = [None]

    def same() -> bool:
        page.wait_for_timeout(400)
        before, last[0] = last[0], page.evaluate(STATE, IDLE)
        waiting = page.get_by_text(re.compile("hourglass_top|looking for")).filter(visible=True)
        return bool(before) and before == last[0] and not waiting.count()

    wait_until(same, "the page rests", 30)
    assert last[0] is not None
    return last[0]


def comes_to(page: Page, shown: Shown, wait_until: Any) -> None:
    """A component may come after the page has rested for a moment: what it ends at counts."""
    for _ in range(5):
        if (found := steady(page, wait_until)) == shown:
            break
    assert found == shown


@pytest.fixture
def holds(browser: Browser, wait_until: Any) -> Callable[..., Shown]:
    """After F5 the page shows the same, and so does its link, opened by a stranger; returns what."""

    def holds(page: Page, *parameters: str, stranger: bool = True) -> Shown:
        for parameter in parameters:
            expect(page).to_have_url(re.compile(rf"[?&]{parameter}="))
        shown, address = steady(page, wait_until), page.url
        pages = [page]
        with closing(browser.new_context(viewport={"width": 1280, "height": 900})) as context:
            if stranger:
                pages.append(context.new_page())
                pages[1].goto(address, wait_until="commit")
            page.reload()
            for each in pages:
                comes_to(each, shown, wait_until)
                assert each.url == address
        return shown

    return holds


def choose(page: Page, label: str, option: str) -> None:
    page.get_by_role("combobox", name=label, exact=True).click()
    page.get_by_role("option", name=option, exact=True).click()


def turn_to(page: Page, name: str) -> None:
    page.get_by_role("radio", name=name, exact=True).click()


def fill(page: Page, label: str, number: int) -> None:
    field = page.get_by_role("spinbutton", name=label)
    field.fill(str(number))
    field.press("Enter")


def save(page: Page, name: str) -> None:
    field = page.get_by_role("textbox", name="Name of this direction")
    field.fill(name)
    field.press("Enter")
    page.get_by_role("button", name="Keep it").click()


def press(slider: Locator, key: str, times: int = 1) -> None:
    slider.focus()
    for _ in range(times):
        slider.press(key)


def opened(page: Page, picker: str, way: str) -> None:
    page.locator(f".st-key-{picker}-change").get_by_role("button", name="Change").click()
    page.get_by_role("radio", name=way, exact=True).click()  # and not the switch "Drawn"


# --- one page after another -------------------------------------------------------------------------


def test_the_latent_map(new_tab: NewTab, run: Run, holds: Any) -> None:
    page = new_tab(f"/latent_map?run={run.name}")
    application = page.get_by_role("application", name="Latent map of")
    expect(application).to_be_visible()
    fill(page, "Across", 3)
    page.get_by_role("button", name="Range, holes").click()
    press(page.locator("[class*=st-key-at-range]").get_by_role("slider"), "ArrowRight")
    press(page.locator("[class*=st-key-at-ratio]").get_by_role("slider"), "ArrowRight")
    page.keyboard.press("Escape")
    choose(page, "Decoded as", "4")
    page.get_by_role("radio", name="What the KL is made of").click()
    page.get_by_role("button", name="Decoded grid").click()
    page.get_by_role("button", name="Prior p(z)").click()
    box = application.bounding_box()
    assert box is not None
    page.mouse.click(box["x"] + 0.6 * box["width"], box["y"] + 0.4 * box["height"])
    expect(page).to_have_url(re.compile(r"[?&]z="))
    page.mouse.wheel(0, -300)
    expect(page).to_have_url(re.compile(r"[?&]view="))
    page.mouse.move(5, 5)
    turn_to(page, "Slice")
    holds(page, "plane", "across", "range", "ratio", "class", "show", "layers", "z", "view")


def test_traverse(new_tab: NewTab, run: Run, pick: Any, holds: Any) -> None:
    page = new_tab(f"/traverse?run={run.name}")
    pick(page, "start", 4)
    turn_to(page, "Quantiles")
    page.get_by_role("combobox", name="Compare with").click()
    page.get_by_role("option", name="second").click()
    page.get_by_role("radio", name="Take away").click()
    sliders = page.locator(".traverse input[type=range]")
    expect(sliders).to_have_count(6)
    page.get_by_role("button", name="Link sliders").click()
    press(sliders.first, "ArrowRight", 2)
    press(sliders.last, "End")
    choose(page, "Dimension of the GIF", "z1")
    expect(page).to_have_url(re.compile(r"[?&]move2="))
    holds(page, "start", "reach", "with", "part", "move", "move2", "linked")


def test_interpolate(new_tab: NewTab, run: Run, pick: Any, stroke: Any, holds: Any) -> None:
    page = new_tab(f"/interpolate?run={run.name}")
    pick(page, "a", 5)
    opened(page, "b", "Draw")
    canvas = page.locator(".paint.draw .over")
    expect(canvas).to_be_visible()
    stroke(page, canvas, (0.3, 0.2), (0.7, 0.2), (0.4, 0.8))
    expect(page).to_have_url(re.compile(r"[?&]b=draw\."))
    close_picker(page)
    turn_to(page, "Spherical")
    page.get_by_role("combobox", name="Compare with").click()
    page.get_by_role("option", name="against second").click()
    press(page.get_by_role("slider", name="t, the place on the path").first, "ArrowRight", 3)
    holds(page, "a", "b", "way", "compare", "t")


def test_arithmetic_and_what_is_saved_with_the_users_own_run(new_tab: NewTab, run: Run, holds: Any) -> None:
    page = new_tab(f"/interpolate?run={run.name}&tab=arithmetic")
    turn_to(page, "A class against the rest")
    choose(page, "Class", "4")
    choose(page, "Starting from", "a group on the map")
    page.get_by_role("button", name="Draw around codes").click()
    plot = page.locator(".js-plotly-plot .nsewdrag").first
    expect(plot).to_be_visible()
    box = plot.bounding_box()
    assert box is not None
    places = ((0.2, 0.2), (0.8, 0.2), (0.8, 0.8), (0.2, 0.8), (0.2, 0.25))
    points = [(box["x"] + x * box["width"], box["y"] + y * box["height"]) for x, y in places]
    page.mouse.move(*points[0])
    page.mouse.down()
    for point in points[1:]:
        page.mouse.move(*point, steps=4)
    page.mouse.up()
    expect(page).to_have_url(re.compile(r"[?&]to_in="))
    page.keyboard.press("Escape")
    press(page.locator(".interpolate input[type=range]").first, "ArrowRight", 2)
    holds(page, "tab", "direction", "of_class", "to_is", "to_in", "amount")
    save(page, "fourness")
    turn_to(page, "Kept")
    expect(page).to_have_url(re.compile(r"[?&]saved=fourness"))
    holds(page, "saved")


def test_a_direction_of_a_shipped_run_is_in_the_browser_and_the_one_in_use_in_the_link(
    new_tab: NewTab, server: Any, holds: Any, wait_until: Any
) -> None:
    page = new_tab("/interpolate?run=shown&tab=arithmetic&direction=class&of_class=3&to_is=zero")
    for name in ("first", "second"):
        save(page, name)
        expect(page.get_by_role("radio", name="Kept")).to_be_visible()
    turn_to(page, "Kept")
    choose(page, "Name", "second")
    expect(page).to_have_url(re.compile(r"[?&]saved=second"))
    holds(page, "saved")  # the stranger has the one in use from the link
    page.get_by_role("combobox", name="Name").click()
    expect(page.get_by_role("option")).to_have_text(["first", "second"])  # and the author both

    # Who has another direction of that name sees the link's, and keeps the own one.
    other = new_tab("/interpolate?run=shown&tab=arithmetic&direction=class&of_class=1&to_is=zero")
    save(other, "second")
    expect(other.get_by_role("radio", name="Kept")).to_be_visible()
    steady(other, wait_until)  # the browser has it too
    other.goto(page.url)
    expect(other.get_by_role("combobox", name="Name")).to_have_value("second (from a link)")
    expect(other.locator("[aria-label^='Along mean of 3']").first).to_be_attached()
    choose(other, "Name", "second")
    expect(other.locator("[aria-label^='Along mean of 1']").first).to_be_attached()


def test_inpaint(new_tab: NewTab, run: Run, stroke: Any, holds: Any) -> None:
    page = new_tab(f"/inpaint?run={run.name}&method=encoder")
    mask = page.locator(".paint.mask .over")
    stroke(page, mask, (0.1, 0.1), (0.4, 0.6))
    expect(page).to_have_url(re.compile(r"[?&]hide=paint\."))
    once = page.url
    stroke(page, mask, (0.1, 0.8), (0.4, 0.8))
    expect(page).not_to_have_url(once)
    page.get_by_role("button", name="Chains").click()
    press(page.locator("[class*=st-key-at-k]").get_by_role("slider"), "ArrowLeft")
    fill(page, "Seed", 7)
    page.keyboard.press("Escape")
    choose(page, "Class", "5")
    page.get_by_text("All methods on this mask").click()
    expect(page.get_by_test_id("stDataFrame")).to_be_visible()
    holds(page, "method", "hide", "k", "seed", "as", "methods")
    turn_to(page, "Denoise")
    choose(page, "Noise", "Gaussian")
    press(page.get_by_role("slider", name="Strength, %"), "ArrowRight", 3)
    holds(page, "do", "noise", "strength")


def test_generate(new_tab: NewTab, run: Run, pick: Any, holds: Any) -> None:
    page = new_tab(f"/generate?run={run.name}")
    page.get_by_role("button", name="3", exact=True).click()
    expect(page).to_have_url(re.compile(r"[?&]classes=3\b"))
    page.get_by_role("button", name="7", exact=True).click()
    press(page.get_by_role("slider", name="Temperature, %"), "ArrowLeft", 4)
    page.get_by_role("button", name="New samples").click()
    holds(page, "classes", "generate_t", "generate_seed")
    turn_to(page, "Styles")
    pick(page, "a", 6)
    choose(page, "Blend from", "1")
    expect(page).to_have_url(re.compile(r"[?&]generate_from=1\b"))
    expect(page.locator(IDLE)).to_be_visible()
    choose(page, "to", "2")
    expect(page).to_have_url(re.compile(r"[?&]generate_to=2\b"))
    turn_to(page, "Sliders")
    choose(page, "Class", "5")
    press(page.locator(".traverse input[type=range]").first, "ArrowRight", 2)
    expect(page).to_have_url(re.compile(r"[?&]generate_slide="))
    holds(page, "generate_do", "generate_class", "generate_slide")
    turn_to(page, "Styles")
    holds(page, "a", "generate_from", "generate_to", stranger=False)


def test_train(new_tab: NewTab, run: Run, holds: Any) -> None:
    page = new_tab(f"/train?run={run.name}")
    press(page.get_by_role("slider", name="β, the weight of the KL"), "ArrowRight")
    expect(page).to_have_url(re.compile(r"objective.beta"))
    page.get_by_role("button", name="Codes", exact=True).click()
    expect(page).to_have_url(re.compile(r"ground=codes"))
    page.get_by_role("button", name="Settings", exact=True).click()
    fill(page, "Latent dimensions", 7)
    expect(page).to_have_url(re.compile(r"set=latent%3D7"))
    page.keyboard.press("Escape")
    holds(page, "recipe", "ground")
    page.get_by_role("button", name="Settings", exact=True).click()
    page.get_by_role("spinbutton", name="Latent dimensions").press("ArrowUp")
    expect(page).to_have_url(re.compile(r"set=latent%3D8"))
    page.go_back()
    # For a moment the control before it is still there.
    expect(page.get_by_role("spinbutton", name="Latent dimensions").last).to_have_value("7")


# --- what is only the author's, and what outlives the server ------------------------------------------


def test_a_picture_of_ones_own_stays_in_the_browser_and_a_drawing_and_a_mask_in_the_link(
    new_tab: NewTab, server: Any, run: Run, stroke: Any, holds: Any, wait_until: Any
) -> None:
    page = new_tab(f"/inpaint?run={run.name}&method=encoder")
    opened(page, "a", "Upload")
    page.locator("input[type=file]").set_input_files(Path(__file__).parents[2] / "widgets/shell/icon.png")
    expect(page).to_have_url(re.compile(r"[?&]a=file\."))
    expect(page.locator(".st-key-picker-a")).to_contain_text("icon.png")
    steady(page, wait_until)  # for a moment the control before it is still there, and takes the press
    page.get_by_test_id("stCheckbox").get_by_text("Invert").click()
    expect(page).to_have_url(re.compile(r"inverted"))
    close_picker(page)
    stroke(page, page.locator(".paint.mask .over"), (0.2, 0.2), (0.3, 0.8))
    expect(page).to_have_url(re.compile(r"[?&]hide=paint\."))
    shown = holds(page, "a", "hide", stranger=False)
    assert any("icon.png" in text for text in shown)

    stranger = new_tab(page.url)
    note = stranger.get_by_text("This link points to a picture that only its author has.")
    expect(note).to_contain_text("Shown: image 0.")
    expect(stranger.locator(".st-key-picker-a")).to_contain_text("test image 0")
    expect(stranger).not_to_have_url(re.compile(r"[?&]a="))

    server.kill(signal.SIGTERM)
    server.start()
    page.reload()
    comes_to(page, shown, wait_until)

    mark = re.findall(r"[?&]a=([^&]*)", page.url)[0]
    page.goto(f"{server.url}/interpolate?run={run.name}&a={mark}&b={mark}")
    for key in ("a", "b"):  # both ask the browser for it
        expect(page.locator(f".st-key-picker-{key}")).to_contain_text("icon.png")
    expect(page.get_by_test_id("stAlert")).to_have_count(0)


# --- Back -------------------------------------------------------------------------------------------


def test_back_needs_one_press_after_a_page_link_and_undoes_tab_method_and_seed(
    new_tab: NewTab, run: Run, wait_until: Any
) -> None:
    page = new_tab(f"/interpolate?run={run.name}")
    slider = page.get_by_role("slider", name="t, the place on the path")
    press(slider, "End")  # the hand moves something, which is no entry
    expect(page).to_have_url(re.compile(r"[?&]t=1.5\b"))
    press(slider, "ArrowLeft", 3)
    expect(page).not_to_have_url(re.compile(r"[?&]t=1.5\b"))
    left = page.url
    page.get_by_test_id("stSidebar").get_by_role("link", name="Inpaint").click()
    expect(page).to_have_url(re.compile(r"/inpaint\?run=mine$"))
    expect(page.locator(".paint.mask .over")).to_be_visible()
    choose(page, "Method", "Encoder")
    expect(page).to_have_url(re.compile(r"method=encoder"))
    steady(page, wait_until)
    page.get_by_role("button", name="Chains").click()
    fill(page, "Seed", 7)
    expect(page).to_have_url(re.compile(r"seed=7"))
    page.keyboard.press("Escape")
    steady(page, wait_until)
    turn_to(page, "Denoise")
    expect(page.get_by_role("combobox", name="Noise")).to_be_visible()
    steady(page, wait_until)

    def step(way: Callable[[], Any]) -> None:
        way()
        steady(page, wait_until)

    step(page.go_back)
    expect(page.locator(".paint.mask .over")).to_be_visible()
    expect(page).to_have_url(re.compile(r"method=encoder.*seed=7"))
    step(page.go_back)
    expect(page).not_to_have_url(re.compile(r"seed="))
    step(page.go_back)
    expect(page).to_have_url(re.compile(r"/inpaint\?run=mine$"))
    step(page.go_back)
    expect(page).to_have_url(left)
    expect(slider).to_be_visible()
    step(page.go_forward)
    expect(page.locator(".paint.mask .over")).to_be_visible()
    page.get_by_test_id("stSidebar").get_by_role("link", name="Interpolate").click()
    expect(page).to_have_url(left)  # a page is as it was left
    step(page.go_back)
    expect(page.locator(".paint.mask .over")).to_be_visible()


# --- older and wrong addresses ------------------------------------------------------------------------


def test_a_page_under_its_old_name_opens_and_one_that_is_none_says_so(new_tab: NewTab, run: Run) -> None:
    page = new_tab(f"/generate?run={run.name}&do=styles&from=1&to=2&a=5")
    expect(page.get_by_role("radio", name="Styles")).to_be_checked()
    expect(page.get_by_text("From 1 to 2")).to_be_visible()
    expect(page).to_have_url(re.compile(r"/generate\?run=mine&a=5&generate_do=styles"))
    expect(page.get_by_test_id("stAlert")).to_have_count(0)
    page = new_tab("/nopage")
    expect(page.get_by_test_id("stAlert")).to_have_text(re.compile(r"There is no page named “nopage” here\."))
    expect(page.get_by_role("heading", name="Elbo Room")).to_be_visible()
    expect(page.get_by_role("dialog")).to_have_count(0)

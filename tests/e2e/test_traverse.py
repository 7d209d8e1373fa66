"""Traverse on its page, under a hand in Chromium."""

import re
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest
import torch
from playwright.sync_api import Locator, Page, expect

from vae_core import data
from vae_core.analysis import traverse
from vae_core.runs import names
from vae_core.runs.run import Run
from vae_core.workers import disentanglement_job

NewTab = Callable[[str], Page]


@pytest.fixture(scope="module")
def run(server: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Run]:
    """A model of the sprites with four dimensions."""
    from vae_core import recipes, train

    path = tmp_path_factory.mktemp("trained") / "turned"
    changes = {"latent": 4, "data.name": "sprites", "training.steps": 150}
    train(recipes.get("vae-2d").change(**changes), out=path)
    with server.lend(path) as run:
        yield run


@pytest.fixture(scope="module")
def other(server: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Run]:
    """Another one, whose largest KL is larger."""
    from vae_core import recipes, train

    path = tmp_path_factory.mktemp("other") / "freer"
    changes = {"latent": 4, "data.name": "sprites", "training.steps": 150, "objective.beta": 0.05}
    train(recipes.get("vae-2d").change(**changes), out=path)
    with server.lend(path) as run:
        yield run


@pytest.fixture
def page(new_tab: NewTab, run: Run) -> Page:
    page = new_tab(f"/traverse?run={run.name}&start=3")
    expect(slider(page)).to_be_visible()
    return page


def slider(page: Page) -> Locator:
    """Of the dimension with most KL."""
    return page.locator(".traverse input[type=range]").first


def first(run: Run) -> int:
    return int(traverse.usage(run.posteriors).order[0])


def test_a_moved_slider_is_decoded_stands_in_the_link_and_comes_back_with_it(
    page: Page, new_tab: NewTab, run: Run, pixels: Any
) -> None:
    slider(page).focus()
    slider(page).press("ArrowRight")
    expect(page).to_have_url(re.compile(rf"move={first(run) + 1}(:|%3A)-?\d"))
    again = new_tab(page.url)
    expect(slider(again)).to_have_attribute(
        "aria-valuetext", slider(page).get_attribute("aria-valuetext") or ""
    )
    assert again.url == page.url
    code = run.model.posteriors(data.load("sprites", "test").images[3:4]).mean[0].clone()
    z = float(re.findall(r"move=\d+(?::|%3A)(-?[\d.]+)", again.url)[0])
    code[first(run)] = z
    wanted = 255 * run.model.decode_mean(code[None])[0, 0].numpy()
    shown = pixels(again.locator(".traverse .live canvas").first)[..., 0]
    np.testing.assert_allclose(shown, wanted, atol=2)


def test_a_name_is_kept_with_the_run_and_stands_above_the_matrix(page: Page, run: Run) -> None:
    dimension = first(run)
    page.get_by_role("button", name=f"Name z{dimension + 1}").first.click(force=True)
    page.get_by_role("textbox", name=f"Name of z{dimension + 1}").fill("across")
    page.keyboard.press("Enter")
    # Streamlit keeps the old figure until the new one is there.
    above = page.locator("[class*='st-key-matrix-'] .xtick text", has_text=f"z{dimension + 1} across")
    expect(above.first).to_be_visible()
    assert names.load(run.path, 4)[dimension] == "across"


def test_metrics_show_how_far_they_are_and_can_be_cancelled(page: Page, run: Run) -> None:
    page.get_by_role("button", name="Compute the metrics").click()
    page.get_by_role("button", name="Cancel").click()
    expect(page.get_by_role("button", name="Compute the metrics")).to_be_visible()
    assert disentanglement_job.JOB.reported(run.path) is None


def test_what_is_on_screen_can_be_taken_away(page: Page, run: Run) -> None:
    slider(page).focus()
    slider(page).press("End")
    expect(page).to_have_url(re.compile(rf"move={first(run) + 1}(:|%3A)3"))
    page.get_by_role("radio", name="Take away").or_(
        page.get_by_role("button", name="Take away")
    ).first.click()
    with page.expect_download() as download:
        page.get_by_role("button", name="Dimensions, CSV").click()
    said = download.value.path().read_text().splitlines()
    lines = [line for line in said if not line.startswith("# ")]
    assert f"# link: {page.url}" in said
    assert lines[1].split(",")[:2] + lines[1].split(",")[5:6] == [
        str(first(run) + 1),
        lines[1].split(",")[1],
        "3",
    ]
    assert torch.isfinite(torch.tensor([float(v) for v in lines[1].split(",")[5:]])).all()


BLANK = """() => [...document.querySelectorAll("*")].filter((each) => each.shadowRoot)
    .flatMap((each) => [...each.shadowRoot.querySelectorAll(".board .strip canvas")])
    .map((canvas) => canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height).data)
    .filter((pixels) => !pixels.some(Boolean)).length"""


def test_a_second_run_leaves_the_first_ones_strips_as_they_are(page: Page, run: Run, other: Run) -> None:
    assert traverse.usage(other.posteriors).kl.max() > traverse.usage(run.posteriors).kl.max()
    boards = page.locator(".traverse .board")
    for _ in range(3):
        expect(boards).to_have_count(1)
        page.get_by_role("combobox", name="Compare with").click()
        page.get_by_role("option", name=re.compile(other.name)).click()
        expect(boards).to_have_count(2)
        for k in range(2):
            expect(boards.nth(k)).to_have_attribute("data-decoded", "true")
            assert boards.nth(k).locator(".strip canvas").count() > 0
        page.wait_for_function(f"({BLANK})() === 0")
        page.get_by_role("combobox", name="Compare with").click()
        page.get_by_role("option", name="no other run").click()


def test_two_runs_stand_side_by_side_and_the_map_shows_the_same_code(
    page: Page, new_tab: NewTab, run: Run
) -> None:
    both = new_tab(f"/traverse?run={run.name}&from=prior&with={run.name}")
    expect(both.locator(".traverse .board")).to_have_count(1)  # not with itself
    page.get_by_role("link", name="On the latent map").click()
    expect(page).to_have_url(re.compile(r"latent_map\?.*z="))
    expect(page.get_by_role("application", name=re.compile("Latent map"))).to_be_visible()

"""Generate on its page, under a hand in Chromium."""

import json
import re
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest
import torch
from playwright.sync_api import Page, expect

from vae_core import data
from vae_core.model import oracle_classifier
from vae_core.runs.run import Run

NewTab = Callable[[str], Page]


@pytest.fixture(scope="module")
def run(server: Any) -> Iterator[Run]:
    """It has a classifier too."""
    with server.lend("joint-vae-mnist") as run:
        yield run


def turn_to(page: Page, tab: str) -> None:
    page.get_by_role("radio", name=tab).or_(page.get_by_role("button", name=tab)).first.click()


def test_samples_are_of_the_class_that_is_asked_for_and_sliders_move_under_it(
    new_tab: NewTab, run: Run, pixels: Any, wait_until: Any
) -> None:
    page = new_tab(f"/generate?run={run.name}")
    images = page.locator(".elbo-sheet img")
    expect(images).to_have_count(120)
    page.get_by_role("button", name="3", exact=True).click()
    expect(images).to_have_count(12)
    samples = np.stack([pixels(images.nth(k))[..., 0] for k in range(12)])
    read = oracle_classifier.load("mnist").read(torch.from_numpy(samples[:, None])).argmax(1)
    assert (read == 3).sum() >= 10
    before = images.first.get_attribute("src") or ""
    page.get_by_role("button", name="New samples").click()
    expect(page).to_have_url(re.compile(r"[?&]generate_seed=1\b"))
    expect(images.first).not_to_have_attribute("src", before)
    expect(images).to_have_count(12)

    turn_to(page, "Sliders")
    canvas, z = page.locator(".traverse .live canvas").first, torch.zeros(run.spec.latent)

    def shows(y: int) -> None:
        grey = 255 * run.model.decode_mean(z[None], torch.tensor([y]))[0, 0].numpy()
        wait_until(
            lambda: np.abs(pixels(canvas)[..., 0] - grey).max() < 2, f"a {y} at {z.tolist()} is there", 10
        )

    shows(0)
    slider = page.locator(".traverse input[type=range]").first
    slider.focus()
    slider.press("End")
    moved = int((slider.get_attribute("aria-label") or "").removeprefix("z"))
    z[moved - 1] = 3
    shows(0)
    expect(page).to_have_url(re.compile(rf"[?&]generate_slide={moved}(:|%3A)3\b"))
    page.get_by_role("combobox", name="Class").click()
    page.get_by_role("option", name="7", exact=True).click()
    expect(page).to_have_url(re.compile(r"[?&]generate_class=7\b"))
    shows(7)
    page.reload()
    shows(7)


def test_the_classifier_reads_a_picked_digit_and_the_measures_are_those_that_were_published(
    new_tab: NewTab, run: Run, pick: Any, wait_until: Any
) -> None:
    page = new_tab(f"/generate?run={run.name}&generate_do=classifier")
    test = data.load("mnist", "test")

    def read(number: int) -> None:
        """The bars come to be q(y|x) of this test image, and the longest is that of its class."""
        image = data.binarise_one(test.images[number], "test", number)[None]
        sure = run.model.classify(image.float() / 255)[0].numpy()
        assert sure.argmax() == test.labels[number]
        plot = page.locator(".st-key-generate-bars .js-plotly-plot").first
        wait_until(
            lambda: np.allclose(plot.evaluate("plot => [...(plot.data?.[0]?.x ?? [0])]"), sure, atol=1e-4),
            f"the bars of test image {number} are there",
            10,
        )

    read(0)
    pick(page, "a", 4)
    read(4)
    accuracy = (run.evaluation or {})["accuracy"]
    expect(page.get_by_text("of 10,000 test images are read right")).to_contain_text(f"{accuracy:.2%}")

    turn_to(page, "How conditional?")
    published = json.loads((run.path / "generation.json").read_text())
    measured = page.get_by_test_id("stMetricValue")
    expect(measured).to_have_count(3)
    assert measured.all_inner_texts() == [
        f"{published[name]:.1%}" for name in ("probe", "agreement", "agreement_drawn")
    ]

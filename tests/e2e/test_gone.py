"""A run that somebody deletes in one tab while it is looked at in another."""

import json
import re
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from vae_core.runs.run import Run

SHIPPED = Path(__file__).parents[2] / "checkpoints"


def press(page: Page, slider: str) -> None:
    page.locator(slider).first.focus()
    page.keyboard.press("ArrowRight")


def pin(page: Page) -> None:
    page.get_by_role("application").click(position={"x": 200, "y": 200})


def change(page: Page) -> None:
    page.locator(".st-key-a-change").get_by_role("button", name="Change").click()


# What somebody may do next on each page; each is answered by a fragment or a callback.
NEXT: dict[str, tuple[str, str, Callable[[Page], object]]] = {
    "a pin on the map": ("latent_map", "vae-2d-mnist", pin),
    "a slider of Traverse": (
        "traverse",
        "vae-16d-mnist",
        lambda page: press(page, ".traverse input[type=range]"),
    ),
    "a place on the path": (
        "interpolate",
        "vae-16d-mnist",
        lambda page: press(page, ".interpolate input[type=range]"),
    ),
    "another image of a path": ("interpolate", "vae-16d-mnist", change),
    "another image to complete": ("inpaint", "masked-16d-mnist", change),
    "another part of Generate": (
        "generate",
        "cvae-mnist",
        lambda page: (
            page.get_by_role("radio", name="Classifier")
            .or_(page.get_by_role("button", name="Classifier"))
            .first.click()
        ),
    ),
    "Resume of its training": (
        "train",
        "vae-2d-mnist",
        lambda page: page.get_by_role("button", name="Resume", exact=True).first.click(),
    ),
    "what Home offers": (
        "",
        "vae-2d-mnist",
        lambda page: page.locator(".st-key-more-victim button").first.click(),
    ),
}


@pytest.fixture
def victim(server: Any, request: pytest.FixtureRequest) -> Iterator[str]:
    """A run of the user's own: a shipped one without its card."""
    _, shipped, _ = NEXT[request.node.callspec.params["next_step"]]
    hidden = server.runs / ".victim"
    shutil.copytree(SHIPPED / shipped, hidden, ignore=shutil.ignore_patterns("card.json"))
    status = json.loads((hidden / "status.json").read_text())
    (hidden / "status.json").write_text(json.dumps(status | {"state": "stopped"}))
    hidden.rename(server.runs / "victim")
    yield "victim"
    shutil.rmtree(server.runs / "victim", ignore_errors=True)


def delete(page: Page, name: str) -> None:
    page.locator(f".st-key-more-{name} button").first.click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_role("button", name="Delete").click()
    expect(dialog).to_be_hidden()


@pytest.mark.parametrize("next_step", NEXT)
def test_who_looks_at_a_run_that_is_deleted_is_told_so_and_shown_another(
    server: Any, new_tab: Callable[[str], Page], victim: str, next_step: str
) -> None:
    where, _, act = NEXT[next_step]
    page = new_tab(f"/{where}?run={victim}" + "&all_runs=1" * (not where))
    expect(page.get_by_role("combobox", name="Run in use")).to_have_value(re.compile(victim))
    page.wait_for_load_state("networkidle")
    if next_step == "a pin on the map":
        delete(new_tab("/?all_runs=1"), victim)
    else:  # as the dialog does it, without a second tab for each
        Run(server.runs / victim).delete()
    assert not (server.runs / victim).exists()
    act(page)
    expect(page.get_by_text(f"There is no run named “{victim}” here")).to_be_visible()
    expect(page).to_have_url(re.compile("run=shown"))

"""A first visit to a machine without data and without a network."""

import os
import re
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from playwright.sync_api import Page, expect

CLOSED = "http://127.0.0.1:9"  # a port at which nobody answers
WITHIN = 10.0  # seconds from the press to the first step, on a machine that does nothing else


def test_the_first_press_of_play_trains_on_strokes_and_says_so(
    own_server: Callable[..., Any],
    new_tab: Callable[[str], Page],
    tmp_path: Path,
    wait_until: Callable[..., None],
) -> None:
    empty = tmp_path / "empty"
    empty.mkdir()
    names = ("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY")
    server = own_server(
        data=empty,
        empty=True,
        environment=dict.fromkeys(names, CLOSED) | {"HOME": str(empty), "no_proxy": "127.0.0.1,localhost"},
    )
    page = new_tab(f"{server.url}/train")
    line = page.get_by_text(
        "MNIST is not on this machine and there is no network, so this trains on Strokes."
    )
    expect(line).to_be_visible()
    expect(page.get_by_text("Images: Strokes").first).to_be_visible()

    pressed = time.monotonic()
    page.get_by_role("button", name="Play", exact=True).click()
    within = WITHIN * max(1.0, os.getloadavg()[0] / (os.cpu_count() or 1))
    wait_until(lambda: any(run.status.step > 0 for run in server.all_runs()), "it trains", seconds=within)
    assert time.monotonic() - pressed < within
    expect(page.locator(".board")).to_have_attribute("data-step", re.compile(r"[1-9]\d*"))
    expect(line).to_be_visible()
    expect(page.get_by_text("There is no run named")).to_have_count(0)
    (run,) = server.all_runs()  # nothing is hidden, nothing waits behind it
    assert run.spec.data.name == "strokes"
    assert f"run={run.name}" in page.url

    page.reload()
    expect(page.get_by_text("Images: Strokes").first).to_be_attached()  # in the drawer, which a run closes
    expect(page.locator(".board")).to_have_attribute("data-run", run.name)
    page.get_by_role("button", name="Stop", exact=True).click()
    wait_until(lambda: not run.live, "the worker stops")
    expect(page.get_by_role("button", name="Resume", exact=True)).to_be_visible()
    assert len(server.all_runs()) == 1

"""Takes the pictures of the README: starts the app on a copy of the gallery, trains a run, opens the pages.

    .venv/bin/python scripts/screenshots.py [home | train | latent-map | traverse | interpolate | inpaint ...]
    .venv/bin/python scripts/screenshots.py screens FOLDER

The second takes every page whole into a folder, on screens of several widths, light and dark, to be looked at
after a change of the styles.

Needs Chromium or Chrome, and MNIST below VAE_DATA; without MNIST it trains on the drawn digits.
"""

from __future__ import annotations

import io
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path

from playwright.sync_api import Browser, Page, expect, sync_playwright

from vae_core import data
from vae_core.runs.run import Run
from widgets.run_data.comparisons import PRESETS

ROOT = Path(__file__).resolve().parents[1]

PICTURES = ROOT / "docs"
FLAGS = ["--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking"]
IDLE = '[data-testid="stApp"][data-test-connection-state="CONNECTED"][data-test-script-state="notRunning"]'
FIRST = "vae-2d-mnist"
TRAVERSED = "run=vae-16d-mnist&start=0"
COMPLETED = "run=vae-16d-mnist"
INTERPOLATED = "run=vae-2d-mnist&a=0&b=1&t=0.6"
# Every page on a run that it is made for, and every screen: width, height, device pixels to a CSS pixel.
PAGES = {
    "home": "",
    "train": f"train?run={FIRST}",
    "latent-map": f"latent_map?run={FIRST}",
    "compare": f"compare?runs={','.join(PRESETS['VAE | Autoencoder'])}",
    "compare-four": f"compare?runs={','.join(PRESETS['Four betas'])}",
    "traverse": f"traverse?{TRAVERSED}",
    "interpolate": f"interpolate?{INTERPOLATED}",
    "inpaint": "inpaint?run=vae-16d-mnist",
    "generate": "generate?run=cvae-mnist",
}
SCREENS = {
    "390": (390, 844, 1.0),
    "768": (768, 1024, 1.0),
    "1024": (1024, 768, 1.0),
    "1280": (1280, 900, 1.0),
    "1920": (1920, 1080, 1.0),
    "1280-at-150-percent": (853, 600, 1.5),
}
TALLEST = 6000  # CSS pixels of a page
STEPS = 1500  # of the training that is looked at


def main(names: list[str]) -> None:
    """All pictures, or those named; or, of every page and screen, into the folder named."""
    folder = Path(names[1]) if names[:1] == ["screens"] and len(names) == 2 else None
    if names[:1] == ["screens"] and folder is None:
        sys.exit("Name one folder for the pictures: scripts/screenshots.py screens FOLDER")
    chromium = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    if chromium is None:
        sys.exit("No Chromium or Chrome was found: install one, and run this again.")
    runs = Path(tempfile.mkdtemp(prefix="elbo-room-runs-"))
    for card in (ROOT / "checkpoints").glob("*/card.json"):
        shutil.copytree(card.parent, runs / card.parent.name)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    url = f"http://127.0.0.1:{port}"
    server = subprocess.Popen(
        [
            sys.executable,
            "-m",
            "streamlit",
            "run",
            "app.py",
            "--server.port",
            str(port),
            "--server.headless",
            "1",
        ],
        cwd=ROOT,
        env=os.environ | {"VAE_RUNS": str(runs), "VAE_GALLERY": str(runs)},
        stdout=subprocess.DEVNULL,
    )
    try:
        while not answers(url):
            time.sleep(0.1)
        PICTURES.mkdir(exist_ok=True)
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=chromium, args=FLAGS)
            if folder is not None:
                screens(browser, url, folder)
                return
            light = browser.new_page(viewport={"width": 1440, "height": 900}, color_scheme="light")
            dark = browser.new_page(viewport={"width": 1440, "height": 900}, color_scheme="dark")
            scenes = {
                "home": lambda: take(light, url, "home", gallery),
                "train": lambda: take(light, train_link(url), "train", watch),
                "latent-map": lambda: take(dark, f"{url}/latent_map?run={FIRST}", "latent-map", shown),
                "traverse": lambda: take(light, f"{url}/traverse?{TRAVERSED}", "traverse", traversed),
                "interpolate": lambda: take(
                    light, f"{url}/interpolate?{INTERPOLATED}", "interpolate", interpolated
                ),
                "inpaint": lambda: take(light, f"{url}/inpaint?{COMPLETED}", "inpaint", completed),
                "four-maps": lambda: four_maps(light, url),
            }
            for name in names or scenes:
                scenes[name]()
            browser.close()
    finally:
        for run in (Run(path.parent) for path in runs.glob("*/spec.json")):
            if run.status.active and not run.is_gallery:
                run.stop()
                while run.live:
                    time.sleep(0.1)
        server.send_signal(signal.SIGTERM)
        server.wait(20)
        shutil.rmtree(runs, ignore_errors=True)


def screens(browser: Browser, url: str, folder: Path) -> None:
    """Every page, as high as it is, on every screen, light and dark."""
    folder.mkdir(parents=True, exist_ok=True)
    for theme in ("light", "dark"):
        for screen, (width, height, ratio) in SCREENS.items():
            size = {"width": width, "height": height}
            context = browser.new_context(viewport=size, device_scale_factor=ratio, color_scheme=theme)
            for name, address in PAGES.items():
                page = context.new_page()
                page.goto(f"{url}/{address}")
                page.wait_for_selector(IDLE, timeout=60_000)
                page.wait_for_timeout(2500)  # charts, canvases and what is computed beside the page
                page.wait_for_selector(IDLE, timeout=60_000)
                whole = page.get_by_test_id("stMain").evaluate("main => main.scrollHeight")
                page.set_viewport_size({"width": width, "height": max(height, min(whole, TALLEST))})
                page.wait_for_timeout(500)
                page.screenshot(path=folder / f"{name}-{screen}-{theme}.png")
                page.close()
            context.close()
            print(folder / f"*-{screen}-{theme}.png")


def answers(url: str) -> bool:
    try:
        urllib.request.urlopen(f"{url}/_stcore/health", timeout=1).close()
    except OSError:
        return False
    return True


def train_link(url: str) -> str:
    name = "mnist" if data.thumbnail("mnist") is not None else "strokes"
    return f"{url}/train?recipe=vae-2d&set=data.name={name}"


def take(page: Page, link: str, name: str, ready) -> None:
    page.goto(link)
    page.wait_for_selector(IDLE, timeout=60_000)
    ready(page)
    page.screenshot(path=PICTURES / f"{name}.png")
    print(PICTURES / f"{name}.png")


def gallery(page: Page) -> None:
    expect(page.locator(".elbo-card").first).to_be_visible()


def watch(page: Page) -> None:
    """Trains for a while, with beta moved on the way, so that the mark is in the picture."""
    page.get_by_role("button", name="Play", exact=True).first.click()
    reaches(page, STEPS // 2)
    page.get_by_role("slider", name="β, the weight of the KL").focus()
    for _ in range(2):
        page.keyboard.press("ArrowRight")
    reaches(page, STEPS)
    page.mouse.click(5, 5)


def reaches(page: Page, step: int) -> None:
    page.wait_for_function(
        """step => [...document.querySelectorAll('*')].some(e => e.shadowRoot?.querySelector('.board')
           && !e.shadowRoot.querySelector('.board').dataset.run.endsWith('-mnist')
           && +e.shadowRoot.querySelector('.board').dataset.step >= step)""",
        arg=step,
        timeout=240_000,
    )


def shown(page: Page) -> None:
    expect(page.locator(".latent-map .waiting")).to_be_hidden(timeout=60_000)
    expect(page.get_by_text("Hole mass").first).to_be_visible(timeout=60_000)
    page.wait_for_timeout(300)  # a frame or two, for the canvas


def traversed(page: Page) -> None:
    expect(page.locator(".traverse input[type=range]").first).to_be_visible(timeout=60_000)
    expect(page.locator(".traverse .waiting")).to_be_hidden(timeout=60_000)
    page.wait_for_timeout(1500)  # the strips come one by one


def interpolated(page: Page) -> None:
    expect(page.locator(".interpolate .side[data-decoded='true']")).to_be_visible(timeout=60_000)
    expect(page.locator(".interpolate .passed[data-known='true']")).to_be_visible(timeout=60_000)
    page.wait_for_timeout(300)  # a frame or two, for the canvas


def completed(page: Page) -> None:
    expect(page.locator(".found .badge")).to_contain_text("mixed", timeout=60_000)
    page.wait_for_selector(IDLE)


def four_maps(page: Page, url: str) -> None:
    """The page Compare at four values of beta: maps, and above each its hole mass and ELBO."""
    from PIL import Image

    page.set_viewport_size({"width": 1440, "height": 1700})  # the sheet whole
    page.goto(f"{url}/compare?runs={','.join(PRESETS['Four betas'])}&layers=posterior,points,prior,holes")
    page.wait_for_selector(IDLE, timeout=60_000)
    for k in range(4):
        expect(page.locator(".latent-map[data-size=compact] .waiting").nth(k)).to_be_hidden(timeout=60_000)
    page.wait_for_timeout(2000)  # the replays come, and the page settles
    page.wait_for_selector(IDLE, timeout=60_000)
    picture = page.locator(".st-key-compare-maps-4").screenshot()
    Image.open(io.BytesIO(picture)).convert("RGB").quantize(200).save(
        PICTURES / "four-maps.png", optimize=True
    )
    print(PICTURES / "four-maps.png")
    page.set_viewport_size({"width": 1440, "height": 900})


if __name__ == "__main__":
    main(sys.argv[1:])

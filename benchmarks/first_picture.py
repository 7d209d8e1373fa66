"""How soon each page shows a picture, and how many bytes it takes.

    .venv/bin/python benchmarks/first_picture.py [PAGE ...] [--rounds 3] [--quick]

cold: from the address to the first picture, for the first visitor of a server that has just started.
warm: the same for a visitor without a cache, of a server that has shown the page before.
switch: from the click on the page's name in the menu, coming from Home, to the picture of a page at rest;
before it the visitor has seen every page once, as somebody has in the middle of a lecture.
bytes: what the browser receives of a warm visit, as it came through the network.

A picture is an image, a drawing or a canvas of at least 28 pixels each way (a digit of MNIST; icons are
smaller) that has been painted and stands within the window, whatever page it is; on the glossary, which has
none, its list of words.
Ends with 1 where a page shows no picture within a minute.
"""

from __future__ import annotations

import argparse
import shutil
import sys
from statistics import median
from typing import Any

from benchmarks.app_latency import FLAGS, IDLE, ROOT, library, serving
from benchmarks.browser import chromium

PAGES = (
    "home",
    "train",
    "latent_map",
    "compare",
    "traverse",
    "interpolate",
    "inpaint",
    "generate",
    "glossary",
)
RUN = "vae-2d-mnist"
WINDOW = {"width": 1280, "height": 800}
PATIENCE = 60_000  # milliseconds

# Leaves the time since `from` at which the page shows a picture, in milliseconds, or -1 after a minute.
LOOK = """(from) => new Promise(resolve => {
  const PICTURES = 'img, canvas, svg:not([data-testid])';
  const big = e => { const r = e.getBoundingClientRect();
    return r.width >= 28 && r.height >= 28 && r.top < innerHeight && r.bottom > 0 && r.left < innerWidth; };
  const painted = canvas => { if (!canvas.width || !canvas.height) return false;
    const small = document.createElement('canvas'); small.width = small.height = 24;
    const context = small.getContext('2d', { willReadFrequently: true });
    try { context.drawImage(canvas, 0, 0, 24, 24); } catch { return false; }
    return context.getImageData(0, 0, 24, 24).data.some((v, k) => k % 4 === 3 && v > 0); };
  const shows = e => e.matches('img') ? e.complete && e.naturalWidth > 0
    : e.matches('canvas') ? painted(e) : e.querySelector('path, rect, circle, line, image') !== null;
  const found = root => [...root.querySelectorAll('*')].some(e =>
    (e.matches(PICTURES) && big(e) && shows(e))
      || (e.shadowRoot && found(e.shadowRoot)));
  const look = () => {
    const here = document.querySelector('[data-testid="stMain"]');
    const stale = here?.querySelector('[data-stale="true"]');
    const title = here?.querySelector('h1')?.innerText ?? '';
    // On a switch pictures of the page before may still stand under the new title: it has to be at rest.
    const rest = !window.expected || (title.startsWith(window.expected)
      && document.querySelector('[data-testid="stApp"][data-test-script-state="notRunning"]'));
    const there = here && !stale && rest
      && (found(here) || here.querySelector('.st-key-glossary p'));
    const now = performance.now() - from;
    if (there) resolve(now); else if (now > 60000) resolve(-1); else requestAnimationFrame(look); };
  look(); })"""


def opened(browser: Any, url: str, page_name: str) -> tuple[float, int]:
    """Seconds to the first picture, and the bytes of the whole visit, of somebody without a cache."""
    context = browser.new_context(viewport=WINDOW)
    page = context.new_page()
    received = count_bytes(context, page)
    page.goto(address(url, page_name), wait_until="commit")
    taken = page.evaluate(f"({LOOK})(0)") / 1000  # the page's clock begins with the request for it
    page.wait_for_selector(IDLE, timeout=PATIENCE)
    page.wait_for_timeout(500)
    context.close()
    return taken, sum(received)


def address(url: str, page_name: str) -> str:
    return url if page_name == "home" else f"{url}/{page_name}?run={RUN}"


def count_bytes(context: Any, page: Any) -> list[int]:
    """A list that grows with what the page receives: files as they came compressed, messages whole."""
    received: list[int] = []
    session = context.new_cdp_session(page)
    session.send("Network.enable")
    session.on("Network.loadingFinished", lambda event: received.append(int(event["encodedDataLength"])))
    session.on(
        "Network.webSocketFrameReceived",
        # The payload of a binary frame is given in base64.
        lambda event: received.append(len(event["response"]["payloadData"]) * 3 // 4),
    )
    return received


def switched(browser: Any, url: str, names: list[str], rounds: int) -> dict[str, list[float]]:
    """Seconds from the click in the menu to the first picture, by page."""
    from widgets.shell.menu import MENU

    context = browser.new_context(viewport=WINDOW)
    page = context.new_page()
    page.goto(f"{url}/?run={RUN}")
    page.wait_for_selector(IDLE, timeout=PATIENCE)
    heading = page.locator("h1").first.inner_text()  # of Home, which has another than in the menu
    taken: dict[str, list[float]] = {name: [] for name in names}

    def go(name: str) -> float:
        title = MENU[name][0]
        page.evaluate("title => { window.expected = title; }", heading if name == "home" else title)
        link = page.locator('[data-testid="stSidebar"]').get_by_role("link", name=title, exact=True).first
        link.wait_for()
        page.evaluate(
            f"() => {{ document.addEventListener('click', () => {{ const from = performance.now();"
            f" window.seen = ({LOOK})(from); }}, {{ once: true, capture: true }}); }}"
        )
        link.click()
        seconds = page.evaluate("() => window.seen") / 1000
        page.wait_for_selector(IDLE, timeout=PATIENCE)
        page.wait_for_timeout(300)
        return float(seconds)

    for turn in range(rounds + 1):
        for name in names:
            if name == "home":
                go("train" if len(names) == 1 else names[-1])
            else:
                go("home")
            seconds = go(name)
            if turn or rounds == 0:  # the first turn is that on which every page is seen once
                taken[name].append(seconds)
    context.close()
    return taken


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("pages", nargs="*", metavar="PAGE", help=", ".join(PAGES))
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--quick", action="store_true", help="two pages, once")
    chosen = parser.parse_args()
    if unknown := set(chosen.pages) - set(PAGES):
        parser.error(f"there is no page {', '.join(sorted(unknown))}; choose from {', '.join(PAGES)}")
    names = chosen.pages or list(PAGES[:2] if chosen.quick else PAGES)
    rounds = 1 if chosen.quick else chosen.rounds
    from playwright.sync_api import sync_playwright

    runs = library()
    cold: dict[str, list[float]] = {name: [] for name in names}
    warm: dict[str, list[float]] = {name: [] for name in names}
    sent: dict[str, int] = {}
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium(), args=FLAGS)
        for _ in range(rounds):
            for name in names:
                with serving(ROOT / "app.py", runs) as url:
                    cold[name].append(opened(browser, url, name)[0])
                    seconds, sent[name] = opened(browser, url, name)
                    warm[name].append(seconds)
        with serving(ROOT / "app.py", runs) as url:
            switch = switched(browser, url, names, rounds)
        browser.close()
    shutil.rmtree(runs, ignore_errors=True)
    print("| Page | Cold | Warm | Switch | Bytes of a visit |\n|---|---|---|---|---|")
    for name in names:
        cells = (shown(values[name]) for values in (cold, warm, switch))
        print(f"| {name} | {' | '.join(cells)} | {sent[name] / 1000:,.0f} kB |")
    late = [n for n in names if min(*cold[n], *warm[n], *switch[n]) < 0]
    if late:
        print(f"\nNo picture within a minute: {', '.join(late)}.", file=sys.stderr)
    return 1 if late else 0


def shown(seconds: list[float]) -> str:
    """The median, and the least and the most."""
    return f"{median(seconds):.2f} s ({min(seconds):.2f} to {max(seconds):.2f})"


if __name__ == "__main__":
    raise SystemExit(main())

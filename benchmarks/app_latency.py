"""How quick the app is, in one run on one machine: first content, first report, training while many look on.

    VAE_DATA=... .venv/bin/python benchmarks/app_latency.py [home] [play] [strokes] [polling]

home: from opening the address in Chromium to the first content of Home, and to the text of a Streamlit page
of one line, each from a server that has just started; they take turns.
play: from the click on Play to the first report of that run on the board, on MNIST; the first run of a server
and the second one.
strokes: from the click on Play to the first points on the map and to the first report, on images that have to
be drawn first; clicked at once, and by somebody who looks at the form for eight seconds.
polling: training speed with none, with one and with eight sessions on the Train page. They are websocket
clients that behave as a browser does (no browser shares the cores); turns alternate.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks.browser import chromium

ROOT = Path(__file__).resolve().parents[1]

FLAGS = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
         "--disable-background-networking", "--disable-component-update", "--disable-sync"]  # fmt: skip
IDLE = '[data-testid="stApp"][data-test-connection-state="CONNECTED"][data-test-script-state="notRunning"]'
ONE_LINE = 'import streamlit as st\nst.markdown("One line.")\n'
SESSIONS = 8
TURN = 12.0  # seconds


@contextmanager
def serving(script: Path, runs: Path) -> Iterator[str]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "streamlit", "run", str(script), "--server.port", str(port)]
    process = subprocess.Popen(
        [*command, "--server.headless", "true"],
        cwd=script.parent,
        env=os.environ | {"VAE_RUNS": str(runs), "VAE_GALLERY": str(runs)},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    url = f"http://127.0.0.1:{port}"
    try:
        while True:
            try:
                urllib.request.urlopen(f"{url}/_stcore/health", timeout=1).close()
                break
            except OSError:
                time.sleep(0.02)
        yield url
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(20)


def library() -> Path:
    """A scratch library with the shipped gallery."""
    runs = Path(tempfile.mkdtemp(prefix="elbo-room-runs-"))
    for card in (ROOT / "checkpoints").glob("*/card.json"):
        shutil.copytree(card.parent, runs / card.parent.name)
    return runs


def stop_all(runs: Path) -> None:
    from vae_core.runs.run import Run

    for path in runs.glob("*/spec.json"):
        run = Run(path.parent)
        if run.status.active and not run.is_gallery:
            run.stop()
            while run.live:
                time.sleep(0.05)


# --- first content ------------------------------------------------------------------------------


def home(browser: Any, rounds: int) -> list[tuple[str, str]]:
    line = Path(tempfile.mkdtemp()) / "line.py"
    line.write_text(ONE_LINE)
    runs = library()
    pages = {
        "one line": (line, "text=One line."),
        "Home": (ROOT / "app.py", ".elbo-card, .st-key-first-steps"),
    }
    times: dict[str, list[float]] = {name: [] for name in pages}
    again: dict[str, list[float]] = {name: [] for name in pages}
    for _ in range(rounds):
        for name, (script, content) in pages.items():
            with serving(script, runs) as url:
                times[name].append(_open(browser, url, content))
                again[name].append(_open(browser, url, content))
    rows = []
    for who, taken in (("first visitor", times), ("next visitor", again)):
        for name, values in taken.items():
            rows.append(
                (f"{name}, {who}", f"{median(values):.2f} s ({min(values):.2f} to {max(values):.2f})")
            )
        rows.append((f"difference, {who}", f"{median(taken['Home']) - median(taken['one line']):.2f} s"))
    return rows


def _open(browser: Any, url: str, content: str) -> float:
    context = browser.new_context(viewport={"width": 1280, "height": 800})
    page = context.new_page()
    start = time.perf_counter()
    page.goto(url, wait_until="commit")
    page.locator(content).first.wait_for(state="visible", timeout=60_000)
    taken = time.perf_counter() - start
    context.close()
    return taken


# --- Play ---------------------------------------------------------------------------------------

POINTS = """() => { window.clicked = performance.now(); window.seen = new Promise(resolve => { let points = 0;
  const look = () => { const now = performance.now() - window.clicked;
    const hosts = [...document.querySelectorAll('*')];
    const b = hosts.map(e => e.shadowRoot?.querySelector('.board')).find(Boolean);
    if (b && +b.dataset.points > 0) points ||= now;
    if (b && +b.dataset.step > 0) resolve([points, now]); else requestAnimationFrame(look); };
  look(); }); }"""
LOOKS_AT_IT = 8.0  # seconds

WATCH = """() => { window.clicked = performance.now(); window.reported = new Promise(resolve => {
  const host = () => [...document.querySelectorAll('*')].find(e => e.shadowRoot?.querySelector('.board'));
  const before = host()?.shadowRoot.querySelector('.board').dataset.run;
  const look = () => { const b = host()?.shadowRoot.querySelector('.board');
    if (b && b.dataset.run !== before && +b.dataset.step > 0) resolve(performance.now() - window.clicked);
    else requestAnimationFrame(look); };
  look(); }); }"""


def play(browser: Any, rounds: int) -> list[tuple[str, str]]:
    first, second = [], []
    for _ in range(rounds):
        runs = library()
        with serving(ROOT / "app.py", runs) as url:
            page = browser.new_page(viewport={"width": 1280, "height": 900})
            page.goto(f"{url}/train?recipe=vae-2d&set=data.name=mnist")
            page.wait_for_selector(IDLE, timeout=60_000)
            for taken in (first, second):
                # After a run has ended the same button is called by what it does then.
                button = page.locator(".st-key-play button").first
                button.wait_for()
                page.wait_for_selector(IDLE)
                page.evaluate(WATCH)
                button.click()
                taken.append(page.evaluate("() => window.reported") / 1000)
                page.get_by_role("button", name="Stop", exact=True).first.click()
                page.locator(".st-key-stage").get_by_text("stopped", exact=True).wait_for()
                stop_all(runs)
            page.close()
        shutil.rmtree(runs, ignore_errors=True)
    show = lambda values: f"{median(values):.2f} s ({min(values):.2f} to {max(values):.2f})"  # noqa: E731
    return [("first run of a server, clicked at once", show(first)), ("second run", show(second))]


def strokes(browser: Any, rounds: int) -> list[tuple[str, str]]:
    rows = []
    for waits in (0.0, LOOKS_AT_IT):
        points, reports = [], []
        for _ in range(rounds):
            empty, runs = tempfile.mkdtemp(prefix="elbo-room-data-"), Path(tempfile.mkdtemp())
            before = {name: os.environ.get(name) for name in ("VAE_DATA", "HOME")}
            os.environ |= dict.fromkeys(before, empty)
            with serving(ROOT / "app.py", runs) as url:
                page = browser.new_page(viewport={"width": 1280, "height": 800})
                page.goto(f"{url}/train?recipe=vae-2d&set=data.name=strokes")
                page.wait_for_selector(IDLE, timeout=60_000)
                time.sleep(waits)
                page.evaluate(POINTS)
                page.get_by_role("button", name="Play", exact=True).first.click()
                first, report = page.evaluate("() => window.seen")
                points.append(first / 1000)
                reports.append(report / 1000)
                page.close()
                stop_all(runs)
            os.environ |= {name: value for name, value in before.items() if value is not None}
            for folder in (empty, runs):
                shutil.rmtree(folder, ignore_errors=True)
        when = "at once" if not waits else f"after {waits:.0f} s"
        for what, values in (("first points", points), ("first report", reports)):
            rows.append(
                (
                    f"strokes, clicked {when}: {what}",
                    f"{median(values):.2f} s ({min(values):.2f} to {max(values):.2f})",
                )
            )
    return rows


# --- many sessions ------------------------------------------------------------------------------


async def watch(url: str, run: str, seconds: float) -> int:
    """One session on the Train page, as a browser holds it. Returns how many new boards it was sent."""
    import websockets
    from streamlit.proto.BackMsg_pb2 import BackMsg
    from streamlit.proto.ForwardMsg_pb2 import ForwardMsg

    updates, seen, timers = 0, set(), {}
    async with websockets.connect(
        url.replace("http", "ws") + "/_stcore/stream", subprotocols=["streamlit"], max_size=None
    ) as socket_:
        ask = BackMsg()
        ask.rerun_script.query_string = f"run={run}"
        ask.rerun_script.page_name = "train"
        await socket_.send(ask.SerializeToString())
        end = time.monotonic() + seconds
        while (now := time.monotonic()) < end:
            due = min(timers.values(), key=lambda timer: timer[1], default=None)
            if due is not None and due[1] <= now:
                fragment, _, interval = due
                timers[fragment] = (fragment, now + interval, interval)
                ask = BackMsg()
                ask.rerun_script.query_string = f"run={run}"
                ask.rerun_script.fragment_id = fragment
                ask.rerun_script.is_auto_rerun = True
                await socket_.send(ask.SerializeToString())
                continue
            try:
                wait = max(0.001, min(end, due[1] if due else end) - now)
                raw = await asyncio.wait_for(socket_.recv(), wait)
            except TimeoutError:
                continue
            message = ForwardMsg.FromString(raw)
            kind = message.WhichOneof("type")
            if kind == "auto_rerun":
                rerun = message.auto_rerun
                timers.setdefault(
                    rerun.fragment_id, (rerun.fragment_id, now + rerun.interval, rerun.interval)
                )
            board = kind == "delta" and message.delta.new_element.WhichOneof("type") == "bidi_component"
            if board and message.hash not in seen:
                seen.add(message.hash)
                updates += 1
    return updates


def polling(rounds: int) -> list[tuple[str, str]]:
    from vae_core import recipes
    from vae_core.runs.run import create

    runs = library()
    os.environ["VAE_RUNS"] = os.environ["VAE_GALLERY"] = str(runs)
    crowds = (0, 1, SESSIONS)
    speeds: dict[int, list[float]] = {crowd: [] for crowd in crowds}
    updates: dict[int, list[float]] = {crowd: [] for crowd in crowds}
    with serving(ROOT / "app.py", runs) as url:
        run = create(recipes.get("vae-2d").change(**{"training.epochs": 5000}))
        asyncio.run(watch(url, run.name, 3.0))  # the first page starts the launcher
        while run.status.step == 0:
            time.sleep(0.1)
        time.sleep(12.0)  # the server imports what it needs later

        async def everybody(crowd: int) -> list[int]:
            return await asyncio.gather(*(watch(url, run.name, TURN) for _ in range(crowd)))

        for _ in range(rounds):
            for crowd in crowds:
                before, start = run.status.step, time.monotonic()
                if crowd:
                    updates[crowd] += [count / TURN for count in asyncio.run(everybody(crowd))]
                else:
                    time.sleep(TURN)
                speed = (run.status.step - before) * run.spec.training.batch_size / (time.monotonic() - start)
                speeds[crowd].append(speed)
        stop_all(runs)
    shutil.rmtree(runs, ignore_errors=True)
    alone = median(speeds[0])
    rows = [("training alone", f"{alone:,.0f} images/s")]
    for crowd in crowds[1:]:
        now, told = median(speeds[crowd]), updates[crowd]
        kept = f"{now:,.0f} images/s, {100 * now / alone:.0f} % of it"
        rows += [
            (f"training with {crowd} on the page", kept),
            ("  updates per session and second", f"{median(told):.2f} (least {min(told):.2f})"),
        ]
    return rows


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("parts", nargs="*", default=["home", "play", "strokes", "polling"])
    parser.add_argument("--rounds", type=int, default=3)
    arguments = parser.parse_args()
    rows: list[tuple[str, str]] = []
    if {"home", "play", "strokes"} & set(arguments.parts):
        from playwright.sync_api import sync_playwright

        path = chromium()
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=path, args=FLAGS)
            if "home" in arguments.parts:
                rows += home(browser, arguments.rounds)
            if "play" in arguments.parts:
                rows += play(browser, arguments.rounds)
            if "strokes" in arguments.parts:
                rows += strokes(browser, arguments.rounds)
            browser.close()
    if "polling" in arguments.parts:
        rows += polling(arguments.rounds)
    for what, value in rows:
        print(f"{what:45s} {value}")


if __name__ == "__main__":
    main()

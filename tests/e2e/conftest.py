"""The real app in a process of its own, and a real browser looking at it."""

import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from vae_core.runs.run import Run

ROOT = Path(__file__).parents[2]
IDLE = '[data-testid="stApp"][data-test-connection-state="CONNECTED"][data-test-script-state="notRunning"]'
BEGUN = '[data-testid="stMain"] [data-testid="stElementContainer"]'
PATIENCE = 30_000  # milliseconds: two cores are shared by browser, server and worker

expect.set_options(timeout=PATIENCE)


class Server:
    """`streamlit run app.py` on a port of its own, which may be killed and started again."""

    def __init__(
        self,
        runs: Path,
        data: Path,
        wait_until: Callable[..., None],
        script: Path = ROOT / "app.py",
        before: Callable[[], None] | None = None,
        headless: bool = True,
        environment: Mapping[str, str] | None = None,
    ) -> None:
        self.runs, self.script, self.wait_until = runs, script, wait_until
        self.before = before  # done in the new process, before it becomes the server
        self.headless = headless
        self.environment = os.environ | {
            "VAE_RUNS": str(runs),
            "VAE_GALLERY": str(runs),
            "VAE_DATA": str(data),
            **(environment or {}),
        }
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        self.process: subprocess.Popen[bytes] | None = None
        self.start()

    def start(self) -> None:
        with open(self.runs / ".server.log", "ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "streamlit", "run", str(self.script), "--server.port", str(self.port),
                 "--server.headless", str(self.headless).lower()],
                cwd=ROOT, env=self.environment, stdout=log, stderr=log, preexec_fn=self.before,
            )  # fmt: skip
        self.wait_until(self.answers, "the server answers")

    def answers(self) -> bool:
        try:
            with urllib.request.urlopen(f"{self.url}/_stcore/health", timeout=1) as answer:
                return bool(answer.status == 200)
        except OSError:
            return False

    def kill(self, how: signal.Signals = signal.SIGKILL) -> None:
        assert self.process is not None
        self.process.send_signal(how)
        self.process.wait(20)

    def all_runs(self) -> list[Run]:
        # A run on its way into the library lies in a hidden folder first.
        return [
            Run(path)
            for path in self.runs.iterdir()
            if not path.name.startswith(".") and (path / "spec.json").exists()
        ]

    @contextmanager
    def lend(self, path: str | Path) -> Iterator[Run]:
        """A copy of a run in the library, there and gone at once. A bare name is that of a shipped run."""
        source = ROOT / "checkpoints" / path
        hidden, shown = self.runs / f".{source.name}", self.runs / source.name
        shutil.copytree(source, hidden)
        hidden.rename(shown)
        try:
            yield Run(shown)
        finally:  # a test that failed leaves nothing in the way of the next one
            shown.rename(hidden)
            shutil.rmtree(hidden)


@pytest.fixture(scope="session")
def gallery_run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small trained model with a card."""
    from vae_core import recipes, train

    path = tmp_path_factory.mktemp("gallery") / "shown"
    train(recipes.get("vae-2d").change(**{"data.name": "digits", "training.steps": 150}), out=path)
    card = {"title": "Small digits, 2 dimensions", "sentence": "A first look.", "order": 1}
    (path / "card.json").write_text(json.dumps(card))
    return path


@pytest.fixture(scope="session")
def server(
    gallery_run: Path,
    mnist_root: Path,
    tmp_path_factory: pytest.TempPathFactory,
    wait_until: Callable[..., None],
) -> Iterator[Server]:
    runs = tmp_path_factory.mktemp("library")
    shutil.copytree(gallery_run, runs / "shown")
    server = Server(runs, mnist_root, wait_until)
    yield server
    for run in server.all_runs():
        if run.live and run.status.pid:
            os.kill(run.status.pid, signal.SIGKILL)
    server.kill(signal.SIGTERM)


@pytest.fixture
def own_server(
    gallery_run: Path, mnist_root: Path, tmp_path: Path, wait_until: Callable[..., None]
) -> Iterator[Callable[..., Server]]:
    """own_server(**options): a server that nobody has visited, with its own library of one run or none."""
    servers = []

    def start(data: Path = mnist_root, empty: bool = False, **options: Any) -> Server:
        runs = tmp_path / f"library-{len(servers)}"
        runs.mkdir()
        if not empty:
            shutil.copytree(gallery_run, runs / "shown")
        servers.append(Server(runs, data, wait_until, **options))
        return servers[-1]

    yield start
    for server in servers:
        for run in server.all_runs():
            if run.live and run.status.pid:
                os.kill(run.status.pid, signal.SIGKILL)
        server.kill(signal.SIGTERM)


@pytest.fixture
def new_tab(browser: Browser, server: Server) -> Iterator[Callable[[str], Page]]:
    """Opens an address in a tab of its own, as another person would, and waits until it is there.

    No tab may be left with a fault on it, or have asked for what the server's policy refuses.
    """
    contexts, refused = [], []

    def new_tab(address: str) -> Page:
        context = browser.new_context(viewport={"width": 1280, "height": 900})
        contexts.append(context)
        page = context.new_page()
        page.on("console", lambda m: refused.append(m.text) if "Content Security Policy" in m.text else None)
        page.set_default_timeout(PATIENCE)
        page.goto(address if address.startswith("http") else server.url + address)
        page.wait_for_selector(BEGUN, state="attached")  # before its first run, too, no script runs
        page.wait_for_selector(IDLE)
        return page

    yield new_tab
    try:
        for page in [page for context in contexts for page in context.pages]:
            expect(page.get_by_test_id("stException")).to_have_text([])
            expect(page.get_by_test_id("stAlertContentError")).to_have_text([])  # a failure quotes them
        assert refused == []
    finally:
        for context in contexts:
            context.close()


@pytest.fixture(scope="session")
def pixels() -> Callable[[Locator], np.ndarray]:
    """Of a canvas or an image, uint8 [H, W, 4]."""

    def pixels(drawn: Locator) -> np.ndarray:
        height, width, values = drawn.evaluate(
            """async drawn => {
                let canvas = drawn;
                if (drawn.tagName === "IMG") {
                    await drawn.decode();
                    canvas = Object.assign(document.createElement("canvas"),
                        { width: drawn.naturalWidth, height: drawn.naturalHeight });
                    canvas.getContext("2d").drawImage(drawn, 0, 0);
                }
                const { width, height } = canvas;
                return [height, width, [...canvas.getContext("2d").getImageData(0, 0, width, height).data]];
            }"""
        )
        return np.array(values, np.uint8).reshape(height, width, 4)

    return pixels


@pytest.fixture(scope="session")
def stroke() -> Callable[..., None]:
    """Draws with the mouse along places given as parts of a canvas."""

    def stroke(page: Page, canvas: Locator, *places: tuple[float, float]) -> None:
        box = canvas.bounding_box()
        assert box is not None
        points = [(box["x"] + x * box["width"], box["y"] + y * box["height"]) for x, y in places]
        page.mouse.move(*points[0])
        page.mouse.down()
        for point in points[1:]:
            page.mouse.move(*point, steps=3)
        page.mouse.up()

    return stroke


def close_picker(page: Page) -> None:
    """Once the page rests: the link changes first, and a page that is drawn anew may miss the key."""
    page.wait_for_selector(IDLE)
    page.keyboard.press("Escape")
    expect(page.get_by_role("radio", name="Upload")).to_be_hidden()


@pytest.fixture(scope="session")
def pick() -> Callable[[Page, str, int], None]:
    """Chooses a test image from the sheet of the picker named so in the link."""

    def pick(page: Page, name: str, number: int) -> None:
        page.locator(f".st-key-{name}-change").get_by_role("button", name="Change").click()
        page.get_by_role("button", name=re.compile(rf"test image {number}$")).click()
        expect(page).to_have_url(re.compile(rf"[?&]{name}={number}\b"))
        close_picker(page)

    return pick

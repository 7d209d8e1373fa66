"""The real app in a process of its own, and a real browser looking at it."""

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from vae_core.training.run import Run

ROOT = Path(__file__).parents[2]
IDLE = '[data-testid="stApp"][data-test-connection-state="CONNECTED"][data-test-script-state="notRunning"]'
PATIENCE = 30_000  # milliseconds: two cores are shared by browser, server and worker

expect.set_options(timeout=PATIENCE)


def until(true: Callable[[], bool], what: str, seconds: float = 30.0) -> None:
    """Waits for what no browser shows."""
    end = time.monotonic() + seconds
    while not true():
        if time.monotonic() > end:
            pytest.fail(f"{what}: not within {seconds:.0f} seconds")
        time.sleep(0.02)


class Server:
    """`streamlit run app.py` on a port of its own, which may be killed and started again."""

    def __init__(self, runs: Path, data: Path, script: Path = ROOT / "app.py") -> None:
        self.runs, self.script = runs, script
        self.environment = os.environ | {"VAE_RUNS": str(runs), "VAE_DATA": str(data)}
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
                 "--server.headless", "true"],
                cwd=ROOT, env=self.environment, stdout=log, stderr=log,
            )  # fmt: skip
        until(self.answers, "the server answers")

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
def server(gallery_run: Path, mnist_root: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    runs = tmp_path_factory.mktemp("library")
    shutil.copytree(gallery_run, runs / "shown")
    server = Server(runs, mnist_root)
    yield server
    for run in server.all_runs():
        if run.live and run.status.pid:
            os.kill(run.status.pid, signal.SIGKILL)
    server.kill(signal.SIGTERM)


@pytest.fixture
def new_tab(browser: Browser, server: Server) -> Iterator[Callable[[str], Page]]:
    """Opens an address in a tab of its own, as another person would, and waits until it is there."""
    contexts = []

    def new_tab(address: str) -> Page:
        context = browser.new_context(viewport={"width": 1280, "height": 900})
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(PATIENCE)
        page.goto(address if address.startswith("http") else server.url + address)
        page.wait_for_selector(IDLE)
        return page

    yield new_tab
    for context in contexts:
        context.close()


@pytest.fixture(name="until")
def until_fixture() -> Callable[..., None]:
    return until

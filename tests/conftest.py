"""What every test may count on: runs of its own, one thread, real MNIST or a reason, a browser."""

import os
import shutil
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import settings

if TYPE_CHECKING:
    from playwright.sync_api import Browser

CI = bool(os.environ.get("CI"))
TESTS = Path(__file__).parent
APP = "tests/e2e/"
COMPONENTS = "tests/widgets/components/"  # in one browser

# Several processes share the cores. Set before torch is imported, and inherited by what the tests start.
# Numba, which UMAP brings, sets the threads of torch too, and two that wait for each other on busy cores are
# many times slower than one.
SHARED = "PYTEST_XDIST_WORKER" in os.environ
if SHARED:
    for library in ("OMP", "MKL", "NUMBA", "OPENBLAS"):
        os.environ.setdefault(f"{library}_NUM_THREADS", "1")

# A deadline would measure how busy the machine is. In CI the same examples every time.
settings.register_profile("elbo-room", deadline=None, derandomize=CI)
settings.load_profile("elbo-room")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if TESTS / "e2e" in item.path.parents:
            item.add_marker("e2e")
            # A whole browser and server on two busy cores: what fails three times in a row is a fault.
            item.add_marker(pytest.mark.flaky(reruns=2, reruns_delay=1))


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: object) -> object:
    """A file is one worker's, as its fixtures are made once. The first worker begins with the whole app in a
    browser, the others with all else; who is done with its own helps with the rest.

    Not by the mark `xdist_group`, which xdist 3.8 no longer sees under pytest 9.2 (pytest-xdist issue 1386).
    """
    from xdist.scheduler import LoadScopeScheduling
    from xdist.workermanage import WorkerController

    class BrowserFirst(LoadScopeScheduling):
        def _split_scope(self, nodeid: str) -> str:
            return COMPONENTS if nodeid.startswith(COMPONENTS) else nodeid.split("::")[0]

        def _assign_work_unit(self, node: WorkerController) -> None:
            of_the_app = node is self.nodes[0]
            own = (scope for scope in self.workqueue if scope.startswith(APP) == of_the_app)
            if first := next(own, None):
                self.workqueue.move_to_end(first, last=False)
            super()._assign_work_unit(node)

    return BrowserFirst(config, log)


@pytest.fixture(autouse=True)
def own_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty library of runs, so that no test sees or touches those in checkpoints/.

    It is the gallery as well, as checkpoints/ is both: a run with a card came with the app.
    """
    library = tmp_path / "runs"
    library.mkdir()
    monkeypatch.setenv("VAE_RUNS", str(library))
    monkeypatch.setenv("VAE_GALLERY", str(library))
    monkeypatch.setattr("vae_core.runs.contents.SETTLED", 0.0)  # tests change what came with the app
    return library


@pytest.fixture
def gallery(own_runs: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A gallery that is not the library, empty at first."""
    folder = tmp_path / "gallery"
    folder.mkdir()
    monkeypatch.setenv("VAE_GALLERY", str(folder))
    return folder


@pytest.fixture(autouse=True)
def same_numbers() -> None:
    """What draws from torch's own generator draws the same numbers, whichever tests ran before."""
    if torch := sys.modules.get("torch"):
        torch.manual_seed(0)
        if SHARED:
            torch.set_num_threads(1)


@pytest.fixture(autouse=True)
def no_legacy_pages(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """AppTest takes up the folder pages/ by itself on each run, and would bypass app.py."""
    if TESTS / "vae_core" in request.path.parents:
        return  # the library's tests need no Streamlit
    from streamlit.runtime.pages_manager import PagesManager

    start = PagesManager.__init__

    def start_without(self: PagesManager, *args: object, **kwargs: object) -> None:
        start(self, *args, **kwargs)
        PagesManager.uses_pages_directory = False

    monkeypatch.setattr(PagesManager, "uses_pages_directory", False)
    monkeypatch.setattr(PagesManager, "__init__", start_without)


@pytest.fixture(scope="session")
def mnist_root() -> Path:
    """The data root that holds real MNIST, in torchvision's layout below it."""
    named = os.environ.get("VAE_DATA", "").strip()
    roots = [Path(named).expanduser()] if named else []
    roots.append(Path.home() / ".cache" / "elbo-room")
    for root in roots:
        raw = root / "MNIST" / "raw"
        if all(any(raw.glob(f"{name}-idx*-ubyte*")) for name in ("train-images", "t10k-images")):
            return root
    pytest.skip(
        f"no real MNIST below {' or '.join(map(str, roots))}; set VAE_DATA to a folder with MNIST/raw"
    )


@pytest.fixture(scope="session")
def chromium() -> str:
    """Path of a Chromium that Playwright can drive. Missing, it is a failure in CI and a skip elsewhere."""
    found = next(chromiums(), None)
    if found is not None:
        return found
    reason = "no Chromium for the browser tests: install chromium or Chrome, or set CHROMIUM to its path"
    if CI:
        pytest.fail(reason)
    pytest.skip(reason)


def chromiums() -> Iterator[str]:
    # The same engine without windows, tab strips and pop-ups: a page costs a third less of the two cores.
    names = ("chromium-headless-shell", "chromium", "chromium-browser")
    names += ("google-chrome", "google-chrome-stable", "chrome")
    for name in (os.environ.get("CHROMIUM", ""), *names):
        if name and (path := shutil.which(name)):
            yield path
    for application in ("Chromium", "Google Chrome"):
        path = Path(f"/Applications/{application}.app/Contents/MacOS/{application}")
        if path.exists():
            yield str(path)
    playwright = Path(os.environ.get("PLAYWRIGHT_BROWSERS_PATH", Path.home() / ".cache" / "ms-playwright"))
    yield from map(str, sorted(playwright.glob("chromium-*/chrome-linux*/chrome")))


@pytest.fixture(scope="session")
def browser(chromium: str) -> Iterator["Browser"]:
    """Chromium, headless and without its calls home. One for all tests: Playwright runs once per process."""
    from playwright.sync_api import sync_playwright

    flags = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"]
    flags += ["--disable-background-networking", "--disable-component-update", "--disable-sync"]
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=flags)
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def wait_until() -> Callable[..., None]:
    """wait_until(condition, "what is awaited"): returns once the condition holds, fails after `seconds`."""

    def wait(condition: Callable[[], object], what: str, seconds: float = 60.0) -> None:
        pulse, deadline = threading.Event(), time.monotonic() + seconds
        while not condition():
            if time.monotonic() > deadline:
                pytest.fail(f"waited {seconds:g} s in vain until {what}")
            pulse.wait(0.02)

    return wait

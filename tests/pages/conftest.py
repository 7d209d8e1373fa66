"""The app without its launcher, and runs to look at."""

import json
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from tests.pages.shown import unfold
from vae_core import recipes
from vae_core.runs.run import Run
from widgets.shell import tasks

ROOT = Path(__file__).parents[2]
TIMEOUT = 30  # seconds: the first page of a process imports much


@pytest.fixture(autouse=True)
def no_launcher(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Nothing is trained here: a run that a page starts stays in the queue."""
    import widgets.service
    from pages.sections.train import availability

    monkeypatch.setattr(widgets.service, "service", lambda _: None)
    # Or each test without MNIST would leave a process behind that draws 70,000 digits.
    monkeypatch.setattr(availability, "_prepare", lambda: None)
    begun: list[tasks.Task] = []

    class Recorded(tasks.Task):
        def __init__(self) -> None:
            super().__init__()
            begun.append(self)

    monkeypatch.setattr(tasks, "Task", Recorded)
    st.cache_resource.clear()
    st.cache_data.clear()
    yield
    for task in begun:  # or what nobody waits for any more would slow the tests that follow
        task.cancelled = True
        if task.future is not None:
            task.future.cancel()
    st.cache_resource.clear()


@pytest.fixture(scope="session")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small model of the digits that come with scikit-learn."""
    from vae_core import train

    path = tmp_path_factory.mktemp("trained") / "small"
    spec = recipes.get("vae-2d").change(**{"data.name": "digits", "training.steps": 120})
    train(spec, out=path)
    return path


@pytest.fixture
def add_run(trained: Path, own_runs: Path) -> Callable[..., Run]:
    """Puts a copy of the small model into the library, with a card if it is to be of the gallery."""

    def add(name: str, card: dict[str, object] | None = None, **status: object) -> Run:
        path = own_runs / name
        shutil.copytree(trained, path)
        if card is not None:
            (path / "card.json").write_text(json.dumps(card))
        if status:
            file = path / "status.json"
            file.write_text(json.dumps(json.loads(file.read_text()) | status))
        return Run(path)

    return add


@pytest.fixture
def shipped(own_runs: Path) -> Callable[[str, str], Run]:
    """shipped("vae-2d-mnist", "mine"): a run of the gallery as an own run of the other name."""

    def add(name: str, new: str) -> Run:
        shutil.copytree(ROOT / "checkpoints" / name, own_runs / new)
        (own_runs / new / "card.json").unlink()
        return Run(own_runs / new)

    return add


@pytest.fixture(scope="session")
def conditional(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small joint VAE of the digits that come with scikit-learn, with a classifier."""
    from vae_core import train

    path = tmp_path_factory.mktemp("conditional") / "joint"
    changes = {"data.name": "digits", "latent": 3, "training.steps": 80, "net.widths": [32]}
    train(recipes.get("joint-vae").change(**changes), out=path)
    return path


@pytest.fixture
def joint(conditional: Path, own_runs: Path) -> Run:
    shutil.copytree(conditional, own_runs / "joint")
    return Run(own_runs / "joint")


@pytest.fixture(scope="session")
def drawn(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model of the sprites with four dimensions, hardly trained."""
    from vae_core import train

    path = tmp_path_factory.mktemp("drawn") / "drawn"
    changes = {"latent": 4, "data.name": "sprites", "training.steps": 60}
    train(recipes.get("vae-2d").change(**changes), out=path)
    return path


@pytest.fixture
def sprites(drawn: Path, own_runs: Path) -> Callable[..., Run]:
    def add(name: str = "sprites", card: dict[str, object] | None = None) -> Run:
        shutil.copytree(drawn, own_runs / name)
        if card is not None:
            (own_runs / name / "card.json").write_text(json.dumps(card))
        return Run(own_runs / name)

    return add


@pytest.fixture(scope="session")
def sound(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Small runs of three kinds, with every file that a run can have."""
    from tests.pages.hostile import sound_runs

    return sound_runs(tmp_path_factory.mktemp("sound"))


@pytest.fixture
def app() -> Callable[..., AppTest]:
    """Opens a page as a visitor with that link does."""

    def open_page(page: str = "", **link: str | list[str]) -> AppTest:
        at = AppTest.from_file(str(ROOT / "app.py"), default_timeout=TIMEOUT)
        if page:
            at.switch_page(f"pages/{page}.py")
        if page == "train":
            unfold(at)
        for name, value in link.items():
            at.query_params[name] = value
        return at.run()

    return open_page

"""A process of our own runs the very package that started it, installed or not, wherever that was started."""

import os
import shutil
import subprocess
import sys
import venv
from pathlib import Path

import pytest

import vae_core

# `streamlit run checkout/app.py` puts the folder of the script on the path; so does `python checkout/app.py`.
APP = """
import subprocess, sys, time
from vae_core import Spec
from vae_core.runs.run import create
from vae_core.workers import launch, own_process

which = [sys.executable, "-c", "import vae_core; print(vae_core.__file__)"]
print(subprocess.run(which, **own_process.surroundings(), capture_output=True, text=True).stdout.strip())
spec = Spec().change(**{"data.name": "digits", "net.widths": "16", "training.steps": 5})
run, launcher = create(spec, "mine"), launch.LocalLauncher()
while run.status.active:
    launch.schedule(launcher)
    time.sleep(0.05)
launcher.close()
print(run.status.state)
"""


@pytest.fixture(scope="module")
def not_installed(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A Python with all that this one has, but for Elbo Room."""
    folder = tmp_path_factory.mktemp("not-installed")
    venv.create(folder, symlinks=True)
    (packages,) = folder.glob("lib/python*/site-packages")
    for entry in Path(pytest.__file__).parents[1].iterdir():
        if not entry.name.startswith(("__editable__", "elbo_room")):
            (packages / entry.name).symlink_to(entry)
    return str(folder / "bin" / "python")


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """Another checkout than the one that this environment has installed."""
    folder = tmp_path / "checkout"
    shutil.copytree(Path(vae_core.__file__).parent, folder / "vae_core")
    (folder / "app.py").write_text(APP)
    (tmp_path / "elsewhere").mkdir()
    return folder


@pytest.mark.parametrize("installed", [False, True], ids=["not installed", "another one is installed"])
@pytest.mark.parametrize("place", ["checkout", "elsewhere"])
def test_a_worker_trains_with_the_package_of_its_app(
    checkout: Path, not_installed: str, installed: bool, place: str
) -> None:
    python = sys.executable if installed else not_installed
    cwd = checkout.parent / place
    # Folders that are named relative to where the user is stay there.
    environment = os.environ | {"VAE_RUNS": "runs", "VAE_GALLERY": "", "VAE_DATA": "data"}
    environment.pop("PYTHONPATH", None)
    done = subprocess.run(
        [python, str(checkout / "app.py")],
        cwd=cwd,
        env=environment,
        capture_output=True,
        text=True,
        timeout=150,
    )
    assert done.stdout.split() == [str(checkout / "vae_core" / "__init__.py"), "finished"], done.stderr
    assert (cwd / "runs" / "mine" / "status.json").exists()

"""Parts of one's own in a module that VAE_PARTS names: every process that reads a Spec imports it."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from vae_core import extensions
from vae_core.__main__ import main
from vae_core.spec import SpecError

MINE = """
from typing import ClassVar, Literal

import torch

from vae_core import spec
from vae_core.model import priors


class WidePrior(spec.PriorSettings):
    title: ClassVar[str] = "Wide"
    kind: Literal["wide"] = "wide"


@priors.register(WidePrior)
class Wide(priors.Prior):
    '''N(0, 4 I).'''

    def log_prob(self, z, y=None):
        return torch.distributions.Normal(0.0, 2.0).log_prob(z).sum(-1)

    def sample(self, count, generator=None, y=None):
        return 2.0 * torch.randn(count, self.latent, generator=generator)
"""
TRAIN = [
    *("train", "vae-2d", "--dataset", "digits", "--steps", "20"),
    *("--set", "net.widths=16", "--set", "prior.kind=wide"),
]
READ = """
import sys
from vae_core import extensions, load_run
extensions.load()
run = load_run("mine")
print(run.spec.prior.kind, type(run.model.prior).__name__, run.status.state)
"""
MEASURE = """
from vae_core.__main__ import main
sys.exit(main(["evaluate", "mine", "--samples", "0"]))
"""
RECIPES = """
import contextlib, io, json, os, sys
from vae_core.__main__ import main
for parts in sys.argv[1:]:
    os.environ["VAE_PARTS"] = parts
    with contextlib.redirect_stdout(io.StringIO()) as out, contextlib.redirect_stderr(io.StringIO()) as err:
        code = main(["recipes"])
    print(json.dumps([code, out.getvalue(), err.getvalue()]))
"""
LAUNCH = """
import time
from vae_core import Spec, extensions, load_run
from vae_core.runs.run import create
from vae_core.workers import launch
extensions.load()
spec = Spec().change(
    **{"data.name": "digits", "net.widths": "16", "training.steps": 20, "prior.kind": "wide"}
)
run, launcher = create(spec, "mine"), launch.LocalLauncher()
while run.status.active:
    launch.schedule(launcher)
    time.sleep(0.05)
launcher.close()
print(run.status.state, run.status.message)
"""

Python = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with a module of one's own."""
    place = tmp_path / "theirs"
    place.mkdir()
    (place / "my_priors.py").write_text(MINE)
    return place


@pytest.fixture
def python(folder: Path) -> Python:
    """Python in that folder, as its owner would call it."""

    def call(*arguments: str, parts: str = "my_priors") -> subprocess.CompletedProcess[str]:
        environment = os.environ | {"VAE_PARTS": parts}
        return subprocess.run(
            [sys.executable, *arguments],
            cwd=folder,
            env=environment,
            capture_output=True,
            text=True,
            timeout=150,
        )

    return call


def test_the_command_line_trains_reads_and_measures_a_run_with_a_prior_of_ones_own(python: Python) -> None:
    trained = python("-m", "vae_core", *TRAIN, "--out", "mine")
    assert trained.returncode == 0, trained.stderr
    measured = python("-c", READ + MEASURE)
    assert measured.returncode == 0, measured.stderr
    read, _, numbers = measured.stdout.partition("\n")
    assert read.split() == ["wide", "Wide", "finished"]
    assert json.loads(numbers)["kl"] > 0


def test_a_worker_that_was_launched_trains_it(python: Python) -> None:
    done = python("-c", LAUNCH + READ)
    said, _, read = done.stdout.partition("\n")
    assert said.startswith("finished"), done.stdout + done.stderr
    assert read.split() == ["wide", "Wide", "finished"]


def test_a_worker_that_does_not_find_the_module_says_so_in_the_runs_status(
    python: Python, folder: Path
) -> None:
    gone = LAUNCH.replace("run, launcher =", "import os; os.remove('my_priors.py'); run, launcher =")
    done = python("-c", gone)
    assert done.stdout.startswith("interrupted VAE_PARTS names the module my_priors, "), (
        done.stdout + done.stderr
    )
    assert "does not find it" in done.stdout


BROKEN = {
    "my_priors, no_such_thing": ["no_such_thing", "Python does not find it", "PYTHONPATH"],
    "my_priors.py": ["my_priors.py", "without .py"],
    "broken": ["broken", "ZeroDivisionError: division by zero"],
    "leaves": ["leaves", "SystemExit"],
    "needs": ["needs", "No module named 'no_such_package'"],
    "taken": ["taken", "'standard_normal' is a kind of this part already"],
}


def test_a_module_that_cannot_be_imported_is_a_sentence_that_names_it(python: Python, folder: Path) -> None:
    (folder / "broken.py").write_text("1 / 0")
    (folder / "leaves.py").write_text("import sys; sys.exit(3)")
    (folder / "needs.py").write_text("import no_such_package")
    (folder / "taken.py").write_text(MINE.replace('"wide"', '"standard_normal"'))
    done = python("-c", RECIPES, *BROKEN)
    answers = [json.loads(line) for line in done.stdout.splitlines()]
    assert len(answers) == len(BROKEN), done.stderr
    for (code, out, err), words in zip(answers, BROKEN.values(), strict=True):
        said = " ".join(err.split())
        assert (code, out) == (1, ""), said
        assert said.startswith("VAE_PARTS names the module ")
        assert all(word in said for word in words), said
        assert "Traceback" not in said


def test_one_that_cannot_be_imported_keeps_no_other_away(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (folder / "sound_part.py").write_text("here = True")
    monkeypatch.syspath_prepend(str(folder))
    monkeypatch.setenv("VAE_PARTS", "no_such_thing, ,sound_part")
    with pytest.raises(SpecError, match="no_such_thing"):
        extensions.load()
    assert sys.modules.pop("sound_part").here


def test_nothing_is_imported_where_nothing_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VAE_PARTS", " , ")
    before = set(sys.modules)
    extensions.load()
    assert set(sys.modules) == before
    assert main(["recipes"]) == 0

"""The forward pass on Home: of which run it is, and of which images."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from vae_core.browser import wire
from vae_core.data import load
from vae_core.runs import files
from vae_core.runs.run import Run
from widgets.run_data import forward_pass

SHIPPED = Path(__file__).parents[3] / "checkpoints"


def test_the_images_are_the_test_images_that_their_names_say(
    mnist_root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Found again by their q(z|x) alone."""
    header, arrays = wire.unpack(forward_pass.of(Run(SHIPPED / "vae-2d-mnist")) or b"")
    monkeypatch.setenv("VAE_DATA", str(mnist_root))
    test = load("mnist", split="test")
    for name, image in zip(header["names"], arrays["images"], strict=True):
        label, _, number = name.partition(", test image ")
        assert test.labels[int(number)] == int(label)
        grey = test.images[int(number), 0].numpy()
        assert (grey[image[..., 0] == 255] > 0).all()  # binarised: white only where there is some grey
        assert (grey[image[..., 0] == 0] < 255).all()


@pytest.mark.parametrize("name", ["vae-16d-mnist", "cvae-mnist", "sprites-beta-tc", "partial-conv-mnist"])
def test_runs_of_other_parts_are_not_shown_so(name: str) -> None:
    assert forward_pass.of(Run(SHIPPED / name)) is None


def test_images_of_another_run_are_not_shown_as_its_own(own_runs: Path) -> None:
    shutil.copytree(SHIPPED / "vae-2d-mnist", own_runs / "mixed")
    other = SHIPPED / "vae-2d-strokes" / files.POSTERIORS
    (own_runs / "mixed" / files.POSTERIORS).write_bytes(other.read_bytes())
    assert forward_pass.of(Run(own_runs / "mixed")) is None


def test_the_picture_on_home_takes_no_torch() -> None:
    code = (
        "import sys\nfrom vae_core.runs.run import Run\nfrom widgets.run_data import forward_pass\n"
        f"assert forward_pass.of(Run({str(SHIPPED / 'vae-2d-mnist')!r}))\nsys.exit('torch' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=SHIPPED.parent, capture_output=True)
    assert done.returncode == 0, done.stderr

"""What is installed is what the tests ran with, down to the packages that only other packages name."""

import shutil
import subprocess
import sys
import zipfile
from importlib import metadata
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from scripts import environment

ROOT = Path(__file__).parents[1]
DEV = ROOT / "requirements-dev.txt"


def pins(file: Path) -> list[Requirement]:
    return [Requirement(line) for line in file.read_text().splitlines() if line and line[0] not in "#-"]


def closure(requirements: list[Requirement]) -> set[str]:
    """The installed packages that these need, and that those need."""
    found: dict[tuple[str, frozenset[str]], Requirement] = {}
    left = list(requirements)
    while left:
        requirement = left.pop()
        key = (canonicalize_name(requirement.name), frozenset(requirement.extras))
        try:
            needs = metadata.requires(requirement.name) or []
        except metadata.PackageNotFoundError:  # not for this system
            continue
        if key in found:
            continue
        found[key] = requirement
        for need in map(Requirement, needs):
            extras = ("", *requirement.extras)
            if need.marker is None or any(need.marker.evaluate({"extra": extra}) for extra in extras):
                left.append(need)
    return {name for name, _ in found}


def test_every_package_that_is_installed_has_one_version() -> None:
    named = [pin for file in environment.decisive(DEV) for pin in pins(file)]
    assert all(str(pin.specifier).startswith("==") for pin in named)
    names = [canonicalize_name(pin.name) for pin in named]
    assert len(names) == len(set(names))
    brought_by_torch = {"triton"}  # pins the libraries of its CUDA builds itself
    floating = closure(named) - set(names) - brought_by_torch
    assert not {name for name in floating if not name.startswith(("nvidia-", "cuda-"))}


@pytest.mark.parametrize("name", ["torch", "torchvision"])
def test_no_pin_chooses_a_build_of_pytorch(name: str) -> None:
    """So that a Linux machine gets the one for CUDA."""
    (pin,) = (pin for file in environment.included(DEV) for pin in pins(file) if pin.name == name)
    assert "+" not in str(pin.specifier)


def test_a_changed_constraint_is_installed_by_the_next_make() -> None:
    for requirements in (ROOT / "requirements.txt", DEV):
        assert ROOT / "constraints.txt" in environment.decisive(requirements)


def test_the_package_needs_what_requirements_txt_pins() -> None:
    needs = {str(need) for need in map(Requirement, metadata.requires("elbo-room") or [])}
    assert needs == {str(pin) for pin in pins(ROOT / "requirements.txt")}


def test_a_built_package_holds_every_file_of_the_checkout(tmp_path: Path) -> None:
    """Scripts, styles, HTML, pictures and weights are found beside the modules that read them."""
    packages = ("vae_core", "widgets", "pages")
    for name in packages:
        shutil.copytree(ROOT / name, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("pyproject.toml", "README.md", "LICENSE", "requirements.txt"):
        shutil.copy(ROOT / name, tmp_path)
    files = [each for name in packages for each in (tmp_path / name).rglob("*") if each.is_file()]
    here = {each.relative_to(tmp_path).as_posix() for each in files}
    build = [sys.executable, "-m", "pip", "wheel", "-q", "--no-deps", "--no-build-isolation", "."]
    subprocess.run(build, cwd=tmp_path, check=True, capture_output=True)
    (wheel,) = tmp_path.glob("*.whl")
    with zipfile.ZipFile(wheel) as content:
        assert here == {name for name in content.namelist() if name.split("/")[0] in packages}


def test_the_environment_has_this_checkout_installed_and_its_command(tmp_path: Path) -> None:
    """From any folder, with nothing on the path but what is installed."""
    code = "import vae_core, widgets, pages.sections; print(vae_core.__file__)"
    python = [sys.executable, "-I", "-c", code]
    found = subprocess.run(python, cwd=tmp_path, capture_output=True, text=True, check=True).stdout
    assert found.strip() == str(ROOT / "vae_core" / "__init__.py")
    command = Path(sys.executable).with_name("vae-core")
    listed = subprocess.run([command, "recipes"], cwd=tmp_path, capture_output=True, text=True, check=True)
    assert "vae-2d" in listed.stdout

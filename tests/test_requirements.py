"""What is installed is what the tests ran with, down to the packages that only other packages name."""

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
    named = [pin for file in environment.included(DEV) for pin in pins(file)]
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
    assert ROOT / "constraints.txt" in environment.included(ROOT / "requirements.txt")
    assert ROOT / "constraints.txt" in environment.included(DEV)

"""Bring .venv up to a requirements file, and install this project there, editable:
`python3 scripts/environment.py requirements.txt`.

Repeating it costs a tenth of a second, two at once wait for each other, and one that was interrupted is
finished by the next. Only the standard library, and nothing above the version check that an old Python
could not read, so that it gets as far as saying that it is too old.
"""

import sys

if sys.version_info < (3, 11):
    sys.exit(
        "Elbo Room needs Python 3.11 or newer, and this is {}.{}.\n"
        "Install a newer one (python.org, or your system's packages) and name it: "
        "make run PYTHON=python3.12".format(*sys.version_info[:2])
    )

import fcntl
import hashlib
import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
CONSTRAINTS = ROOT / "constraints.txt"
PROJECT = ROOT / "pyproject.toml"


def main(name: str) -> None:
    with one_at_a_time():
        parts = [PROJECT, *included(ROOT / name)]
        if not works():
            create()
        if not all(is_installed(part) for part in parts):
            install(name)
            for part in parts:
                stamp(part).write_text(digest(part))


@contextmanager
def one_at_a_time() -> Iterator[None]:
    """Hold the project folder itself, so that no lock file is left behind."""
    folder = os.open(ROOT, os.O_RDONLY)
    try:
        try:
            fcntl.flock(folder, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            print("Another make is setting up .venv; waiting for it.", flush=True)
            fcntl.flock(folder, fcntl.LOCK_EX)
        yield
    finally:
        os.close(folder)


def included(requirements: Path) -> list[Path]:
    """The file, and those it names with -r."""
    lines = requirements.read_text().splitlines()
    names = [line.split()[1] for line in lines if line.startswith("-r ")]
    return [requirements, *(path for name in names for path in included(requirements.parent / name))]


def decisive(part: Path) -> list[Path]:
    """The files that decide what is installed of a requirements file, or of the project."""
    return [part] if part == PROJECT else [*included(part), CONSTRAINTS]


def digest(part: Path) -> str:
    """Of the project where it lies too: an editable install is a path."""
    place = os.fsencode(ROOT) if part == PROJECT else b""
    return hashlib.sha256(place + b"".join(path.read_bytes() for path in decisive(part))).hexdigest()


def stamp(part: Path) -> Path:
    return VENV / f"installed-{part.name}.sha256"


def is_installed(part: Path) -> bool:
    return stamp(part).exists() and stamp(part).read_text() == digest(part)


def works() -> bool:
    """Whether .venv can run and install: an upgrade of the system's Python can leave it an empty shell."""
    if not PYTHON.exists():
        return False
    return subprocess.run([PYTHON, "-c", "import pip"], stderr=subprocess.DEVNULL).returncode == 0


def create() -> None:
    print("Making the environment .venv.", flush=True)
    shutil.rmtree(VENV, ignore_errors=True)
    made = subprocess.run([sys.executable, "-m", "venv", VENV], stdout=subprocess.PIPE, text=True)
    if made.returncode:
        shutil.rmtree(VENV, ignore_errors=True)
        sys.exit(
            f"{made.stdout}\nPython could not make .venv. "
            "On Debian and Ubuntu its venv part is a package of its own: sudo apt install python3-venv"
        )


def install(name: str) -> None:
    print(f"Installing {name}. The first time takes some minutes; PyTorch is large.", flush=True)
    pip = [PYTHON, "-m", "pip", "install", "--disable-pip-version-check", "--no-input"]
    requirements = ["-c", CONSTRAINTS, "-r", ROOT / name]
    # The requirements stand, setuptools among them: nothing is left to fetch.
    project = ["--quiet", "--no-deps", "--no-build-isolation", "-e", ROOT]
    if subprocess.run([*pip, *requirements]).returncode or subprocess.run([*pip, *project]).returncode:
        sys.exit(
            f"\n{name} was not installed: pip says above why. Is there a network, and a few GB of free disk? "
            "Then give the same command again. If pip found no build of a package for this Python "
            f"({sys.version_info[0]}.{sys.version_info[1]}), try another: "
            "make clean, then make run PYTHON=python3.12"
        )


if __name__ == "__main__":
    try:
        main(*sys.argv[1:])
    except KeyboardInterrupt:
        sys.exit("\nInterrupted. The same command goes on from here.")

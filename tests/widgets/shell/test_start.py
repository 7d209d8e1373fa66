"""What the server needs for its first page leaves the slow libraries alone."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[3]


def test_the_first_page_needs_no_torch() -> None:
    code = (
        "import importlib, pkgutil, sys, pages.sections, widgets\n"
        "for package in (widgets, pages.sections):\n"
        "    for module in pkgutil.walk_packages(package.__path__, f'{package.__name__}.'):\n"
        "        importlib.import_module(module.name)\n"
        "slow = {'torch', 'torchvision', 'sklearn', 'scipy'} & set(sys.modules)\n"
        "assert not slow, slow\n"
    )
    result = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True)
    assert result.returncode == 0, result.stderr

"""What the server needs for its first page leaves the slow libraries alone."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_the_first_page_needs_no_torch() -> None:
    code = (
        "import importlib, pkgutil, sys, widgets\n"
        "for module in pkgutil.iter_modules(widgets.__path__):\n"
        "    importlib.import_module(f'widgets.{module.name}')\n"
        "slow = {'torch', 'torchvision', 'sklearn', 'scipy'} & set(sys.modules)\n"
        "assert not slow, slow\n"
    )
    result = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True)
    assert result.returncode == 0, result.stderr

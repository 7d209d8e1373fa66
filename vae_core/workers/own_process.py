"""Where Python processes of our own are started, so that they find this package and the user's folders."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

PACKAGE = Path(__file__).parents[1]
FOLDERS = ("VAE_RUNS", "VAE_GALLERY", "VAE_DATA")  # they may be relative to the current folder
FIND = "import importlib.util as u; s = u.find_spec('vae_core'); print(s.origin if s else '')"


def surroundings() -> dict[str, Any]:
    """Arguments of Popen, `cwd` and `env`, under which `python -m vae_core...` runs this very package.

    `-m` looks in the current folder first, then among what is installed. Where that finds no vae_core, or
    another one, as in `streamlit run elsewhere/app.py` without an installation, the process starts in the
    folder that the package lies in. Costs a start of Python, about 30 ms.
    """
    found = subprocess.run([sys.executable, "-c", FIND], capture_output=True, text=True).stdout.strip()
    if found and os.path.realpath(found) == os.path.realpath(PACKAGE / "__init__.py"):
        return {"cwd": None, "env": dict(os.environ)}
    absolute = {
        name: os.path.abspath(os.path.expanduser(os.environ[name]))
        for name in FOLDERS
        if os.environ.get(name, "").strip()
    }
    return {"cwd": PACKAGE.parent, "env": os.environ | absolute}

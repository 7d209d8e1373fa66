"""Which Chromium the benchmarks drive."""

from __future__ import annotations

import os
import shutil
import sys

NAMES = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome", "chrome")


def chromium() -> str:
    """Its path: the one that CHROMIUM names, or the first there is. Ends the script where there is none."""
    found = os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, NAMES)), None)
    if found is None:
        sys.exit("There is no Chromium: install chromium or Chrome, or set CHROMIUM to its path.")
    return found

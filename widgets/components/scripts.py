"""The browser's side of the app: components made of the scripts in `browser/`, put together here.

Inline scripts cannot import one another, so each component is the text of the files it needs, in order.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path

from vae_core import browser

BROWSER = Path(browser.__file__).parent


@cache
def text(*files: Path) -> str:
    return "\n".join(file.read_text(encoding="utf-8") for file in files)


@cache
def module(*files: Path) -> str:
    """Scripts that import one another, as one module: each after those it imports, and their imports gone."""
    return "\n".join(line for line in text(*files).splitlines() if not line.startswith("import ")) + "\n"


def worker(*files: Path) -> str:
    """The same as a plain script, which exports nothing: a worker from a page's own text can be no module."""
    return "\n".join(line.removeprefix("export ") for line in module(*files).splitlines()) + "\n"

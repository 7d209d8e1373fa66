"""The browser's side of the app: components made of scripts that import one another, put together here.

Inline scripts cannot import one another, so each component is the text of the files it needs, in order.
"""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

from vae_core import browser

BROWSER = Path(browser.__file__).parent


@cache
def text(*files: Path) -> str:
    return "\n".join(file.read_text(encoding="utf-8") for file in files)


# All forms an import may take here: without renaming, a name means the same in every file.
IMPORT = re.compile(r'^import \{[\w$,\s]*\} from "(\.[^"]*)";\n', re.MULTILINE)
COMMENT = re.compile(r"^ *(//.*|/\*\*(?s:.*?)\*/)$", re.MULTILINE)  # on lines of its own
INDENT = re.compile(r"^\s+", re.MULTILINE)


@cache
def module(entry: Path) -> str:
    """A script and those that it imports as one module: each after what it imports, and the imports gone.

    All share one scope: a name at the top of a file must be the only one of its kind. Comments, indents and
    empty lines stay behind, for the script travels with every message to its component.
    """
    script = "\n".join(IMPORT.sub("", text(file)) for file in files(entry))
    return INDENT.sub("", COMMENT.sub("", script))


def worker(entry: Path) -> str:
    """The same as a plain script, which exports nothing: a worker from a page's own text can be no module."""
    return "\n".join(line.removeprefix("export ") for line in module(entry).splitlines()) + "\n"


def files(entry: Path) -> list[Path]:
    """The files that a script is made of, itself last."""
    found: dict[Path, None] = {}

    def follow(file: Path) -> None:
        for name in IMPORT.findall(text(file)):
            follow((file.parent / name).resolve())
        found.setdefault(file)

    follow(entry.resolve())
    return list(found)

"""The browser's side of the app: components made of scripts that import one another, put together here.

Inline scripts cannot import one another, so each component is the text of the files it needs, in order.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import streamlit as st

from vae_core import browser

BROWSER = Path(browser.__file__).parent
MOST_INLINE = 10_000  # characters of a script that travels within messages
ADDRESS = "components/{name}.js"  # from where the server answers
# Scripts by their names, for the server to send. None where there is no server of ours, as in a test.
_served: dict[str, bytes] | None = None

# Where the server's root is, Streamlit's own script says, whatever path it is reached under.
LOADER = """const streamlit = document.querySelector('script[src*="/static/js/"]').src;
const { default: show } = await import(new URL("../../%s", streamlit));
export default show;
"""


def component(name: str, js: str, css: str | None = None) -> Callable[..., Any]:
    """A component of Streamlit: call it to mount one.

    A script travels with every message to each of its mounts, 90 kB of them to a map. A long one is replaced
    by a line that fetches it from the server, which the browser does once.
    """
    # Registering again is how Streamlit wants it: with the same content it changes nothing.
    found: Callable[..., Any] = st.components.v2.component(name, js=_inline(js), css=css)
    return found


def serve() -> dict[str, bytes]:
    """Long scripts are fetched from now on: the server answers ADDRESS by this table."""
    global _served
    if _served is None:
        _served = {}
    return _served


def _inline(script: str) -> str:
    if _served is None or len(script) <= MOST_INLINE:
        return script
    name = _name(script)
    _served.setdefault(name, script.encode())
    return LOADER % ADDRESS.format(name=name)


@cache
def _name(script: str) -> str:
    return hashlib.sha256(script.encode()).hexdigest()[:16]


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
    empty lines stay behind.
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

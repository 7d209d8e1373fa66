"""The menu of a view by which it is taken away: as pictures, films, tables, and as a link.

Each file says in itself where it is from: the run, what is asked of it, and the link that opens it.
"""

from __future__ import annotations

import io
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from html import escape
from pathlib import Path
from urllib.parse import urlencode

import streamlit as st

from widgets.components import scripts
from widgets.shell import links, url_state
from widgets.shell.error_boundary import callback

HERE = Path(__file__).parent
SIZES = (1, 2, 4)
MIMES = {"png": "image/png", "svg": "image/svg+xml", "csv": "text/csv", "gif": "image/gif"}
LABELS = {"png": "PNG", "svg": "SVG", "csv": "CSV", "gif": "Film as GIF"}
ICONS = {"png": "image", "svg": "polyline", "csv": "table", "gif": "animated_images"}


@dataclass(frozen=True)
class File:
    """A file of the menu: its ending, what its button says, and how it is made.

    make(): its content; of a picture make(times), so many times as large. what: follows the menu's name in
    the file's, where there are several of a kind. help: what it holds.
    """

    ending: str
    make: Callable[..., bytes | str]
    label: str = ""
    what: str = ""
    help: str = ""


def menu(key: str, name: str, about: Mapping[str, str], files: Sequence[File]) -> None:
    """A button that unfolds `choices`."""
    with st.popover(
        "Take away", key=f"take-away-{key}", icon=":material/download:", on_change=callback(_toggled)
    ) as opened:
        if opened.open:
            choices(key, name, about, files)


def choices(key: str, name: str, about: Mapping[str, str], files: Sequence[File]) -> None:
    """A button for each file, and one for the link. name: of the files. about: what stands in each of them
    besides the link, such as run, image and seed."""
    facts = {**about, "link": link()}
    with st.container(horizontal=True, gap="small"):
        for file in files:
            label, sizes = file.label or LABELS[file.ending], SIZES if file.ending == "png" else (0,)
            for times in sizes:
                after = f"-{times}x" if times > 1 else ""
                st.download_button(
                    f"{label} {times}×" if times > 1 else label,
                    partial(_made, file, times, facts),
                    f"{slug(f'{name} {file.what}')}{after}.{file.ending}",
                    MIMES[file.ending],
                    key=f"take-{key}-{file.what}-{file.ending}{after}",
                    icon=f":material/{ICONS[file.ending]}:",
                    on_click="ignore",
                    help=file.help or None,
                )
        _copy_link(key)
    page = url_state.page()
    if missing := [each.choice for each in links.NOT_IN_LINKS if page in each.pages]:
        st.caption("A link does not hold: " + "; ".join(each[0].lower() + each[1:] for each in missing) + ".")


def _toggled() -> None:
    """The popover's parts are made when it opens; being heard makes it run."""


def _made(file: File, times: int, facts: Mapping[str, str]) -> bytes | str:
    return stamped(file.make(times) if times else file.make(), file.ending, facts)


def _copy_link(key: str) -> None:
    mount = scripts.component("copy_link", js=script(), css=scripts.text(HERE / "copy_link.css"))
    mount(key=f"copy-link-{key}")


def script() -> str:
    """The button that copies the link, as one module."""
    return scripts.module(HERE / "copy_link.js")


def link() -> str:
    """The address of what is on screen."""
    parameters = url_state.query(url_state.page())
    address = (st.context.url or "").partition("?")[0]
    return f"{address}?{urlencode(parameters, doseq=True)}" if parameters else address


def slug(name: str) -> str:
    """A name of a file, from any words."""
    return re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")[:120] or "elbo-room"


def stamped(content: bytes | str, ending: str, facts: Mapping[str, str]) -> bytes | str:
    """The file with the facts in it, where its kind keeps such words."""
    lines = [f"{name}: {value}" for name, value in facts.items()]
    if ending == "csv":
        assert isinstance(content, str)
        return "".join(f"# {_line(each)}\n" for each in lines) + content
    if ending == "svg":
        text = content if isinstance(content, str) else content.decode()
        return re.sub(
            r"(<svg\b[^>]*>)", lambda m: f"{m[1]}<desc>{escape('; '.join(lines))}</desc>", text, count=1
        )
    assert isinstance(content, bytes)
    return _png(content, facts) if ending == "png" else _gif(content, "\n".join(lines))


def _png(content: bytes, facts: Mapping[str, str]) -> bytes:
    """The same pixels, the facts as text chunks."""
    from PIL import Image
    from PIL.PngImagePlugin import PngInfo

    words = PngInfo()
    words.add_text("Software", "Elbo Room")
    for name, value in facts.items():
        words.add_itxt(name.capitalize(), value)
    file = io.BytesIO()
    with Image.open(io.BytesIO(content)) as picture:
        picture.save(file, "PNG", pnginfo=words, optimize=True)
    return file.getvalue()


def _gif(content: bytes, text: str) -> bytes:
    """The same film, the text as a comment before its end (GIF89a, section 24)."""
    raw = text.encode("utf-8")
    blocks = b"".join(bytes([len(raw[i : i + 255])]) + raw[i : i + 255] for i in range(0, len(raw), 255))
    return content[:-1] + b"\x21\xfe" + blocks + b"\x00" + content[-1:]


def _line(text: str) -> str:
    return " ".join(text.split())

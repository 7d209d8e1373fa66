"""The menu of a view by which it is taken away: as pictures, films, tables, and as a link.

Each file says in itself where it is from: the run, what is asked of it, and the link that opens it.
"""

from __future__ import annotations

import io
import re
from collections.abc import Callable, Mapping
from functools import partial
from html import escape
from pathlib import Path
from urllib.parse import urlencode

import streamlit as st

from widgets.shell import links, url_state
from widgets.shell.error_boundary import callback

HERE = Path(__file__).parent
SIZES = (1, 2, 4)
MIMES = {"png": "image/png", "svg": "image/svg+xml", "csv": "text/csv", "gif": "image/gif"}
ICONS = {"png": "image", "svg": "polyline", "csv": "table", "gif": "animated_images"}

Maker = Callable[[], bytes | str]


def menu(
    key: str,
    name: str,
    about: Mapping[str, str],
    *,
    png: Callable[[int], bytes] | None = None,
    svg: Maker | None = None,
    csv: Maker | None = None,
    gif: Maker | None = None,
    help: Mapping[str, str] | None = None,
) -> None:
    """A button that unfolds what there is. name: of the files, without an ending. png(times): the picture so
    many times as large. about: what stands in each file besides the link, such as run, image and seed. help:
    by ending, what a file holds."""
    with st.popover(
        "Take away", key=f"take-away-{key}", icon=":material/download:", on_change=callback(_toggled)
    ) as opened:
        if not opened.open:
            return
        files: list[tuple[str, str, str, Maker]] = []  # ending, label, what follows the name, maker
        if png is not None:
            files += [
                (
                    "png",
                    "PNG" if times == 1 else f"PNG, {times}×",
                    "" if times == 1 else f"-{times}x",
                    partial(png, times),
                )
                for times in SIZES
            ]
        for ending, label, make in (("svg", "SVG", svg), ("gif", "Film as GIF", gif), ("csv", "CSV", csv)):
            if make is not None:
                files.append((ending, label, "", make))
        facts = {**about, "link": link()}
        with st.container(horizontal=True, gap="small"):
            for ending, label, after, make in files:
                st.download_button(
                    label,
                    partial(_made, make, ending, facts),
                    f"{slug(name)}{after}.{ending}",
                    MIMES[ending],
                    key=f"take-{ending}{after}-{key}",
                    icon=f":material/{ICONS[ending]}:",
                    on_click="ignore",
                    help=(help or {}).get(ending),
                )
        _copy_link(key)
        page = url_state.page()
        if missing := [each.choice for each in links.NOT_IN_LINKS if page in each.pages]:
            st.caption(
                "A link does not hold: " + "; ".join(each[0].lower() + each[1:] for each in missing) + "."
            )


def _toggled() -> None:
    """The popover's parts are made when it opens; being heard makes it run."""


def _made(make: Maker, ending: str, facts: Mapping[str, str]) -> bytes | str:
    return stamped(make(), ending, facts)


def _copy_link(key: str) -> None:
    mount = st.components.v2.component(
        "copy_link", js=(HERE / "copy_link.js").read_text(), css=(HERE / "copy_link.css").read_text()
    )
    mount(key=f"copy-link-{key}")


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

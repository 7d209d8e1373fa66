"""Long scripts of components are fetched by a name for their content; short ones travel with messages."""

from __future__ import annotations

import asyncio
import re
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import streamlit as st
from starlette.responses import PlainTextResponse

from widgets.components import scripts
from widgets.server.component_scripts import ComponentScripts

LONG = "export default () => {};\n" + "const answer = 42;\n" * 1000


@pytest.fixture
def registered(monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """The scripts that Streamlit was given, by the names of components."""
    found: dict[str, str] = {}
    monkeypatch.setattr(st.components.v2, "component", lambda name, js, css: found.__setitem__(name, js))
    monkeypatch.setattr(scripts, "_served", None)
    return found


def get(app: Any, path: str) -> tuple[int, str, str]:
    """Status, what it says of caches, and the text."""
    sent: list[Any] = []

    async def send(message: Any) -> None:
        sent.append(message)

    async def receive() -> Any:
        return {"type": "http.request", "body": b"", "more_body": False}

    scope = {"type": "http", "method": "GET", "path": path, "headers": []}
    with ThreadPoolExecutor(1) as thread:  # where a browser was driven before, this one has a loop already
        thread.submit(asyncio.run, app(scope, receive, send)).result()
    headers = {name.decode(): value.decode() for name, value in sent[0]["headers"]}
    body = b"".join(message.get("body", b"") for message in sent[1:])
    return sent[0]["status"], headers.get("cache-control", ""), body.decode()


def test_a_long_script_is_fetched_where_there_is_a_server(registered: dict[str, str]) -> None:
    scripts.component("before", LONG)
    app = ComponentScripts(PlainTextResponse("the app"), scripts.serve())
    scripts.component("long", LONG)
    scripts.component("same", LONG)
    scripts.component("short", "export default () => {};\n")
    assert registered["before"] == LONG
    assert registered["short"] == "export default () => {};\n"
    assert registered["same"] == registered["long"]
    assert len(registered["long"]) < 300
    (address,) = re.findall(r"\.\./\.\.(/components/[^\"]+)", registered["long"])
    for root in ("", "/under/a/path"):
        assert get(app, root + address) == (200, "public, immutable, max-age=31536000", LONG)


@pytest.mark.parametrize(
    "path, status, text",
    [
        ("/components/0123456789abcdef.js", 404, "There is no such script."),
        ("/components/../secrets.js", 200, "the app"),
        ("/train", 200, "the app"),
    ],
)
def test_what_is_no_script_is_not_answered_as_one(
    registered: dict[str, str], path: str, status: int, text: str
) -> None:
    found = get(ComponentScripts(PlainTextResponse("the app"), scripts.serve()), path)
    assert (found[0], found[2]) == (status, text)

"""Static files come compressed where the browser takes that, are compressed once, and stay what they are."""

from __future__ import annotations

import asyncio
import gzip
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from starlette.responses import Response, StreamingResponse
from starlette.types import Receive, Scope, Send

from widgets.server.compression import Compression

FOREVER = "public, immutable, max-age=31536000"
SCRIPT = b"const answer = 42;\n" * 5000


class Server:
    """Answers every request with SCRIPT, and counts them."""

    def __init__(self, status: int = 200, cached: str = FOREVER, parts: int = 1) -> None:
        self.status, self.cached, self.parts, self.asked = status, cached, parts, 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.asked += 1
        headers, kind = {"Cache-Control": self.cached}, "text/javascript"
        if self.parts == 1:
            answer: Response = Response(SCRIPT, self.status, headers, kind)
        else:
            step = -(-len(SCRIPT) // self.parts)
            blocks = (SCRIPT[k * step : (k + 1) * step] for k in range(self.parts))
            answer = StreamingResponse(blocks, self.status, headers, kind)
        await answer(scope, receive, send)


def get(app: Any, path: str = "/static/js/a.123.js", **headers: str) -> tuple[int, dict[str, str], bytes]:
    """Status, headers and body, as they leave the server."""
    sent: list[Any] = []

    async def receive() -> Any:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: Any) -> None:
        sent.append({**message})
        if "headers" in message:  # as an outer middleware does
            message["headers"].append((b"x-added", b"1"))

    given = [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()]
    scope = {"type": "http", "method": "GET", "path": path, "headers": given, "asgi": {"spec_version": "2.4"}}
    with ThreadPoolExecutor(1) as thread:  # where a browser was driven before, this one has a loop already
        thread.submit(asyncio.run, app(scope, receive, send)).result()
    found = {name.decode().lower(): value.decode() for name, value in sent[0]["headers"]}
    found["x-added"] = str(sum(name == b"x-added" for name, _ in sent[0]["headers"]))
    return sent[0]["status"], found, b"".join(message.get("body", b"") for message in sent[1:])


@pytest.mark.parametrize("parts", [1, 7])
def test_an_immutable_file_is_compressed_once_and_stays_what_it_is(parts: int) -> None:
    server = Server(parts=parts)
    app = Compression(server)
    for _ in range(3):
        status, headers, body = get(app, accept_encoding="gzip, deflate, br")
        added = int(headers.pop("x-added"))
        assert status == 200
        assert headers["content-encoding"] == "gzip"
        assert headers["vary"] == "Accept-Encoding"
        assert len(body) < len(SCRIPT) / 20
        assert gzip.decompress(body) == SCRIPT
        assert added == 1  # and not what was added to the answers before
    assert server.asked == 1


def test_each_path_has_its_own_answer() -> None:
    server = Server()
    app = Compression(server)
    for path in ("/static/js/a.js", "/static/js/b.js"):
        get(app, path, accept_encoding="gzip")
    assert server.asked == 2
    assert sorted(app.kept) == ["/static/js/a.js", "/static/js/b.js"]


@pytest.mark.parametrize(
    ("server", "path", "headers"),
    [
        (Server(), "/static/js/a.js", {}),  # of a browser that takes no gzip
        (Server(), "/media/a.js", {"accept_encoding": "gzip"}),
        (Server(), "/static/js/a.js", {"accept_encoding": "gzip", "range": "bytes=0-99"}),
    ],
)
def test_whatever_else_is_asked_passes_as_it_is(server: Server, path: str, headers: dict[str, str]) -> None:
    app = Compression(server)
    assert get(app, path, **headers)[2] == SCRIPT
    assert not app.kept


@pytest.mark.parametrize("server", [Server(404), Server(cached="no-cache")])
def test_what_may_change_is_not_kept(server: Server) -> None:
    app = Compression(server)
    for _ in range(2):
        status, _, body = get(app, accept_encoding="gzip")
        assert status == server.status
        assert gzip.decompress(body) == SCRIPT
    assert server.asked == 2
    assert not app.kept


def test_no_more_is_kept_than_fits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("widgets.server.compression.MOST", 10)
    app = Compression(Server())
    assert gzip.decompress(get(app, accept_encoding="gzip")[2]) == SCRIPT
    assert not app.kept

"""How many visitors there is room for."""

import asyncio
import os
import subprocess
import sys
from collections.abc import Coroutine
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from widgets.server import capacity

resource = pytest.importorskip("resource")
ROOT = Path(__file__).parents[3]


def within(soft: int, hard: int, code: str) -> str:
    """What the code prints, run where so many files may be open."""
    limited = f"import resource; resource.setrlimit(resource.RLIMIT_NOFILE, ({soft}, {hard}))\n{code}"
    return subprocess.run(
        [sys.executable, "-c", limited], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout.strip()


def test_the_limit_is_raised_as_far_as_the_system_lets_it() -> None:
    code = (
        "from widgets.server import capacity\n"
        "capacity.raise_limit()\n"
        "print(resource.getrlimit(resource.RLIMIT_NOFILE))"
    )
    assert within(200, 300, code) == "(300, 300)"
    assert within(300, 300, code) == "(300, 300)"


def test_open_files_are_counted() -> None:
    code = (
        "from widgets.server import capacity\n"
        "before = capacity.free()\n"
        "held = [open('/dev/null') for _ in range(7)]\n"
        "print(before < 300, before - capacity.free())"
    )
    assert within(300, 300, code) == "True 7"


def alone(task: Coroutine[Any, Any, Any]) -> Any:
    """In a thread of its own: where a browser was driven before, this one has a loop already."""
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(asyncio.run, task).result()


class Asked:
    """An ASGI request, and what it was answered."""

    def __init__(self, kind: str = "http", path: str = "/", accept: str = "text/html") -> None:
        self.scope: Any = {
            "type": kind,
            "path": path,
            "method": "GET",
            "headers": [(b"accept", accept.encode())],
        }
        self.sent: list[Any] = []

    async def send(self, message: Any) -> None:
        self.sent.append(message)

    async def receive(self) -> Any:
        return {"type": f"{self.scope['type']}.connect"}

    def by(self, middleware: capacity.Capacity) -> "Asked":
        alone(middleware(self.scope, self.receive, self.send))
        return self


async def app(scope: Any, receive: Any, send: Any) -> None:
    await receive()
    await send({"type": "let in"})


@pytest.fixture
def full(monkeypatch: pytest.MonkeyPatch) -> capacity.Capacity:
    monkeypatch.setattr(capacity, "free", lambda: capacity.RESERVE + capacity.SESSION - 1)
    return capacity.Capacity(app)


@pytest.mark.parametrize("path", ["/", "/train", capacity.HEALTH])
def test_where_there_is_no_room_a_page_and_the_health_check_say_so(full: Any, path: str) -> None:
    start, body = Asked(path=path).by(full).sent
    assert start["status"] == 503
    assert "no room for another visitor" in body["body"].decode()


def test_what_a_page_that_is_open_needs_is_still_answered(full: Any) -> None:
    assert Asked(path="/static/js/index.js", accept="*/*").by(full).sent == [{"type": "let in"}]


def test_a_websocket_is_refused_before_it_opens(full: Any) -> None:
    (sent,) = Asked("websocket").by(full).sent
    assert sent["type"] == "websocket.close"
    assert sent["code"] == 1013


def test_those_on_their_way_in_are_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    """Ten at once, and room for three: their files are open only when all were let in."""
    monkeypatch.setattr(capacity, "free", lambda: capacity.RESERVE + 3 * capacity.SESSION)

    async def everybody() -> list[Any]:
        all_here = asyncio.Event()

        async def slow(scope: Any, receive: Any, send: Any) -> None:
            await receive()
            await all_here.wait()
            await send({"type": "let in"})

        middleware, asked = capacity.Capacity(slow), [Asked("websocket") for _ in range(10)]
        going = [asyncio.create_task(middleware(one.scope, one.receive, one.send)) for one in asked]
        await asyncio.sleep(0)
        assert capacity.visitors() == 3
        all_here.set()
        await asyncio.gather(*going)
        assert middleware.arriving == 0
        assert capacity.visitors() == 0
        return [one.sent[0]["type"] for one in asked]

    assert alone(everybody()).count("let in") == 3


def test_this_process_may_look() -> None:
    assert 0 < capacity.free() <= float("inf")
    assert os.path.isdir("/dev/fd")

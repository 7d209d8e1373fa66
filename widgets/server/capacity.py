"""How many visitors this process can hold: each takes files of the operating system (sockets among them), and
a process out of files fails anywhere. So the limit is raised as far as it goes, and whom there is no room for
is told so.
"""

from __future__ import annotations

import os

from starlette.responses import HTMLResponse, PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

HEALTH = "/_stcore/health"
SESSION = 6  # files that one more visitor opens: an event loop and connections of a browser
RESERVE = 64  # files left for what pages read and write, for workers, and to refuse a visitor
MOST = 65_536  # more is never needed, and some libraries are slow where the limit is a billion

FULL = (
    "This server has no room for another visitor now. Close tabs that are not needed, or try again in a "
    "minute. Whoever runs it can allow more open files (ulimit -n)."
)


def raise_limit() -> None:
    """Lets this process open as many files as the system lets it."""
    try:
        import resource
    except ImportError:  # Windows has no such limit
        return
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    for most in (MOST, 10_240):  # macOS takes no more than the latter, whatever it calls the hard limit
        wanted = most if hard == resource.RLIM_INFINITY else min(hard, most)
        if soft == resource.RLIM_INFINITY or soft >= wanted:
            return
        try:
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
            return
        except (ValueError, OSError):
            continue


def free() -> float:
    """How many more files may be opened."""
    try:
        import resource
    except ImportError:
        return float("inf")
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft == resource.RLIM_INFINITY:
        return float("inf")
    try:
        return soft - len(os.listdir("/dev/fd"))
    except OSError:  # not even this one
        return 0


class Capacity:
    """ASGI middleware that lets in only whom there is room for."""

    connected = 0  # websockets, of which each open page has one

    def __init__(self, app: ASGIApp) -> None:
        self.app = app
        self.arriving = 0  # let in, and their files not open yet

    def room(self) -> bool:
        return free() >= RESERVE + SESSION * (self.arriving + 1)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "websocket":
            await self._websocket(scope, receive, send)
        elif scope["type"] == "http" and scope["path"] == HEALTH and not self.room():
            await PlainTextResponse(FULL, 503)(scope, receive, send)
        elif scope["type"] == "http" and _is_page(scope) and not self.room():
            page = HTMLResponse(f"<!doctype html><title>Elbo Room</title><p>{FULL}</p>", 503)
            page.headers["Retry-After"] = "60"
            await page(scope, receive, send)
        else:
            await self.app(scope, receive, send)

    async def _websocket(self, scope: Scope, receive: Receive, send: Send) -> None:
        if not self.room():
            await send({"type": "websocket.close", "code": 1013, "reason": FULL[:120]})
            return
        self.arriving += 1
        calls = 0

        async def receive_and_count() -> Message:
            nonlocal calls
            calls += 1
            if calls == 2:  # the first is the handshake; by the second the session has its files
                self.arriving -= 1
            return await receive()

        Capacity.connected += 1
        try:
            await self.app(scope, receive_and_count, send)
        finally:
            Capacity.connected -= 1
            if calls < 2:
                self.arriving -= 1


def visitors() -> int:
    """How many pages are open now, in all browsers."""
    return Capacity.connected


def _is_page(scope: Scope) -> bool:
    """Whether a browser asks for a page, not for a script or a picture of one."""
    accept = dict(scope["headers"]).get(b"accept", b"")
    return scope["method"] == "GET" and b"text/html" in accept

"""Streamlit's scripts and those of components, sent compressed: the first visit of Latent map takes 3.4 MB of
files, not 8.8."""

from __future__ import annotations

from starlette.datastructures import Headers
from starlette.middleware.gzip import GZipMiddleware
from starlette.types import ASGIApp, Message, Receive, Scope, Send

STATIC = ("/static/", "/components/")
MOST = 32 * 2**20  # bytes kept: all that Streamlit has takes 8 MB


class Compression:
    """ASGI middleware that compresses static files, each of them once.

    Their names change with their content and they are said to be immutable, so the first answer serves
    everybody after it. Without that a class that arrives at once costs 0.3 s of a processor a visitor.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app, self.compressing = app, GZipMiddleware(app, compresslevel=6)
        self.kept: dict[str, list[Message]] = {}
        self.size = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if not _compressible(scope):
            await self.app(scope, receive, send)
            return
        messages = self.kept.get(scope["path"])
        if messages is None:
            messages = []
            await self.compressing(scope, receive, _both(messages, send))
            self._keep(scope["path"], messages)
            return
        for message in messages:
            await send(_copy(message))

    def _keep(self, path: str, messages: list[Message]) -> None:
        size = sum(len(message.get("body", b"")) for message in messages)
        whole = bool(messages) and not messages[-1].get("more_body", False)
        if whole and _immutable(messages[0]) and path not in self.kept and self.size + size <= MOST:
            self.kept[path] = messages
            self.size += size


def _compressible(scope: Scope) -> bool:
    if scope["type"] != "http" or scope["method"] != "GET" or not scope["path"].startswith(STATIC):
        return False
    headers = Headers(scope=scope)
    return "gzip" in headers.get("accept-encoding", "") and "range" not in headers


def _immutable(start: Message) -> bool:
    headers = Headers(raw=start["headers"])
    return start["status"] == 200 and "immutable" in headers.get("cache-control", "")


def _both(messages: list[Message], send: Send) -> Send:
    async def send_and_keep(message: Message) -> None:
        messages.append(_copy(message))
        await send(message)

    return send_and_keep


def _copy(message: Message) -> Message:
    """What others may add headers to."""
    return {**message, "headers": [*message["headers"]]} if "headers" in message else {**message}

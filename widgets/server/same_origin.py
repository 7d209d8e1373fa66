"""Only the app's own pages may speak to its server.

Streamlit takes a websocket from any port of this machine for its own, and the websocket is the whole app: a
page of another program on localhost could train, rename and delete runs.
"""

from __future__ import annotations

import logging
from urllib.parse import urlsplit

import streamlit as st
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Receive, Scope, Send

REFUSED = "This request comes from another site's page. Open the app under its own address."

log = logging.getLogger(__name__)


def allowed(origin: str | None, host: str, others: list[str]) -> bool:
    """Whether a page of that origin may ask; a program that is no browser names none.

    others: origins that the server's owner lets in (`server.corsAllowedOrigins`), as behind a proxy.
    """
    if origin is None or origin in others:
        return True
    return urlsplit(origin).netloc.lower() == host.lower() != ""


class SameOrigin:
    """ASGI middleware that refuses requests and websockets of other origins' pages."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in ("http", "websocket"):
            await self.app(scope, receive, send)
            return
        headers = {name.lower(): value.decode("latin-1") for name, value in scope["headers"]}
        origin, host = headers.get(b"origin"), headers.get(b"host", "")
        if allowed(origin, host, st.get_option("server.corsAllowedOrigins") or []):
            await self.app(scope, receive, send)
        elif scope["type"] == "http":
            await PlainTextResponse(REFUSED, 403)(scope, receive, send)
        else:
            log.warning("A websocket of %.200r was refused; this server is %.200r.", origin, host)
            await send({"type": "websocket.close", "code": 1008, "reason": REFUSED})

"""What every answer of the server tells the browser to refuse, whatever a page may be made to hold."""

from __future__ import annotations

import base64
import hashlib
import re
from pathlib import Path

import streamlit
from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

INDEX = Path(streamlit.__file__).parent / "static" / "index.html"
HOST = re.compile(r"[A-Za-z0-9.:\[\]-]+")


def policy(host: str, index: str) -> str:
    """The Content-Security-Policy of a page asked for under that host, over Streamlit's own `index.html`.

    Nothing is fetched from elsewhere, nothing frames the page, and no text on it runs as a script: no inline
    script, no handler. What has to be open: components are modules, and decoders workers, made of blobs;
    Streamlit styles by inline sheets; figures and images travel as data; Plotly compiles what it draws by
    WebGL (regl), and says "WebGL is not supported" without 'unsafe-eval'.
    """
    inline = re.findall(r"<script>(.*?)</script>", index, re.DOTALL)
    hashes = (base64.b64encode(hashlib.sha256(script.encode()).digest()).decode() for script in inline)
    # Safari does not take a websocket to the page's own host for 'self'.
    sockets = f" ws://{host} wss://{host}" if HOST.fullmatch(host) else ""
    rules = {
        "default-src": "'self'",
        "script-src": " ".join(["'self' blob: 'unsafe-eval'", *(f"'sha256-{each}'" for each in hashes)]),
        "worker-src": "'self' blob:",
        "style-src": "'self' 'unsafe-inline'",
        "img-src": "'self' data: blob:",
        "font-src": "'self' data:",
        "media-src": "'self' data: blob:",
        "connect-src": f"'self' blob: data:{sockets}",
        "frame-src": "'self'",
        "object-src": "'none'",
        "base-uri": "'self'",
        "form-action": "'self'",
        "frame-ancestors": "'none'",
    }
    return "; ".join(f"{name} {sources}" for name, sources in rules.items())


class Headers:
    """ASGI middleware that adds them to every answer over HTTP."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app
        self.index = INDEX.read_text(encoding="utf-8")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        host = dict(scope["headers"]).get(b"host", b"").decode("latin-1")

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                headers["Content-Security-Policy"] = policy(host, self.index)
                headers["X-Content-Type-Options"] = "nosniff"
                headers["Referrer-Policy"] = "no-referrer"  # a link holds names of runs
                headers["Cross-Origin-Resource-Policy"] = "same-origin"
            await send(message)

        await self.app(scope, receive, send_with_headers)

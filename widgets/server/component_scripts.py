"""The scripts of components, which pages name by what is in them: a browser keeps each for good."""

from __future__ import annotations

import re
from collections.abc import Mapping

from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

ADDRESS = re.compile(r"/components/([0-9a-f]{16})\.js$")
FOREVER = {"Cache-Control": "public, immutable, max-age=31536000"}


class ComponentScripts:
    """ASGI middleware that answers for them, whatever path the server is reached under. table: by name."""

    def __init__(self, app: ASGIApp, table: Mapping[str, bytes]) -> None:
        self.app, self.table = app, table

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        asked = ADDRESS.search(scope["path"]) if scope["type"] == "http" else None
        if asked is None:
            await self.app(scope, receive, send)
            return
        found = self.table.get(asked[1])
        answer = Response("There is no such script.", 404)
        if found is not None:
            answer = Response(found, headers=FOREVER, media_type="text/javascript")
        await answer(scope, receive, send)

"""What the server does when it starts, before it answers anybody."""

from __future__ import annotations

import asyncio
import sys
import threading
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager

import streamlit as st
from starlette.middleware import Middleware
from streamlit.runtime.pages_manager import PagesManager

from widgets.server import capacity
from widgets.server.capacity import Capacity
from widgets.server.component_scripts import ComponentScripts
from widgets.server.compression import Compression
from widgets.server.headers import Headers
from widgets.server.same_origin import SameOrigin

A_MOMENT = 0.2  # seconds after which the server listens
# Seconds that a thread keeps the interpreter while others wait for it. A page looks at a hundred files, and
# after each look waits its turn behind whoever computes: with Python's 5 ms the slowest answers in a class of
# 40 took half as long again.
TURN = 0.0005


def middleware(component_scripts: Mapping[str, bytes]) -> list[Middleware]:
    """The outermost first: what is refused carries the headers too."""
    return [
        Middleware(Headers),
        Middleware(SameOrigin),
        Middleware(Capacity),
        Middleware(Compression),
        Middleware(ComponentScripts, component_scripts),
    ]


def lifespan(prepare: Callable[[], None]) -> Callable[[st.App], AbstractAsyncContextManager[None]]:
    """The life of the server. prepare: what the first page needs, begun while a browser loads the scripts."""

    @asynccontextmanager
    async def life(_: st.App) -> AsyncIterator[None]:
        capacity.raise_limit()
        sys.setswitchinterval(TURN)
        # Streamlit takes a folder named pages/ for an app of its own until app.py has run once: the first
        # visitors of a deep link would get a page without the app around it. Private; Streamlit is pinned.
        PagesManager.uses_pages_directory = False
        loop, preparing = asyncio.get_running_loop(), threading.Thread(target=prepare, daemon=True)
        loop.call_later(A_MOMENT, preparing.start)
        if not st.get_option("server.headless"):
            loop.call_later(A_MOMENT, _open_browser)
        yield

    return life


def _open_browser() -> None:
    """`streamlit run` does so for a script, and not for an `st.App`."""
    from streamlit.cli_util import open_browser

    address, port = st.get_option("browser.serverAddress"), st.get_option("server.port")
    open_browser(f"http://{address}:{port}")

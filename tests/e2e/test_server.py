"""The server against many visitors at once, against other sites, and against its own limits."""

import asyncio
import os
import sys
import threading
import urllib.error
import urllib.request
from collections.abc import Callable, Coroutine, Iterator
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
import websockets
from playwright.sync_api import Browser
from streamlit.proto.Alert_pb2 import Alert
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg

PAGES = ["", "train", "latent_map", "compare", "traverse", "interpolate", "inpaint", "generate"]
QUIET = 3.0  # seconds after which a page that has come is not about to say more


class Visit:
    """One session as a browser holds it: it asks for a page, and remembers what came."""

    def __init__(self) -> None:
        self.headings: list[str] = []
        self.faults: list[str] = []
        self.refused = ""

    def take(self, message: ForwardMsg) -> None:
        element = message.delta.new_element
        match element.WhichOneof("type"):
            case "heading":
                self.headings.append(element.heading.body)
            case "exception":
                self.faults.append(element.exception.message)
            case "alert" if element.alert.format == Alert.ERROR or "no run" in element.alert.body:
                self.faults.append(element.alert.body)


async def visit(url: str, page: str, leave: asyncio.Event | None = None, **options: Any) -> Visit:
    """Comes, and stays until the page is through, or until everybody may leave."""
    seen = Visit()
    address = url.replace("http", "ws") + "/_stcore/stream"
    try:
        async with websockets.connect(
            address, subprotocols=["streamlit"], max_size=None, **options
        ) as socket:
            ask = BackMsg()
            ask.rerun_script.page_name = page
            await socket.send(ask.SerializeToString())
            done = False
            while True:
                try:
                    message = ForwardMsg.FromString(
                        await asyncio.wait_for(socket.recv(), QUIET if done else 60)
                    )
                except TimeoutError:
                    break
                seen.take(message)
                done = done or message.WhichOneof("type") == "script_finished"
            if leave is not None:
                await leave.wait()
    except websockets.InvalidStatus as answer:
        seen.refused = str(answer.response.status_code)
    return seen


def together(*visits: Coroutine[Any, Any, Any]) -> list[Any]:
    """All at once, in a thread of their own: Playwright has this one's event loop."""

    async def everybody() -> list[Any]:
        return await asyncio.gather(*visits)

    with ThreadPoolExecutor(1) as thread:
        return thread.submit(lambda: asyncio.run(everybody())).result()


def test_twelve_first_visitors_at_once_each_get_their_page(own_server: Callable[..., Any]) -> None:
    server = own_server()
    visits = together(*(visit(server.url, PAGES[k % len(PAGES)]) for k in range(12)))
    assert [seen.faults for seen in visits] == [[]] * 12
    assert all(seen.headings for seen in visits)


# --- other sites ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "origin", ["http://localhost:1", "http://127.0.0.1:1", "http://evil.example", "null"]
)
def test_another_sites_page_opens_no_websocket_and_gets_no_answer(server: Any, origin: str) -> None:
    (seen,) = together(visit(server.url, "", origin=origin))
    assert seen.refused == "403"
    with pytest.raises(urllib.error.HTTPError, match="403"):
        urllib.request.urlopen(urllib.request.Request(server.url, headers={"Origin": origin}))


def test_the_apps_own_page_opens_one_under_each_of_its_names(server: Any) -> None:
    for host in ("127.0.0.1", "localhost"):
        url = f"http://{host}:{server.port}"
        assert together(visit(url, "", origin=url))[0].headings


class Stranger:
    """Another program of this machine that serves pages, and notes what is asked of it."""

    def __init__(self) -> None:
        self.pages: dict[str, str] = {}
        self.asked: list[str] = []
        stranger = self

        class Answer(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                stranger.asked.append(self.path)
                self.send_response(200)
                self.send_header("Content-Type", "text/html")
                self.end_headers()
                self.wfile.write(stranger.pages.get(self.path, "").encode())

            def log_message(self, *_: object) -> None: ...

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Answer)
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()


@pytest.fixture
def stranger() -> Iterator[Stranger]:
    stranger = Stranger()
    yield stranger
    stranger.server.shutdown()


def test_no_other_page_frames_the_app(server: Any, stranger: Stranger, browser: Browser) -> None:
    stranger.pages["/"] = f'<h1>Win a prize</h1><iframe src="{server.url}"></iframe>'
    page = browser.new_page()
    refusals: list[str] = []
    page.on("console", lambda message: refusals.append(message.text))
    page.goto(stranger.url, wait_until="networkidle")
    assert any("frame-ancestors" in text for text in refusals)
    page.close()


def test_a_page_fetches_nothing_from_elsewhere_and_runs_no_script_that_is_put_on_it(
    server: Any, browser: Browser, stranger: Stranger
) -> None:
    """Whatever a link or a run gets onto a page, it reaches nobody."""
    page = browser.new_page()
    page.goto(server.url, wait_until="networkidle")
    page.evaluate(
        """async url => {
            document.body.insertAdjacentHTML("beforeend",
                `<img src="${url}/image" onerror="window.ran = true"><link rel=stylesheet href="${url}/css">
                 <iframe src="${url}/frame"></iframe><object data="${url}/object"></object>`);
            const script = document.createElement("script");
            script.src = `${url}/script`;
            document.body.append(script);
            const inline = document.createElement("script");
            inline.textContent = "window.ran = true";
            document.body.append(inline);
            await fetch(`${url}/fetch`, { mode: "no-cors" }).catch(() => {});
            try { new WebSocket(url.replace("http", "ws")); } catch {}
        }""",
        stranger.url,
    )
    page.wait_for_load_state("networkidle")
    assert stranger.asked == []
    assert page.evaluate("() => window.ran") is None
    page.close()


# --- its own limits -------------------------------------------------------------------------------

FILES = 200


def answer(url: str, **headers: str) -> tuple[int, str]:
    try:
        with urllib.request.urlopen(urllib.request.Request(url, headers=headers)) as found:
            return found.status, found.read().decode()
    except urllib.error.HTTPError as refused:
        return refused.code, refused.read().decode()


def test_whom_it_has_no_room_for_is_told_so_and_the_others_are_well(
    own_server: Callable[..., Any], wait_until: Callable[..., None]
) -> None:
    resource = pytest.importorskip("resource")
    server = own_server(before=lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (64, FILES)))
    health = f"{server.url}/_stcore/health"
    full: list[tuple[int, str]] = []

    async def crowd() -> list[Visit]:
        """Twenty at once, then one after another until it is full, and some more."""
        leave = asyncio.Event()
        visits = [asyncio.create_task(visit(server.url, PAGES[k % 7], leave)) for k in range(20)]
        while len(full) < 5 and len(visits) < FILES:
            visits.append(asyncio.create_task(visit(server.url, PAGES[len(visits) % 7], leave)))
            await asyncio.sleep(0.1)
            said = await asyncio.to_thread(answer, health)
            if said[0] != 200:
                full.extend([said, await asyncio.to_thread(answer, server.url, Accept="text/html")])
        await asyncio.sleep(QUIET)
        leave.set()
        return list(await asyncio.gather(*visits))

    (visits,) = together(crowd())
    inside = [seen for seen in visits if not seen.refused]
    assert 5 < len(inside) < len(visits)
    assert [seen.faults for seen in inside] == [[]] * len(inside)
    assert all(seen.headings for seen in inside)
    assert {status for status, _ in full} == {503}
    assert all("no room for another visitor" in said for _, said in full)
    wait_until(lambda: answer(health)[0] == 200, "there is room again", seconds=120)


@pytest.mark.skipif(sys.platform != "linux", reason="the system's way to open a browser is another one")
def test_who_starts_it_at_a_desk_gets_it_in_the_browser(
    own_server: Callable[..., Any], tmp_path: Path, wait_until: Callable[..., None]
) -> None:
    opened, opener = tmp_path / "opened", tmp_path / "xdg-open"
    opener.write_text(f'#!/bin/sh\necho "$1" > {opened}\n')
    opener.chmod(0o755)
    server = own_server(headless=False, environment={"PATH": f"{tmp_path}:{os.environ['PATH']}"})
    wait_until(opened.exists, "the browser is opened")
    wait_until(lambda: opened.read_text().strip() == f"http://localhost:{server.port}", "with the address")

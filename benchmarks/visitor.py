"""A visitor of the app without a browser: Streamlit's protocol over a websocket, as its own scripts speak it.

It asks for pages, says what a hand does, keeps the timers of fragments that run by themselves, names the
messages that it still holds so that the server need not send them again, and writes down how long everything
took and how many bytes came. It draws nothing, so that no browser shares the server's processors.
"""

from __future__ import annotations

import asyncio
import json
import time
from dataclasses import dataclass, field
from urllib.parse import parse_qsl, urlencode

import websockets
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg

KEPT_FOR = 2  # runs of the script for which a browser keeps a message: Streamlit's maxCachedMessageAge
PATIENCE = 10.0  # seconds after which a poll without an answer is lost
FOREVER = 120.0
A_PICTURE = 4096  # bytes of a component without its scripts: with less it has its labels at most
PROTOCOL = "streamlit"


@dataclass
class Answer:
    """Seconds from the question to the page's title, to the first picture (an image, a chart, or a component
    with more than labels) and to the end of the script; bytes that came meanwhile; whether something on the
    page failed."""

    first: float
    picture: float
    whole: float
    sent: int
    failed: bool


@dataclass
class Poll:
    """When it is due next, how often, and since when the last one waits for its answer, if it does."""

    due: float
    every: float
    waits: float | None = None


@dataclass
class Component:
    """Its id, and that of the fragment in which it is, or ""."""

    id: str
    fragment: str


@dataclass
class Visitor:
    """One tab."""

    url: str
    polls: list[float] = field(default_factory=list)
    lost: int = 0
    query: str = ""

    async def __aenter__(self) -> Visitor:
        address = self.url.replace("http", "ws", 1) + "/_stcore/stream"
        self._socket = await websockets.connect(
            address, subprotocols=[PROTOCOL], max_size=None, open_timeout=120, ping_timeout=None
        )
        self._timers: dict[str, Poll] = {}
        # Messages by their hash: in which run of the script each came last, and the component that is in it.
        self._held: dict[str, tuple[int, Component | None, bool]] = {}
        self._script = 0
        self._components: dict[str, Component] = {}  # by their keys
        self._question: asyncio.Future[Answer] | None = None
        self._wanted = ""  # the fragment that is asked for, or "" for the whole page
        self._fragments: tuple[str, ...] = ()
        self._cut_short = False  # whether the last run was said to have ended early
        self._hash = ""  # of the page, by which Streamlit knows it
        self._reset()
        self._tasks = [asyncio.create_task(self._listen()), asyncio.create_task(self._poll())]
        return self

    async def __aexit__(self, *_: object) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._socket.close()

    # --- what a visitor does ---

    async def open(self, page: str, **choices: str) -> Answer:
        """Another page, by a link."""
        self.query, self._hash = urlencode(choices), ""
        self._components.clear()
        message = self._message()
        message.rerun_script.page_name = "" if page == "home" else page
        return await self._ask(message)

    async def choose(self, **choices: str) -> Answer:
        """Something else on this page, as the address has it: what a link and Back lead to."""
        self.query = urlencode(self.choices | choices)
        message = self._message()
        message.rerun_script.is_history_navigation = True
        return await self._ask(message)

    async def move(self, component: str, value: object) -> Answer | None:
        """The state of a component, by its key, as a hand leaves it; None where the page has none such."""
        found = self._components.get(component)
        if found is None:
            return None
        message = self._message()
        state = message.rerun_script.widget_states.widgets.add()
        state.id, state.json_value = found.id, json.dumps(value)
        message.rerun_script.fragment_id = found.fragment
        return await self._ask(message)

    @property
    def choices(self) -> dict[str, str]:
        """What the address says."""
        return dict(parse_qsl(self.query))

    def take_polls(self) -> tuple[list[float], int]:
        """Seconds that polls took which were answered since the last call, and how many were not in time."""
        now = time.monotonic()
        for poll in self._timers.values():
            if poll.waits is not None and now - poll.waits > PATIENCE:
                self.lost += 1
                poll.waits = None
        found = self.polls, self.lost
        self.polls, self.lost = [], 0
        return found

    def _message(self) -> BackMsg:
        message = BackMsg()
        message.rerun_script.query_string = self.query
        message.rerun_script.page_script_hash = self._hash
        message.rerun_script.cached_message_hashes.extend(self._held)
        return message

    async def _ask(self, message: BackMsg) -> Answer:
        self._question = asyncio.get_running_loop().create_future()
        self._wanted = message.rerun_script.fragment_id
        self._reset()
        await self._socket.send(message.SerializeToString())
        return await asyncio.wait_for(self._question, FOREVER)

    def _reset(self) -> None:
        self._asked = time.monotonic()
        self._first: float | None = None
        self._picture: float | None = None
        self._bytes, self._failed, self._began = 0, False, False

    # --- what the server says ---

    async def _listen(self) -> None:
        try:
            async for raw in self._socket:
                self._hear(ForwardMsg.FromString(raw), len(raw))
            error: Exception = ConnectionError(f"The server hung up: {self._socket.close_reason}.")
        except Exception as fault:  # noqa: BLE001 (who waits for an answer is told)
            error = fault
        if self._question is not None and not self._question.done():
            self._question.set_exception(error)

    def _hear(self, message: ForwardMsg, size: int) -> None:
        kind, now = message.WhichOneof("type"), time.monotonic()
        self._bytes += size
        if kind == "new_session":
            before, self._fragments = self._fragments, tuple(message.metadata.run.fragment_ids)
            if self._cut_short and self._fragments:
                self._parts_came(before, now)
            self._cut_short = False
            # Runs of one session follow one another; where a part of the page runs, the page has come.
            if self._fragments and self._began and not self._wanted:
                self._answered(now)
            if not self._fragments:
                self._timers.clear()
                self._began = True
        elif kind == "auto_rerun":
            timer = message.auto_rerun
            self._timers.setdefault(timer.fragment_id, Poll(now + timer.interval, timer.interval))
        elif kind == "stop_auto_rerun":
            for name in message.stop_auto_rerun.fragment_ids:
                self._timers.pop(name, None)
        elif kind == "navigation":
            self._hash = message.navigation.page_script_hash
        elif kind == "page_info_changed":
            self.query = message.page_info_changed.query_string
        elif kind == "ref_hash":
            _, component, picture = self._held[message.ref_hash]
            self._held[message.ref_hash] = self._script, component, picture
            self._keep(component)
            self._show(picture, now)
        elif kind == "delta":
            component, picture = self._seen(message, now), _is_picture(message)
            if message.metadata.cacheable:
                self._held[message.hash] = self._script, component, picture
            self._keep(component)
            self._show(picture, now)
        elif kind == "script_finished":
            self._finished(message, now)

    def _seen(self, message: ForwardMsg, now: float) -> Component | None:
        element = message.delta.new_element
        which = element.WhichOneof("type")
        self._failed |= which == "exception" or (which == "alert" and " failed" in element.alert.body)
        in_main = list(message.metadata.delta_path[:1]) == [0]
        if self._first is None and in_main and which == "heading":
            self._first = now
        if which != "bidi_component":
            return None
        return Component(element.bidi_component.id, message.delta.fragment_id)

    def _keep(self, component: Component | None) -> None:
        if component is not None:
            self._components[component.id.split("-", 2)[-1]] = component

    def _show(self, picture: bool, now: float) -> None:
        if picture and self._picture is None:
            self._picture = now

    def _finished(self, message: ForwardMsg, now: float) -> None:
        status = message.script_finished
        if status == ForwardMsg.FINISHED_EARLY_FOR_RERUN:
            # What was asked goes on; but Streamlit says so too of a part that has come, where another part
            # begins before the message leaves. Which of both it is, the next run tells.
            self._cut_short = True
            return
        if status == ForwardMsg.FINISHED_SUCCESSFULLY:
            self._script += 1
            self._held = {name: run for name, run in self._held.items() if self._script - run[0] <= KEPT_FOR}
            self._answered(now)
        self._parts_came(self._fragments, now)

    def _parts_came(self, fragments: tuple[str, ...], now: float) -> None:
        for name in fragments:
            poll = self._timers.get(name)
            if poll is not None and poll.waits is not None:
                self.polls.append(now - poll.waits)
                poll.waits = None
        if self._wanted and self._wanted in fragments:
            self._answered(now)

    def _answered(self, now: float) -> None:
        if self._question is not None and not self._question.done():
            first, picture = (self._first or now) - self._asked, (self._picture or now) - self._asked
            self._question.set_result(Answer(first, picture, now - self._asked, self._bytes, self._failed))

    async def _poll(self) -> None:
        """As a browser does: every interval, whether or not the last one was answered."""
        while True:
            now = time.monotonic()
            for name, poll in list(self._timers.items()):
                if poll.due <= now:
                    message = self._message()
                    message.rerun_script.fragment_id, message.rerun_script.is_auto_rerun = name, True
                    poll.due = max(poll.due + poll.every, now)
                    poll.waits = now if poll.waits is None else poll.waits
                    await self._socket.send(message.SerializeToString())
            soonest = min((poll.due for poll in self._timers.values()), default=now + 0.1)
            await asyncio.sleep(min(max(soonest - time.monotonic(), 0.005), 0.1))


def _is_picture(message: ForwardMsg) -> bool:
    """Of the page itself: not of what stands beside it."""
    if message.metadata.delta_path[0] != 0:
        return False
    element = message.delta.new_element
    which = element.WhichOneof("type")
    if which == "html":
        return "<img" in element.html.body or "elbo-picture" in element.html.body
    if which != "bidi_component":
        return which == "plotly_chart"
    component = element.bidi_component
    scripts = len(component.js_content) + len(component.css_content) + len(component.html_content)
    return element.ByteSize() - scripts > A_PICTURE

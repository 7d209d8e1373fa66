"""What takes seconds is computed beside the page, once for all sessions, and asked for until it is there."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Hashable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import streamlit as st

from vae_core.analysis.progress import Cancelled
from vae_core.data import Unavailable
from vae_core.runs.run import RunError
from widgets.shell import words
from widgets.shell.error_boundary import callback
from widgets.shell.fragments import fragment

POLL = 0.4  # seconds

log = logging.getLogger(__name__)


@dataclass(eq=False)
class Task:
    """A computation on its way."""

    future: Future[Any] | None = None
    started: float = field(default_factory=time.monotonic)
    # What a tracked task says of itself: the fraction done, and what it is at.
    fraction: float = 0.0
    sentence: str = ""
    cancelled: bool = False
    # What a streamed task has so far; begun is set once there is something, or the task has ended.
    partial: Any = None
    begun: threading.Event = field(default_factory=threading.Event)
    forget: Callable[[], None] = lambda: None  # so that it begins anew when it is asked for again

    def report(self, fraction: float, sentence: str) -> None:
        self.fraction, self.sentence = fraction, sentence

    def publish(self, partial: Any) -> None:
        self.partial = partial
        self.begun.set()

    def done(self) -> bool:
        return self.future is not None and self.future.done()

    def exception(self) -> BaseException | None:
        assert self.future is not None
        return self.future.exception()

    def result(self) -> Any:
        assert self.future is not None
        return self.future.result()


def start(
    work: Callable[..., Any],
    *arguments: Hashable,
    lane: str = "measuring",
    tracked: bool = False,
    streamed: bool = False,
) -> Task:
    """The task work(*arguments), begun by whoever asked first. A task may wait for one in another lane.

    tracked: work takes `progress` and `cancelled` too, as analyses do. streamed: it also takes `publish`, and
    what it publishes is the task's `partial`.
    """
    name = f"{work.__module__}.{work.__qualname__}"
    task = _task(name, arguments, lane, tracked, streamed, work)
    task.forget = lambda: _task.clear(name, arguments, lane, tracked, streamed, work)
    return task


@st.cache_resource(max_entries=48, show_spinner=False)
def _task(
    name: str,
    arguments: tuple[Hashable, ...],
    lane: str,
    tracked: bool,
    streamed: bool,
    _work: Callable[..., Any],
) -> Task:
    task = Task()
    more: dict[str, Any] = {}
    if tracked:
        more |= {"progress": task.report, "cancelled": lambda: task.cancelled}
    if streamed:
        more["publish"] = task.publish
    task.future = _threads(lane).submit(_quietly, name, partial(_work, **more), arguments)
    task.future.add_done_callback(lambda _: task.begun.set())
    return task


def _quietly(name: str, work: Callable[..., Any], arguments: tuple[Hashable, ...]) -> Any:
    try:
        return work(*arguments)
    except Cancelled:
        raise
    except Exception:
        log.exception("%s stumbled.", name)
        raise


@st.cache_resource(show_spinner=False)
def _threads(lane: str) -> ThreadPoolExecutor:
    return ThreadPoolExecutor(2, lane)


def sentence(fault: BaseException) -> str:
    if isinstance(fault, RunError | Unavailable):
        return str(fault)
    if (own := words.of_fault(fault)) is not None:
        return f"This could not be computed: {own}"
    return f"This could not be computed ({type(fault).__name__}); the server's terminal shows the details."


def when_done(task: Task, words: str, show: Callable[[Any], None], cancel: str | None = None) -> None:
    """Shows the task's result, or says that it is on its way and comes back when it is there.

    cancel: of a tracked task, the key of a button that stops it, and of one that starts it again.
    """
    if task.done():
        fault = task.exception()
        if isinstance(fault, Cancelled):
            st.caption(":material/block: Cancelled.")
            st.button(
                "Start again",
                key=f"{cancel}-again",
                on_click=callback(task.forget),
                icon=":material/refresh:",
            )
        elif fault is not None:
            st.warning(sentence(fault), icon=":material/error:")
        else:
            show(task.result())
        return

    def wait() -> None:
        if task.done():
            st.rerun()
        st.caption(f":material/hourglass_top: {words} … {time.monotonic() - task.started:.0f} s")
        if task.sentence:
            st.progress(task.fraction, task.sentence)
        if cancel is not None and st.button("Cancel", key=cancel, icon=":material/close:"):
            task.cancelled = True

    fragment(wait, run_every=POLL)

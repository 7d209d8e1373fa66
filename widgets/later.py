"""What takes seconds is computed beside the page, once for all sessions, and asked for until it is there."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Hashable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

import streamlit as st

from vae_core.data import Unavailable
from vae_core.training.run import RunError

POLL = 0.4  # seconds

log = logging.getLogger(__name__)


@dataclass(eq=False)
class Task:
    """A computation on its way."""

    future: Future[Any] | None = None
    started: float = field(default_factory=time.monotonic)

    def done(self) -> bool:
        return self.future is not None and self.future.done()

    def exception(self) -> BaseException | None:
        assert self.future is not None
        return self.future.exception()

    def result(self) -> Any:
        assert self.future is not None
        return self.future.result()


def start(work: Callable[..., Any], *arguments: Hashable, lane: str = "measuring") -> Task:
    """The task work(*arguments), begun by whoever asked first. A task may wait for one in another lane."""
    return _task(f"{work.__module__}.{work.__qualname__}", arguments, lane, work)


@st.cache_resource(max_entries=48, show_spinner=False)
def _task(name: str, arguments: tuple[Hashable, ...], lane: str, _work: Callable[..., Any]) -> Task:
    task = Task()
    task.future = _threads(lane).submit(_quietly, name, _work, arguments)
    return task


def _quietly(name: str, work: Callable[..., Any], arguments: tuple[Hashable, ...]) -> Any:
    try:
        return work(*arguments)
    except Exception:
        log.exception("%s stumbled.", name)
        raise


@st.cache_resource(show_spinner=False)
def _threads(lane: str) -> ThreadPoolExecutor:
    return ThreadPoolExecutor(2, lane)


def sentence(fault: BaseException) -> str:
    if isinstance(fault, RunError | Unavailable):
        return str(fault)
    return f"This could not be computed ({type(fault).__name__}); the server's terminal shows the details."


def when_done(task: Task, words: str, show: Callable[[Any], None]) -> None:
    """Shows the task's result, or says that it is on its way and comes back when it is there."""
    if task.done():
        fault = task.exception()
        if fault is not None:
            st.warning(sentence(fault), icon=":material/error:")
        else:
            show(task.result())
        return

    def wait() -> None:
        if task.done():
            st.rerun()
        st.caption(f":material/hourglass_top: {words} … {time.monotonic() - task.started:.0f} s")

    st.fragment(wait, run_every=POLL)()

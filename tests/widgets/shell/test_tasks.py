"""What is computed beside the page: it says how far it is, stops when told to, and begins anew when asked."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator

import pytest
import streamlit as st

from vae_core.analysis.progress import Cancelled, Reporter
from widgets.shell import tasks

going, seen = threading.Event(), threading.Semaphore(0)


@pytest.fixture(autouse=True)
def nothing_kept() -> Iterator[None]:
    st.cache_resource.clear()
    going.clear()
    yield
    going.set()
    st.cache_resource.clear()


def work(name: str, progress: Callable[[float, str], None], cancelled: Callable[[], bool]) -> str:
    reporter = Reporter(progress, cancelled)
    reporter.report(0.5, "Half way")
    seen.release()
    going.wait(20)
    reporter.report(1.0, "Done")
    return name


def test_a_task_is_begun_once_and_says_how_far_it_is() -> None:
    task = tasks.start(work, "one", tracked=True)
    assert tasks.start(work, "one", tracked=True) is task
    assert seen.acquire(timeout=20)
    assert (task.fraction, task.sentence) == (0.5, "Half way")
    going.set()
    assert task.future.result(20) == "one"


def test_a_cancelled_task_stops_and_begins_anew_when_it_is_forgotten() -> None:
    task = tasks.start(work, "two", tracked=True)
    assert seen.acquire(timeout=20)
    task.cancelled = True
    going.set()
    with pytest.raises(Cancelled):
        task.future.result(20)
    assert tasks.start(work, "two", tracked=True) is task  # cancelled is cancelled
    task.forget()
    assert tasks.start(work, "two", tracked=True).future.result(20) == "two"

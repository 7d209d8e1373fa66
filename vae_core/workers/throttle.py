"""When something that costs time is due again, and how much time has gone into training."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass


@dataclass
class Throttle:
    """Due every `least` seconds, or so seldom that it takes no more than `share` of this thread's work.

    Work is counted as the processor's time, so that a busy machine, which slows training and reporting
    alike, does not make a report look dear.
    """

    least: float
    share: float
    next: float = 0.0  # seconds on the wall's clock; at once, to begin with
    paid_off: float = 0.0  # seconds of work after which the last time is earned

    @property
    def due(self) -> bool:
        return time.perf_counter() >= self.next and time.thread_time() >= self.paid_off

    @contextmanager
    def spend(self) -> Iterator[None]:
        """Around the doing of it."""
        began, worked = time.perf_counter(), time.thread_time()
        yield
        self.next = began + self.least
        self.paid_off = worked + (time.thread_time() - worked) / self.share


class Stopwatch:
    """Seconds of training, without pauses."""

    def __init__(self, seconds: float) -> None:
        self._before = seconds
        self._since: float | None = None

    def go(self) -> None:
        if self._since is None:
            self._since = time.perf_counter()

    def pause(self) -> None:
        self._before, self._since = self.seconds, None

    @property
    def seconds(self) -> float:
        return self._before + (time.perf_counter() - self._since if self._since is not None else 0.0)


class Speed:
    """Steps per second over the last few reports."""

    def __init__(self, span: float = 3.0) -> None:
        self.span = span
        self._marks: deque[tuple[float, int]] = deque()

    def mark(self, seconds: float, step: int) -> float:
        """The speed up to now; 0 at the first mark."""
        while len(self._marks) > 1 and self._marks[1][0] < seconds - self.span:
            self._marks.popleft()
        self._marks.append((seconds, step))
        then, steps = self._marks[0]
        return (step - steps) / (seconds - then) if seconds > then else 0.0

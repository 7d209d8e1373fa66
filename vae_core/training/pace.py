"""When something that costs time is due again, and how much time has gone into training."""

from __future__ import annotations

import time
from collections import deque
from dataclasses import dataclass


@dataclass
class Pace:
    """Due every `least` seconds, or so seldom that its cost stays within `share` of the time."""

    least: float
    share: float
    next: float = 0.0  # on the clock of time.perf_counter; at once, to begin with

    @property
    def due(self) -> bool:
        return time.perf_counter() >= self.next

    def done(self, began: float) -> None:
        """It began then and has ended now."""
        self.next = began + max(self.least, (time.perf_counter() - began) / self.share)


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

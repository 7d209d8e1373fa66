"""What takes time says how far it is, and can be told to stop."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

# Called with the fraction done (0 to 1) and a sentence saying what is being done.
Progress = Callable[[float, str], None]


class Cancelled(Exception):
    """The caller no longer wants the result."""


@dataclass(frozen=True)
class Reporter:
    """Both at once, either of which may be missing: how far it is goes out, a wish to stop comes in."""

    progress: Progress | None = None
    cancelled: Callable[[], bool] | None = None

    def report(self, fraction: float, sentence: str) -> None:
        """Raises Cancelled where nobody waits any more."""
        if self.cancelled is not None and self.cancelled():
            raise Cancelled(f"Cancelled while at: {sentence}.")
        if self.progress is not None:
            self.progress(min(max(fraction, 0.0), 1.0), sentence)

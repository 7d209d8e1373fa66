"""The status of a run in its worker's hands: written at every change, and by a heart in between."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import Any

from vae_core.runs import status

BEAT = 0.8  # seconds

Progress = Callable[[dict[str, Any]], None]


class Heartbeat:
    """Keeps `status.json` alive while the worker is in a long step or evaluation."""

    def __init__(self, path: Path, progress: Progress | None) -> None:
        self.path, self.progress = path, progress
        self.now = status.read(path)
        self._written = 0.0
        self._pen = threading.Lock()  # heart and worker write the same file
        self._still = threading.Event()
        self._thread = threading.Thread(target=self._beat, name="heart", daemon=True)

    def __enter__(self) -> Heartbeat:
        self.write(state="running", pid=os.getpid(), started=time.time(), remaining=None)
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._still.set()
        self._thread.join()

    def write(self, **changes: Any) -> None:
        with self._pen:
            self.now = replace(self.now, heartbeat=time.time(), **changes)
            status.write(self.path, self.now)
            self._written = time.perf_counter()

    def publish(self, **changes: Any) -> None:
        """Write, and let whoever called `train` know."""
        self.write(**changes)
        if self.progress is not None:
            self.progress(self.now.to_dict())

    def publish_progress(self, fraction: float, words: str) -> None:
        """Progress of something slow before the first step, such as a download."""
        if time.perf_counter() - self._written > 0.1:
            self.publish(message=f"{words} ({fraction:.0%})")

    def _beat(self) -> None:
        while not self._still.wait(BEAT / 4):
            if time.perf_counter() - self._written > BEAT:
                with suppress(OSError):
                    self.write()

"""What takes a minute or imports much is computed by a process of its own, which says how far it is.

    SIDE = Aside("umap", "vae_core.analysis.project")
    SIDE.start(path)                        # python -m vae_core.analysis.project PATH, and returns at once
    SIDE.said(path)                         # (0.4, "Laying out the points", False)

and in that process `SIDE.work(path, write, "UMAP")`, once for a run however often it was started. The app's
threads stay free: long computations in Python would hold up all its pages.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from vae_core.analysis.progress import Cancelled, Progress
from vae_core.training import folder

SILENT = 60.0  # seconds without a word, after which the process counts as dead
PACKAGE_PARENT = Path(__file__).parents[2]


@dataclass(frozen=True)
class Aside:
    """name: of its small files in the run's folder. module: what Python is to run, given the folder."""

    name: str
    module: str

    @property
    def words(self) -> str:
        return f"{self.name}.json"

    @property
    def lock(self) -> str:
        return f".{self.name.strip('.')}.lock"

    @property
    def stop(self) -> str:
        return f".{self.name.strip('.')}.stop"

    def start(self, path: Path) -> None:
        """Has another process compute it, and returns at once. Raises OSError where it cannot."""
        (path / self.stop).unlink(missing_ok=True)
        self.say(path, 0.0, "Starting")
        search = filter(None, [str(PACKAGE_PARENT), os.environ.get("PYTHONPATH", "")])
        subprocess.Popen(
            [sys.executable, "-m", self.module, str(path)],
            env=os.environ | {"PYTHONPATH": os.pathsep.join(search)},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )

    def said(self, path: Path) -> tuple[float, str, bool] | None:
        """How far it is (0 to 1), in a sentence, and whether it failed; None where nobody is at it."""
        words = folder.read_json(path / self.words)
        if words is None:
            return None
        fraction, sentence = words.get("fraction"), words.get("sentence")
        if not isinstance(fraction, int | float) or not isinstance(sentence, str) or fraction >= 1:
            return None
        if words.get("failed"):
            return float(fraction), sentence, True
        when = words.get("when")
        recent = isinstance(when, int | float) and time.time() - when < SILENT
        working = folder.held(path / self.lock) or recent
        return (float(fraction), sentence, False) if working else None

    def say(self, path: Path, fraction: float, sentence: str, failed: bool = False) -> None:
        words = {"fraction": fraction, "sentence": sentence, "failed": failed, "when": time.time()}
        folder.replace(path / self.words, json.dumps(words).encode())

    def cancel(self, path: Path) -> None:
        """Nobody wants it any more. Raises OSError where that cannot be written."""
        folder.replace(path / self.stop, b"")
        (path / self.words).unlink(missing_ok=True)

    def cancelled(self, path: Path) -> bool:
        return (path / self.stop).exists()

    def work(self, path: Path, write: Callable[[Path, Progress], None], what: str) -> int:
        """For the other process: `write(path, progress)` under the lock, and what goes wrong is said.

        Returns an exit code.
        """

        def progress(fraction: float, sentence: str) -> None:
            if self.cancelled(path):
                raise Cancelled(f"Cancelled while at: {sentence}.")
            self.say(path, min(fraction, 0.99), sentence)

        try:
            with folder.hold(path / self.lock):
                try:
                    write(path, progress)
                    (path / self.words).unlink(missing_ok=True)
                except Cancelled:
                    (path / self.words).unlink(missing_ok=True)
                    (path / self.stop).unlink(missing_ok=True)
        except folder.Busy:
            return 0  # another process is at it
        except Exception as error:
            self.say(path, 0.0, f"{what} could not be computed: {error}", failed=True)
            raise
        return 0

"""What takes a minute or imports much is computed by a process of its own, which says how far it is.

    JOB = BackgroundJob("umap", "vae_core.workers.umap_job")
    JOB.start(path)                        # python -m vae_core.workers.umap_job PATH, and returns at once
    JOB.reported(path)                         # (0.4, "Laying out the points", False)

and in that process `JOB.work(path, write, "UMAP")`, once for a run however often it was started. The app's
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

from vae_core import extensions
from vae_core.analysis.progress import Cancelled, Progress
from vae_core.runs import files
from vae_core.runs.reading import read_json
from vae_core.runs.run import Run
from vae_core.workers import own_process

SILENT = 60.0  # seconds without a word, after which the process counts as dead


@dataclass(frozen=True)
class BackgroundJob:
    """name: of its small files among the run's notes. module: what Python is to run, given the folder."""

    name: str
    module: str

    @property
    def progress_file(self) -> str:
        return f"{self.name}.json"

    @property
    def lock(self) -> str:
        return f".{self.name.strip('.')}.lock"

    @property
    def stop(self) -> str:
        return f".{self.name.strip('.')}.stop"

    def start(self, path: Path) -> None:
        """Has another process compute it, and returns at once. Raises OSError where it cannot."""
        place = Run(path).notes
        place.mkdir(parents=True, exist_ok=True)
        (place / self.stop).unlink(missing_ok=True)
        self.report(path, 0.0, "Starting")
        subprocess.Popen(
            [sys.executable, "-m", self.module, str(path.absolute())],
            **own_process.surroundings(),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )

    def reported(self, path: Path) -> tuple[float, str, bool] | None:
        """How far it is (0 to 1), in a sentence, and whether it failed; None where nobody is at it."""
        place = Run(path).notes
        words = read_json(place / self.progress_file)
        if words is None:
            return None
        fraction, sentence = words.get("fraction"), words.get("sentence")
        if not isinstance(fraction, int | float) or not isinstance(sentence, str) or fraction >= 1:
            return None
        if words.get("failed"):
            return float(fraction), sentence, True
        when = words.get("when")
        recent = isinstance(when, int | float) and time.time() - when < SILENT
        working = files.held(place / self.lock) or recent
        return (float(fraction), sentence, False) if working else None

    def report(self, path: Path, fraction: float, sentence: str, failed: bool = False) -> None:
        words = {"fraction": fraction, "sentence": sentence, "failed": failed, "when": time.time()}
        files.replace(Run(path).notes / self.progress_file, json.dumps(words).encode())

    def cancel(self, path: Path) -> None:
        """Nobody wants it any more. Raises OSError where that cannot be written."""
        place = Run(path).notes
        files.replace(place / self.stop, b"")
        (place / self.progress_file).unlink(missing_ok=True)

    def cancelled(self, path: Path) -> bool:
        return os.path.lexists(Run(path).notes / self.stop)

    def work(self, path: Path, write: Callable[[Path, Progress], None], what: str) -> int:
        """For the other process: `write(path, progress)` under the lock, and what goes wrong is said.

        Returns an exit code.
        """

        def progress(fraction: float, sentence: str) -> None:
            if self.cancelled(path):
                raise Cancelled(f"Cancelled while at: {sentence}.")
            self.report(path, min(fraction, 0.99), sentence)

        place = Run(path).notes
        try:
            place.mkdir(parents=True, exist_ok=True)
            with files.hold(place / self.lock):
                try:
                    extensions.load()
                    write(path, progress)
                    (place / self.progress_file).unlink(missing_ok=True)
                except Cancelled:
                    (place / self.progress_file).unlink(missing_ok=True)
                    (place / self.stop).unlink(missing_ok=True)
        except files.Busy:
            return 0  # another process is at it
        except Exception as error:
            self.report(path, 0.0, f"{what} could not be computed: {error}", failed=True)
            raise
        return 0

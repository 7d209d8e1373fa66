"""`metrics.jsonl`: one line per report, appended by the worker and read on while it grows.

A worker killed in the middle of a line leaves it torn; readers pass over it, and a resume cuts it off.
"""

from __future__ import annotations

import json
import os
import threading
from pathlib import Path
from typing import Any

from vae_core.runs import files

Report = dict[str, Any]
KEEP = 2000  # lines of a long run: at that many, every second one goes


class Reader:
    """The lines so far; each call reads only what has been added. Safe for several threads."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._guard = threading.Lock()
        self._reports: list[Report] = []
        self._offset = 0
        self._last = b""  # the last line read: where it is not in its place, the file is another one

    def read(self) -> list[Report]:
        with self._guard:
            try:
                if os.stat(self.path).st_size != self._offset:
                    self._read_on()
            except OSError:
                self._reports, self._offset, self._last = [], 0, b""
            return list(self._reports)

    def _read_on(self) -> None:
        with open(self.path, "rb") as file:
            file.seek(self._offset - len(self._last))
            if file.read(len(self._last)) != self._last:
                self._reports, self._offset = [], 0
                file.seek(0)
            fresh = file.read()
        whole = fresh[: fresh.rfind(b"\n") + 1]
        self._reports += [report for line in whole.splitlines() if (report := parse(line)) is not None]
        self._offset += len(whole)
        self._last = whole.splitlines(keepends=True)[-1] if whole else self._last if self._offset else b""


def parse(line: bytes) -> Report | None:
    """A report, or None where the line is torn or is none."""
    try:
        report = json.loads(line)
    except (ValueError, RecursionError):
        return None
    return report if isinstance(report, dict) and type(report.get("step")) is int else None


class Log:
    """The worker's pen. Appends whole lines, each in one write; at KEEP lines drops every second one.

    `spacing` is the least number of training seconds between two lines.
    """

    def __init__(self, path: Path, upto: int, spacing: float = 0.0) -> None:
        """Opens the file for going on after step `upto`: later lines will be trained, and written, again."""
        self.path = path
        self.spacing = spacing
        reports = [report for report in Reader(path).read() if report["step"] <= upto]
        self._lines = [_line(report) for report in reports]
        self._times = [float(report.get("seconds") or 0.0) for report in reports]
        self._rewrite()

    def append(self, report: Report) -> None:
        """Writes the report where the spacing allows; a report of a move always."""
        seconds = report["seconds"]
        if self._times and seconds < self._times[-1] + self.spacing and "moved" not in report:
            return
        line = _line(report)
        os.write(self._file, line)
        self._lines.append(line)
        self._times.append(seconds)
        if len(self._lines) >= KEEP:
            self._thin()

    def _thin(self) -> None:
        last = len(self._lines) - 1
        kept = [i for i, line in enumerate(self._lines) if i % 2 == 0 or i == last or b'"moved"' in line]
        self._lines = [self._lines[i] for i in kept]
        self._times = [self._times[i] for i in kept]
        self.spacing = max(2 * self.spacing, self._times[-1] / (KEEP / 2))
        os.close(self._file)
        self._rewrite()

    def _rewrite(self) -> None:
        content = b"".join(self._lines)
        if not self.path.exists() or self.path.read_bytes() != content:
            files.replace(self.path, content)
        self._file = os.open(self.path, os.O_WRONLY | os.O_APPEND | getattr(os, "O_BINARY", 0))

    def close(self) -> None:
        os.close(self._file)


def _line(report: Report) -> bytes:
    return (files.to_json(report) + "\n").encode()

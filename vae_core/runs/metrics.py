"""`metrics.jsonl`: one line per report, appended by the worker and read on while it grows.

A worker killed in the middle of a line leaves it torn; readers pass over it, and a resume cuts it off.
"""

from __future__ import annotations

import io
import os
import threading
from itertools import islice
from pathlib import Path
from typing import Annotated, Any, BinaryIO

from pydantic import Field, OnErrorOmit, TypeAdapter, ValidationError
from typing_extensions import TypedDict

from vae_core.runs import files
from vae_core.runs.reading import Count, Number, Plain, Unfit, content, opened
from vae_core.sentences import short

Report = dict[str, Any]
KEEP = 2000  # lines of a long run: at that many, every second one goes
MOST = 5000  # reports that are read
MOST_BYTES = 32 * 2**20
MOST_LINE = 64 * 2**10

Terms = dict[str, OnErrorOmit[Number | None]]


class ReportFields(TypedDict, total=False, extra_items=Plain):  # type: ignore[call-arg]
    """A report as it is read: a term or a part of the wrong kind is left out. Terms in nats per image."""

    step: Count
    epoch: OnErrorOmit[Number | None]
    seconds: OnErrorOmit[Number | None]
    images_per_second: OnErrorOmit[Number | None]
    beta: OnErrorOmit[Number | None]
    learning_rate: OnErrorOmit[Number | None]
    dimension_kl: OnErrorOmit[Annotated[list[Number], Field(max_length=512)] | None]
    train: OnErrorOmit[Terms]
    test: OnErrorOmit[Terms]
    ppca: OnErrorOmit[Terms]  # of a linear VAE, as `analysis.ppca.Reference.compare` has it
    moved: OnErrorOmit[Terms]


_REPORT = TypeAdapter(ReportFields)


class Reader:
    """The lines so far; each call reads only what has been added. Safe for several threads."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.fault: Unfit | None = (
            None  # why the file, or what comes after the first MOST reports, is not read
        )
        self._guard = threading.Lock()
        self._reports: list[Report] = []
        self._offset = self._lines = 0
        self._last = b""  # the last line read: where it is not in its place, the file is another one
        self._stamp: files.Stamp | None = None

    def read(self) -> list[Report]:
        with self._guard:
            stamp = files.stamp(self.path)
            if stamp != self._stamp or stamp is None:
                try:
                    with opened(self.path, MOST_BYTES) as (file, _):
                        self._read_on(file)
                except (FileNotFoundError, Unfit) as error:
                    self._reports, self._offset, self._lines, self._last = [], 0, 0, b""
                    self.fault = error if isinstance(error, Unfit) else None
                self._stamp = stamp
            return list(self._reports)

    def _read_on(self, file: BinaryIO) -> None:
        file.seek(self._offset - len(self._last))
        if file.read(len(self._last)) != self._last:
            self._reports, self._offset, self._lines, self._last = [], 0, 0, b""
            self.fault = None
            file.seek(0)
        fresh = file.read(MOST_BYTES)
        whole = fresh[: fresh.rfind(b"\n") + 1]
        for line in io.BytesIO(whole):
            if self._lines == MOST:
                self.fault = Unfit(f"{short(self.path.name)} is too long: only {MOST:,} reports are read.")
                break
            self._lines += 1
            if (report := parse(line)) is not None:
                self._reports.append(report)
        self._offset += len(whole)
        if whole:
            self._last = whole[whole.rfind(b"\n", 0, -1) + 1 :]


def parse_all(text: bytes) -> list[Report]:
    """The reports in a whole file. Raises Unfit where it has more than MOST lines."""
    lines = list(islice(io.BytesIO(text), MOST + 1))
    if len(lines) > MOST:
        raise Unfit(f"{files.METRICS} is too long: it has more than {MOST:,} reports.")
    return [report for line in lines if (report := parse(line)) is not None]


def beta_moves(text: bytes) -> list[tuple[int, float]]:
    """(step, the value of beta from there on), for each report of a move in a whole file."""
    # Most lines have no move: a list of many runs parses only those that may have one.
    lines = (line for line in islice(io.BytesIO(text), MOST) if b'"moved"' in line)
    reports = [report for line in lines if (report := parse(line)) is not None]
    found = ((report["step"], (report.get("moved") or {}).get("beta")) for report in reports)
    return [(step, float(value)) for step, value in found if value is not None]


def newest_beta(text: bytes) -> list[tuple[int, float]]:
    """(step, beta) of the last report of a whole file that has both; [] where none has."""
    for line in reversed(text.splitlines()):
        report = parse(line)
        if report is not None and (value := report.get("beta")) is not None:
            return [(report["step"], float(value))]
    return []


def parse(line: bytes) -> Report | None:
    """A report, or None where the line is torn or is none."""
    try:
        report: Any = _REPORT.validate_json(line) if len(line) <= MOST_LINE else {}
    except ValidationError:
        return None
    return report if "step" in report else None


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
        staying = [i for i, line in enumerate(self._lines) if i % 2 == 0 or i == last or b'"moved"' in line]
        self._lines = [self._lines[i] for i in staying]
        self._times = [self._times[i] for i in staying]
        self.spacing = max(2 * self.spacing, self._times[-1] / (KEEP / 2))
        os.close(self._file)
        self._rewrite()

    def _rewrite(self) -> None:
        lines = b"".join(self._lines)
        try:
            same = content(self.path, MOST_BYTES) == lines
        except (FileNotFoundError, Unfit):
            same = False
        if not same:
            files.replace(self.path, lines)
        self._file = os.open(self.path, os.O_WRONLY | os.O_APPEND | getattr(os, "O_BINARY", 0))

    def close(self) -> None:
        os.close(self._file)


def _line(report: Report) -> bytes:
    return (files.to_json(report) + "\n").encode()

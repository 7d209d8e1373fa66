"""What leaves the app as a file."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np


def csv_table(head: Sequence[str], rows: Iterable[Sequence[Any]]) -> str:
    out = io.StringIO()
    write = csv.writer(out, lineterminator="\n")
    write.writerow(head)
    for row in rows:
        write.writerow([f"{v:.6g}" if isinstance(v, float | np.floating) else v for v in row])
    return out.getvalue()

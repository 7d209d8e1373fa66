"""What a run keeps of its disentanglement, beside its weights: `disentanglement.json`, and of other seeds.

The metrics and the information between factors and dimensions take half a minute, so they are computed once
for a state of the weights, named by its step. `seeds.json` tells how the same recipe scored from other
seeds, because one number hides that seeds differ (Locatello et al. 2019). Imports no torch.
"""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

from vae_core.runs import files

Record = dict[str, Any]


def write(path: Path, found: Record) -> None:
    """Keep it in the run's folder."""
    files.write_json(path / files.DISENTANGLEMENT, found)


def load(path: Path) -> Record | None:
    """What `write` kept in the run's folder; None where there is none, or the file holds something else."""
    found = files.read_json(path / files.DISENTANGLEMENT)
    return found if found is not None and _is_record(found) else None


def load_seeds(path: Path) -> Record | None:
    """`seeds.json` in the run's folder; None where there is none, or the file holds something else.

    recipe: its name; seeds: for each a dict of seed, elbo (nats per image of the test split) and metrics.
    """
    found = files.read_json(path / files.SEEDS)
    return found if found is not None and _is_seeds(found) else None


def _is_record(found: Record) -> bool:
    names, matrix, entropy = (found.get(key) for key in ("factors", "mutual_information", "factor_entropy"))
    if not (isinstance(names, list) and isinstance(matrix, list) and isinstance(entropy, list)):
        return False
    widths = {len(row) if isinstance(row, list) else 0 for row in matrix}
    return (
        len(names) == len(matrix) == len(entropy) > 0
        and len(widths) == 1
        and 0 not in widths
        and all(isinstance(name, str) for name in names)
        and all(_is_number(value) for row in [entropy, *matrix] for value in row)
        and all(type(found.get(key)) is int for key in ("step", "images"))
        and _are_metrics(found.get("metrics"))
    )


def _is_seeds(found: Record) -> bool:
    rows = found.get("seeds")
    return (
        isinstance(found.get("recipe"), str)
        and isinstance(rows, list)
        and all(
            isinstance(row, dict)
            and type(row.get("seed")) is int
            and _is_number(row.get("elbo"))
            and _are_metrics(row.get("metrics"))
            for row in rows
        )
    )


def _are_metrics(value: object) -> bool:
    return isinstance(value, dict) and all(map(_is_number, value.values()))


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)

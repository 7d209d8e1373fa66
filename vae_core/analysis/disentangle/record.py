"""What a run keeps of its disentanglement, beside its weights: `disentanglement.json`, and of other seeds.

The metrics and the information between factors and dimensions take half a minute, so they are computed once
for a state of the weights, named by its step. `seeds.json` tells how the same recipe scored from other
seeds, because one number hides that seeds differ (Locatello et al. 2019).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from vae_core.analysis.disentangle import information
from vae_core.analysis.disentangle.summary import Progress, evaluate_all
from vae_core.analysis.disentangle.table import Array
from vae_core.training import folder

FILE = folder.DISENTANGLEMENT
SEEDS = "seeds.json"

Record = dict[str, Any]


def record(
    mean: Array,
    factors: Array,
    factor_names: Sequence[str],
    step: int,
    progress: Progress | None = None,
    cancelled: Callable[[], bool] | None = None,
    *,
    seed: int = 0,
) -> Record:
    """Posterior means [N, D] against factors [N, F], as plain data that JSON can hold.

    step: at which the weights were; images: N; factors: their F names; metrics: those of `evaluate_all` by
    name; mutual_information: I(v_f; z_d) in nats, F rows of D, from the bins of `mig`; factor_entropy: H(v_f)
    in nats, F of them, the most that any row could reach. Raises Cancelled and ValueError as `evaluate_all`.
    """
    metrics = evaluate_all(mean, factors, progress, cancelled, seed=seed)
    return {
        "step": step,
        "images": len(mean),  # type: ignore[arg-type]
        "factors": list(factor_names),
        "metrics": metrics,
        "mutual_information": information.mutual_information(mean, factors, seed=seed).T.tolist(),
        "factor_entropy": information.factor_entropy(factors, seed=seed).tolist(),
    }


def write(path: Path, found: Record) -> None:
    """Keep it in the run's folder."""
    folder.write_json(path / FILE, found)


def load(path: Path) -> Record | None:
    """What `write` kept in the run's folder; None where there is none, or the file holds something else."""
    found = folder.read_json(path / FILE)
    return found if found is not None and _is_record(found) else None


def load_seeds(path: Path) -> Record | None:
    """`seeds.json` in the run's folder; None where there is none, or the file holds something else.

    recipe: its name; seeds: for each a dict of seed, elbo (nats per image of the test split) and metrics.
    """
    found = folder.read_json(path / SEEDS)
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

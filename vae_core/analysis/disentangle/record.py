"""All metrics of disentanglement of one state of the weights, as plain data that a run keeps."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from vae_core.analysis.disentangle.mig import factor_entropy, mutual_information
from vae_core.analysis.disentangle.summary import Progress, evaluate_all
from vae_core.analysis.disentangle.table import Array

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
        "mutual_information": mutual_information(mean, factors, seed=seed).T.tolist(),
        "factor_entropy": factor_entropy(factors, seed=seed).tolist(),
    }

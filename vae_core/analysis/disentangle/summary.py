"""All metrics of one table, with progress, and a way to stop."""

from __future__ import annotations

from collections.abc import Callable

from vae_core.analysis.disentangle.dci import dci
from vae_core.analysis.disentangle.factor_vae import beta_vae_score, factor_vae_score
from vae_core.analysis.disentangle.mig import mig, modularity
from vae_core.analysis.disentangle.sap import sap
from vae_core.analysis.disentangle.table import Array, checked
from vae_core.analysis.progress import Cancelled, Progress


def evaluate_all(
    codes: Array,
    factors: Array,
    progress: Progress | None = None,
    cancelled: Callable[[], bool] | None = None,
    *,
    seed: int = 0,
) -> dict[str, float]:
    """Every metric of codes [N, D] and factors [N, F] by name, each from 0 to 1, more being better.

    mig, sap, dci_disentanglement, dci_completeness, dci_informativeness, factor_vae_score, beta_vae_score and
    modularity. For 10,000 rows, 10 dimensions and the five factors of sprites it takes about half a minute.
    Raises Cancelled soon after `cancelled()` turns true, and ValueError, a sentence, as the metrics do.
    """
    checked(codes, factors, least=2)

    def step(begin: float, end: float, sentence: str) -> Callable[[float], None]:
        def tick(fraction: float) -> None:
            if cancelled is not None and cancelled():
                raise Cancelled("Computing the metrics was cancelled.")
            if progress is not None:
                progress(begin + fraction * (end - begin), sentence)

        tick(0.0)
        return tick

    scores = {}
    step(0.0, 0.01, "Mutual information of dimensions and factors")
    scores["mig"] = mig(codes, factors, seed=seed)
    scores["modularity"] = modularity(codes, factors, seed=seed)
    step(0.01, 0.04, "Batches with one factor fixed, for the FactorVAE score")
    scores["factor_vae_score"] = factor_vae_score(codes, factors, seed=seed)
    step(0.04, 0.08, "Pairs with one factor in common, for the BetaVAE score")
    scores["beta_vae_score"] = beta_vae_score(codes, factors, seed=seed)
    tick = step(0.08, 0.2, "Predicting factors from single dimensions, for SAP")
    scores["sap"] = sap(codes, factors, seed=seed, progress=tick)
    tick = step(0.2, 1.0, "Growing trees that predict factors from all dimensions, for DCI")
    d, c, i = dci(codes, factors, seed=seed, progress=tick)
    return scores | {"dci_disentanglement": d, "dci_completeness": c, "dci_informativeness": i}

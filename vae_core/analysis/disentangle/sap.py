"""Separated attribute predictability: how much better one dimension predicts a factor than any other."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from vae_core.analysis.disentangle.table import Array, Table, checked

TRAIN, TEST = 10_000, 5_000


def sap(
    codes: Array,
    factors: Array,
    *,
    continuous: bool = False,
    seed: int = 0,
    progress: Callable[[float], None] | None = None,
) -> float:
    """SAP score, from 0 to 1, of codes [N, D] and factors [N, F]; Kumar et al. 2018, section 3.

    How much better the best dimension alone predicts a factor than the second best; the mean over factors
    that vary. The settings are disentanglement_lib's: accuracy of LinearSVC (C = 0.01, balanced classes) on
    one dimension, learned on 10,000 rows and tested on 5,000 others, or on two thirds and one third of fewer.
    Lines tell apart the ends of a scale and hardly what lies between, so even a perfect code stays far below
    1 for a factor of many values, and scores are small throughout: compare them, do not read them alone. With
    `continuous`, squared correlations over all those rows instead, which are 1 for a perfect code.

    `progress(fraction)` is called along the way, and may raise to stop.
    """
    table = checked(codes, factors).with_rival()
    train, test = table.split(TRAIN, TEST, seed)
    if continuous:
        score = _squared_correlation(train)
    else:
        score = np.empty((table.codes.shape[1], table.classes.shape[1]))
        for done, (d, f) in enumerate(np.ndindex(*score.shape), start=1):
            score[d, f] = _accuracy(train, test, d, f, seed)
            if progress is not None:
                progress(done / score.size)
    second, first = np.sort(score, 0)[-2:]
    return float((first - second).mean())


def _accuracy(train: Table, test: Table, d: int, f: int, seed: int) -> float:
    from sklearn.svm import LinearSVC

    if len(np.unique(train.classes[:, f])) == 1:
        return float((test.classes[:, f] == train.classes[0, f]).mean())
    # With more rows than dimensions the primal problem has the same solution, sooner and without chance.
    classifier = LinearSVC(C=0.01, class_weight="balanced", dual=False, random_state=seed)
    classifier.fit(train.codes[:, [d]], train.classes[:, f])
    return float((classifier.predict(test.codes[:, [d]]) == test.classes[:, f]).mean())


def _squared_correlation(table: Table) -> np.ndarray:
    """Between each dimension and the numbers of each factor's classes [D, F]; 0 for a constant dimension."""
    z, v = (array - array.mean(0) for array in (table.codes, table.classes))
    variances = np.outer((z**2).sum(0), (v**2).sum(0))
    return np.divide((z.T @ v) ** 2, variances, out=np.zeros(variances.shape), where=variances > 1e-12)

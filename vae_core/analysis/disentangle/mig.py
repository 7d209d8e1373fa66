"""Metrics from the mutual information of single dimensions and single factors: MIG and modularity."""

from __future__ import annotations

import numpy as np

from vae_core.analysis.disentangle.table import BINS, Array, Table, bins, checked

POINTS = 10_000


def mutual_information(codes: Array, factors: Array, *, points: int = POINTS, seed: int = 0) -> np.ndarray:
    """I(z_d; v_f) in nats [D, F] from codes [N, D] and factors [N, F]; 0 for a factor that does not vary.

    As in disentanglement_lib: each dimension is cut into 20 bins of equal width, and the information is that
    of the joint histogram of at most 10,000 rows. Bins lose what they merge, so no dimension tells more than
    log 20 nats; and of finitely many rows chance makes some (b - 1)(c - 1) / 2N nats between b bins and c
    values that have nothing to do with each other (Miller 1955), 0.03 nats for 20, 32 and 10,000.
    """
    table = checked(codes, factors, least=0).at_most(points, seed)
    information = np.zeros((table.codes.shape[1], len(table.varying)))
    information[:, table.varying] = _information(table)
    return information


def factor_entropy(factors: Array, *, points: int = POINTS, seed: int = 0) -> np.ndarray:
    """H(v_f) in nats [F] of factors [N, F], over the rows that `mutual_information` takes."""
    table = checked(factors, factors, least=0).at_most(points, seed)
    entropy = np.zeros(len(table.varying))
    entropy[table.varying] = _entropy(table)
    return entropy


def mig(codes: Array, factors: Array, *, points: int = POINTS, seed: int = 0) -> float:
    """Mutual information gap, from 0 to 1, of codes [N, D] and factors [N, F]; Chen et al. 2018, equation 6.

    By how much the dimension that tells most about a factor tells more than the second, as a part of the
    factor's entropy; the mean over factors that vary. Bins and rows as in `mutual_information`, as in
    disentanglement_lib. So a perfect code reaches 1 only where factors have at most 20 values; for the 3, 6,
    40, 32 and 32 values of sprites, 0.9.
    """
    table = checked(codes, factors).at_most(points, seed).with_rival()
    second, first = np.sort(_information(table), 0)[-2:]
    return float(((first - second) / _entropy(table)).mean())


def modularity(codes: Array, factors: Array, *, points: int = POINTS, seed: int = 0) -> float:
    """Modularity, from 0 to 1, of codes [N, D] and factors [N, F]; Ridgeway and Mozer 2018, equation 2.

    A dimension scores 1 where it tells about one factor only, 0 where about all alike; the mean over
    dimensions. Bins and rows as in `mutual_information`. As in disentanglement_lib a constant dimension
    scores 0, but one of pure noise scores what chance makes of it, which may be high: see the other metrics
    where many dimensions are dead. Duplicates cost nothing here.
    """
    table = checked(codes, factors, least=2).at_most(points, seed)
    squared = _information(table) ** 2
    most = squared.max(1)
    others = (squared.sum(1) - most) / (squared.shape[1] - 1)
    return float(np.where(most > 0, 1 - others / np.where(most > 0, most, 1), 0).mean())


def _information(table: Table) -> np.ndarray:
    information = np.empty((table.codes.shape[1], table.classes.shape[1]))
    binned = [bins(column) for column in table.codes.T]
    for f, classes in enumerate(table.classes.T):
        for d, column in enumerate(binned):
            information[d, f] = _discrete(column, classes)
    return information


def _discrete(a: np.ndarray, b: np.ndarray) -> float:
    """I(a; b) in nats of two columns [N] of whole numbers from 0.

    Terms that are rounding alone count as 0, as in scikit-learn's `mutual_info_score`: a constant column
    tells nothing, and modularity divides by what a column tells.
    """
    width = int(b.max()) + 1
    joint = np.bincount(a * width + b, minlength=BINS * width).reshape(-1, width) / len(a)
    independent = joint.sum(1, keepdims=True) * joint.sum(0)
    there = joint > 0
    terms = joint[there] * np.log(joint[there] / independent[there])
    return max(0.0, float(np.where(abs(terms) < np.finfo(float).eps, 0.0, terms).sum()))


def _entropy(table: Table) -> np.ndarray:
    """Of each factor, in nats [F]."""
    shares = [np.bincount(classes) / len(classes) for classes in table.classes.T]
    return np.array([-(share[share > 0] * np.log(share[share > 0])).sum() for share in shares], float)

"""Metrics that hold one factor fixed and ask which: the FactorVAE and the BetaVAE score.

Both papers render images for this. Here batches come from a table of codes and factors: rows in which a
factor has the same value form a group, and a batch is drawn from groups. That does the same where the table
covers the grid of factors densely, some ten rows or more per value of each factor. Rows of a group smaller
than a batch are drawn repeatedly, which makes the scores noisier and less exact; a value that occurs once is
left out; and where no value of some factor occurs twice, there is a ValueError.
"""

from __future__ import annotations

import numpy as np

from vae_core.analysis.disentangle.table import Array, Table, checked

TRAIN, EVALUATION, BATCH = 10_000, 5_000, 64
# Of the standard deviation, in units of the prior's; prune_dims.threshold in disentanglement_lib.
ACTIVE = 0.05
BLOCK = 500  # batches whose codes are in memory at a time


def factor_vae_score(
    codes: Array,
    factors: Array,
    *,
    train: int = TRAIN,
    evaluation: int = EVALUATION,
    batch: int = BATCH,
    seed: int = 0,
) -> float:
    """FactorVAE score, from 0 to 1, of codes [N, D] and factors [N, F]; Kim and Mnih 2018, section 2.

    A random factor is held fixed in a batch of 64 rows, and the dimension that varies least, relative to all
    rows, is asked which factor it was. Each dimension answers with the factor that it most often stood for
    in 10,000 batches; the score is the share of right answers in 5,000 others. As in disentanglement_lib,
    with its numbers of batches; a dimension of standard deviation below 0.05 takes no part, and without any
    other the score is 0. A code that knows nothing scores 1/F.
    """
    table = checked(codes, factors, least=2)
    variance = table.codes.var(0, ddof=1)
    active = np.sqrt(variance) >= ACTIVE
    if not active.any():
        return 0.0
    z, groups = table.codes[:, active] / np.sqrt(variance[active]), _Groups(table)
    rng = np.random.default_rng(seed)

    def votes(batches: int) -> np.ndarray:
        count = np.zeros((table.classes.shape[1], z.shape[1]), np.int64)
        for fixed in _blocks(rng.integers(table.classes.shape[1], size=batches)):
            rows = groups.same(fixed, groups.anchors(fixed, rng), batch, rng)
            np.add.at(count, (fixed, z[rows].var(1).argmin(1)), 1)
        return count

    answers, votes_of_others = votes(train).argmax(0), votes(evaluation)
    return float(votes_of_others[answers, np.arange(z.shape[1])].sum() / evaluation)


def beta_vae_score(
    codes: Array,
    factors: Array,
    *,
    train: int = TRAIN,
    evaluation: int = EVALUATION,
    batch: int = BATCH,
    seed: int = 0,
) -> float:
    """BetaVAE score, from 0 to 1, of codes [N, D] and factors [N, F]; Higgins et al. 2017, section 3.

    A random factor is the same within each of 64 pairs of rows, though not between pairs, and a linear
    classifier is asked which it was, given the mean absolute difference of their codes. Learned from 10,000
    such batches, the score is the accuracy on 5,000 others. As in disentanglement_lib, with its numbers of
    batches and scikit-learn's LogisticRegression. A code that knows nothing scores about 1/F; a rotated one
    may still score 1.
    """
    from sklearn.linear_model import LogisticRegression

    table = checked(codes, factors, least=2)
    groups, rng = _Groups(table), np.random.default_rng(seed)

    def differences(batches: int) -> tuple[np.ndarray, np.ndarray]:
        fixed = rng.integers(table.classes.shape[1], size=batches)
        means = []
        for block in _blocks(fixed):
            pairs = np.repeat(block, batch)
            first = groups.anchors(pairs, rng)
            second = groups.partners(pairs, first, rng)
            apart = np.abs(table.codes[first] - table.codes[second])
            means.append(apart.reshape(len(block), batch, -1).mean(1))
        return np.concatenate(means), fixed

    classifier = LogisticRegression(max_iter=1000, random_state=seed).fit(*differences(train))
    return float(classifier.score(*differences(evaluation)))


class _Groups:
    """For each factor, the rows in order of their value, so that a group is a run of neighbours."""

    def __init__(self, table: Table) -> None:
        classes = table.classes
        self.order = np.argsort(classes, 0, kind="stable").T  # [F, N] rows
        self.place = np.argsort(self.order, 1)  # [F, N] where in that order each row is
        self.first = np.empty_like(self.order)  # [F, N] where its group begins
        self.size = np.empty_like(self.order)
        for f, column in enumerate(classes.T):
            counts = np.bincount(column)
            self.first[f], self.size[f] = (counts.cumsum() - counts)[column], counts[column]
        if not (self.size > 1).any(1).all():
            raise ValueError("Every factor needs a value that occurs in two rows at least.")
        self.usable = [np.flatnonzero(size > 1) for size in self.size]

    def anchors(self, factor: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        """For each of factor [M] a random row that is not alone in its group of it [M]."""
        many = np.array([len(rows) for rows in self.usable])
        pick, row = rng.integers(many[factor]), np.empty_like(factor)
        for f, rows in enumerate(self.usable):
            row[factor == f] = rows[pick[factor == f]]
        return row

    def same(self, factor: np.ndarray, row: np.ndarray, count: int, rng: np.random.Generator) -> np.ndarray:
        """`count` random rows of the group of each row [M] in factor [M], perhaps repeated: [M, count]."""
        size, first = self.size[factor, row][:, None], self.first[factor, row][:, None]
        return self.order[factor[:, None], first + rng.integers(size, size=(len(row), count))]

    def partners(self, factor: np.ndarray, row: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        """For each row [M] a random other one of its group in factor [M]."""
        size, first = self.size[factor, row], self.first[factor, row]
        step = rng.integers(1, size)
        return self.order[factor, first + (self.place[factor, row] - first + step) % size]


def _blocks(fixed: np.ndarray) -> list[np.ndarray]:
    return [fixed[start : start + BLOCK] for start in range(0, len(fixed), BLOCK)]

"""Gradient-boosted trees for classification, fast enough to grow a tree for each of a hundred classes.

The algorithm is Friedman's (2001, algorithms 5 and 6), as scikit-learn's GradientBoostingClassifier runs it
by default: 100 rounds at learning rate 0.1, trees of depth 3 split by least squares, one tree per class and
round (one altogether for two classes), leaves set by one Newton step. It is some nine times faster because
rows are sorted into bins once and not for every node, as in scikit-learn's HistGradientBoostingClassifier.
There are 255 bins of about equal counts, and besides one for each row of the class that a tree is for: trees
that could not tell a single such row from its neighbours would learn it slowly, round by round, and give
noise more importance. Where a dimension has at most 255 distinct values nothing is lost at all.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

ROUNDS, RATE, DEPTH = 100, 0.1, 3
BINS = 255


@dataclass(frozen=True, eq=False)
class Boosted:
    """importance [D] sums to 1, or to 0 where no split helped; predicted [M]: classes of the test codes."""

    importance: np.ndarray
    predicted: np.ndarray


def boost(
    codes: np.ndarray,
    classes: np.ndarray,
    test_codes: np.ndarray,
    seed: int = 0,
    tick: Callable[[float], None] = lambda fraction: None,
) -> Boosted:
    """Learn classes [N] (integers) from codes [N, D], and predict those of test_codes [M, D].

    A dimension's importance is how much its splits lessen the mean squared error of the trees, over all
    trees. Chance, by `seed`, decides between dimensions that split equally well. `tick(fraction)` is called
    after every round, and may raise to stop.
    """
    names, target = np.unique(classes, return_inverse=True)
    if len(names) == 1:
        return Boosted(np.zeros(codes.shape[1]), np.full(len(test_codes), names[0]))
    share = np.bincount(target) / len(target)
    # Of two classes the second alone has trees, and its score is a logit.
    one_tree = len(names) == 2
    is_class = target[:, None] == np.arange(one_tree, len(names))
    start = np.log(share[1:] / share[:1]) if one_tree else np.log(share)
    newton = 1.0 if one_tree else 1 - 1 / len(names)

    rng = np.random.default_rng(seed)
    growers = [_Grower(codes, test_codes, mine, rng) for mine in is_class.T]
    score, test_score = np.tile(start, (len(codes), 1)), np.tile(start, (len(test_codes), 1))
    importance = np.zeros(codes.shape[1])
    for done in range(1, ROUNDS + 1):
        residual = np.asfortranarray(is_class - _probability(score))
        for k, grower in enumerate(growers):
            step, test_step, gain = grower.grow(residual[:, k])
            score[:, k] += RATE * newton * step
            test_score[:, k] += RATE * newton * test_step
            importance += gain
        tick(done / ROUNDS)
    best = (test_score[:, 0] > 0).astype(int) if one_tree else test_score.argmax(1)
    return Boosted(importance / importance.sum() if importance.any() else importance, names[best])


def _probability(score: np.ndarray) -> np.ndarray:
    if score.shape[1] == 1:
        return 1 / (1 + np.exp(-score))
    p = np.exp(score - score.max(1, keepdims=True))
    return p / p.sum(1, keepdims=True)


def _edges(column: np.ndarray, mine: np.ndarray) -> np.ndarray:
    """Where to cut the codes [N] of a dimension into bins, given which rows are of the tree's class [N]."""
    distinct = np.unique(column)
    between = (distinct[1:] + distinct[:-1]) / 2
    if len(distinct) <= BINS:
        return between
    own = np.searchsorted(distinct, column[mine])
    even = np.searchsorted(distinct, np.quantile(column, np.linspace(0, 1, BINS + 1)[1:-1]))
    cuts = np.unique(np.concatenate([own - 1, own, even]))
    return between[cuts[(cuts >= 0) & (cuts < len(between))]]


class _Grower:
    """Grows the trees of one class: always on the same rows, for residuals that change."""

    def __init__(
        self, codes: np.ndarray, test_codes: np.ndarray, mine: np.ndarray, rng: np.random.Generator
    ) -> None:
        from scipy.sparse import csr_array

        edges = [_edges(column, mine) for column in codes.T]
        self.bins, self.test_bins = (
            np.stack([np.searchsorted(e, column) for e, column in zip(edges, table.T, strict=True)])
            for table in (codes, test_codes)
        )  # [D, N] and [D, M]
        self.rng, self.shape = rng, (codes.shape[1], int(self.bins.max()) + 1)
        # members[d * width + b, n] is 1 where row n is in bin b of dimension d.
        order = np.argsort(self.bins, 1, kind="stable")
        counts = np.stack([np.bincount(row, minlength=self.shape[1]) for row in self.bins])
        starts = np.concatenate([[0], counts.cumsum()])
        shape = (self.shape[0] * self.shape[1], len(codes))
        self.members = csr_array((np.ones(order.size), order.ravel(), starts), shape=shape)
        self.all_counts = self._below(np.ones(len(codes)))

    def grow(self, residual: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """A tree fitted to residual [N] by least squares: its values for the rows [N] and the test rows [M].

        And by how much the splits along each dimension lessen the sum of squares [D]. A value is one Newton
        step, less the factor (K - 1) / K; Friedman 2001, equation 32.
        """
        node, test_node = np.zeros(len(residual), np.intp), np.zeros(self.test_bins.shape[1], np.intp)
        gain = np.zeros(self.shape[0])
        tables = [(self._below(residual), self.all_counts)]
        for depth in range(DEPTH):
            splits = [self._best(*table) for table in tables]
            right, test_right = np.zeros(len(node), bool), np.zeros(len(test_node), bool)
            for n, (dimension, cut, gained) in enumerate(splits):
                gain[dimension] += gained
                right |= (node == n) & (self.bins[dimension] > cut)
                test_right |= (test_node == n) & (self.test_bins[dimension] > cut)
            if depth < DEPTH - 1:
                left = [(node == n) & ~right for n in range(2**depth)]
                tables = [
                    half
                    for whole, mine in zip(tables, left, strict=True)
                    for half in self._halves(whole, residual, mine)
                ]
            node, test_node = 2 * node + right, 2 * test_node + test_right
        top = np.bincount(node, residual, 2**DEPTH)
        bottom = np.bincount(node, np.abs(residual) * (1 - np.abs(residual)), 2**DEPTH)
        value = np.divide(top, bottom, out=np.zeros(2**DEPTH), where=bottom > 1e-150)
        return value[node], value[test_node], gain

    def _halves(
        self, whole: tuple[np.ndarray, np.ndarray], residual: np.ndarray, left: np.ndarray
    ) -> tuple[tuple[np.ndarray, np.ndarray], tuple[np.ndarray, np.ndarray]]:
        """Sums and counts of a node's two children; summed over the left one only, the rest is right."""
        sums, counts = self._below(residual * left), self._below(left.astype(float))
        return (sums, counts), (whole[0] - sums, whole[1] - counts)

    def _below(self, values: np.ndarray) -> np.ndarray:
        """Sums of values [N] over the rows up to each bin of each dimension [D, width]."""
        return (self.members @ values).reshape(self.shape).cumsum(1)

    def _best(self, sums: np.ndarray, counts: np.ndarray) -> tuple[int, int, float]:
        """The best split of a node: dimension, last bin on the left, and gain.

        sums, counts: [D, width], of what is in the bins up to each. Where nothing is gained all goes left.
        """
        total, size = sums[0, -1], counts[0, -1]
        # Left sum less its share of the total: squared, over n_left n_right / n, what a split gains.
        weight = counts * (size - counts)
        surplus = sums - counts * (total / max(size, 1))
        gain = np.divide(surplus * surplus, weight, out=np.zeros(self.shape), where=weight > 0)
        most = gain.max(1)
        best = self.rng.choice(np.flatnonzero(most == most.max()))
        if most[best] * size <= 1e-12:
            return 0, self.shape[1], 0.0
        return int(best), int(gain[best].argmax()), float(most[best] * size)

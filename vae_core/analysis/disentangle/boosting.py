"""Gradient-boosted trees for classification, fast enough to grow a tree for each of a hundred classes.

The algorithm is Friedman's (2001, algorithms 5 and 6), as scikit-learn's GradientBoostingClassifier runs it
by default: 100 rounds at learning rate 0.1, trees of depth 3 split by least squares, one tree per class and
round (one altogether for two classes), leaves set by one Newton step. Two things make it some thirty times
faster: a code is first cut into at most 255 bins of about equal counts, as in scikit-learn's
HistGradientBoostingClassifier, and the trees of a round grow together, because the sums over bins that decide
all their splits are one product with a sparse matrix of zeros and ones. Where a dimension has at most 255
distinct values nothing is lost, and the trees are the same.
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
    binned, test = _bins(codes, test_codes)
    if len(names) == 1:
        return Boosted(np.zeros(codes.shape[1]), np.full(len(test), names[0]))
    share = np.bincount(target) / len(target)
    if len(names) == 2:
        is_class, start = (target == 1)[:, None], np.log(share[1:] / share[:1])
    else:
        is_class, start = target[:, None] == np.arange(len(names)), np.log(share)

    grower = _Grower(binned, np.random.default_rng(seed))
    score, test_score = np.tile(start, (len(binned), 1)), np.tile(start, (len(test), 1))
    total = np.zeros(codes.shape[1])
    for done in range(1, ROUNDS + 1):
        residual = is_class - _probability(score)
        forest, leaf = grower.grow(residual)
        score += RATE * (value := _newton(residual, leaf, len(names))).take(_flat(leaf))
        test_score += RATE * value.take(_flat(forest.leaves(test)))
        total += forest.gain
        tick(done / ROUNDS)
    best = (test_score[:, 0] > 0).astype(int) if len(names) == 2 else test_score.argmax(1)
    return Boosted(total / total.sum() if total.sum() > 0 else total, names[best])


def _bins(codes: np.ndarray, test_codes: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Numbers of bins, uint8 [N, D] and [M, D]; edges lie halfway between neighbouring codes [N, D]."""
    binned, test = np.empty(codes.shape, np.uint8), np.empty(test_codes.shape, np.uint8)
    for d, column in enumerate(codes.T):
        values = np.unique(column)
        if len(values) > BINS:
            values = np.unique(np.quantile(column, np.linspace(0, 1, BINS + 1), method="midpoint")[1:-1])
            edges = values
        else:
            edges = (values[1:] + values[:-1]) / 2
        binned[:, d], test[:, d] = np.searchsorted(edges, column), np.searchsorted(edges, test_codes[:, d])
    return binned, test


def _probability(score: np.ndarray) -> np.ndarray:
    if score.shape[1] == 1:
        return 1 / (1 + np.exp(-score))
    p = np.exp(score - score.max(1, keepdims=True))
    return p / p.sum(1, keepdims=True)


def _newton(residual: np.ndarray, leaf: np.ndarray, classes: int) -> np.ndarray:
    """Values of the leaves [K, 2^DEPTH] for residuals [N, K] in leaves [N, K]; Friedman 2001, equation 32."""
    size, where = residual.shape[1] * 2**DEPTH, _flat(leaf).ravel()
    top = np.bincount(where, residual.ravel(), size)
    bottom = np.bincount(where, (np.abs(residual) * (1 - np.abs(residual))).ravel(), size)
    value = np.divide(top, bottom, out=np.zeros(size), where=bottom > 1e-150)
    return (value if classes == 2 else value * (classes - 1) / classes).reshape(-1, 2**DEPTH)


def _flat(leaf: np.ndarray) -> np.ndarray:
    """Leaves [N, K] of K trees, numbered through."""
    return leaf + np.arange(leaf.shape[1]) * 2**DEPTH


@dataclass(frozen=True, eq=False)
class _Forest:
    """K trees: at depth l, node n of tree k sends bins of dimension[l][n, k] up to cut[l][n, k] left.

    gain [D]: by how much the splits along each dimension lessen the sum of squares, over all trees.
    """

    dimension: list[np.ndarray]
    cut: list[np.ndarray]
    gain: np.ndarray

    def leaves(self, binned: np.ndarray) -> np.ndarray:
        """The leaf of each row in each tree [N, K]."""
        node = np.zeros((len(binned), self.cut[0].shape[1]), np.intp)
        for dimension, cut in zip(self.dimension, self.cut, strict=True):
            node = 2 * node + _right(binned, node, dimension, cut)
        return node


def _right(binned: np.ndarray, node: np.ndarray, dimension: np.ndarray, cut: np.ndarray) -> np.ndarray:
    """Which rows go right from their nodes [N, K]."""
    at = node * node.shape[1] + np.arange(node.shape[1])
    column = dimension.take(at)
    column += (np.arange(len(binned)) * binned.shape[1])[:, None]
    return binned.take(column) > cut.astype(np.int16).take(at)


class _Grower:
    """Grows trees on rows that are in the bins [N, D], always the same, for residuals that change."""

    def __init__(self, binned: np.ndarray, rng: np.random.Generator) -> None:
        from scipy.sparse import csr_array

        self.rng = rng
        self.binned = binned
        self.rows, self.dimensions = binned.shape
        self.width = int(binned.max()) + 1
        order = np.argsort(binned, 0, kind="stable")
        counts = np.stack([np.bincount(column, minlength=self.width) for column in binned.T])
        starts = np.concatenate([[0], np.cumsum(counts)])
        # members[d * width + b, n] is 1 where row n is in bin b of dimension d.
        shape = (self.dimensions * self.width, self.rows)
        self.members = csr_array((np.ones(binned.size), order.T.ravel(), starts), shape=shape)

    def grow(self, residual: np.ndarray) -> tuple[_Forest, np.ndarray]:
        """One tree per column of residual [N, K], fitted by least squares; the leaf of each row [N, K]."""
        trees = residual.shape[1]
        node = np.zeros(residual.shape, np.intp)
        sums, counts = self._below(residual)[None], self._below(np.ones((self.rows, 1)))[None]
        counts = np.repeat(counts, trees, -1)
        dimensions, cuts, gain = [], [], np.zeros(self.dimensions)
        for depth in range(DEPTH):
            dimension, cut, gained = self._best(sums, counts)
            gain += np.bincount(dimension.ravel(), gained.ravel(), self.dimensions)
            dimensions.append(dimension)
            cuts.append(cut)
            right = _right(self.binned, node, dimension, cut)
            if depth == DEPTH - 1:
                break
            # Summed over the left children only: what is not on the left is on the right.
            left = [(node == n) & ~right for n in range(2**depth)]
            left_sums = np.stack([self._below(residual * mask) for mask in left])
            left_counts = np.stack([self._below(mask.astype(float)) for mask in left])
            sums = np.stack([left_sums, sums - left_sums], 1).reshape(-1, *sums.shape[1:])
            counts = np.stack([left_counts, counts - left_counts], 1).reshape(-1, *counts.shape[1:])
            node = 2 * node + right
        return _Forest(dimensions, cuts, gain), 2 * node + right

    def _below(self, values: np.ndarray) -> np.ndarray:
        """Sums of values [N, K] over the rows up to each bin of each dimension [D, width, K]."""
        return (self.members @ values).reshape(self.dimensions, self.width, -1).cumsum(1)

    def _best(self, sums: np.ndarray, counts: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """The best split of each node: dimension, last bin on the left, and gain, each [nodes, K].

        sums, counts: [nodes, D, width, K], of what is in the bins up to each. Sending all left is no split.
        """
        shape = (len(sums), sums.shape[-1])
        trees = np.arange(shape[1])
        dimension, cut, most = np.zeros(shape, np.intp), np.full(shape, self.width), np.zeros(shape)
        for n, (left, count) in enumerate(zip(sums, counts, strict=True)):
            total, size = left[:1, -1:], np.maximum(count[:1, -1:], 1)
            # Left sum less its share of the total: squared, over n_left n_right / n, what a split gains.
            gain = count * (-total / size)
            gain += left
            gain *= gain
            weight = size - count
            weight *= count
            weight[weight <= 0] = np.inf  # a side without rows
            gain /= weight
            per_dimension = gain.max(1)
            tied = per_dimension == per_dimension.max(0)
            best = np.where(tied, self.rng.random(tied.shape), -1).argmax(0)
            gained = per_dimension[best, trees] * size.ravel()
            splits = gained > 1e-12
            dimension[n, splits], most[n, splits] = best[splits], gained[splits]
            cut[n, splits] = gain[best, :, trees].argmax(1)[splits]
        return dimension, cut, most

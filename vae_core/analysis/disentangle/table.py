"""What every metric takes: codes beside the factors they should tell, checked and cut into classes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike

if TYPE_CHECKING:
    from torch import Tensor

    Array = ArrayLike | Tensor
else:
    Array = object

# As disentanglement_lib's histogram_discretizer is set in the study of Locatello et al. 2019.
BINS = 20
# With fewer rows per value than this, on average, a factor is taken for a continuous one.
ROWS_PER_VALUE = 10


@dataclass(frozen=True, eq=False)
class Table:
    """codes [N, D] float64; classes [N, F], whole numbers from 0, of the factors that are `varying`."""

    codes: np.ndarray
    classes: np.ndarray
    varying: np.ndarray

    def __len__(self) -> int:
        return len(self.codes)

    def rows(self, index: np.ndarray) -> Table:
        """The rows at `index`, with the classes and factors they had."""
        return Table(self.codes[index], self.classes[index], self.varying)

    def at_most(self, rows: int, seed: int) -> Table:
        """This table, or so many of its rows at random."""
        if len(self) <= rows:
            return self
        return self.rows(np.sort(np.random.default_rng(seed).permutation(len(self))[:rows]))

    def split(self, train: int, test: int, seed: int) -> tuple[Table, Table]:
        """Rows to learn from and others to test on, at random: `train` and `test`, or all in that ratio."""
        order = np.random.default_rng(seed).permutation(len(self))[: train + test]
        cut = round(len(order) * train / (train + test))
        return self.rows(order[:cut]), self.rows(order[cut:])

    def with_rival(self) -> Table:
        """This table; of a single dimension, with a second that says nothing for it to be compared to."""
        if self.codes.shape[1] > 1:
            return self
        return Table(np.pad(self.codes, ((0, 0), (0, 1))), self.classes, self.varying)


def checked(codes: Array, factors: Array, least: int = 1) -> Table:
    """The table of codes [N, D] and factors [N, F], NumPy arrays or tensors.

    A factor's values are classes, however they are numbered. One with fewer than 10 rows per value on average
    is continuous, and cut into 20 bins of equal width. Raises ValueError, a sentence, where the shapes do not
    fit, a number is not finite, or fewer than `least` factors vary.
    """
    z, v = _numpy(codes), _numpy(factors)
    if z.ndim != 2 or v.ndim != 2 or len(z) != len(v) or len(z) < 3 or 0 in (z.shape[1], v.shape[1]):
        shapes = f"{list(z.shape)} and {list(v.shape)}"
        raise ValueError(
            f"codes must be [N, D] and factors [N, F] with the same N of 3 or more, not {shapes}."
        )
    for name, array in (("codes", z), ("factors", v)):
        if not np.isfinite(array).all():
            raise ValueError(f"The {name} hold numbers that are not finite.")
    classes = np.stack([_classes(column) for column in v.T], 1)
    varying = classes.max(0) > 0
    if varying.sum() < least:
        raise ValueError(f"{least} or more factors must vary for this metric, and here {varying.sum()} do.")
    return Table(z, classes[:, varying], varying)


def bins(values: np.ndarray, count: int = BINS) -> np.ndarray:
    """Which of `count` bins of equal width, from the least value to the greatest, each value [N] is in."""
    edges = np.linspace(values.min(), values.max(), count + 1)
    return np.searchsorted(edges[1:-1], values, side="right")


def _classes(values: np.ndarray) -> np.ndarray:
    distinct, classes = np.unique(values, return_inverse=True)
    if len(distinct) * ROWS_PER_VALUE > len(values):
        _, classes = np.unique(bins(values), return_inverse=True)
    return classes


def _numpy(array: Array) -> np.ndarray:
    if hasattr(array, "detach"):
        array = array.detach().cpu().double().numpy()
    return np.asarray(array, np.float64)

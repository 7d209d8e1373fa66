"""How well a number tells two sets of images apart: the ROC curve, its area, and how well that is known."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

NORMAL_95 = 1.959964  # standard deviations on either side


@dataclass(frozen=True)
class Area:
    """The area under the curve, and the ends of its 95 % interval."""

    value: float
    low: float
    high: float


def area(inside: Tensor, outside: Tensor) -> Area:
    """The probability that an outside image has the lower value, of values [N] and [M]; ties counted half.

    The area under the receiver operating characteristic (Hanley and McNeil 1982, as the Mann-Whitney
    statistic): 1 where the value tells the two sets apart, 0.5 where it cannot, less where it takes the
    outside for the more usual (Nalisnick et al. 2019). Its variance is that of DeLong et al. 1988; the
    interval is normal on the scale of log(A / (1 - A)), so that it stays within 0 and 1 (Pepe 2003). Where
    all pairs agree it has no width, and only says that none went the other way. Raises ValueError where one
    of the sets is empty.
    """
    if not len(inside) or not len(outside):
        raise ValueError("Two sets of images are needed to compare.")
    lower = 1 - _share_below(inside.double(), outside.double())  # of each outside value: [M]
    higher = _share_below(outside.double(), inside.double())  # of each inside value: [N]
    value = float(lower.mean())
    variance = sum(float(each.var()) / len(each) for each in (lower, higher) if len(each) > 1)
    if not 0 < value < 1:
        return Area(value, value, value)
    middle = torch.tensor(value, dtype=torch.float64).logit()
    half = NORMAL_95 * variance**0.5 / (value * (1 - value))
    return Area(value, float((middle - half).sigmoid()), float((middle + half).sigmoid()))


def _share_below(reference: Tensor, values: Tensor) -> Tensor:
    """Of each of the values [M] the share of the reference [N] below it, ties counted half."""
    ordered = reference.sort().values
    below = torch.searchsorted(ordered, values, right=False)
    up_to = torch.searchsorted(ordered, values, right=True)
    return (below + up_to).double() / (2 * len(ordered))


def curve(inside: Tensor, outside: Tensor) -> tuple[Tensor, Tensor]:
    """The shares of inside and of outside values that are at most t, for every t: both [T], from 0 to 1.

    Of values [N] and [M]: how many own images are taken for foreign, and how many foreign ones are found.
    """
    thresholds = torch.cat([inside, outside]).double().unique()
    shares = []
    for values in (inside, outside):
        up_to = torch.searchsorted(values.double().sort().values, thresholds, right=True)
        shares.append(torch.cat([torch.zeros(1).double(), up_to.double() / len(values)]))
    return shares[0], shares[1]

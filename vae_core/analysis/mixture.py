"""The log density of a Gaussian mixture: at points, and on grids.

Tensors only; `aggregate` says what they mean.

Everything runs in blocks that fit the cache: elementwise work is bound by memory, not by arithmetic.
"""

from __future__ import annotations

import math
import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple

import torch
from torch import Tensor

from vae_core.constants import LOG_2PI

# Blocks of half a million numbers: 2 MB in float32, what one core's cache holds.
BLOCK = 2**19

# Grids add up exponentials in float32. Exponents are shifted so that a component's peak is at most e^PEAK and
# cut at e^CUT. Then no sum of 60 million components overflows, and no product of two factors is denormal: one
# such number costs as much as a hundred others.
PEAK, CUT = 35.0, -43.5

# Most components are narrow and below the cut on most of the grid: they are added up tile by tile. Tiles of
# fewer cells would hold too few components to be worth a product each.
LEAST_TILE = 16  # cells along a side
MOST_TILES = 126  # along a side of the grid
MANY = 200_000  # components from which on processors share them that torch does not use itself


class Mixture(NamedTuple):
    """N Gaussians: mean [N, D], scale [N, D] (standard deviations), log_weight [N] (normalised)."""

    mean: Tensor
    scale: Tensor
    log_weight: Tensor


def projected(parts: Mixture, origin: Tensor, basis: Tensor) -> tuple[Tensor, Tensor]:
    """Means [N, 2] and covariances [N, 2, 2], float64, along an orthonormal basis [D, 2] about origin [D]."""
    basis = basis.double()
    mean = (parts.mean - origin).double() @ basis
    return mean, torch.einsum("da,nd,db->nab", basis, parts.scale.double().square(), basis)


def conditional(parts: Mixture, z: Tensor, columns: list[int]) -> tuple[Mixture, float]:
    """The mixture of two columns given that all others are as in z [D], and the log density of those."""
    others = [d for d in range(parts.mean.shape[1]) if d not in columns]
    t = (z[others].double() - parts.mean[:, others]) / parts.scale[:, others]
    log_joint = parts.log_weight - 0.5 * (t.square() + 2 * parts.scale[:, others].log() + LOG_2PI).sum(1)
    log_rest = log_joint.logsumexp(0)
    given = Mixture(parts.mean[:, columns], parts.scale[:, columns], log_joint - log_rest)
    return given, float(log_rest)


def uniform(components: int) -> Tensor:
    """log_weight [N] of N components of equal weight."""
    return torch.full((components,), -math.log(components), dtype=torch.float64)


def log_density(z: Tensor, mean: Tensor, scale: Tensor, log_weight: Tensor) -> Tensor:
    """log sum_n w_n N(z; mean_n, diag(scale_n^2)) in nats. z [M, D] -> [M].

    Exact up to rounding, in the wider of z's and mean's precision; memory does not grow with M x N.
    """
    return _log_density(z, mean, scale, log_weight, marginals=False)[0]


def log_density_and_marginals(
    z: Tensor, mean: Tensor, scale: Tensor, log_weight: Tensor, without: Tensor | None = None
) -> tuple[Tensor, Tensor]:
    """log q(z) [M] as `log_density`, and log q(z_d) [M, D] of each coordinate alone, in nats.

    without: int64 [M], the component that each z's log q(z) leaves out, its weight not given to the others.
    """
    return _log_density(z, mean, scale, log_weight, True, without)


def _log_density(
    z: Tensor,
    mean: Tensor,
    scale: Tensor,
    log_weight: Tensor,
    marginals: bool,
    without: Tensor | None = None,
) -> tuple[Tensor, Tensor]:
    dtype = torch.promote_types(z.dtype, mean.dtype)
    dimensions = range(z.shape[1])
    # One contiguous row per dimension: mean, 1 / (sqrt(2) scale), and the log of the normaliser.
    z, mean, scale = z.to(dtype), mean.T.to(dtype).contiguous(), scale.T.to(dtype).contiguous()
    inverse = math.sqrt(0.5) / scale
    log_norm = -scale.log() - 0.5 * LOG_2PI

    joint, single = [], []
    for block, points in enumerate(z.split(128)):
        joint_parts, single_parts = [], []
        for part in _spans(range(len(log_weight)), BLOCK // 256):
            weight = log_weight[part].to(dtype)
            log_joint = weight.repeat(len(points), 1)
            for d in dimensions:
                # (z - mean) first: expanding the square would cancel where the scale is small.
                t = (points[:, d, None] - mean[d, part]).mul_(inverse[d, part])
                if marginals:
                    log_single = torch.addcmul(log_norm[d, part], t, t, value=-1)
                    log_joint.add_(log_single)
                    single_parts.append(_log_sum_exp(log_single.add_(weight)))
                else:
                    log_joint.addcmul_(t, t, value=-1)
            if not marginals:
                log_joint.add_(log_norm[:, part].sum(0))
            if without is not None:
                left_out = without[128 * block : 128 * (block + 1)] - part.start
                rows = ((left_out >= 0) & (left_out < log_joint.shape[1])).nonzero()[:, 0]
                log_joint[rows, left_out[rows]] = -math.inf
            joint_parts.append(_log_sum_exp(log_joint))
        joint.append(torch.stack(joint_parts).logsumexp(0))
        if marginals:
            blocks = torch.stack(single_parts).view(-1, len(dimensions), len(points))
            single.append(blocks.logsumexp(0).T)
    return torch.cat(joint), torch.cat(single) if marginals else z.new_empty(0)


def axis_grid(x: Tensor, y: Tensor, mean: Tensor, scale: Tensor, log_weight: Tensor) -> tuple[Tensor, float]:
    """A two-dimensional mixture of axis-aligned components: log q [G, H] at (x[i], y[j]), and its floor.

    x, y: equally spaced. Each component is a product of a function of x and one of y, so the density is the
    matrix product of a [G, N] and an [N, H] table, over the part of the grid that the components reach. What
    lies below the floor, some 70 nats under the highest possible peak, reads as the floor.
    """
    top = float(_peaks(scale, log_weight).max())
    total = _axis_total(x, y, mean, scale, log_weight, top)
    return _to_log(total, top - 2 * PEAK, top, len(mean))


def axis_grids(
    x: Tensor, y: Tensor, mean: Tensor, scale: Tensor, log_weight: Tensor, least: float
) -> tuple[tuple[Tensor, float], tuple[Tensor, float]]:
    """`axis_grid` of the components as they are, and of the same with each scale at least `least`; those that
    are as wide anyway are added up once."""
    narrow = (scale < least).any(1)
    top = float(_peaks(scale, log_weight).max())  # wider components are lower
    wide = _axis_total(x, y, mean[~narrow], scale[~narrow], log_weight[~narrow], top)
    mean, scale, log_weight = mean[narrow], scale[narrow], log_weight[narrow]
    exact, drawn = (
        _to_log(wide + _axis_total(x, y, mean, each, log_weight, top), top - 2 * PEAK, top, len(narrow))
        for each in (scale, scale.clamp(min=least))
    )
    return exact, drawn


def _peaks(scale: Tensor, log_weight: Tensor) -> Tensor:
    """The highest log density of each component of two dimensions [N]."""
    return log_weight - scale.log().sum(1) - LOG_2PI


def _axis_total(x: Tensor, y: Tensor, mean: Tensor, scale: Tensor, log_weight: Tensor, top: float) -> Tensor:
    """The density [G, H] times exp(2 PEAK - top)."""
    total = torch.zeros(len(x), len(y))
    jobs: list[tuple[slice, slice, slice]] = []
    if not len(mean):
        return total
    mean, inverse = mean.T.contiguous(), (math.sqrt(0.5) / scale).T.contiguous()
    peak = _peaks(scale, log_weight)
    heights = torch.stack([peak - top + PEAK, torch.full_like(peak, PEAK)])
    order, tiles = _tiles(x, y, mean, (heights - CUT).clamp_(min=0).sqrt_() / inverse)
    mean, inverse, heights = mean[:, order], inverse[:, order], heights[:, order]

    def add(total: Tensor, i: slice, j: slice, part: slice) -> None:
        tables = []
        for axis, d in ((x[i], 0), (y[j], 1)):
            t = (axis[:, None] - mean[d, part]).mul_(inverse[d, part])
            tables.append(torch.addcmul(heights[d, part], t, t, value=-1).clamp_(min=CUT).exp_())
        total[i, j].addmm_(tables[0], tables[1].T)

    for within, i, j in tiles:
        jobs += [(i, j, part) for part in _spans(within, BLOCK // max(len(x[i]), len(y[j])))]
    threads = (os.cpu_count() or 1) // torch.get_num_threads() if len(peak) >= MANY else 1
    if threads < 2:
        for job in jobs:
            add(total, *job)
        return total

    def share(k: int) -> Tensor:
        mine = torch.zeros_like(total)
        for job in jobs[k::threads]:
            add(mine, *job)
        return mine

    with ThreadPoolExecutor(threads) as pool:
        return torch.stack(list(pool.map(share, range(threads)))).sum(0)


def correlated_grid(
    x: Tensor, y: Tensor, mean: Tensor, covariance: Tensor, log_weight: Tensor
) -> tuple[Tensor, float]:
    """As `axis_grid`, for any covariance [N, 2, 2]: no product of tables now, but an exponential for each
    component at each point of the grid that it reaches."""
    # Whitening with the Cholesky factor L = [[a, 0], [b, c]]: the exponent is -|L^-1 (z - mean)|^2 / 2.
    # In float64, because c is a small difference where a component is long and thin.
    covariance = covariance.double()
    a = covariance[:, 0, 0].sqrt()
    b = covariance[:, 0, 1] / a
    c = (covariance[:, 1, 1] - b.square()).sqrt()
    peak = (log_weight - a.log() - c.log() - LOG_2PI).float()
    top = peak.max()
    # Where |L^-1 (z - mean)| <= r, no point is more than r deviations of an axis away along it.
    farthest = (2 * (peak - top + PEAK - CUT)).clamp_(min=0).sqrt_()
    reach = farthest * covariance.diagonal(dim1=1, dim2=2).T.sqrt().float()
    order, tiles = _tiles(x, y, mean.T, reach)
    mean, height = mean[order], (peak - top + PEAK)[order]
    shear, inverse_a, inverse_c = (
        column[order].float() for column in (b / c, math.sqrt(0.5) / a, math.sqrt(0.5) / c)
    )

    total = torch.zeros(len(x), len(y))
    for within, i, j in tiles:
        for part in _spans(within, max(1, BLOCK // (len(x[i]) * len(y[j])))):
            t_x = (x[i] - mean[part, :1]) * inverse_a[part, None]
            t_y = (y[j] - mean[part, 1:]) * inverse_c[part, None]
            of_x = height[part, None].addcmul(t_x, t_x, value=-1)
            t = t_y[:, None, :] - (t_x * shear[part, None])[:, :, None]
            total[i, j] += torch.addcmul(of_x[:, :, None], t, t, value=-1).clamp_(min=CUT).exp_().sum(0)
    return _to_log(total, float(top) - PEAK, float(top), len(peak))


def _tiles(
    x: Tensor, y: Tensor, mean: Tensor, reach: Tensor
) -> tuple[Tensor, list[tuple[range, slice, slice]]]:
    """An order of the components, and of each stretch of it which rows and columns of the grid it reaches.

    mean, reach [2, N]: beyond reach a component is below the cut. A stretch are those that reach about as far
    and lie in one tile of the plane, as wide as that; or all that reach over a quarter of the grid. Those
    that reach no point of the grid are in none.
    """
    start, end = torch.stack([x[0], y[0]])[:, None], torch.stack([x[-1], y[-1]])[:, None]
    size = torch.tensor([len(x), len(y)])[:, None]
    cell = (end - start) / (size - 1)
    low = ((mean - reach - start) / cell).ceil_().clamp_(min=0).minimum(size)
    high = ((mean + reach - start) / cell).floor_().add_(1).clamp_(min=0).minimum(size)

    side = (reach / cell).amax(0).clamp_(min=LEAST_TILE).log2_().ceil_()
    at = ((mean - start) / cell / side.exp2()).floor_().clamp_(-1, MOST_TILES)
    wide = side.exp2() > size.max() / 4
    side[wide], at[:, wide] = 0, 0
    number, order = ((side * (MOST_TILES + 2) + at[0]) * (MOST_TILES + 2) + at[1]).int().sort()

    counts = number.unique_consecutive(return_counts=True)[1]
    stretch = torch.arange(len(counts)).repeat_interleave(counts).expand(2, -1)
    edge = torch.zeros(2, len(counts))
    rows = edge.scatter_reduce(1, stretch, low[:, order], "amin", include_self=False).int().T.tolist()
    columns = edge.scatter_reduce(1, stretch, high[:, order], "amax", include_self=False).int().T.tolist()
    found, first = [], 0
    for count, (i, j), (k, m) in zip(counts.tolist(), rows, columns, strict=True):
        if i < k and j < m:
            found.append((range(first, first + count), slice(i, k), slice(j, m)))
        first += count
    return order, found


def _to_log(total: Tensor, shift: float, top: float, components: int) -> tuple[Tensor, float]:
    # A cut factor adds at most exp(top + CUT - PEAK). Where all of them together count, nothing is claimed.
    floor = top + math.log(components) + CUT - PEAK + 10.0
    return total.log_().add_(shift).clamp_(min=floor), floor


def _log_sum_exp(exponent: Tensor) -> Tensor:
    """logsumexp over the last axis, in place. Exponents are cut well before exp() turns denormal and slow."""
    top = exponent.amax(-1, keepdim=True).clamp_(min=0.5 * torch.finfo(exponent.dtype).min)
    return exponent.sub_(top).clamp_(min=-80).exp_().sum(-1).log_().add_(top.squeeze(-1))


def _spans(indices: range, step: int) -> Iterator[slice]:
    return (slice(start, min(start + step, indices.stop)) for start in indices[::step])

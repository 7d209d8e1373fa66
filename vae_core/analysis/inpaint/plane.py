"""The plane on which completions are seen: across what separates them, and the posterior where D is 2."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from vae_core.analysis.inpaint.problem import Problem

LEAST = 0.03  # share of the draws from which on what they are read as is a group


@dataclass(frozen=True, eq=False)
class Plane:
    """axes [D, 2]: orthonormal, so that distances on the plane are never longer than those between codes.
    centre [D]: what lies at (0, 0). groups: how many groups of draws the axes separate; at 0 they are those
    of most variance."""

    axes: Tensor
    centre: Tensor
    groups: int

    def place(self, z: Tensor) -> Tensor:
        """z [..., D] -> coordinates [..., 2]."""
        return (z - self.centre) @ self.axes


def separating(codes: Tensor, groups: Tensor | None = None, use: Tensor | None = None) -> Plane:
    """The plane that keeps groups of codes [S, D] apart; groups [S]: whole numbers, below 0 for none.

    Of two dimensions it is the whole space. Of more its axes are Fisher's discriminants: where groups are
    farthest apart, in units of their spread within (Fisher 1936; Hastie et al. 2009, section 4.3.3). What
    they leave open is filled with the directions of most variance, each dimension counted by its use [D]: one
    that the decoder does not use varies most, and shows nothing. Raises ValueError below two dimensions.
    """
    codes = codes.double()
    count, latent = codes.shape
    if latent < 2:
        raise ValueError("A plane needs codes of two dimensions at least.")
    if latent == 2:
        return Plane(torch.eye(2), torch.zeros(2), 0)
    centre = codes.mean(0)
    kept = (
        []
        if groups is None
        else [g for g in groups.unique() if g >= 0 and (groups == g).sum() >= LEAST * count]
    )
    axes = (
        _discriminants(codes, groups, kept)
        if groups is not None and len(kept) > 1
        else codes.new_zeros(latent, 0)
    )
    weight = torch.ones(latent).to(codes) if use is None else use.to(codes)
    rest = codes - centre
    rest = (rest - rest @ axes @ axes.T) * weight
    _, _, directions = torch.linalg.svd(rest, full_matrices=False)
    # The identity behind them, for uses of which fewer than two are above 0.
    rows = torch.cat([axes.T, directions[:2] * weight, torch.eye(latent).to(codes)])
    axes = _orthonormal(rows)
    # A sign that does not depend on the library: the largest weight is positive.
    axes = axes * axes.gather(0, axes.abs().argmax(0, keepdim=True)).sign()
    return Plane(axes.float(), centre.float(), len(kept) if len(kept) > 1 else 0)


def _orthonormal(rows: Tensor) -> Tensor:
    """The first two directions [D, 2] of rows [R, D] that are no sum of those before (Gram and Schmidt)."""
    axes: list[Tensor] = []
    for row in rows:
        left = row
        for axis in axes:
            left = left - left @ axis * axis
        if len(axes) < 2 and left.norm() > 1e-6 * row.norm().clamp(min=1e-12):
            axes.append(left / left.norm())
    return torch.stack(axes, 1)


def _discriminants(codes: Tensor, groups: Tensor, kept: list[Tensor]) -> Tensor:
    """At most two orthonormal axes [D, A]; there are one fewer than groups."""
    mine = torch.stack([groups == g for g in kept])
    shares = mine.double().sum(1)
    means = torch.stack([codes[each].mean(0) for each in mine])
    centred = torch.cat([codes[each] - mean for each, mean in zip(mine, means, strict=True)])
    within = centred.T @ centred / len(centred)
    # A ridge, for a dimension in which all draws agree.
    within += 1e-3 * within.diagonal().mean().clamp(min=1e-12) * torch.eye(codes.shape[1]).to(within)
    middle = (shares[:, None] * means).sum(0) / shares.sum()
    between = ((means - middle) * (shares / shares.sum()).sqrt()[:, None]).T
    inverse_root = torch.linalg.cholesky(within).inverse()
    left, _, _ = torch.linalg.svd(inverse_root @ between, full_matrices=False)
    axes, _ = torch.linalg.qr(inverse_root.T @ left[:, : min(2, len(kept) - 1)])
    return axes


def posterior(problem: Problem, middle: tuple[float, float], half: float, size: int) -> Tensor:
    """log p(z | x_observed) in nats on a grid of size x size points [row, column], rows upwards.

    z is (column, row), from middle - half to middle + half. Normalised over the grid: what lies outside is
    left out. Of one image and two dimensions; ValueError otherwise.
    """
    if problem.count != 1 or problem.model.spec.latent != 2:
        raise ValueError("The posterior is drawn of one image, and of two dimensions.")
    line = torch.linspace(-half, half, size, device=problem.device)
    up, across = torch.meshgrid(line, line, indexing="ij")
    z = (torch.stack([across, up], -1) + torch.tensor(middle).to(line)).view(-1, 1, 2)
    log_p = problem.log_joint_in_blocks(z)[:, 0].double()
    cell = (2 * half / (size - 1)) ** 2
    return (log_p - log_p.logsumexp(0) - torch.tensor(cell).log()).view(size, size).float().cpu()

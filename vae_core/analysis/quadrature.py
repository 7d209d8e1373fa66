"""Integrals over a latent space of one or two dimensions by adaptive quadrature.

log_joint is a function z [N, D] -> log p(x, z) [N] in nats of one image x: its integral is p(x), and
normalised it is the true posterior p(z|x).
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

import numpy as np
import torch
from torch import Tensor

from vae_core.model.vae import VAE

LogJoint = Callable[[Tensor], Tensor]

NUMBERS = 2**24  # of decoder output that a lattice keeps, at most
SIDE = {1: 2048, 2: 128}  # cells of a lattice along each dimension, at most
LATENT = tuple(SIDE)  # numbers of dimensions in which this is done
DEPTH = 16.0  # nats below the highest cell, from which on a cell is left out
CELLS = 5_000  # that a round may look at
ROUNDS = 6
TOLERANCE = 1e-3  # nats between two rounds


@dataclass(frozen=True, eq=False)
class Lattice:
    """Cells that cover a cube of latent space, and what the decoder makes of their centres.

    It serves all images. z [N, D]: centres, of which the last dimension runs fastest; side: of a cell;
    log_prior [N]. Either params [N, K * C, H, W], the likelihood's, or, where log p of a pixel is affine in
    its value, slope [N, C * H * W] and constant [N] of log p(x|z).
    """

    z: Tensor
    side: float
    log_prior: Tensor
    params: Tensor | None
    slope: Tensor | None
    constant: Tensor | None

    @property
    def size(self) -> int:
        """Cells along each dimension."""
        return round(len(self.z) ** (1 / self.z.shape[1]))

    @classmethod
    @torch.inference_mode()
    def of(cls, model: VAE, extent: float, y: Tensor | None = None) -> Lattice:
        """From -extent to extent; y [K]: the weights of the classes that the decoder is told.

        Raises ValueError where the model has more than two latent dimensions.
        """
        if model.latent not in SIDE:
            raise ValueError(f"Quadrature is for one or two dimensions, and this model has {model.latent}.")
        numbers = model.likelihood.numbers * math.prod(model.image_shape)
        size = min(SIDE[model.latent], int((NUMBERS / numbers) ** (1 / model.latent)))
        side = 2 * extent / size
        axis = (torch.arange(size) + 0.5) * side - extent
        z = torch.cartesian_prod(*[axis] * model.latent).reshape(-1, model.latent)
        blocks = z.to(model.device).split(2048)
        log_prior = torch.cat([model.prior.log_prob(block, y) for block in blocks])
        if not model.likelihood.affine:
            params = torch.cat([model.decode(block, y) for block in blocks])
            return cls(z, side, log_prior, params, None, None)
        black = torch.zeros(1, *model.image_shape, device=model.device)
        slopes, constants = [], []
        for block in blocks:
            decoded = model.decode(block, y)[:, None]
            ends = [model.likelihood.pixel_log_prob(decoded, x).flatten(1) for x in (black, black + 1)]
            slopes.append(ends[1] - ends[0])
            constants.append(ends[0].sum(1))
        return cls(z, side, log_prior, None, torch.cat(slopes), torch.cat(constants))

    @torch.inference_mode()
    def log_joint(self, model: VAE, x: Tensor) -> Tensor:
        """log p(x, z) [N] at the centres, on the CPU; x [C, H, W] in [0, 1]."""
        x = x.to(model.device)
        if self.params is None:
            assert self.slope is not None
            assert self.constant is not None
            return (self.slope @ x.flatten() + self.constant + self.log_prior).double().cpu()
        blocks = self.params[:, None].split(2048)
        parts = [model.likelihood.log_prob(block, x[None])[:, 0] for block in blocks]
        return (torch.cat(parts) + self.log_prior).double().cpu()


def joint_of(model: VAE, x: Tensor, y: Tensor | None = None) -> LogJoint:
    """log p(x, z), or log p(x, z|y), as a function of codes, differentiable; x [C, H, W] in [0, 1], y [K]."""
    x = x[None].to(model.device)

    def log_joint(z: Tensor) -> Tensor:
        z = z.to(model.device, torch.float32)
        log_px = model.likelihood.log_prob(model.decode(z, y)[:, None], x)[:, 0]
        return (log_px + model.prior.log_prob(z, y)).double().cpu()

    return log_joint


@dataclass(frozen=True, eq=False)
class Integral:
    """log p(x) in nats, and by how much the last round moved it. z [M, D], log_joint [M]: the cells of the
    last round, each of the same side, which hold all of p(z|x) but e^-16."""

    log_px: float
    moved: float
    z: Tensor
    log_joint: Tensor
    side: float

    @property
    def mass(self) -> Tensor:
        """Share of p(z|x) in each cell [M]."""
        return (self.log_joint - self.log_joint.logsumexp(0)).exp()

    def level(self, mass: float) -> float:
        """log p(x, z) at the edge of the smallest region that holds this share of p(z|x)."""
        order = self.log_joint.argsort(descending=True)
        inside = int((self.mass[order].cumsum(0) < mass).sum())
        return float(self.log_joint[order[min(inside, len(order) - 1)]])

    def moments(self, chosen: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """Mean and variance [D] of p(z|x), or of the part of it that lies in the chosen cells [M] bool."""
        mass = self.mass if chosen is None else self.mass * chosen
        mass = mass / mass.sum()
        mean = mass @ self.z
        return mean, mass @ (self.z - mean).square() + self.side**2 / 12

    def modes(self, mass: float = 0.9, least: float = 0.1) -> list[Tensor]:
        """The pieces of the smallest region that holds `mass` of p(z|x), as chosen cells [M] bool, the
        heaviest first: those that hold at least the share `least` of it."""
        from scipy.sparse import coo_array
        from scipy.sparse.csgraph import connected_components

        inside = self.log_joint >= self.level(mass)
        places = torch.round((self.z[inside] - self.z[0]) / self.side).long().numpy()
        number = {tuple(place): k for k, place in enumerate(places.tolist())}
        steps = [step for step in np.ndindex(*[3] * places.shape[1]) if step > (1,) * places.shape[1]]
        pairs = [
            (k, number[there])
            for place, k in number.items()
            for step in steps
            if (there := tuple(p + s - 1 for p, s in zip(place, step, strict=True))) in number
        ]
        rows, columns = np.array(pairs, np.int64).reshape(-1, 2).T
        links = coo_array((np.ones(len(rows), bool), (rows, columns)), shape=[len(places)] * 2)
        count, piece = connected_components(links, directed=False)
        shares, found = self.mass, []
        for k in range(count):
            chosen = inside.clone()
            chosen[inside] = torch.from_numpy(piece == k)
            found.append((float(shares[chosen].sum()), chosen))
        found.sort(key=lambda each: -each[0])
        return [chosen for share, chosen in found if share >= least]


@torch.inference_mode()
def integrate(
    log_joint: LogJoint, z: Tensor, values: Tensor, side: float, tolerance: float = TOLERANCE
) -> Integral:
    """log of the integral of exp(log_joint), from its values [N] at the centres z [N, D] of cells.

    The midpoint rule on ever smaller cells, of which those 16 nats below the highest are left out, until a
    round moves it by less than `tolerance` nats. Of what falls off like a Gaussian of deviation s the rule's
    error is about 2 exp(-2 pi^2 s^2 / side^2): nothing once cells are as small as s.
    """
    latent = z.shape[1]
    log_px, moved = _sum(values, side, latent), math.inf
    for _ in range(ROUNDS):
        kept = values > values.max() - DEPTH
        z = z[kept]
        parts = next((n for n in (8, 4, 3) if len(z) * n**latent <= CELLS), 2)
        ticks = ((torch.arange(parts) + 0.5) / parts - 0.5) * side
        offsets = torch.cartesian_prod(*[ticks] * latent).reshape(-1, latent)
        z, side = (z[:, None] + offsets).flatten(0, 1), side / parts
        values = torch.cat([log_joint(block) for block in z.split(2048)])
        before, log_px = log_px, _sum(values, side, latent)
        moved = abs(log_px - before)
        if moved < tolerance:
            break
    return Integral(log_px, moved, z.double(), values, side)


def _sum(values: Tensor, side: float, latent: int) -> float:
    return float(values.logsumexp(0)) + latent * math.log(side)


@cache
def gauss_hermite(nodes: int, latent: int) -> tuple[Tensor, Tensor]:
    """Nodes [nodes^D, D] and weights [nodes^D] of averages over N(0, I); exact for polynomials up to
    degree 2 nodes - 1 in each dimension."""
    at, weight = np.polynomial.hermite_e.hermegauss(nodes)
    places = torch.cartesian_prod(*[torch.from_numpy(at)] * latent).reshape(-1, latent)
    weights = torch.from_numpy(weight / weight.sum())
    product = torch.cartesian_prod(*[weights] * latent).reshape(-1, latent).prod(-1)
    return places, product

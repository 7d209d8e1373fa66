"""Paths from one latent code to another: straight, along the sphere, and shortest as the decoder sees it.

A path is a tensor [T, D]. t runs from 0 at a to 1 at b; up to 1.5 it goes on beyond b.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from vae_core.analysis import aggregate, prior_density
from vae_core.analysis.progress import Progress, Reporter
from vae_core.model.posteriors import Posteriors
from vae_core.model.priors import Prior
from vae_core.model.vae import VAE

if TYPE_CHECKING:
    import numpy as np

# z [N, D] to the mean images [N, C, H, W]; `geodesic` differentiates it.
Decode = Callable[[Tensor], Tensor]


def mean_decoder(model: VAE) -> Decode:
    """E[x|z] of a model, differentiable, on its device."""
    return lambda z: model.likelihood.mean(model.decode(z.to(model.device))[None])[0]


def times(points: int, until: float = 1.0) -> Tensor:
    """t [points], evenly from 0 to `until`."""
    return torch.linspace(0, until, points)


def linear(a: Tensor, b: Tensor, t: Tensor) -> Tensor:
    """The straight line a + t (b - a). a, b: [D], t: [T] -> [T, D]."""
    return a + t.to(a)[:, None] * (b - a)


def spherical(a: Tensor, b: Tensor, t: Tensor) -> Tensor:
    """Slerp (Shoemake 1985; White 2016): the direction turns evenly from a's to b's, and the norm changes
    evenly with it. a, b: [D], t: [T] -> [T, D].

    Unlike the line it keeps to the shell where nearly all of N(0, I) lies. Where a or b is zero, or both
    point the same way, it is the line. Opposite directions have no shortest turn: then it passes the axis
    that a has least of; in one dimension, where there is no turn, it is the line. Beyond b the norm stops
    at zero.
    """
    first, last, t64 = a.double(), b.double(), t.to(a).double()[:, None]
    norms = first.norm(), last.norm()
    if min(norms) == 0 or len(a) == 1:
        return linear(a, b, t)
    u, v = first / norms[0], last / norms[1]
    across = v - (u @ v) * u  # Gram and Schmidt: what b has that a has not
    angle = torch.atan2(across.norm(), u @ v)
    if across.norm() < 1e-7:  # about what float32 codes can tell
        axis = torch.zeros_like(u)
        axis[u.abs().argmin()] = 1
        across = axis - (u @ axis) * u
    direction = torch.cos(t64 * angle) * u + torch.sin(t64 * angle) * across / across.norm()
    norm = (norms[0] + t64 * (norms[1] - norms[0])).clamp(min=0)
    return (norm * direction).to(a.dtype)


def through(pieces: Sequence[Callable[[Tensor], Tensor]], t: Tensor) -> Tensor:
    """A path of several pieces, one after the other, each as long in t. t [T], rising -> [T, D].

    pieces: each leads u [M], from 0 at its one end to 1 at its other, to points [M, D]. Before t = 0 the
    first goes on, and beyond t = 1 the last.
    """
    where = t * len(pieces)
    which = where.floor().long().clamp(0, len(pieces) - 1)
    return torch.cat([piece(where[which == k] - k) for k, piece in enumerate(pieces)])


def bilinear(
    corners: Tensor,
    across: Tensor,
    down: Tensor,
    between: Callable[[Tensor, Tensor, Tensor], Tensor] = linear,
) -> Tensor:
    """Codes between four corners [4, D], upper left, upper right, lower left, lower right, at each pair of
    across [C] and down [R], from 0 to 1 -> [R, C, D].

    between: `linear` makes them bilinear. With `spherical` the upper and the lower edge turn, and each column
    turns from the one to the other.
    """
    a, b, c, d = corners
    upper, lower = between(a, b, across), between(c, d, across)
    columns = [between(one, other, down) for one, other in zip(upper, lower, strict=True)]
    return torch.stack(columns, 1)


def along(path: Tensor, t: Tensor) -> Tensor:
    """Points at t [M] of a path [T, D] whose points are evenly spaced in t -> [M, D].

    Linear between points; before the first and beyond the last, straight on along the nearest segment.
    """
    where = t.to(path) * (len(path) - 1)
    left = where.floor().long().clamp(0, len(path) - 2)
    return path[left] + (where - left)[:, None] * (path[left + 1] - path[left])


SHORTER = 1e-3  # of the straight line's length, that a path must save to be worth leaving the line for


@dataclass(frozen=True, eq=False)
class Geodesic:
    """A shortest path, as far as it was found.

    path [T, D] from a to b, at an even pace in pixels. energy [1 + steps]: the straight line's, then that
    after each step, in squared pixel units. converged: False where it ran out of steps. straight: whether
    nothing shorter than the straight line was found, which the path is then.
    """

    path: Tensor
    energy: Tensor
    converged: bool
    straight: bool = False

    def at(self, t: Tensor) -> Tensor:
        """The path at t [M], straight on along its last direction beyond 1 -> [M, D]."""
        return along(self.path, t)


def geodesic(
    decode: Decode,
    a: Tensor,
    b: Tensor,
    points: int = 64,
    steps: int = 200,
    progress: Progress | None = None,
    cancelled: Callable[[], bool] | None = None,
    *,
    stiffness: float = 0.01,
    generator: torch.Generator | None = None,
) -> Geodesic:
    """The path from a to b [D] along which the decoded image changes least: a geodesic of the metric J^T J
    that the decoder's mean pulls back from pixel space (Shao et al. 2018; Chen et al. 2018; Arvanitidis et
    al. 2018, without its term of the variance).

    Minimises the energy (T - 1) sum_i |g(z_i+1) - g(z_i)|^2 (Shao et al. 2018, equation 5) over the T - 2
    inner points by L-BFGS, from the straight line on. What it finds is a local minimum, and its energy never
    above the line's. Few points let a path jump where the image changes fastest. Of less energy it may still
    be longer, as an uneven pace costs energy and no length: then the line itself is what is found.

    stiffness: the metric is J^T J plus this share of its mean along the straight line. What the decoder
    ignores, such as a collapsed dimension, has no length in pixels, and a path would stray there as far as
    steps last: on 16 dimensions of MNIST to six times the radius of any code, for a length 5 % shorter.
    With a generator the start is bent a little at random: where symmetry holds a line straight, it can then
    give way. Raises Cancelled soon after `cancelled()` turns true.
    """
    from scipy.optimize import minimize

    if points < 2:
        raise ValueError(f"A path needs at least 2 points, not {points}.")
    reporter = Reporter(progress, cancelled)
    line = linear(a, b, times(points))
    with torch.inference_mode():
        history, latent = [float(_energy(decode(line)))], float(_energy(line))
    if points == 2 or steps < 1 or 0 in (history[0], latent):
        return Geodesic(line, torch.tensor(history), converged=steps > 0, straight=True)

    bends = _bends(points - 2).to(a)
    extra = stiffness * history[0] / latent
    best, lowest, least = line, history[0], history[0] * (1 + stiffness)

    def objective(flat: np.ndarray) -> tuple[float, np.ndarray]:
        nonlocal best, lowest, least
        reporter.report(len(history) / (steps + 1), "Looking for the shortest path")
        with torch.enable_grad():
            weights = torch.as_tensor(flat).to(a).view(points - 2, -1).requires_grad_()
            path = torch.cat([line[:1], line[1:-1] + bends @ weights, line[-1:]])
            energy = _energy(decode(path))
            whole = energy + extra * _energy(path)
            (slope,) = torch.autograd.grad(whole, weights)
        value = float(whole.detach())
        if value < least:
            best, lowest, least = path.detach(), float(energy.detach()), value
        return value, slope.flatten().double().cpu().numpy()

    start = torch.zeros(points - 2, len(a), dtype=torch.float64)
    if generator is not None:
        start[0] = 1e-2 * float((b - a).norm()) * torch.randn(len(a), generator=generator)
    found = minimize(
        objective,
        start.flatten().numpy(),
        jac=True,
        method="L-BFGS-B",
        callback=lambda _: history.append(lowest),
        # Of gains below 1e-5 a step, float32 sums could not tell many, and no eye could.
        options={"maxiter": steps, "maxfun": 2 * steps, "maxcor": 20, "ftol": 1e-5, "gtol": 0.0},
    )
    reporter.report(1.0, "Found the shortest path")
    converged = found.status != 1
    # Between the points, too, so that no corner is cut.
    between = times(4 * (points - 1) + 1)
    length, direct = (length_pixels(decode, along(path, between)) for path in (best, line))
    if length > direct * (1 - SHORTER):
        return Geodesic(line, torch.tensor([*history, history[0]]), converged, straight=True)
    return Geodesic(best, torch.tensor(history), converged)


def _energy(images: Tensor) -> Tensor:
    """(T - 1) sum_i |x_i+1 - x_i|^2 of [T, ...]: the square of the length, where the pace is even."""
    return (len(images) - 1) * (images[1:] - images[:-1]).square().sum()


def _bends(n: int) -> Tensor:
    """Bends of n inner points, one per column [n, n], that each cost a linear decoder the same energy.

    Sines, each over the root of its eigenvalue of the second difference. Moved point by point instead, the
    long bends, which matter most, would come last.
    """
    i = torch.arange(1, n + 1, dtype=torch.float64)
    sines = torch.sin(math.pi * i[:, None] * i / (n + 1)) * math.sqrt(2 / (n + 1))
    return sines / (2 - 2 * torch.cos(math.pi * i / (n + 1))).sqrt()


# --- what a path passes -------------------------------------------------------------------------


def length_latent(path: Tensor) -> float:
    """The length of a path [T, D] in the unit of z: under N(0, I), the prior's standard deviation."""
    return float((path[1:] - path[:-1]).double().norm(dim=1).sum())


@torch.no_grad()
def length_pixels(decode: Decode, path: Tensor) -> float:
    """The length of the decoded path: the sum of root-sum-square differences between successive images.

    A black pixel turned white is length 1. Chords cut corners: a path of few points comes out short.
    """
    images = decode(path).flatten(1).double()
    return float((images[1:] - images[:-1]).norm(dim=1).sum())


@dataclass(frozen=True, eq=False)
class Density:
    """What a path [T, D] passes, in nats: log_q of the aggregated posterior, log_p of the prior, both [T].

    hole [T] bool: where the prior expects codes (within its region of 95 %) and the aggregated posterior is
    less than a tenth of it.
    """

    log_q: Tensor
    log_p: Tensor
    hole: Tensor

    @property
    def log_ratio(self) -> Tensor:
        """log q(z) - log p(z) [T]."""
        return self.log_q - self.log_p


def log_q_along(
    posteriors: Posteriors,
    path: Tensor,
    ratio: float = 10.0,
    mass: float = 0.95,
    prior: Prior | None = None,
) -> Density:
    """The exact aggregated posterior and the prior, N(0, I) where none is given, along a path [T, D].

    Holes are as on the map, but in all D dimensions.
    """
    log_q, log_p = aggregate.log_density(posteriors, path), aggregate.log_prior(path, prior)
    inside = log_p >= prior_density.level(mass, path.shape[1], prior)
    return Density(log_q, log_p, inside & (log_q - log_p < -math.log(ratio)))


def fade(x_a: Tensor, x_b: Tensor, t: Tensor) -> Tensor:
    """The cross-fade of two images [C, H, W] at t [T], cut to [0, 1] -> [T, C, H, W]: no model at all."""
    return (x_a + t.to(x_a).view(-1, 1, 1, 1) * (x_b - x_a)).clamp(0, 1)

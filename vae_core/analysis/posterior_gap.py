"""log p(x) = ELBO + KL(q(z|x) || p(z|x)) of single images, and what that gap is made of.

The best q of the encoder's own family parts it in two (Cremer et al. 2018): the amortisation gap, between the
encoder's q and the best one, and the approximation gap, between the best one and log p(x).
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from vae_core.analysis import likelihood
from vae_core.analysis.progress import Reporter
from vae_core.analysis.quadrature import (
    TOLERANCE,
    Integral,
    Lattice,
    LogJoint,
    gauss_hermite,
    integrate,
    joint_of,
)
from vae_core.constants import LOG_2PI
from vae_core.model import variance_bound
from vae_core.model.posteriors import DiagonalGaussian
from vae_core.model.vae import VAE

NODES = {1: 64, 2: 24}  # of Gauss-Hermite quadrature along each dimension
FIT_NODES = {1: 32, 2: 10}
FIT_STEPS = 60  # of L-BFGS
SAMPLES = 4000  # of an estimate in more dimensions
FIT_SAMPLES = 32  # noises under which q is fitted there, the same at every step
ADAM_STEPS = 200
SURVEY_SAMPLES = 1000
SURVEY_TOLERANCE = 0.01  # nats


@dataclass(frozen=True, eq=False)
class Gaussian:
    """N(mean, diag(exp(log_var))), both [D], and the ELBO under it in nats; error: its standard error, 0
    where it is by quadrature. Of an encoder whose q is no Gaussian the mean and variances are its own, and
    so is the ELBO."""

    mean: Tensor
    log_var: Tensor
    elbo: float
    error: float = 0.0


@dataclass(frozen=True, eq=False)
class Gap:
    """Of one image: log p(x) with its standard error, 0 where it is by quadrature; the encoder's q, and the
    best diagonal Gaussian, which a q of another shape may surpass, with the ELBOs [steps] on the way to it.
    integral: None in more than two dimensions."""

    log_px: float
    error: float
    encoder: Gaussian
    best: Gaussian
    way: list[float]
    integral: Integral | None

    @property
    def amortisation(self) -> float:
        return self.best.elbo - self.encoder.elbo

    @property
    def approximation(self) -> float:
        return self.log_px - self.best.elbo


def elbo(log_joint: LogJoint, mean: Tensor, log_var: Tensor, nodes: int) -> Tensor:
    """E_q[log p(x, z)] + H[q] in nats, 0-dim and differentiable; q = N(mean, diag(exp(log_var))), both [D].

    By Gauss-Hermite quadrature of `nodes` places along each dimension.
    """
    places, weights = gauss_hermite(nodes, len(mean))
    values = log_joint(mean + torch.exp(0.5 * log_var) * places)
    return weights @ values + 0.5 * (log_var + LOG_2PI + 1).sum()


def fit(log_joint: LogJoint, mean: Tensor, log_var: Tensor) -> tuple[Tensor, Tensor]:
    """Mean and log variance [D] of the diagonal Gaussian of the highest ELBO near the given one; D is 1 or 2.

    L-BFGS with quadrature in place of samples, so that the same start ends at the same place.
    """
    latent = len(mean)
    at = torch.cat([mean, log_var]).double().requires_grad_()
    descent = torch.optim.LBFGS(
        [at], max_iter=FIT_STEPS, tolerance_change=1e-6, line_search_fn="strong_wolfe"
    )

    def loss() -> Tensor:
        descent.zero_grad()
        value = -elbo(log_joint, at[:latent], _bounded(at[latent:]), FIT_NODES[latent])
        value.backward()
        return value.detach()

    descent.step(loss)
    found = at.detach()
    return found[:latent], _bounded(found[latent:])


def of_plane(model: VAE, image: Tensor, integral: Integral, y: Tensor | None = None) -> Gap:
    """The gap of an image [C, H, W] in [0, 1] by quadrature, where D is 1 or 2; y [K]: its class.

    The best Gaussian is the best of several fits: from the encoder's q, and from every mode of p(z|x).
    """
    log_joint = joint_of(model, image, y)
    mean, log_var = moments(model, image, y)
    starts = [(mean, log_var)]
    for mode in integral.modes():
        centre, variance = integral.moments(mode)
        starts.append((centre, variance.log()))
    with torch.enable_grad():
        fits = [fit(log_joint, *start) for start in starts]
    tried = [exact(log_joint, *each) for each in (starts[0], *fits)]
    best = max(tried, key=lambda each: each.elbo)
    return Gap(integral.log_px, 0.0, encoder_of(model, image, y), best, [], integral)


def exact(log_joint: LogJoint, mean: Tensor, log_var: Tensor) -> Gaussian:
    """The Gaussian with its ELBO by quadrature."""
    with torch.no_grad():
        value = elbo(log_joint, mean.double(), log_var.double(), NODES[len(mean)])
    return Gaussian(mean.double(), log_var.double(), float(value))


def of_samples(model: VAE, image: Tensor, y: Tensor | None = None, label: int | None = None) -> Gap:
    """The gap of an image [C, H, W] in [0, 1] in any number of dimensions, by importance sampling.

    q is fitted by Adam under the same 32 noises at every step; both ELBOs are averages over 4,000 others.
    """
    log_joint = joint_of(model, image, y)
    mean, log_var = moments(model, image, y)
    generator = torch.Generator().manual_seed(0)
    few = torch.randn(FIT_SAMPLES, len(mean), generator=generator)
    few = torch.cat([few, -few])
    with torch.enable_grad():
        at = torch.cat([mean, log_var]).requires_grad_()
        adam = torch.optim.Adam([at], lr=0.03)
        ways, best = [], (-math.inf, mean, log_var)
        for _ in range(ADAM_STEPS):
            centre, spread = at[: len(mean)], _bounded(at[len(mean) :])
            value = log_joint(centre + torch.exp(0.5 * spread) * few).mean()
            value = value + 0.5 * (spread + LOG_2PI + 1).sum()
            ways.append(float(value.detach()))
            if ways[-1] > best[0]:
                best = (ways[-1], centre.detach().clone(), spread.detach().clone())
            adam.zero_grad()
            (-value).backward()
            adam.step()
    estimate = likelihood.estimate(
        model, image[None], SAMPLES, labels=None if label is None else torch.tensor([label])
    )
    many = torch.randn(SAMPLES, len(mean), generator=generator)
    before, fitted = (_sampled(log_joint, *q, many) for q in ((mean, log_var), best[1:]))
    found = fitted if fitted.elbo > before.elbo else before
    own = isinstance(model.posterior, DiagonalGaussian)
    encoder = before if own else encoder_of(model, image, y)
    return Gap(float(estimate.value[0]), float(estimate.error[0]), encoder, found, ways, None)


@torch.no_grad()
def _sampled(log_joint: LogJoint, mean: Tensor, log_var: Tensor, noise: Tensor) -> Gaussian:
    z = mean + torch.exp(0.5 * log_var) * noise
    values = torch.cat([log_joint(block) for block in z.split(1000)])
    entropy = 0.5 * float((log_var + LOG_2PI + 1).sum())
    error = float(values.std()) / math.sqrt(len(values))
    return Gaussian(mean.double(), log_var.double(), float(values.mean()) + entropy, error)


@torch.inference_mode()
def moments(model: VAE, image: Tensor, y: Tensor | None = None) -> tuple[Tensor, Tensor]:
    """Mean and log variance [D] of the encoder's q(z|x), on the CPU."""
    params = model.encode(image[None].to(model.device), None if y is None else y[None])
    mean, log_var = model.posterior.moments(params)
    return mean[0].cpu().clone(), log_var[0].cpu().clone()


def encoder_of(model: VAE, image: Tensor, y: Tensor | None = None) -> Gaussian:
    """The encoder's q of an image [C, H, W] in [0, 1] with its ELBO: by quadrature of a Gaussian in one or
    two dimensions, else of 4,000 draws, the same every time."""
    log_joint, (mean, log_var) = joint_of(model, image, y), moments(model, image, y)
    if isinstance(model.posterior, DiagonalGaussian) and model.latent in NODES:
        return exact(log_joint, mean, log_var)
    generator = torch.Generator(model.device).manual_seed(0)
    with torch.no_grad():
        params = model.encode(image[None].to(model.device), None if y is None else y[None])
        z, log_q = (values[:, 0] for values in model.posterior.sample(params, SAMPLES, generator))
        log_w = torch.cat([log_joint(block) for block in z.split(1000)]) - log_q.double().cpu()
    error = float(log_w.std()) / math.sqrt(SAMPLES)
    return Gaussian(mean.double(), log_var.double(), float(log_w.mean()), error)


@torch.inference_mode()
def integral_of(
    model: VAE, lattice: Lattice, image: Tensor, y: Tensor | None = None, tolerance: float = TOLERANCE
) -> Integral:
    """p(z|x) and log p(x) of an image [C, H, W] in [0, 1]; y [K]: the class of the lattice."""
    values = lattice.log_joint(model, image)
    return integrate(joint_of(model, image, y), lattice.z, values, lattice.side, tolerance)


@dataclass(frozen=True, eq=False)
class Survey:
    """Of N images: log p(x), its standard error, the encoder's ELBO, all [N] in nats; second [N]: share of
    p(z|x) in its second mode, 0 where it has one, and None in more than two dimensions."""

    log_px: Tensor
    error: Tensor
    elbo: Tensor
    second: Tensor | None

    @property
    def gap(self) -> Tensor:
        return self.log_px - self.elbo


@torch.inference_mode()
def survey(
    model: VAE,
    images: Tensor,
    labels: Tensor | None = None,
    lattice_of: Callable[[int | None], Lattice] | None = None,
    reporter: Reporter | None = None,
) -> Survey:
    """The gaps of images [N, C, H, W] in [0, 1] under their classes [N], where the model is told any.

    lattice_of: the lattice of a class, of None where there are no classes; without, in more than two
    dimensions, by importance sampling. By quadrature to 0.01 nats.
    """
    reporter = reporter or Reporter()
    rows = []
    for i, image in enumerate(images):
        reporter.report(i / len(images), f"image {i + 1} of {len(images)}")
        label = None if labels is None or not model.classes else int(labels[i])
        y = None if label is None else model.weights(torch.tensor([label]))[0]
        if lattice_of is None:
            given = None if label is None else torch.tensor([label])
            found = likelihood.estimate(model, image[None], SURVEY_SAMPLES, labels=given)
            rows.append((float(found.value), float(found.error), float(found.elbo), 0.0))
            continue
        integral = integral_of(model, lattice_of(label), image, y, SURVEY_TOLERANCE)
        modes = integral.modes()
        second = float(integral.mass[modes[1]].sum()) if len(modes) > 1 else 0.0
        encoder = encoder_of(model, image, y)
        rows.append((integral.log_px, 0.0, encoder.elbo, second))
    log_px, error, bound, second = torch.tensor(rows, dtype=torch.float64).reshape(-1, 4).T
    return Survey(log_px, error, bound, None if lattice_of is None else second)


def _bounded(log_var: Tensor) -> Tensor:
    return log_var.clamp(-variance_bound.BOUND, variance_bound.BOUND)

"""Probabilistic PCA in closed form, and linear VAEs beside it.

p(z) = N(0, I) and p(x|z) = N(W z + b, s I), so that p(x) = N(b, W W^T + s I): Tipping and Bishop 1999. A
linear VAE with q(z|x) = N(V x + c, diag(d)), d the same for all images, has the same optimum (Lucas et al.
2019), and its ELBO needs no sample. P: pixels of all channels; D: latent dimensions; s: the variance of a
pixel. Pixels are within [0, 1], as the likelihood sees them, and all is float64.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from vae_core.analysis.prior_density import Estimate
from vae_core.constants import LOG_2PI
from vae_core.model.likelihoods import Gaussian
from vae_core.model.vae import VAE
from vae_core.pixels import unit
from vae_core.spec import GaussianLikelihood, Spec
from vae_core.spec.capabilities import capabilities

BLOCK = 2048  # images at a time
MOST_PIXELS = 4096  # of which a covariance is taken: 128 MiB, and seconds for its eigenvalues
LEAST_VARIANCE = Gaussian.smallest_scale**2


@dataclass(frozen=True, eq=False)
class Moments:
    """Mean [P] and covariance [P, P] of a set of images, divided by their number."""

    mean: Tensor
    covariance: Tensor


def moments(images: Tensor) -> Moments:
    """The moments of images [N, C, H, W], uint8 or float in [0, 1]. ValueError above MOST_PIXELS pixels."""
    pixels = math.prod(images.shape[1:])
    if pixels > MOST_PIXELS:
        raise ValueError(f"The covariance of {pixels:,} pixels is not taken; {MOST_PIXELS:,} are the most.")
    total = torch.zeros(pixels, dtype=torch.float64)
    products = torch.zeros(pixels, pixels, dtype=torch.float64)
    for block in images.split(BLOCK):
        x = unit(block).flatten(1).cpu().double()
        total += x.sum(0)
        products.addmm_(x.T, x)
    mean = total / len(images)
    return Moments(mean, products / len(images) - torch.outer(mean, mean))


@dataclass(frozen=True, eq=False)
class Decoder:
    """p(x|z) = N(W z + b, s I): weight W [P, D], bias b [P], variance s."""

    weight: Tensor
    bias: Tensor
    variance: float

    @classmethod
    def of(cls, model: VAE) -> Decoder:
        """Of a model whose Spec has the capability `ppca`."""
        affine, likelihood = model.decoder[0], model.likelihood
        assert isinstance(affine, nn.Linear)
        assert isinstance(likelihood, Gaussian)
        log_sigma = likelihood.moments(affine.bias)[1]
        return cls(_double(affine.weight), _double(affine.bias), math.exp(2 * float(log_sigma.detach())))


@dataclass(frozen=True, eq=False)
class Encoder:
    """q(z|x) = N(V x + c, diag(d)): weight V [D, P], bias c [D], log_var, the logarithm of d [D]."""

    weight: Tensor
    bias: Tensor
    log_var: Tensor

    @classmethod
    def of(cls, model: VAE) -> Encoder:
        """Of a model whose Spec has the capability `ppca`."""
        black = torch.zeros(1, *model.image_shape, device=model.device)
        mean, log_var = model.posterior.moments(model.encode(black))
        affine = model.encoder[-1]
        assert isinstance(affine, nn.Linear)
        return cls(_double(affine.weight[: model.latent]), _double(mean[0]), _double(log_var[0]))

    def mean(self, x: Tensor) -> Tensor:
        """V x + c [N, D] of x [N, P]."""
        return x @ self.weight.T + self.bias


@dataclass(frozen=True, eq=False)
class PPCA:
    """The optimum of probabilistic PCA.

    mean [P]; components [P, M]: the M principal components, of unit length, as columns, the largest first,
    with eigenvalues [M] of the covariance; variance s; log_likelihood: the mean of log p(x), in nats per
    image.
    """

    mean: Tensor
    components: Tensor
    eigenvalues: Tensor
    variance: float
    log_likelihood: float

    @property
    def decoder(self) -> Decoder:
        """The one whose columns are orthogonal, W = U (Lambda - s I)^(1/2); any rotation of z is as good."""
        lengths = (self.eigenvalues - self.variance).clamp(min=0).sqrt()
        return Decoder(self.components * lengths, self.mean, self.variance)


def fit(of: Moments, latent: int, variance: float | None = None) -> PPCA:
    """Tipping and Bishop 1999, equations 7 and 8: at most P - 1 dimensions, which fit any covariance.

    variance: s, where it is not to be learned; a component of a smaller eigenvalue has then length 0. One
    that is learned stays above that of the Gaussian likelihood's smallest sigma.
    """
    ascending, vectors = torch.linalg.eigh(of.covariance)
    eigenvalues = ascending.flip(0).clamp(min=0)
    most = min(latent, len(eigenvalues) - 1)
    kept, rest = eigenvalues[:most], eigenvalues[most:]
    if variance is None:
        variance = max(float(rest.mean()), LEAST_VARIANCE)
    modelled = torch.cat([kept.clamp(min=variance), torch.full_like(rest, variance)])
    log_likelihood = -0.5 * (LOG_2PI + modelled.log() + eigenvalues / modelled).sum()
    return PPCA(of.mean, vectors.flip(1)[:, :most], kept, variance, float(log_likelihood))


def log_prob(x: Tensor, of: Decoder) -> Tensor:
    """log p(x) = log N(x; b, W W^T + s I) of images x [N, P], in nats [N]."""
    weight, s = of.weight, of.variance
    pixels, latent = weight.shape
    inner = torch.linalg.cholesky(weight.T @ weight + s * torch.eye(latent, dtype=weight.dtype))
    off = x - of.bias
    within = torch.linalg.solve_triangular(inner, (off @ weight).T, upper=False)
    log_det = (pixels - latent) * math.log(s) + 2 * inner.diagonal().log().sum()
    square = (off.square().sum(1) - within.square().sum(0)) / s
    return -0.5 * (pixels * LOG_2PI + log_det + square)


# --- the ELBO, without a sample -------------------------------------------------------------------


def elbo(x: Tensor, decoder: Decoder, mean: Tensor, log_var: Tensor) -> Tensor:
    """The ELBO of images x [N, P] under q(z|x) = N(mean, diag(exp(log_var))), both [N, D]; in nats [N].

    E_q |x - W z - b|^2 = |x - W mean - b|^2 + tr(W diag(d) W^T), the trace trick: Lucas et al. 2019,
    appendix.
    """
    square = (x - mean @ decoder.weight.T - decoder.bias).square().sum(1)
    return _elbo(decoder, square, mean.square(), log_var)


def mean_elbo(of: Moments, decoder: Decoder, encoder: Encoder) -> float:
    """The mean ELBO of all images that have these moments, in nats per image: of the same formula, as the
    mean of a square of an affine map of x is the trace of its covariance and the square of its mean."""
    weight, code = decoder.weight, encoder.weight
    covariance = code @ of.covariance  # of z and x [D, P]
    of_code = covariance @ code.T
    mean = encoder.mean(of.mean)
    off = of.mean - weight @ mean - decoder.bias
    square = of.covariance.trace() - 2 * (covariance @ weight).trace() + (weight.T @ weight @ of_code).trace()
    found = _elbo(decoder, square + off @ off, of_code.diagonal() + mean.square(), encoder.log_var)
    return float(found)


def _elbo(decoder: Decoder, square: Tensor, mean_square: Tensor, log_var: Tensor) -> Tensor:
    """square [...]: |x - W E z - b|^2; mean_square, log_var [..., D]: of q(z|x)."""
    pixels, s = len(decoder.bias), decoder.variance
    trace = (decoder.weight.square().sum(0) * log_var.exp()).sum(-1)
    reconstruction = -0.5 * (pixels * (LOG_2PI + math.log(s)) + (square + trace) / s)
    return reconstruction - 0.5 * (log_var.exp() + mean_square - 1 - log_var).sum(-1)


@torch.inference_mode()
def exact_elbo(model: VAE, images: Tensor) -> float:
    """The mean ELBO of images [N, C, H, W] in closed form, nats per image; also where each image has
    variances of its own."""
    x = unit(images.to(model.device))
    mean, log_var = model.posterior.moments(model.encode(x))
    return float(elbo(_double(x.flatten(1)), Decoder.of(model), _double(mean), _double(log_var)).mean())


@torch.inference_mode()
def sampled_elbo(
    model: VAE, images: Tensor, samples: int, generator: torch.Generator | None = None
) -> Estimate:
    """The same by Monte Carlo with `samples` draws of z for each image, two at least, and its standard error
    over the draws."""
    generator = generator or torch.Generator(model.device).manual_seed(0)
    value = variance = 0.0
    for block in images.split(BLOCK // samples + 1):
        bound = model(unit(block.to(model.device)), samples, generator).elbo()
        draws = bound.reconstruction[0].double()
        value += float((draws.mean(0) - bound.kl).sum())
        variance += float(draws.var(0).sum()) / samples
    return Estimate(value / len(images), math.sqrt(variance) / len(images))


# --- subspaces ------------------------------------------------------------------------------------


def angles(a: Tensor, b: Tensor) -> Tensor:
    """The principal angles between the spans of the columns of a [P, M] and b [P, K], in degrees, the
    smallest first: [min(M, K)]. Björck and Golub 1973, from QR and SVD."""
    one, other = torch.linalg.qr(a).Q, torch.linalg.qr(b).Q
    return torch.linalg.svdvals(one.T @ other).clamp(max=1).acos().rad2deg()


def matched(weight: Tensor, components: Tensor) -> tuple[Tensor, Tensor]:
    """Which column of weight [P, D] stands for which of components [P, M], each for one at most.

    column [M]; cosine [M]: of the angle between the two, below 0 where they point in opposite directions. The
    pairs are those of the largest sum of |cosine|. A column of length 0 has the cosine 0 with all.
    """
    from scipy.optimize import linear_sum_assignment

    cosines = components.T @ (weight / weight.norm(dim=0).clamp(min=1e-12))
    _, columns = linear_sum_assignment(-cosines.abs().numpy())
    column = torch.from_numpy(columns)
    return column, cosines.gather(1, column[:, None])[:, 0]


# --- a run beside its optimum ---------------------------------------------------------------------


def reference(spec: Spec, images: Tensor) -> Reference | None:
    """The closed form beside which runs of the Spec train on these images, uint8 [N, C, H, W] as they are
    trained on; None where there is none, or where the images are larger than their covariance can be."""
    if "ppca" not in capabilities(spec) or math.prod(spec.data.shape) > MOST_PIXELS:
        return None
    assert isinstance(spec.likelihood, GaussianLikelihood)
    variance = spec.likelihood.sigma**2 if spec.likelihood.variance == "fixed" else None
    return Reference(images, spec.latent, variance)


class Reference:
    """The closed form of a run's training images [N, C, H, W], and how far a model of that run is from it."""

    def __init__(self, images: Tensor, latent: int, variance: float | None = None) -> None:
        """variance: of the likelihood, where it is fixed."""
        self.moments = moments(images)
        self.optimum = fit(self.moments, latent, variance)

    @torch.inference_mode()
    def compare(self, model: VAE) -> dict[str, float]:
        """elbo and log_likelihood of the training images, in nats per image, the one of the model in closed
        form, the other the optimum's; angle: the largest principal angle between W and the principal
        components, in degrees; variance_ratio: s over the optimum's."""
        decoder = Decoder.of(model)
        return {
            "elbo": mean_elbo(self.moments, decoder, Encoder.of(model)),
            "log_likelihood": self.optimum.log_likelihood,
            "angle": float(angles(decoder.weight, self.optimum.components)[-1]),
            "variance_ratio": decoder.variance / self.optimum.variance,
        }


def _double(value: Tensor) -> Tensor:
    return value.detach().cpu().double()

"""Likelihoods p(x|z) of an image given the decoder's output, independent over pixels.

params: [S, B, K * C, H, W], the decoder's output, K numbers for each of C channels.
x: [B, C, H, W] in [0, 1]. mask: [B, 1 or C, H, W], 1 where a pixel counts, or None for all.
Every log_prob is [S, B], in nats, summed over the pixels that count.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from vae_core import spec
from vae_core.constants import LOG_2PI
from vae_core.spec.settings import kind_of


class Likelihood(nn.Module):
    """What they share: the sum over pixels."""

    numbers = 1  # K, per pixel and channel
    # How `SHOWN` of browser/pixels.js calls `mean`, `mode` and `sample`; None: it cannot do it.
    browser_mean: str | None = None
    browser_mode: str | None = None
    browser_draw: str | None = None
    discrete = False  # nats of a probability, not of a density
    affine = False  # whether log p of a pixel is affine in its value x: two values say all
    has_mode = False  # whether `mode` answers

    def pixel_log_prob(self, params: Tensor, x: Tensor) -> Tensor:
        """log p per pixel, [S, B, C, H, W]."""
        raise NotImplementedError

    def log_prob(self, params: Tensor, x: Tensor, mask: Tensor | None = None) -> Tensor:
        """log p(x|z) [S, B], in nats, summed over pixels."""
        log_p = self.pixel_log_prob(params, x)
        return (log_p if mask is None else log_p * mask).flatten(2).sum(-1)

    def mean(self, params: Tensor) -> Tensor:
        """E[x|z], [S, B, C, H, W]."""
        raise NotImplementedError

    def mode(self, params: Tensor) -> Tensor:
        """The most probable value of each pixel, [S, B, C, H, W]; only where `has_mode`."""
        raise NotImplementedError

    def sample(self, params: Tensor, generator: torch.Generator | None = None) -> Tensor:
        """x drawn from p(x|z), [S, B, C, H, W]."""
        raise NotImplementedError

    @property
    def browser_pixels(self) -> dict[str, str]:
        """How the browser shows codes, "means", "modes" or "drawn", and what it calls each of them."""
        known = {"means": self.browser_mean, "modes": self.browser_mode, "drawn": self.browser_draw}
        return {way: name for way, name in known.items() if name is not None}

    @property
    def browser_scale(self) -> float | None:
        """The scale of all pixels, for the browser's draws; None where there is none, or each has its own."""
        return None


class _BernoulliLogProb(torch.autograd.Function):
    """sum over pixels of x * a - softplus(a), in place over one copy of the largest tensor of a step.

    d/da = x - sigmoid(a). softplus(a) = max(a, 0) + log(1 + exp(-|a|)); log is three times as fast as log1p
    and off by 6e-8 nats a pixel at most. Below -80 exp underflows, which takes it a hundred times as long.
    """

    @staticmethod
    def forward(ctx: Any, logits: Tensor, x: Tensor) -> Tensor:
        ctx.save_for_backward(logits, x)
        softplus = logits.abs().neg_().clamp_(min=-80).exp_().add_(1).log_().add_(logits.clamp(min=0))
        return torch.linalg.vecdot(logits.flatten(2), x.flatten(1)) - softplus.flatten(2).sum(-1)

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor, None]:
        logits, x = ctx.saved_tensors
        return torch.sigmoid(logits).sub_(x).mul_(-grad[..., None, None, None]), None


class Bernoulli(Likelihood):
    """Pixels in {0, 1}, params the logits. On grey pixels the formula is a cross-entropy, no likelihood."""

    browser_mean = "sigmoid"
    browser_mode = "white_or_black"
    browser_draw = "bernoulli"

    discrete = True
    affine = True
    has_mode = True

    def pixel_log_prob(self, params: Tensor, x: Tensor) -> Tensor:
        return params * x - F.softplus(params)

    def log_prob(self, params: Tensor, x: Tensor, mask: Tensor | None = None) -> Tensor:
        if mask is not None:
            return super().log_prob(params, x, mask)
        return _BernoulliLogProb.apply(params, x)

    def mean(self, params: Tensor) -> Tensor:
        return torch.sigmoid(params)

    def mode(self, params: Tensor) -> Tensor:
        return (params > 0).to(params)

    def sample(self, params: Tensor, generator: torch.Generator | None = None) -> Tensor:
        return torch.bernoulli(torch.sigmoid(params), generator=generator)


class ContinuousBernoulli(Likelihood):
    """p(x) = C(l) l^x (1 - l)^(1 - x) on [0, 1], params the logits; Loaiza-Ganem, Cunningham 2019, eq. 6."""

    browser_mean = browser_draw = "continuous_bernoulli"
    browser_mode = "white_or_black"
    affine = True
    has_mode = True

    near = 0.05  # |logit| below which the closed forms lose digits and a Taylor series takes over

    def _log_normaliser(self, a: Tensor) -> Tensor:
        # C(l) = 2 artanh(1 - 2 l) / (1 - 2 l) = a / tanh(a / 2) with the logit a; C = 2 at a = 0.
        small = a.abs() < self.near
        safe = torch.where(small, torch.ones_like(a), a).abs()
        # log tanh(a / 2) = log(1 - e^-a) - log(1 + e^-a), with no overflow.
        far = safe.log() - torch.log(-torch.expm1(-safe)) + torch.log1p(torch.exp(-safe))
        square = a.square()
        return torch.where(small, math.log(2) + square / 12 - 7 * square.square() / 1440, far)

    def pixel_log_prob(self, params: Tensor, x: Tensor) -> Tensor:
        return params * x - F.softplus(params) + self._log_normaliser(params)

    def mean(self, params: Tensor) -> Tensor:
        # 1 / (1 - e^-a) - 1 / a, which tends to 1/2 + a/12 at 0.
        small = params.abs() < self.near
        safe = torch.where(small, torch.ones_like(params), params)
        far = -1 / torch.expm1(-safe) - 1 / safe
        return torch.where(small, 0.5 + params / 12 - params**3 / 720, far)

    def mode(self, params: Tensor) -> Tensor:
        """An end: the density is exponential."""
        return (params > 0).to(params)

    def sample(self, params: Tensor, generator: torch.Generator | None = None) -> Tensor:
        u = torch.rand(params.shape, generator=generator, device=params.device)
        small = params.abs() < 1e-3
        a = torch.where(small, torch.ones_like(params), params)
        # The inverse distribution function, log(1 + u (e^a - 1)) / a, written so that neither tail overflows.
        positive = 1 + torch.log(u + (1 - u) * torch.exp(-a.abs())) / a.abs()
        negative = -torch.log((1 - u) + u * torch.exp(-a.abs())) / a.abs()
        return torch.where(small, u, torch.where(a > 0, positive, negative)).clamp(0, 1)


class _SquaredDistance(torch.autograd.Function):
    """|mean - x|^2, summed over pixels: mean [S, B, C, H, W], x [B, C, H, W] -> [S, B]. One large tensor is
    kept and one is made for the gradient, where autograd takes four of each."""

    @staticmethod
    def forward(ctx: Any, mean: Tensor, x: Tensor) -> Tensor:
        off = mean - x
        ctx.save_for_backward(off)
        return torch.linalg.vecdot(off.flatten(2), off.flatten(2))

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor, None]:
        (off,) = ctx.saved_tensors
        return off * (2 * grad)[..., None, None, None], None


class LocationScale(Likelihood):
    """A density of location mu and a scale per pixel, which is fixed, one learned number, or learned per
    pixel: then params are the locations, and after them the logarithms of the scales.

    A density: its nats may be positive. The scale stays above 1e-3, else a constant pixel drives it to 0 and
    the likelihood to infinity.
    """

    browser_mean = browser_mode = "first"
    has_mode = True

    smallest_scale = 1e-3

    def __init__(self, spread: str, scale: float) -> None:
        """spread: "fixed", "shared" or "learned"; scale: its value, or where it starts."""
        super().__init__()
        self.spread = spread
        self.numbers = 2 if spread == "learned" else 1
        log_sigma = torch.tensor(math.log(scale))  # of whichever density: files of runs know it by this name
        if spread == "shared":
            self.log_sigma = nn.Parameter(log_sigma)
        else:
            self.register_buffer("log_sigma", log_sigma)

    def moments(self, params: Tensor) -> tuple[Tensor, Tensor]:
        """Location and log scale, each [S, B, C, H, W] or a scalar."""
        location, log_scale = params.chunk(2, dim=2) if self.spread == "learned" else (params, self.log_sigma)
        return location, self.bounded(log_scale)

    def bounded(self, log_scale: Tensor) -> Tensor:
        return log_scale.clamp(min=math.log(self.smallest_scale), max=5.0)

    def mean(self, params: Tensor) -> Tensor:
        return self.moments(params)[0]

    mode = mean

    @property
    def browser_scale(self) -> float | None:
        return None if self.spread == "learned" else self.bounded(self.log_sigma).exp().item()


class Gaussian(LocationScale):
    """N(x; mu, sigma^2) per pixel, of scale sigma."""

    browser_draw = "gaussian"

    def __init__(self, variance: str, sigma: float) -> None:
        super().__init__(variance, sigma)

    def pixel_log_prob(self, params: Tensor, x: Tensor) -> Tensor:
        mean, log_sigma = self.moments(params)
        return -0.5 * ((x - mean) * torch.exp(-log_sigma)).square() - log_sigma - 0.5 * LOG_2PI

    def log_prob(self, params: Tensor, x: Tensor, mask: Tensor | None = None) -> Tensor:
        if mask is not None or self.spread == "learned":
            return super().log_prob(params, x, mask)
        mean, log_sigma = self.moments(params)
        square = _SquaredDistance.apply(mean, x)
        return -0.5 * square * torch.exp(-2 * log_sigma) - x[0].numel() * (log_sigma + 0.5 * LOG_2PI)

    def sample(self, params: Tensor, generator: torch.Generator | None = None) -> Tensor:
        mean, log_sigma = self.moments(params)
        noise = torch.randn(mean.shape, generator=generator, device=mean.device)
        return mean + torch.exp(log_sigma) * noise


class Laplace(LocationScale):
    """exp(-|x - mu| / b) / 2b per pixel, of scale b; mu is mean, median and mode."""

    browser_draw = "laplace"

    def __init__(self, scale: str, b: float) -> None:
        super().__init__(scale, b)

    def pixel_log_prob(self, params: Tensor, x: Tensor) -> Tensor:
        location, log_b = self.moments(params)
        return -(x - location).abs() * torch.exp(-log_b) - log_b - math.log(2)

    def sample(self, params: Tensor, generator: torch.Generator | None = None) -> Tensor:
        location, log_b = self.moments(params)
        # The difference of two exponential draws, which no logarithm of 0 can make infinite.
        draws = torch.empty(2, *location.shape, device=location.device).exponential_(generator=generator)
        return location + torch.exp(log_b) * (draws[0] - draws[1])


class Categorical(Likelihood):
    """A probability for each of K grey levels k / (K - 1), per pixel and channel; van den Oord et al. 2016.

    A pixel is rounded to the nearest of them: with fewer levels than the images have, log p is that of the
    rounded image.
    """

    browser_mean = "expected_level"
    browser_mode = "likeliest_level"
    browser_draw = "level"

    discrete = True
    has_mode = True

    def __init__(self, levels: int) -> None:
        super().__init__()
        self.numbers = self.levels = levels

    def _by_level(self, params: Tensor) -> Tensor:
        """[S, B, K * C, H, W] -> [S, B, K, C, H, W]."""
        return params.unflatten(2, (self.levels, -1))

    def pixel_log_prob(self, params: Tensor, x: Tensor) -> Tensor:
        most = self.levels - 1
        level = (x * most).round().long().clamp(0, most)
        logits = self._by_level(params)
        chosen = logits.gather(
            2, level[None, :, None].expand(logits.shape[0], *level.shape[:1], 1, *level.shape[1:])
        )
        return chosen.squeeze(2) - logits.logsumexp(2)

    def mean(self, params: Tensor) -> Tensor:
        grey = torch.linspace(0, 1, self.levels, device=params.device)
        return torch.einsum("sbkchw,k->sbchw", self._by_level(params).softmax(2), grey)

    def mode(self, params: Tensor) -> Tensor:
        return self._by_level(params).argmax(2).to(params) / (self.levels - 1)

    def sample(self, params: Tensor, generator: torch.Generator | None = None) -> Tensor:
        probabilities = self._by_level(params).softmax(2).movedim(2, -1)
        drawn = torch.multinomial(probabilities.reshape(-1, self.levels), 1, generator=generator)
        return drawn.view(probabilities.shape[:-1]) / (self.levels - 1)


def register(settings: type[spec.LikelihoodSettings]) -> Callable[[type[Likelihood]], type[Likelihood]]:
    """Decorates the class of these settings: from now on Specs may have it. It takes their fields by name."""

    def add(likelihood: type[Likelihood]) -> type[Likelihood]:
        spec.register(spec.Likelihood, settings)
        LIKELIHOODS[kind_of(settings)] = likelihood
        return likelihood

    return add


def build(settings: spec.Settings) -> Likelihood:
    """The likelihood that the settings describe."""
    return LIKELIHOODS[settings.kind](**settings.model_dump(exclude={"kind"}))  # type: ignore[attr-defined]


LIKELIHOODS: dict[str, type[Likelihood]] = {
    "bernoulli": Bernoulli,
    "continuous_bernoulli": ContinuousBernoulli,
    "gaussian": Gaussian,
    "laplace": Laplace,
    "categorical": Categorical,
}

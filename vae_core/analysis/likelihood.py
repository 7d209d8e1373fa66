"""log p(x) of a model, by adaptive importance sampling, and what that estimate is worth."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from vae_core.analysis.adaptive_importance import GaussianMixtures, Pool, effective, fit, tempered
from vae_core.model.vae import VAE
from vae_core.pixels import unit

# Numbers of decoder output held at once: what fits the cache of a CPU, and what keeps a GPU busy.
CPU_BLOCK, GPU_BLOCK = 2**20, 2**26
PAIRS = 128  # of an image and a class that adapt at once
PRIOR_PILOT = 3000  # draws of the prior that all images share
KEPT = 100  # of these, for each image
WIDENINGS = (0.0, 0.25, 0.5, 0.75, 1.0)  # of the way from the log variances of q to those of the prior
LEANING = 0.1  # how far on that way fitted variances lean
ENOUGH = 20  # independent draws that weights are tempered to, at least, before a fit
ROUNDS = 3  # of fitting and drawing
COMPONENTS = 4  # Gaussians of each fit
DEFENCE = 20  # one in so many samples is of the prior, one of q, one of q widened


def numbers_at_once(device: torch.device) -> int:
    """How many numbers of decoder output to compute at a time."""
    return CPU_BLOCK if device.type == "cpu" else GPU_BLOCK


@dataclass(frozen=True, eq=False)
class LogPx:
    """log p(x) of N images, and what it is worth: all [N] float64, on the CPU.

    value: nats; its exponential is without bias, so that it is at most log p(x) in expectation and rises
    with the samples. effective: how many independent draws of p(z|x) the samples are worth, (sum w)^2 / sum
    w^2 of their weights (Kong 1992). error: the standard error of `value`, nats. Neither can see a mode of
    p(z|x) that no sample came near. elbo: the ELBO, nats.
    """

    value: Tensor
    effective: Tensor
    error: Tensor
    elbo: Tensor


def log_px(
    model: VAE,
    images: Tensor,
    samples: int = 1000,
    generator: torch.Generator | None = None,
    labels: Tensor | None = None,
) -> Tensor:
    """log p(x) in nats per image [N] on the CPU, for images [N, C, H, W]: the `value` of `estimate`."""
    return estimate(model, images, samples, generator, labels).value


@torch.inference_mode()
def estimate(
    model: VAE,
    images: Tensor,
    samples: int = 1000,
    generator: torch.Generator | None = None,
    labels: Tensor | None = None,
) -> LogPx:
    """log p(x) of images [N, C, H, W]: uint8, or float in [0, 1].

    log (1/S) sum_s p(x|z_s) p(z_s) / m(z_s), with z_s drawn from a mixture m: Gaussians fitted to p(z|x),
    and for one sample in 20 each the prior, q(z|x) and q widened, which bound the weights where the fit
    misses. Samples of all are weighed under m (the balance heuristic: Veach and Guibas 1995; Owen 2013,
    section 9.11). A pilot finds the Gaussians and how far q is widened, by adaptive importance sampling
    (Cappé et al. 2004, 2008; Cornuet et al. 2012). None of its draws counts, so that m is fixed before any
    sample is drawn and p(x) is estimated without bias. With q alone for m (Burda et al. 2016, equation 8) an
    image whose q is too narrow, or at another mode, comes out short by up to 100 nats, unseen.

    State S beside it, and the binarisation: grey pixels under a Bernoulli have no likelihood.

    Under a condition, p(x) = sum_y p(y) p(x|y): the sum over classes is exact, with `samples` and a mixture
    for each of them; with `labels` [N] it is log p(x|y) of that class, and so is the ELBO.

    generator lives on the model's device; without one, the samples are the same every time. Images and
    samples pass in blocks, so memory depends on neither. The ELBO comes from the pilot's draws of q, one for
    20 samples and at least 32. error: by the delta method, sqrt(1 / effective - 1 / S), as if samples were
    independent; they are drawn in strata, so it is at most too large. Raises ValueError where `samples` is
    below 1, and for labels where the model has no classes.
    """
    if samples < 1:
        raise ValueError(f"At least one sample is needed, not {samples}.")
    generator = generator or torch.Generator(model.device).manual_seed(0)
    every = torch.eye(model.classes, device=model.device) if model.classes else None
    if labels is None:
        return LogPx(*_blocks(model, images, every, samples, generator))
    classes = model.weights(labels)
    found = torch.empty(4, len(images), dtype=torch.float64)
    for y in classes.unique(dim=0):
        chosen = (classes == y).all(-1).to(images.device)
        found[:, chosen.cpu()] = _blocks(model, images[chosen], y[None], samples, generator)
    return LogPx(*found)


def _blocks(
    model: VAE, images: Tensor, classes: Tensor | None, samples: int, generator: torch.Generator
) -> Tensor:
    """Value, effective sample size, error and ELBO [4, N]; under classes [K, C], which are summed out."""
    pairs = min(PAIRS, numbers_at_once(model.device) // _numbers(model))
    batch = max(1, pairs // (1 if classes is None else len(classes)))
    found = [
        _block(_Joint(model, unit(block.to(model.device)), classes, generator), samples).cpu()
        for block in images.split(batch)
    ]
    return torch.cat(found, 1) if found else torch.empty(4, 0, dtype=torch.float64)


def _numbers(model: VAE) -> int:
    return model.likelihood.numbers * math.prod(model.image_shape)


def _block(joint: _Joint, samples: int) -> Tensor:
    widened, fitted, elbo = _pilot(joint, max(32, samples // 20))
    few, pool = samples // DEFENCE, Pool()
    for z, log_prob in (
        (joint.sample_prior(few), joint.log_prior),
        (joint.sample_posterior(few), joint.log_posterior),
        (widened.sample(few, joint.generator), widened.log_prob),
        (fitted.sample(samples - 3 * few, joint.generator), fitted.log_prob),
    ):
        if len(z):
            pool.add(z, joint.log_prob(z), log_prob)
    log_weight = joint.over_classes(pool.log_weight.double())
    size = effective(log_weight)
    error = (1 / size - 1 / len(log_weight)).clamp(min=0).sqrt()
    return torch.stack([log_weight.logsumexp(0) - math.log(samples), size, error, elbo])


def _pilot(joint: _Joint, draws: int) -> tuple[GaussianMixtures, GaussianMixtures, Tensor]:
    """q widened, the fitted Gaussians, and the ELBO [B]: from `draws` of q, twice as many of q widened and in
    each round, and the best of what all images share of the prior."""
    generator, pool = joint.generator, Pool()
    z, log_joint, elbo = joint.elbo(draws)
    pool.add(z, log_joint, joint.log_posterior)
    z, log_joint, prior_log_var = joint.shared_prior()
    pool.add(z, log_joint, joint.log_prior, PRIOR_PILOT)

    mean, log_var = joint.model.posterior.moments(joint.params)
    variances = torch.stack([torch.lerp(log_var, prior_log_var, way).exp() for way in WIDENINGS])
    uniform = torch.full_like(variances[..., 0], -math.log(len(WIDENINGS)))
    several = GaussianMixtures(mean.expand_as(variances), variances.diag_embed(), uniform)
    z = several.sample(2 * draws, generator)
    pool.add(z, joint.log_prob(z), several.log_prob)

    size = max(ENOUGH, 2.5 * joint.model.latent)
    weight = tempered(pool.log_weight, size)
    share = (several.components(pool.z).softmax(0) * weight).sum(1)  # [W, P], of what each widening explains
    variance = (share[..., None] * variances).sum(0)
    widened = GaussianMixtures(mean[None], variance.diag_embed()[None], torch.zeros_like(uniform[:1]))
    # What q missed may be as narrow as q: a fit that leans towards q widened would stay as wide as the miss.
    narrow = torch.lerp(log_var, prior_log_var, LEANING).exp()
    fitted = fit(pool.z, weight, narrow, COMPONENTS, generator)
    for _ in range(ROUNDS):
        z = fitted.sample(2 * draws, generator)
        pool.add(z, joint.log_prob(z), fitted.log_prob)
        fitted = fit(pool.z, tempered(pool.log_weight, size), narrow, COMPONENTS, generator)
    return widened, fitted, elbo


class _Joint:
    """p(x, z|y) of P = K * B pairs of one of K classes and one of B images, classes first; of B images alone
    where there are no classes. z [S, P, D], every log [S, P] in nats.

    images [B, C, H, W] in [0, 1]; classes: one-hot [K, C] or None.
    """

    def __init__(
        self, model: VAE, images: Tensor, classes: Tensor | None, generator: torch.Generator
    ) -> None:
        self.model, self.images, self.classes, self.generator = model, images, classes, generator
        self.count = 1 if classes is None else len(classes)  # K
        self.x = images.repeat(self.count, 1, 1, 1)
        self.y = None if classes is None else classes.repeat_interleave(len(images), 0)
        self.params = model.encode(self.x, self.y)
        self.at_once = max(1, numbers_at_once(model.device) // (_numbers(model) * len(self.x)))

    def log_prob(self, z: Tensor) -> Tensor:
        """log p(x|z, y) + log p(z|y)."""
        log_px = [
            self.model.likelihood.log_prob(self.model.decode(some, self.y, self.x), self.x)
            for some in z.split(self.at_once)
        ]
        return torch.cat(log_px) + self.log_prior(z)

    def log_prior(self, z: Tensor) -> Tensor:
        return self.model.prior.log_prob(z, self.y)

    def log_posterior(self, z: Tensor) -> Tensor:
        return self.model.posterior.log_prob(self.params, z)

    def sample_prior(self, count: int) -> Tensor:
        y = None if self.y is None else self.y.repeat(count, 1)
        return self.model.prior.sample(count * len(self.x), self.generator, y).view(
            count, len(self.x), self.model.latent
        )

    def sample_posterior(self, count: int) -> Tensor:
        z: Tensor = self.model.posterior.sample(self.params, count, self.generator)[0]
        return z

    def elbo(self, count: int) -> tuple[Tensor, Tensor, Tensor]:
        """z of q(z|x), log p(x, z|y), and the ELBO [B] of these draws, of log p(x) or log p(x|y)."""
        y = self.classes.expand(len(self.images), -1) if self.classes is not None and self.given else None
        draws, log_joint, elbo = [], [], torch.zeros(len(self.images), device=self.x.device).double()
        for start in range(0, count, self.at_once):
            now = min(self.at_once, count - start)
            terms = self.model(self.images, now, self.generator, y=y)
            draws.append(terms.z.transpose(0, 1).flatten(1, 2))
            log_joint.append((terms.log_px + terms.log_pz).transpose(0, 1).flatten(1))
            elbo += replace(terms, joint=False).elbo().value * (now / count)
        return torch.cat(draws), torch.cat(log_joint), elbo

    def shared_prior(self) -> tuple[Tensor, Tensor, Tensor]:
        """Of PRIOR_PILOT draws of p(z|y), decoded once for all images: z of the KEPT of highest p(x|z, y) for
        each, their log p(x, z|y), and the log variance of all [P, D]."""
        y = None if self.classes is None else self.classes.repeat(PRIOR_PILOT, 1)
        z = self.model.prior.sample(PRIOR_PILOT * self.count, self.generator, y)
        z = z.view(PRIOR_PILOT, self.count, self.model.latent)
        found = []
        for some in z.split(self.at_once):
            found.append(self._all_of(some).view(len(some), -1))
        best = torch.cat(found).topk(KEPT, 0)
        z = z.repeat_interleave(len(self.images), 1)
        kept = z.gather(0, best.indices[..., None].expand(-1, -1, z.shape[-1]))
        return kept, best.values + self.log_prior(kept), z.var(0).log()

    def _all_of(self, z: Tensor) -> Tensor:
        """log p(x|z, y) [S * K, B] of every image under every code z [S, K, D]."""
        if self.model.neighbours is None:
            params = self.model.decode(z, self.classes).flatten(0, 1)[:, None]
        else:  # what an image's pixels say of each other is another for each image
            of_each = z[:, :, None].expand(-1, -1, len(self.images), -1)
            y = None if self.classes is None else self.classes[:, None]
            params = self.model.decode(of_each, y, self.images).flatten(0, 1)
        return self.model.likelihood.log_prob(params, self.images)

    @property
    def given(self) -> bool:
        """Whether there is one class alone, that of all images."""
        return self.count == 1

    def over_classes(self, log_weight: Tensor) -> Tensor:
        """log p(y) w [S * K, B] of weights w, of which the sum over S and K is S p(x); w where y is given."""
        if self.classes is None or self.given:
            return log_weight
        return (log_weight.unflatten(1, (self.count, -1)) + self.model.prior.log_py[:, None]).flatten(0, 1)

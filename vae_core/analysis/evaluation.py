"""The numbers of a trained model on a whole split: what `evaluate` prints and a model card states."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import repeat
from typing import Any

import torch
from torch import Tensor

from vae_core import data
from vae_core.analysis import (
    aggregate,
    bits,
    codebook,
    collapse,
    importance_bound,
    kl_divergence,
    likelihood,
)
from vae_core.data import Dataset
from vae_core.model import masks, noise, variance_bound
from vae_core.model.posteriors import GridCodes, GroupCodes
from vae_core.model.terms import Bound
from vae_core.model.vae import BLOCK, VAE
from vae_core.spec import Spec

# What is said of log p(x), besides its images and samples.
LOG_PX = (
    "log_px",
    "log_px_error",
    "log_px_sampling_error",
    "log_px_elbo",
    "log_px_effective_mean",
    "log_px_effective_median",
    "log_px_note",
)


@torch.inference_mode()
def evaluate(
    model: VAE, dataset: Dataset, samples: int = 1000, log_px_images: int = 1000, seed: int = 0
) -> dict[str, Any]:
    """ELBO and its parts over all images of `dataset`, in nats per image; one posterior sample each.

    Under a condition, `bound_of` says what the ELBO is a bound of: log p(x|y) or, where the model has a p(y)
    of its own, log p(x, y), both with the true classes; log p(x) where it learned from images without labels,
    with the class summed out under q(y|x). Its kl is that of code and class together, class_kl the class's
    part. accuracy: the share of images that the classifier gets right, where there is one, of the same
    pixels; accuracy_undrawn, of the images as they are, not binarised. log_px sums K classes out for all of
    them, of a Kth of `log_px_images`, as every sample is one under each class.

    The encoder sees images whole and without noise. Of a run with masks or noise `masked` or `noised` has
    elbo, reconstruction and kl also of what it saw in training, drawn from `seed`: of all pixels of the clean
    image there, too, and a bound on log p(x).

    Static and dynamic binarisation are drawn once, so that every number speaks of the same pixels.
    log_px: log p(x) by adaptive importance sampling with `samples` samples (`likelihood.estimate`), a lower
    bound in expectation, averaged over the first `log_px_images` images. log_px_error: the standard error
    over these images; log_px_sampling_error: that of the same mean over the samples of each image alone. The
    effective sample size of an image's samples is there by its mean and its median over images (of the
    samples under all classes together), and log_px_elbo, the ELBO of the same images. None, and
    `log_px_note` says why, where the pixels have no likelihood under the model or `samples` is 0.
    bound: of a run whose objective weighs `bound_samples` codes of an image together, what it maximises, with
    beta 1: of all images, drawn once for each.
    bits_per_dimension: at most so many for each pixel and channel, by the ELBO, on the scale bits_scale
    (`bits.scale`); None where there is none.
    elbo_note: why there is neither elbo nor reconstruction, of a run that has a distance in the place of a
    likelihood; distance: its mean, in units of its own.
    kl_note: why kl and elbo say nothing of the model, where its variances stand on their bound; else None.
    hole_mass: share of the prior, within its 95 % region, where the aggregated posterior is less than a tenth
    of the prior. dimension_kl: under a prior without a closed form against each dimension's marginal; where
    dimensions depend on each other under the prior, its sum falls short of the KL by that dependence.
    Of a run with a codebook there are `codebook.numbers` in place of these. Its kl is what the codes of an
    image cost under its prior, and uniform_nats what they would under a uniform one. level_nats: of two
    levels, the parts of kl, -log p(top) and -log p(bottom | top).
    """
    spec = model.spec
    generator, again = (torch.Generator(model.device).manual_seed(seed) for _ in range(2))
    how = spec.data.binarisation
    seen = "masked" if spec.mask.kind != "none" else "noised" if spec.noise.kind != "none" else None
    images = data.binarised_once(dataset, how).to(model.device)
    labels = (
        data.check_labels(dataset.labels, spec.data.name, spec.classes) if spec.classes else dataset.labels
    )
    whole, dimension_kl = _averages(model, images, labels, generator)
    codes = _of_codes(model, images, labels, dimension_kl)
    shares = bits.grey_shares(dataset.images)
    per_dimension = None if codes.get("kl_note") else bits.per_dimension(spec, whole["elbo"], shares)
    return {
        "dataset": dataset.name,
        "split": dataset.split,
        "images": len(images),
        "binarisation": how,
        "likelihood": spec.likelihood.kind,
        "beta": spec.objective.beta,
        "seed": seed,
        **whole,
        **_of_distance(spec, whole),
        **codes,
        "bits_per_dimension": per_dimension,
        "bits_scale": None if per_dimension is None else bits.scale(spec),
        **_of_classes(model, images, dataset.images, labels),
        **_bound(model, images, labels),
        **_log_px(model, images[: -(-log_px_images // max(1, model.classes))], samples, generator),
        **({} if seen is None else {seen: _averages(model, images, labels, again, as_trained=True)[0]}),
    }


@torch.inference_mode()
def bounds(
    model: VAE,
    images: Tensor,
    labels: Tensor | None,
    generator: torch.Generator | None = None,
    as_trained: bool = False,
) -> Iterator[Bound]:
    """The run's own ELBO of images uint8 [N, C, H, W], block by block, with one posterior sample each.

    labels [N]: their classes, where the model is told one. as_trained: the encoder sees them under the run's
    masks and noise, drawn from the same generator as the samples; without one, that of seed 0, as in
    `evaluate`, which averages these: whoever groups them by class gets numbers that mean the same.
    """
    generator = generator or torch.Generator(model.device).manual_seed(0)
    summed = model.spec.objective.unlabelled
    given = repeat(None) if labels is None or not model.classes or summed else labels.split(BLOCK)
    for block, y in zip(images.split(BLOCK), given, strict=False):
        x = data.binarise(block.to(model.device), "none")
        mask = masks.draw(model.spec.mask.kind, x, generator) if as_trained else None
        seen = noise.draw(model.spec.noise, x, generator) if as_trained else None
        yield model(x, 1, generator, y=y, mask=mask, seen=seen).elbo()


def _averages(
    model: VAE, images: Tensor, labels: Tensor | None, generator: torch.Generator, as_trained: bool = False
) -> tuple[dict[str, float], Tensor | None]:
    """Averages, as `bounds` has them: ELBO and its parts; KL [D] where it has a closed form."""
    reconstruction = kl = class_kl = 0.0
    dimension_kl = None
    for bound in bounds(model, images, labels, generator, as_trained):
        part, count = bound.mean(), bound.reconstruction.shape[-1]
        reconstruction += part.reconstruction.item() * count
        kl += part.kl.item() * count
        class_kl += 0.0 if part.class_kl is None else part.class_kl.item() * count
        if part.dimension_kl is not None:
            of_block = part.dimension_kl.double().cpu() * count
            dimension_kl = of_block if dimension_kl is None else dimension_kl + of_block
    reconstruction, kl = reconstruction / len(images), kl / len(images)
    found = {"elbo": reconstruction - kl, "reconstruction": reconstruction, "kl": kl}
    found |= {"class_kl": class_kl / len(images)} if model.classes else {}
    return found, None if dimension_kl is None else dimension_kl / len(images)


def _of_distance(spec: Spec, whole: dict[str, float]) -> dict[str, Any]:
    """What stands in place of ELBO and reconstruction where a distance is no likelihood."""
    if spec.likelihood.distance is None:
        return {}
    note = {"elbo": None, "reconstruction": None, "elbo_note": spec.likelihood_note}
    return note | {"distance": -whole["reconstruction"]}


def _of_codes(
    model: VAE, images: Tensor, labels: Tensor | None, dimension_kl: Tensor | None
) -> dict[str, Any]:
    """What is stated of the codes themselves: of vectors how they fill the prior, of grids what of the
    codebook they use."""
    codes = model.encoded(images, labels)
    if isinstance(codes, GridCodes):
        found = codebook.numbers(codes, model.spec.posterior.codebooks)
        if dimension_kl is not None:
            found["level_nats"] = dimension_kl.tolist()
        return found | {"uniform_nats": model.spec.uniform_nats}
    if isinstance(codes, GroupCodes):
        return {"dimension_kl": codes.kl.mean(0).tolist()}
    prior = None if model.prior.standard else model.prior
    holes = aggregate.hole_mass(codes, prior=prior)
    if dimension_kl is None:
        dimension_kl = kl_divergence.dimensions(codes, prior).mean(0)
    return {
        "kl_note": variance_bound.undefined_kl(codes.log_var),
        "dimension_kl": dimension_kl.tolist(),
        "active_units": collapse.active_units(codes, prior=prior),
        "hole_mass": holes.value,
        "hole_mass_error": holes.error,
    }


def _of_classes(model: VAE, images: Tensor, undrawn: Tensor, labels: Tensor | None) -> dict[str, Any]:
    spec = model.spec
    if spec.condition.kind == "none":
        return {}
    numbers: dict[str, Any] = {
        "bound_of": spec.bound_of,
        "labels": spec.condition.labels,
    }
    if model.classifier is not None and labels is not None:
        for name, seen in (("accuracy", images), ("accuracy_undrawn", undrawn)):
            right = model.classify(seen).argmax(-1) == labels.cpu()
            numbers[name] = right.double().mean().item()
    return numbers


def _bound(model: VAE, images: Tensor, labels: Tensor | None) -> dict[str, Any]:
    objective = model.spec.objective
    if not objective.weighs_samples:
        return {}
    labels = labels if model.classes else None
    log_weight = importance_bound.log_weights(model, images, objective.samples, labels=labels)
    value = importance_bound.log_mean_exp(log_weight).mean().item()
    return {"bound": value, "bound_samples": objective.samples}


def _log_px(model: VAE, images: Tensor, samples: int, generator: torch.Generator) -> dict[str, Any]:
    nothing: dict[str, Any] = dict.fromkeys(LOG_PX) | {"log_px_images": 0, "log_px_samples": samples}
    if (note := model.spec.likelihood_note) is not None:
        return nothing | {"log_px_note": note}
    if model.spec.posterior.quantised:
        return nothing | {"log_px_note": "An image has one code: its samples say no more than the ELBO."}
    if model.spec.posterior.form == "probabilities":
        return nothing | {"log_px_note": "Of categories it is not estimated; the ELBO bounds it."}
    if samples == 0:
        return nothing | {"log_px_note": "Not asked for."}
    found = likelihood.estimate(model, images, samples, generator)
    error = found.value.std().item() / len(found.value) ** 0.5 if len(found.value) > 1 else None
    return nothing | {
        "log_px": found.value.mean().item(),
        "log_px_error": error,
        "log_px_sampling_error": found.error.square().sum().sqrt().item() / max(1, len(found.value)),
        "log_px_images": len(found.value),
        "log_px_elbo": found.elbo.mean().item(),
        "log_px_effective_mean": found.effective.mean().item(),
        "log_px_effective_median": found.effective.median().item(),
    }

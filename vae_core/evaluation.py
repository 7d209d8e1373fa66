"""The numbers of a trained model on a whole split: what `evaluate` prints and a model card states."""

from __future__ import annotations

from itertools import repeat
from typing import Any

import torch

from vae_core import data
from vae_core.analysis import aggregate, collapse, likelihood
from vae_core.data import Dataset
from vae_core.data.catalogue import binary
from vae_core.model import BLOCK, VAE
from vae_core.objectives import bound
from vae_core.spec import CLASSIFYING
from vae_core.training.loop import check_labels, drawn


@torch.inference_mode()
def evaluate(
    model: VAE, dataset: Dataset, samples: int = 1000, log_px_images: int = 1000, seed: int = 0
) -> dict[str, Any]:
    """ELBO and its parts over all images of `dataset`, in nats per image; one posterior sample each.

    Under a condition, `bound_of` says what the ELBO is a bound of: log p(x|y) or, where the model has a p(y)
    of its own, log p(x, y), both with the true classes; log p(x) where it learned from images without labels,
    with the class summed out under q(y|x). Its kl is that of code and class together. accuracy: the share of
    images that the classifier gets right, where there is one. log_px sums the class out for all of them.

    Static and dynamic binarisation are drawn once, so that every number speaks of the same pixels.
    log_px: log p(x) by importance sampling with `samples` samples, averaged over the first `log_px_images`
    images, with its standard error over images; None, and `log_px_note` says why, where the pixels have no
    likelihood under the model or `samples` is 0. hole_mass: share of the prior, within its 95 % region, where
    the aggregated posterior is less than a tenth of the prior; None under another prior than N(0, I).
    """
    spec = model.spec
    generator = torch.Generator(model.device).manual_seed(seed)
    how = spec.data.binarisation
    images = drawn(dataset, spec).to(model.device)
    labels = check_labels(dataset.labels, spec) if spec.classes else dataset.labels
    sums = {"reconstruction": 0.0, "kl": 0.0}
    dimension_kl = torch.zeros(model.latent, dtype=torch.float64)
    told = repeat(None) if labels is None or not spec.classes else labels.split(BLOCK)
    for block, y in zip(images.split(BLOCK), told, strict=False):
        x = data.binarise(block, "none")
        parts = bound(model(x, 1, generator, y=None if spec.objective.kind == "m2" else y))
        kl = parts.kl + parts.class_kl if spec.objective.kind in CLASSIFYING else parts.kl
        sums["reconstruction"] += parts.reconstruction.item() * len(block)
        sums["kl"] += kl.item() * len(block)
        dimension_kl += parts.dimension_kl.double().cpu() * len(block)

    posteriors = model.posteriors(images, labels)
    count = len(images)
    reconstruction, kl_mean = sums["reconstruction"] / count, sums["kl"] / count
    # A hole is one of N(0, I): a prior of each class has no such region.
    holes = aggregate.hole_mass(posteriors) if spec.prior.kind == "standard_normal" else None
    return {
        "dataset": dataset.name,
        "split": dataset.split,
        "images": count,
        "binarisation": how,
        "likelihood": spec.likelihood.kind,
        "beta": spec.objective.beta,
        "seed": seed,
        "elbo": reconstruction - kl_mean,
        "reconstruction": reconstruction,
        "kl": kl_mean,
        "dimension_kl": (dimension_kl / count).tolist(),
        "active_units": collapse.active_units(posteriors),
        "hole_mass": holes and holes.value,
        "hole_mass_error": holes and holes.error,
        **_of_classes(model, images, labels),
        **_log_px(model, images[:log_px_images], samples, generator),
    }


def _of_classes(model: VAE, images: torch.Tensor, labels: torch.Tensor | None) -> dict[str, Any]:
    spec = model.spec
    if spec.condition.kind == "none":
        return {}
    numbers: dict[str, Any] = {
        "bound_of": {"joint": "log p(x, y)", "m2": "log p(x)"}.get(spec.objective.kind, "log p(x|y)"),
        "labels": spec.condition.labels,
    }
    if model.classifier is not None and labels is not None:
        right = model.classify(images).argmax(-1) == labels.cpu()
        numbers["accuracy"] = right.double().mean().item()
    return numbers


def _log_px(model: VAE, images: torch.Tensor, samples: int, generator: torch.Generator) -> dict[str, Any]:
    how = model.spec.data.binarisation
    nothing = {"log_px": None, "log_px_error": None, "log_px_images": 0, "log_px_samples": samples}
    if model.spec.likelihood.kind == "bernoulli" and how == "none" and not binary(model.spec.data.name):
        note = "A Bernoulli of grey pixels is a cross-entropy, no likelihood; use binarised ones."
        return nothing | {"log_px_note": note}
    if samples == 0:
        return nothing | {"log_px_note": "Not asked for."}
    estimates = likelihood.log_px(model, images, samples, generator)
    error = estimates.std().item() / len(estimates) ** 0.5 if len(estimates) > 1 else None
    return {
        "log_px": estimates.mean().item(),
        "log_px_error": error,
        "log_px_images": len(estimates),
        "log_px_samples": samples,
        "log_px_note": None,
    }

"""The numbers of a trained model on a whole split: what `evaluate` prints and a model card states."""

from __future__ import annotations

from itertools import repeat
from typing import Any

import torch

from vae_core import data
from vae_core.analysis import aggregate, collapse, likelihood
from vae_core.data import Dataset
from vae_core.data.catalogue import binary
from vae_core.model import masks
from vae_core.model.vae import BLOCK, VAE
from vae_core.objectives import bound
from vae_core.spec import CLASSIFYING


@torch.inference_mode()
def evaluate(
    model: VAE, dataset: Dataset, samples: int = 1000, log_px_images: int = 1000, seed: int = 0
) -> dict[str, Any]:
    """ELBO and its parts over all images of `dataset`, in nats per image; one posterior sample each.

    Under a condition, `bound_of` says what the ELBO is a bound of: log p(x|y) or, where the model has a p(y)
    of its own, log p(x, y), both with the true classes; log p(x) where it learned from images without labels,
    with the class summed out under q(y|x). Its kl is that of code and class together. accuracy: the share of
    images that the classifier gets right, where there is one, of the same pixels; accuracy_undrawn, of the
    images as they are, not binarised. log_px sums K classes out for all of them, of a
    Kth of `log_px_images`, as every sample is one under each class.

    The encoder sees images whole. Of a masked run `masked` has elbo, reconstruction and kl also under masks
    as in training, drawn from `seed`: of all pixels there, too, and a bound on log p(x).

    Static and dynamic binarisation are drawn once, so that every number speaks of the same pixels.
    log_px: log p(x) by importance sampling with `samples` samples, averaged over the first `log_px_images`
    images, with its standard error over images; None, and `log_px_note` says why, where the pixels have no
    likelihood under the model or `samples` is 0. hole_mass: share of the prior, within its 95 % region, where
    the aggregated posterior is less than a tenth of the prior; None under another prior than N(0, I).
    """
    spec = model.spec
    generator, again = (torch.Generator(model.device).manual_seed(seed) for _ in range(2))
    how, mask = spec.data.binarisation, spec.mask.kind
    images = data.binarised_once(dataset, how).to(model.device)
    labels = (
        data.check_labels(dataset.labels, spec.data.name, spec.classes) if spec.classes else dataset.labels
    )
    whole, dimension_kl = _terms(model, images, labels, "none", generator)
    posteriors = model.posteriors(images, labels)
    # A hole is one of N(0, I): a prior of each class has no such region.
    holes = aggregate.hole_mass(posteriors) if spec.prior.kind == "standard_normal" else None
    return {
        "dataset": dataset.name,
        "split": dataset.split,
        "images": len(images),
        "binarisation": how,
        "likelihood": spec.likelihood.kind,
        "beta": spec.objective.beta,
        "seed": seed,
        **whole,
        "dimension_kl": dimension_kl.tolist(),
        "active_units": collapse.active_units(posteriors),
        "hole_mass": holes and holes.value,
        "hole_mass_error": holes and holes.error,
        **_of_classes(model, images, dataset.images, labels),
        **_log_px(model, images[: -(-log_px_images // max(1, model.classes))], samples, generator),
        **({} if mask == "none" else {"masked": _terms(model, images, labels, mask, again)[0]}),
    }


def _terms(
    model: VAE, images: torch.Tensor, labels: torch.Tensor | None, mask: str, generator: torch.Generator
) -> tuple[dict[str, float], torch.Tensor]:
    """Averages over images uint8 [N, C, H, W] under masks of that kind: ELBO and its parts, KL [D]."""
    kind = model.spec.objective.kind
    reconstruction = kl = 0.0
    dimension_kl = torch.zeros(model.latent, dtype=torch.float64)
    told = repeat(None) if labels is None or not model.classes else labels.split(BLOCK)
    for block, y in zip(images.split(BLOCK), told, strict=False):
        x = data.binarise(block, "none")
        seen = masks.draw(mask, x, generator)
        parts = bound(model(x, 1, generator, y=None if kind == "m2" else y, mask=seen))
        of_both = parts.kl + parts.class_kl if kind in CLASSIFYING else parts.kl
        reconstruction += parts.reconstruction.item() * len(block)
        kl += of_both.item() * len(block)
        dimension_kl += parts.dimension_kl.double().cpu() * len(block)
    reconstruction, kl = reconstruction / len(images), kl / len(images)
    terms = {"elbo": reconstruction - kl, "reconstruction": reconstruction, "kl": kl}
    return terms, dimension_kl / len(images)


def _of_classes(
    model: VAE, images: torch.Tensor, undrawn: torch.Tensor, labels: torch.Tensor | None
) -> dict[str, Any]:
    spec = model.spec
    if spec.condition.kind == "none":
        return {}
    numbers: dict[str, Any] = {
        "bound_of": {"joint": "log p(x, y)", "m2": "log p(x)"}.get(spec.objective.kind, "log p(x|y)"),
        "labels": spec.condition.labels,
    }
    if model.classifier is not None and labels is not None:
        for name, seen in (("accuracy", images), ("accuracy_undrawn", undrawn)):
            right = model.classify(seen).argmax(-1) == labels.cpu()
            numbers[name] = right.double().mean().item()
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

"""Grey levels to what the likelihood sees: left grey, or drawn as Bernoulli pixels, once or at every look."""

from __future__ import annotations

import numpy as np
import torch

from vae_core.data.dataset import SPLITS, Dataset
from vae_core.pixels import unit

BLOCK = 4096  # images drawn at once


def binarise(images: torch.Tensor, how: str, generator: torch.Generator | None = None) -> torch.Tensor:
    """uint8 images [...] as float32 [...] in [0, 1], on the device they are on.

    how: "none" gives x / 255; "dynamic" draws every pixel anew as Bernoulli(x / 255) from `generator`
    (Burda, Grosse and Salakhutdinov 2016, section 5); "static" is for images that `binarise_static` has been
    over already, and only scales them.
    """
    if how == "dynamic":
        return _bernoulli(images, generator).float()
    if how in ("none", "static"):
        return unit(images)
    raise ValueError(f"binarisation {how!r} is not known; it must be none, static or dynamic")


def _bernoulli(images: torch.Tensor, generator: torch.Generator | None) -> torch.Tensor:
    """True with probability x / 255."""
    if images.device.type != "cpu":
        return torch.rand(images.shape, generator=generator, device=images.device) * 255 < images
    # Two 32-bit numbers from each draw of 64 bits cost half of `rand`, which a training step of a small
    # model notices. Below x * (2^32 - 1) / 255 they fall with probability x / 255, but for one part in 2^32.
    pairs = torch.empty((images.numel() + 1) // 2, dtype=torch.int64).random_(
        -(2**63), None, generator=generator
    )
    uniform = pairs.view(torch.int32)[: images.numel()].view(images.shape)
    return uniform < images.to(torch.int32).mul_((2**32 - 1) // 255).sub_(2**31)


def binarise_static(images: torch.Tensor, split: str, seed: int = 0) -> torch.Tensor:
    """Every pixel drawn once as Bernoulli(x / 255): uint8 [...] in {0, 255}.

    The same for the same seed and split, on every device: it is drawn on the CPU, in whole numbers.
    """
    generator = np.random.default_rng([seed, SPLITS.index(split)])
    drawn = np.empty(images.shape, np.uint8)
    for start in range(0, len(images), BLOCK):
        block = images[start : start + BLOCK].cpu().numpy()
        # A whole number below 255 is less than x with probability exactly x / 255.
        white = generator.integers(0, 255, block.shape, np.uint8) < block
        np.multiply(white, 255, out=drawn[start : start + BLOCK], dtype=np.uint8, casting="unsafe")
    return torch.from_numpy(drawn).to(images.device)


def binarise_one(image: torch.Tensor, split: str, index: int, seed: int = 0) -> torch.Tensor:
    """The image [...] of that number in the split as `binarise_static` of the whole split draws it."""
    generator = np.random.default_rng([seed, SPLITS.index(split)])
    for _ in range(index // BLOCK):
        generator.integers(0, 255, (BLOCK, *image.shape), np.uint8)
    numbers = generator.integers(0, 255, (index % BLOCK + 1, *image.shape), np.uint8)[-1]
    return torch.from_numpy((numbers < image.cpu().numpy()).astype(np.uint8) * 255).to(image.device)


def binarised_once(dataset: Dataset, how: str) -> torch.Tensor:
    """The images of a split to evaluate on, uint8 [N, C, H, W].

    Binarised once, also where training (how="dynamic") draws its pixels anew at every look: so the ELBO, the
    posteriors and log p(x) all speak of the same pixels.
    """
    return dataset.images if how == "none" else binarise_static(dataset.images, dataset.split)

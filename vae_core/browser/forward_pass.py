"""A forward pass of a VAE of two dimensions, as one parcel (`wire.py`): images, q(z|x), a map, the decoder.

Kind "decoder", so that `decoder.js` builds it; beside the decoder's arrays lie

    images [K, H, W, C] uint8, means, log_vars [K, 2] float32      what is shown, and its q(z|x)
    points [N, 2] float16, labels [N] int16                        means of other images, by class
    log_p [G, G] float32                                           of N(0, I), on the grid of the header

and in the header `names` of the images, `classes`, `grid`, `extent` and `regions` as maps have them.
Importing this imports no torch.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from vae_core.browser import wire

EXTENT = 4.0  # standard deviations of the prior, as maps have it
CELLS = 65
REGIONS = (0.5, 0.95)  # of the prior, whose contours are drawn

Layer = tuple[np.ndarray, np.ndarray]  # of a fully connected decoder: weight [out, in], bias [out]


def parcel(
    decoder: Sequence[Layer],
    activation: str,
    images: np.ndarray,
    mean: np.ndarray,
    log_var: np.ndarray,
    *,
    names: Sequence[str],
    points: np.ndarray,
    labels: np.ndarray | None,
    classes: Sequence[str],
    title: str,
) -> bytes:
    """decoder: its linear layers, with the activation between any two, and the logits of pixels at the end.
    images uint8 [K, C, H, W] and their q(z|x), mean and log_var [K, 2]; points [N, 2], labels [N]."""
    layers, arrays = _decoder(decoder, activation)
    axis = np.linspace(-EXTENT, EXTENT, CELLS)
    squared = axis[:, None] ** 2 + axis[None] ** 2
    arrays |= {
        "images": np.ascontiguousarray(images.transpose(0, 2, 3, 1)),
        "means": np.asarray(mean, np.float32),
        "log_vars": np.asarray(log_var, np.float32),
        "points": np.asarray(points, np.float16),
        "log_p": (-0.5 * squared - math.log(2 * math.pi)).astype(np.float32),
    }
    if labels is not None:
        arrays["labels"] = np.asarray(labels, np.int16)
    image = list(images.shape[1:])
    header: dict[str, Any] = {
        "kind": "decoder",
        "latent": 2,
        "image": image,
        "pixels": {"means": "sigmoid"},
        "layers": [*layers, {"kind": "unflatten", "shape": image}],
        "names": list(names),
        "classes": list(classes),
        "extent": EXTENT,
        "grid": {"x": -EXTENT, "cell": 2 * EXTENT / (CELLS - 1), "size": CELLS},
        # Of N(0, I) in two dimensions the smallest region of mass m ends where log p = log(1 - m) - log 2 pi.
        "regions": [[mass, math.log1p(-mass) - math.log(2 * math.pi)] for mass in REGIONS],
        "title": title,
    }
    return wire.pack(header, arrays)


def _decoder(decoder: Sequence[Layer], activation: str) -> tuple[list[dict[str, Any]], dict[str, np.ndarray]]:
    """Layers and arrays as `wire.decoder` names them, from the weights as they are stored."""
    layers: list[dict[str, Any]] = []
    arrays: dict[str, np.ndarray] = {}
    for k, (weight, bias) in enumerate(decoder):
        if k:
            layers.append({"kind": activation})
        place = len(layers)
        layers.append({"kind": "linear", "arrays": str(place)})
        arrays[f"{place}.weight"], arrays[f"{place}.bias"] = weight.T, bias
    return layers, arrays

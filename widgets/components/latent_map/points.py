"""Which codes are points of the map, and in which order.

The order thins: the first so many of it, whichever number, lie evenly over the images. Row k of it is image
(k * stride) % N, with a stride near N times the golden ratio, whose multiples spread evenly (Knuth, The Art
of Computer Programming, vol. 3, section 6.4, theorem S). The browser knows the order from two numbers, and
draws the first rows that are in view.

Codes go along whole, mean and log variance, as long as they are few numbers. Of more the browser has the
place on the map, and Python tells the code of an image once it is pinned.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from torch import Tensor

    from vae_core.model.posteriors import Posteriors

MOST_DRAWN = 4_000  # at a time
MOST_POINTS = 200_000  # that go to the browser: 5 bytes each
MOST_NUMBERS = 200_000  # of the means that go along whole
FAR = 8  # times the extent of the map: no view reaches so far


def stride(images: int) -> int:
    """Without a common divisor with the number of images: each is met once."""
    step = max(1, round(images * (math.sqrt(5) - 1) / 2))
    while math.gcd(step, images) > 1:
        step += 1
    return step


def numbers(images: int, most: int) -> np.ndarray:
    """int64 [min(most, images)]: which image is in each row."""
    return np.arange(min(most, images)) * stride(images) % images


def whole(images: int, latent: int) -> int:
    """The number of rows whose codes go along whole."""
    return min(images, MOST_POINTS, max(1, MOST_NUMBERS // latent))


def comes_whole(image: int, posteriors: Posteriors) -> bool:
    """Whether the browser has the code of this image; also where the posteriors have no such image."""
    images = len(posteriors)
    if image >= images:
        return True
    return image * pow(stride(images), -1, images) % images < whole(images, posteriors.dimensions)


def packed(
    posteriors: Posteriors, plane: tuple[np.ndarray, np.ndarray, np.ndarray], extent: float
) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
    """What a picture's header says of its points, and their arrays, in rows.

    plane: (origin, u, v) each [D]. The arrays: `mean` and `log_var` [K, D] of the codes that are whole,
    `labels` [M]; and, where K < M, `places` uint16 [M, 2], in the header's steps (x, y) from its corner.
    """
    import torch

    images, latent = len(posteriors), posteriors.dimensions
    rows = torch.from_numpy(numbers(images, MOST_POINTS))
    complete = rows[: whole(images, latent)]
    step = stride(images)
    header: dict[str, Any] = {"images": images, "stride": step, "inverse": pow(step, -1, images)}
    header["most"] = MOST_DRAWN
    arrays = {
        "mean": smallest(posteriors.mean[complete]),
        "log_var": smallest(posteriors.log_var[complete]),
    }
    if posteriors.labels is not None:
        arrays["labels"] = _labels(posteriors.labels[rows])
    if len(complete) < len(rows):
        corner, steps, arrays["places"] = places(posteriors.mean[rows], plane, extent)
        header |= {"corner": corner, "steps": steps}
    return header, arrays


def places(
    mean: Tensor, plane: tuple[np.ndarray, np.ndarray, np.ndarray], extent: float
) -> tuple[list[float], list[float], np.ndarray]:
    """The corner, the steps and, uint16 [M, 2], how many of them each code [M, D] is from the corner.

    Codes farther out than any view are put at the edge.
    """
    import torch

    origin, *basis = (torch.from_numpy(each).float() for each in plane)
    on = (mean.float() - origin) @ torch.stack(basis, 1)
    on.nan_to_num_().clamp_(-FAR * extent, FAR * extent)
    corner = on.amin(0)
    steps = (on.amax(0) - corner).clamp_(min=1e-6) / np.iinfo(np.uint16).max
    found = ((on - corner) / steps).round_().clamp_(max=np.iinfo(np.uint16).max)
    return corner.tolist(), steps.tolist(), found.numpy().astype(np.uint16)


def smallest(values: Tensor) -> np.ndarray:
    """As float16 where that loses nothing, as for codes that were stored so; else as float32."""
    single = np.asarray(values, np.float32)
    with np.errstate(over="ignore"):
        half = single.astype(np.float16)
    return half if np.array_equal(half, single) else single


def _labels(labels: Tensor) -> np.ndarray:
    found = np.asarray(labels)
    return found.astype(np.uint8 if found.min() >= 0 and found.max() < 256 else np.int32)

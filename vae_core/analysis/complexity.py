"""How complex an image is: the length of a lossless code of it, which knows nothing of any model."""

from __future__ import annotations

import io
import math

import numpy as np
import torch
from torch import Tensor

FRAME = 57  # bytes of a PNG that every image has: signature, header, and the frame of the data


def complexity(images: Tensor) -> Tensor:
    """The code lengths of images uint8 [N, C, H, W], in nats [N].

    Serra et al. 2020 take away what any compressor needs from what the model does: -log p(x) - L(x). Black
    and white images (0 and 255 alone, in the whole set) are coded as JBIG does, grey and coloured ones as
    PNG.
    """
    pixels = images.cpu().numpy()
    if not len(pixels):
        return torch.empty(0)
    if np.isin(pixels, (0, 255)).all():
        return torch.from_numpy(_black_and_white(pixels > 127)).float()
    return torch.tensor([_png(image) for image in pixels])


def _black_and_white(bits: np.ndarray) -> np.ndarray:
    """The ideal length of an adaptive arithmetic code of bool [N, C, H, W], in nats [N].

    Pixel after pixel, each with the odds of those before it that had the same four neighbours (left and the
    three above), by the estimator of Krichevsky and Trofimov 1981. JBIG (ITU-T T.82) has ten neighbours:
    too many to learn from so few pixels.
    """
    count, channels, height, width = bits.shape
    rows = channels * height
    around = np.zeros((count, rows + 1, width + 2), np.int64)  # with a frame of black
    around[:, 1:, 1:-1] = bits.reshape(count, rows, width)
    seen = np.full((count, 16, 2), 0.5)
    each, nats = np.arange(count), np.zeros(count)
    for i in range(1, rows + 1):
        for j in range(1, width + 1):
            above = around[:, i - 1, j - 1 : j + 2]
            context = around[:, i, j - 1] + 2 * above[:, 0] + 4 * above[:, 1] + 8 * above[:, 2]
            bit = around[:, i, j]
            odds = seen[each, context]
            nats -= np.log(odds[each, bit] / odds.sum(1))
            seen[each, context, bit] += 1
    return nats


def _png(image: np.ndarray) -> float:
    from PIL import Image

    file = io.BytesIO()
    planes = image[0] if len(image) == 1 else image[:3].transpose(1, 2, 0)
    Image.fromarray(planes).save(file, "PNG", compress_level=9)
    return 8 * math.log(2) * max(0, len(file.getvalue()) - FRAME)

"""Images as PNGs that HTML and components can show."""

from __future__ import annotations

import base64
import io

import numpy as np


def address(image: np.ndarray) -> str:
    """An image, uint8 [C, H, W], as an address that <img> takes."""
    from PIL import Image

    pixels = np.ascontiguousarray(image.transpose(1, 2, 0))
    file = io.BytesIO()
    Image.fromarray(pixels[..., 0] if pixels.shape[2] < 3 else pixels[..., :3]).save(file, "PNG")
    return "data:image/png;base64," + base64.b64encode(file.getvalue()).decode()

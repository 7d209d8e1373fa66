"""What is on a canvas, as text between browser and Python. What comes from a browser is checked."""

from __future__ import annotations

import base64
import binascii
from typing import Any

import numpy as np

MOST_SIDE = 256  # pixels


def encode_pixels(pixels: np.ndarray) -> str:
    """uint8 of any shape, row by row, in base64."""
    return base64.b64encode(np.ascontiguousarray(pixels, np.uint8).tobytes()).decode()


def encode_mask(observed: np.ndarray) -> str:
    """bool [H, W] as one bit per pixel, in base64."""
    return base64.b64encode(np.packbits(np.asarray(observed, bool)).tobytes()).decode()


def decode_pixels(state: Any, shape: tuple[int, int], revision: int) -> np.ndarray | None:
    """uint8 [H, W]; None where the browser has said nothing of this revision, or nothing that makes sense."""
    raw = _bytes(state, shape[0] * shape[1], revision)
    return None if raw is None else raw.reshape(shape)


def decode_mask(state: Any, shape: tuple[int, int], revision: int) -> np.ndarray | None:
    """bool [H, W], or None as above."""
    count = shape[0] * shape[1]
    raw = _bytes(state, -(-count // 8), revision)
    return None if raw is None else np.unpackbits(raw, count=count).astype(bool).reshape(shape)


def _bytes(state: Any, count: int, revision: int) -> np.ndarray | None:
    if not isinstance(state, dict) or state.get("revision") != revision:
        return None
    text = state.get("pixels")
    # By its length alone a message too long, or of another canvas, is refused before it is read.
    if not isinstance(text, str) or len(text) != 4 * -(-count // 3):
        return None
    try:
        raw = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return None
    return np.frombuffer(raw, np.uint8) if len(raw) == count else None

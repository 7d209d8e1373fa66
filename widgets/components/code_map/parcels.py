"""What a code map is given to draw, packed for the browser (`browser/wire.py`)."""

from __future__ import annotations

import numpy as np

from vae_core.browser import wire


def codebook(tiles: np.ndarray, vectors: np.ndarray, uses: np.ndarray) -> bytes:
    """Of K codes: tiles uint8 [K, C, h, w], what they stand for; vectors [K, D]; uses [K], how often each is
    used."""
    arrays = {
        "tiles": tiles,
        "vectors": np.asarray(vectors, np.float32),
        "uses": np.asarray(uses, np.float32),
    }
    return wire.pack({"kind": "codebook"}, arrays)


def coded(image: np.ndarray, codes: np.ndarray, vectors: np.ndarray | None = None) -> bytes:
    """An image, uint8 [C, H, W], and the encoder's codes of it, [h, w]; vectors [h * w, 2]: the encoder's,
    where codes lie in a plane."""
    arrays = {"image": image, "codes": np.asarray(codes, np.int16)}
    if vectors is not None:
        arrays["vectors"] = np.asarray(vectors, np.float32)
    return wire.pack({"kind": "coded"}, arrays)


def sheet(codes: np.ndarray, y: np.ndarray | None = None, bottom: np.ndarray | None = None) -> bytes:
    """Grids of codes [N, h, w]; y [N]: the class under which each is decoded; bottom [N, 2h, 2w]: those of a
    second level."""
    arrays = {"codes": np.asarray(codes, np.int16)}
    if bottom is not None:
        arrays["bottom"] = np.asarray(bottom, np.int16)
    if y is not None:
        arrays["y"] = np.asarray(y, np.int16)
    return wire.pack({"kind": "sheet"}, arrays)

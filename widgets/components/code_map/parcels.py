"""What a code map is given to draw, packed for the browser (`browser/wire.py`)."""

from __future__ import annotations

from collections.abc import Sequence

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


def coded(image: np.ndarray, levels: Sequence[np.ndarray], vectors: np.ndarray | None = None) -> bytes:
    """An image, uint8 [C, H, W], and the encoder's codes of it at every level, [h, w] each; vectors [N, 2]:
    the encoder's of all cells, where codes lie in a plane."""
    arrays = {name: np.asarray(of, np.int16) for name, of in zip(("codes", "bottom"), levels, strict=False)}
    arrays["image"] = image
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

"""What the training board shows of a run with a codebook, where others have the map of their codes."""

from __future__ import annotations

from typing import Any

import numpy as np

from vae_core.runs import frames
from vae_core.spec import Spec
from widgets.shell import words

# Of a frame, and what they are called in a parcel, whose tiles are the board's numbers.
NAMES = {"uses": "uses", "tiles": "code_tiles", "vectors": "vectors", "codebook": "codebook"}


def of_shots(spec: Spec, shots: list[frames.Arrays]) -> tuple[dict[str, np.ndarray], dict[str, Any]]:
    """(arrays of a parcel, what its header says of them), of every frame: uses [F, K],
    code_tiles [F, K, C, H, W], and of codes in a plane vectors [F, V, 2] and codebook [F, K, 2]; labels
    [N]."""
    arrays = {
        called: np.stack([shot[name] for shot in shots])
        for name, called in NAMES.items()
        if name in shots[-1]
    }
    if "vectors" in arrays:
        arrays["vectors"] = arrays["vectors"].astype(np.float32)
    indices = shots[-1]["indices"]
    arrays["labels"] = shots[-1].get("labels", np.full(len(indices), -1, np.int16)).astype(np.uint8)
    grid = " × ".join(map(str, spec.grid))
    header = {"quantised": True, "codes_note": f"{spec.codes} codes for {grid} cells"}
    return arrays, header


def tiles(spec: Spec, train: dict[str, Any]) -> list[list[str]]:
    """The numbers of the codebook, by the training report: how much of it is used."""
    used, mixed, again = (train.get(name) for name in ("codes_used", "perplexity", "restarts"))
    count = spec.codes
    return [
        [
            "Codes used",
            "–" if used is None else f"{round(used)} of {count}",
            " " if again is None else f"{round(again)} restarted",
            "Codes that some cell of the training images chose in the last whole epoch, and how often one "
            "that none chose was begun anew.",
            "",
        ],
        [
            "Perplexity",
            "–" if mixed is None else words.nats(mixed),
            "of the last epoch",
            "The exponential of the entropy of how often each code is used, over all cells of an epoch: so "
            "many codes, used alike, would be as hard to guess. Over a batch it would depend on its size.",
            "",
        ],
    ]

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
    [N]. Of two levels, K counts the codes of the top and behind them those of the bottom, and kl [F, 2] is
    what the codes of each level cost."""
    two = len(spec.grids) == 2
    arrays = {
        called: np.stack([shot[name] for shot in shots])
        for name, called in NAMES.items()
        if name in shots[-1]
    }
    if two:
        fine = np.stack([shot["bottom_tiles"] for shot in shots]).repeat(2, -2).repeat(2, -1)
        arrays["code_tiles"] = np.concatenate([arrays["code_tiles"], fine], 1)
        arrays["uses"] = np.stack([np.concatenate([shot["uses"], shot["bottom_uses"]]) for shot in shots])
        arrays["kl"] = np.stack([shot["kl"] for shot in shots])
    if "vectors" in arrays:
        arrays["vectors"] = arrays["vectors"].astype(np.float32)
    indices = shots[-1]["indices"]
    arrays["labels"] = shots[-1].get("labels", np.full(len(indices), -1, np.int16)).astype(np.uint8)
    of_levels = [
        f"{count} codes for {rows} × {columns} cells"
        for count, (rows, columns) in zip(spec.posterior.codebooks, spec.grids, strict=True)
    ]
    header: dict[str, Any] = {"quantised": True, "codes_note": ", then ".join(of_levels)}
    return arrays, header | ({"levels": ["top", "bottom"]} if two else {})


def tiles(spec: Spec, train: dict[str, Any]) -> list[list[str]]:
    """The numbers of the codebook, by the training report: how much of it is used. Of two levels those of the
    top, and under them the bottom's."""
    counts = spec.posterior.codebooks

    def used(level: str, count: int) -> str:
        found = train.get(f"{level}codes_used")
        return "–" if found is None else f"{round(found)} of {count}"

    again, mixed, below = (train.get(name) for name in ("restarts", "perplexity", "bottom_perplexity"))
    under_used = " " if again is None else f"{round(again)} restarted"
    under_mixed, whose = "of the last epoch", ""
    if len(counts) == 2:
        under_used, whose = f"bottom {used('bottom_', counts[1])}", " The top's; under it the bottom's."
        under_mixed = " " if below is None else f"bottom {words.nats(below)}"
    return [
        [
            "Codes used",
            used("", counts[0]),
            under_used,
            "Codes that some cell of the training images chose in the last whole epoch, and how often one "
            "that none chose was begun anew."
            if not whose
            else f"Codes that some cell of the training images chose in the last whole epoch.{whose}",
            "",
        ],
        [
            "Perplexity",
            "–" if mixed is None else words.nats(mixed),
            under_mixed,
            "The exponential of the entropy of how often each code is used, over all cells of an epoch: so "
            "many codes, used alike, would be as hard to guess. Over a batch it would depend on its "
            f"size.{whose}",
            "",
        ],
    ]

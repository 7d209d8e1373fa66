"""What the training board shows of codes that are categories, where others have the map of their codes."""

from __future__ import annotations

from typing import Any

import numpy as np

from vae_core.runs import frames
from vae_core.spec import Spec


def of_shots(spec: Spec, shots: list[frames.Arrays]) -> tuple[dict[str, np.ndarray], dict[str, Any]]:
    """(arrays of a parcel, what its header says of them), of every frame: shares [F, M, K], kl [F, M];
    labels [N]."""
    arrays = {name: np.stack([shot[name] for shot in shots]).astype(np.float32) for name in ("shares", "kl")}
    arrays["labels"] = shots[-1].get("labels", np.zeros(0, np.int16)).astype(np.uint8)
    note = f"{spec.latent} groups of {spec.posterior.width}: how often test images choose each"
    return arrays, {"codes_note": note}

"""One image, chosen by hand: from the test split of the run's dataset, or drawn.

    picked = picker.pick("a", run, label="Image A")          # None where there is no image at all

The number of the image stands in the address bar; a drawing stays in the session.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import streamlit as st

from vae_core.training.run import Run


@dataclass(frozen=True, eq=False)
class Picked:
    """image: uint8 [C, H, W] of the run's shape. label: its class. index: its number in the test split.

    label and index are None where they are not known: of a drawing, and of a run's own probe images.
    name: for captions, as "test image 12, class 7".
    """

    image: np.ndarray
    label: int | None
    index: int | None
    drawn: bool
    name: str

    @property
    def digest(self) -> str:
        """Of the pixels: a key under which what is computed from them can be kept."""
        import hashlib

        return hashlib.sha256(repr(self.image.shape).encode() + self.image.tobytes()).hexdigest()[:16]


def pick(key: str, run: Run, *, label: str = "Image", default: int = 0) -> Picked | None:
    """Shows what is picked, with a button to change it, and returns it; fits a column of 300 pixels.

    key: also the name in the address bar, so short: "a", "b". default: a number in the test split.
    """
    probes = run.probes
    if probes is None or not len(probes):
        st.caption(f"{label}: {run.name} has no images yet.")
        return None
    place = default % len(probes)
    return Picked(probes[place], None, None, False, f"probe image {place}")

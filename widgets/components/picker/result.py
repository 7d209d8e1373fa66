"""What a picture made by hand is for the model: in words, and beside the test images."""

from __future__ import annotations

import numpy as np

from vae_core.data.dataset import Refusal
from vae_core.runs.run import Run
from widgets.components.picker import unlike
from widgets.components.picker.source import Source


def gets(run: Run) -> str:
    """That the image shown is what the model gets, after a colon."""
    if run.spec.data.binarisation == "none":
        return "this is what the model gets."
    return (
        "this is what the model gets; where its likelihood is asked for, each pixel is drawn black or white "
        "first, as in training."
    )


def compare(run: Run, source: Source, image: np.ndarray) -> None:
    """Says whether an image, uint8 [C, H, W], is like the test images, where these are here."""
    if source.kind == "test":
        unlike.warn(run, image)


def sentence(refusal: Refusal) -> str:
    text = str(refusal)
    return f"{text[:1].upper()}{text[1:]}."

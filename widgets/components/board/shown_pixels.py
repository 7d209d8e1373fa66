"""Reconstructions and samples of a frame as means of p(x|z), as its modes, or as drawn pixels."""

from __future__ import annotations

import numpy as np

from vae_core.runs.frames import Arrays

WORDS = {"means": "", "modes": ", modes", "drawn": ", drawn"}
UNKNOWN = ": only means are kept"


def of_frame(shot: Arrays, name: str, pixels: str, two_valued: bool) -> np.ndarray:
    """Images uint8 [N, C, H, W] called `name`; means where the frame knows no others.

    two_valued: whether each pixel is black or white, so that its mean says all: the mode, and a draw, whose
    noise is that of the frame's step.
    """
    means = shot[name]
    if pixels == "means" or not known(shot, pixels, two_valued):
        return means
    if (kept := shot.get(f"{name}_{pixels}")) is not None:
        return kept
    noise = np.random.default_rng(int(shot["step"][0]))
    level = 128 if pixels == "modes" else noise.integers(1, 256, means.shape)
    return np.where(means >= level, np.uint8(255), np.uint8(0))


def known(shot: Arrays, pixels: str, two_valued: bool) -> bool:
    """Whether the frame holds them, or its means say them: frames of before there were others do not."""
    return two_valued or f"samples_{pixels}" in shot


def in_words(shots: list[Arrays], pixels: str, two_valued: bool) -> str:
    """What the pictures are, after their title; "" of means."""
    if pixels == "means" or (shots and known(shots[-1], pixels, two_valued)):
        return WORDS[pixels]
    return UNKNOWN

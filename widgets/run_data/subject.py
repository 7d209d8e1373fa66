"""The image that the page asks about, as the model's likelihood takes it."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from vae_core.runs.run import Run

if TYPE_CHECKING:
    from torch import Tensor


@dataclass(frozen=True)
class Subject:
    """Pixels uint8 [C, H, W], binarised once where the run binarises. Can be the key of a cache.

    label: its class, None where it is not known.
    """

    pixels: bytes
    shape: tuple[int, int, int]
    name: str
    binarised: bool
    label: int | None

    @classmethod
    def of(cls, run: Run, picked: Picked) -> Subject:
        import torch

        from vae_core import data

        image = torch.from_numpy(np.ascontiguousarray(picked.image))
        binarised = run.spec.data.binarisation != "none"
        if binarised:
            # As the evaluation draws it, where it is a test image.
            image = data.binarise_one(image, "test", picked.index or 0)
        channels, height, width = image.shape
        return cls(image.numpy().tobytes(), (channels, height, width), picked.name, binarised, picked.label)

    @property
    def image(self) -> np.ndarray:
        """uint8 [C, H, W]."""
        return np.frombuffer(self.pixels, np.uint8).reshape(self.shape)

    def tensor(self) -> Tensor:
        """float [C, H, W] in [0, 1]."""
        import torch

        from vae_core.pixels import unit

        return unit(torch.from_numpy(self.image.copy()))


@dataclass(frozen=True, eq=False)
class Picked:
    """image: uint8 [C, H, W] of the run's shape. label: its class. index: its number in the test split.

    label and index are None where they are not known: of drawings, files, and a run's own probe images.
    name: for captions, as "7, test image 12".
    """

    image: np.ndarray
    label: int | None
    index: int | None
    drawn: bool
    name: str

    @property
    def digest(self) -> str:
        """Of the pixels: a key under which what is computed from them can be kept."""
        return digest(self.image)


def digest(image: np.ndarray) -> str:
    """Of shape and pixels: a key under which what is computed from an image can be kept."""
    return hashlib.sha256(repr(image.shape).encode() + image.tobytes()).hexdigest()[:16]

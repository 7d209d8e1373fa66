"""The image that the page asks about, as the model's likelihood takes it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from vae_core.training.run import Run
from widgets.picker import Picked

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
            image = data.binarise_static(image[None], "test")[0]
        channels, height, width = image.shape
        return cls(image.numpy().tobytes(), (channels, height, width), picked.name, binarised, picked.label)

    @property
    def image(self) -> np.ndarray:
        """uint8 [C, H, W]."""
        return np.frombuffer(self.pixels, np.uint8).reshape(self.shape)

    def tensor(self) -> Tensor:
        """float [C, H, W] in [0, 1]."""
        import torch

        return torch.from_numpy(self.image.copy()).float() / 255

"""Which density is on the map: a plane of latent space, what is done with the other dimensions, how far."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torch import Tensor

    from vae_core.analysis.aggregate import DensityGrid
    from vae_core.model.posteriors import Posteriors
    from vae_core.model.priors import Prior

KINDS = {"marginal": "Coordinates", "pca": "PCA plane", "slice": "Slice"}
EXTENTS = (4, 6, 8, 12, 16, 24, 32, 64)  # standard deviations of the prior
RATIOS = (2, 3, 5, 10, 20, 50, 100, 1000)  # of prior over data, from which on it is a hole
SIZE = 256  # cells along each side
SLOW_SIZE = 128  # of a plane that lies along no axes: every cell and every image is an exponential


@dataclass(frozen=True)
class View:
    """through: the code [D] a slice goes through, 0 along the map's own two coordinates."""

    kind: str = "marginal"
    dims: tuple[int, int] = (0, 1)
    extent: float = 4.0
    ratio: float = 10.0
    through: tuple[float, ...] = ()

    @property
    def place(self) -> View:
        """The same without what only holes depend on."""
        return View(self.kind, self.dims, self.extent, through=self.through)

    @property
    def axes(self) -> tuple[str, str]:
        if self.kind == "pca":
            return "PC1", "PC2"
        return f"z{self.dims[0] + 1}", f"z{self.dims[1] + 1}"

    def symbol(self, latent: int) -> str:
        if latent == 2 and self.kind != "pca":
            return "z"
        return ", ".join(self.axes) + (" | rest" if self.kind == "slice" else "")


def grid(
    posteriors: Posteriors,
    view: View,
    plane: tuple[Tensor, Tensor, Tensor] | None,
    size: int = SIZE,
    prior: Prior | None = None,
) -> DensityGrid:
    """The density of these posteriors and of the prior on the view; `plane`: the PCA plane, where that is the
    view. No prior is N(0, I)."""
    import torch

    from vae_core.analysis import aggregate

    if view.kind == "pca":
        assert plane is not None
        return aggregate.plane(posteriors, *plane, extent=view.extent, size=SLOW_SIZE, prior=prior)
    if view.kind == "slice":
        through = torch.tensor(view.through)
        return aggregate.slice(posteriors, through, view.dims, view.extent, size, prior)
    return aggregate.grid(posteriors, view.dims, view.extent, size, prior)

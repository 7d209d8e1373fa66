"""The small picture of a trained model: what its decoder makes of a grid of codes, a PNG in its folder."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

import numpy as np

from vae_core.pixels import to_uint8
from vae_core.runs import files
from vae_core.runs.files import PICTURE
from vae_core.runs.run import Run
from widgets.run_data.usage import information

if TYPE_CHECKING:
    from torch import Tensor

ROWS = 9
STYLES = 10
REACH = 2.2  # standard deviations of the prior, to each side


def missing(run: Run) -> bool:
    """Whether the run is at rest and its picture is not there or older than its weights.

    The gallery's pictures were shipped with it: what times its files carry, the checkout decided.
    """
    if run.status.state == "unreadable":
        return False
    weights, picture = files.stamp(run.path / files.WEIGHTS), files.stamp(run.folder_of(PICTURE) / PICTURE)
    if picture is not None and run.is_gallery:
        return False
    return weights is not None and not run.status.active and (picture is None or picture[0] < weights[0])


def draw(run: Run) -> None:
    """Decodes a square of codes into the folder's PNG.

    Of one or two dimensions it is the plane itself, z1 to the right and z2 up; of more, a row for each of the
    dimensions with most KL, which alone goes from left to right while all others are 0. Of a model that is
    told the class, each row is one code in one class after another.
    """
    from PIL import Image

    latent, y = run.spec.latent, None
    if run.spec.classes:
        z, y = styles(run)
    elif latent <= 2:
        z = plane(latent)
    else:
        z = traversals(latent, information(run) if run.codes is not None else None)
    side = len(z)
    images = to_uint8(run.model.decode_mean(z.flatten(0, 1), y))
    _, c, h, w = images.shape
    sheet = images.reshape(side, side, c, h, w).permute(0, 3, 1, 4, 2).reshape(side * h, side * w, c).numpy()
    file = io.BytesIO()
    Image.fromarray(sheet[..., 0] if c < 3 else sheet[..., :3]).save(file, "PNG", optimize=True)
    run.notes.mkdir(parents=True, exist_ok=True)
    files.replace(run.notes / PICTURE, file.getvalue())


def plane(latent: int) -> Tensor:
    """Codes [ROWS, ROWS, latent] of one or two dimensions: the first to the right, the second up."""
    import torch

    axis = torch.linspace(-REACH, REACH, ROWS)
    z = torch.zeros(ROWS, ROWS, latent)
    z[..., 0] = axis
    if latent > 1:
        z[..., 1] = axis.flip(0)[:, None]
    return z


def styles(run: Run) -> tuple[Tensor, Tensor]:
    """Codes [n, n, latent] and classes [n * n]: n, at most STYLES, draws of the prior, each in n classes."""
    import torch

    side = min(run.spec.classes, STYLES)
    classes = torch.arange(side).repeat(side)
    noise = torch.Generator().manual_seed(0)
    z = run.model.prior.sample(side, noise, run.model.weights(torch.zeros(side, dtype=torch.long)))
    return 0.9 * z[:, None].expand(-1, side, -1), classes


def traversals(latent: int, kl: np.ndarray | None = None) -> Tensor:
    """Codes [n, n, latent], a row for each of the n = at most ROWS dimensions with most `kl` [latent]."""
    import torch

    side = min(latent, ROWS)
    order = sorted(range(latent), key=lambda k: -kl[k]) if kl is not None else range(latent)
    z = torch.zeros(side, side, latent)
    for row, dimension in enumerate(order[:side]):
        z[row, :, dimension] = torch.linspace(-REACH, REACH, side)
    return z

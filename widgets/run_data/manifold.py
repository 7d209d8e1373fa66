"""The small picture of a trained model: what its decoder makes of a grid of codes, a PNG in its folder."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

import numpy as np

from vae_core.pixels import to_uint8
from vae_core.runs import files
from vae_core.runs.files import PICTURE
from vae_core.runs.run import Run
from vae_core.spec.capabilities import capabilities
from widgets.run_data.codes import is_standard
from widgets.run_data.usage import information

if TYPE_CHECKING:
    from torch import Tensor

    from vae_core.model.priors import Prior

ROWS = 9
STYLES = 10
REACH = 2.2  # standard deviations of the prior, to each side
TEMPERATURE = 0.9  # of its draws


def missing(run: Run) -> bool:
    """Whether the run is at rest and its picture is not there or older than its weights.

    The gallery's pictures were shipped with it: what times its files carry, the checkout decided.
    """
    if run.status.state == "unreadable":
        return False
    weights, picture = run.stamp(files.WEIGHTS), run.stamp(PICTURE)
    if picture is not None and run.is_gallery:
        return False
    return weights is not None and not run.status.active and (picture is None or picture[0] < weights[0])


def draw(run: Run) -> None:
    """Decodes a square of codes into the folder's PNG.

    Of one or two dimensions it is the plane itself, z1 to the right and z2 up; of more, a row for each of the
    dimensions with most KL, which alone goes from left to right while all others are at the prior's mean. Of
    a model that is told the class, each row is one code in one class after another. Of discrete codes, and
    where pixels depend on each other, samples from the prior.
    """
    import torch
    from PIL import Image

    from vae_core.analysis import decode

    latent, y = run.spec.latent, None
    if run.spec.classes:
        z, y = styles(run)
    else:
        prior = None if is_standard(run) else run.model.prior
        if not {"continuous", "independent_pixels"} <= capabilities(run.spec):
            z = run.model.prior.sample(ROWS**2, torch.Generator().manual_seed(0)).unflatten(0, (ROWS, ROWS))
        elif latent <= 2:
            z = plane(latent, prior)
        else:
            z = traversals(latent, information(run) if run.codes is not None else None, prior)
    side = len(z)
    way, generator = decode.ways(run.model)[0], torch.Generator(run.model.device).manual_seed(0)
    images = to_uint8(decode.decode(run.model, z.flatten(0, 1), y, way, generator))
    _, c, h, w = images.shape
    sheet = images.reshape(side, side, c, h, w).permute(0, 3, 1, 4, 2).reshape(side * h, side * w, c).numpy()
    file = io.BytesIO()
    Image.fromarray(sheet[..., 0] if c < 3 else sheet[..., :3]).save(file, "PNG", optimize=True)
    run.notes.mkdir(parents=True, exist_ok=True)
    files.replace(run.notes / PICTURE, file.getvalue())


def plane(latent: int, prior: Prior | None = None) -> Tensor:
    """Codes [ROWS, ROWS, latent] of one or two dimensions: the first to the right, the second up."""
    import torch

    from vae_core.analysis.traverse import sigmas

    axes = sigmas(latent, REACH, ROWS, prior).float()
    z = torch.zeros(ROWS, ROWS, latent)
    z[..., 0] = axes[0]
    if latent > 1:
        z[..., 1] = axes[1].flip(0)[:, None]
    return z


def styles(run: Run) -> tuple[Tensor, Tensor]:
    """Codes [n, n, latent] and classes [n * n]: n, at most STYLES, draws of the prior, each in n classes."""
    import torch

    side = min(run.spec.classes, STYLES)
    classes = torch.arange(side).repeat(side)
    noise = torch.Generator().manual_seed(0)
    y = run.model.weights(torch.zeros(side, dtype=torch.long))
    z = run.model.prior.tempered(side, TEMPERATURE, noise, y)
    return z[:, None].expand(-1, side, -1), classes


def traversals(latent: int, kl: np.ndarray | None = None, prior: Prior | None = None) -> Tensor:
    """Codes [n, n, latent], a row for each of the n = at most ROWS dimensions with most `kl` [latent]."""
    from vae_core.analysis.traverse import sigmas

    side = min(latent, ROWS)
    order = sorted(range(latent), key=lambda k: -kl[k]) if kl is not None else range(latent)
    axes = sigmas(latent, REACH, side, prior).float()
    z = ((axes[:, 0] + axes[:, -1]) / 2).repeat(side, side, 1)
    for row, dimension in enumerate(order[:side]):
        z[row, :, dimension] = axes[dimension]
    return z

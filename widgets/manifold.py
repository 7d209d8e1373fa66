"""The small picture of a trained model: what its decoder makes of a grid of codes, a PNG in its folder."""

from __future__ import annotations

import io

from vae_core.training import folder
from vae_core.training.run import Run
from widgets.board import information
from widgets.gallery import PICTURE

ROWS = 9
REACH = 2.2  # standard deviations of the prior, to each side


def missing(run: Run) -> bool:
    """Whether the run is at rest and its picture is not there or older than its weights.

    The gallery's pictures were shipped with it: what times its files carry, the checkout decided.
    """
    weights, picture = folder.stamp(run.path / folder.WEIGHTS), folder.stamp(run.path / PICTURE)
    if picture is not None and run.is_gallery:
        return False
    return weights is not None and not run.status.active and (picture is None or picture[0] < weights[0])


def draw(run: Run) -> None:
    """Decodes the plane of the two dimensions with most KL, all others 0, into the folder's PNG."""
    import torch
    from PIL import Image

    latent = run.spec.latent
    kl = information(run) if run.codes is not None else [0.0] * latent
    dims = sorted(range(latent), key=lambda k: -kl[k])[:2]
    axis = torch.linspace(-REACH, REACH, ROWS)
    z = torch.zeros(ROWS * ROWS, latent)
    z[:, min(dims)] = axis.repeat(ROWS)
    if latent > 1:
        z[:, max(dims)] = axis.flip(0).repeat_interleave(ROWS)
    images = (run.model.decode_mean(z) * 255).round().to(torch.uint8)
    _, c, h, w = images.shape
    sheet = images.reshape(ROWS, ROWS, c, h, w).permute(0, 3, 1, 4, 2).reshape(ROWS * h, ROWS * w, c).numpy()
    file = io.BytesIO()
    Image.fromarray(sheet[..., 0] if c < 3 else sheet[..., :3]).save(file, "PNG", optimize=True)
    folder.replace(run.path / PICTURE, file.getvalue())

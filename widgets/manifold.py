"""The small picture of a trained model: what its decoder makes of a grid of codes, as PNG in the run's folder."""

from __future__ import annotations

import io

from vae_core.training import folder
from vae_core.training.run import Run
from widgets.gallery import PICTURE

ROWS = 9
REACH = 2.2  # standard deviations of the prior, to each side


def missing(run: Run) -> bool:
    """Whether the run is at rest and its picture is not there or older than its weights."""
    weights, picture = folder.stamp(run.path / folder.WEIGHTS), folder.stamp(run.path / PICTURE)
    return weights is not None and not run.status.active and (picture is None or picture[0] < weights[0])


def draw(run: Run) -> None:
    """Decodes the plane of the two dimensions with most KL, all others 0, and leaves the PNG in the folder."""
    import torch
    from PIL import Image

    latent = run.spec.latent
    kl = _kl(run)
    dims = sorted(range(latent), key=lambda k: -kl[k])[:2]
    axis = torch.linspace(-REACH, REACH, ROWS)
    z = torch.zeros(ROWS * ROWS, latent)
    z[:, min(dims)] = axis.repeat(ROWS)
    if latent > 1:
        z[:, max(dims)] = axis.flip(0).repeat_interleave(ROWS)
    images = (run.model.decode_mean(z) * 255).round().to(torch.uint8)
    n, c, h, w = images.shape
    sheet = images.reshape(ROWS, ROWS, c, h, w).permute(0, 3, 1, 4, 2).reshape(ROWS * h, ROWS * w, c).numpy()
    file = io.BytesIO()
    Image.fromarray(sheet[..., 0] if c < 3 else sheet[..., :3]).save(file, "PNG", optimize=True)
    folder.replace(run.path / PICTURE, file.getvalue())


def _kl(run: Run) -> list[float]:
    """KL of each dimension, in nats; 0 where the codes are not there."""
    codes = run.codes
    if codes is None:
        return [0.0] * run.spec.latent
    import numpy as np

    mean, log_var = codes["mean"].astype(np.float32), codes["log_var"].astype(np.float32)
    return [float(v) for v in 0.5 * (mean**2 + np.exp(log_var) - 1 - log_var).mean(axis=0)]

"""What the map should decode."""

import numpy as np
import torch

from vae_core.model.vae import VAE


def expected(model: VAE, *z: float) -> np.ndarray:
    return (255 * model.decode_mean(torch.tensor([z]))[0, 0]).numpy()


def assert_decodes(maps, model: VAE, *z: float, atol: float = 6) -> None:
    """A pixel of the screen is a sixtieth of a standard deviation: grey levels may differ by a few."""
    np.testing.assert_allclose(maps.image(), expected(model, *z), atol=atol)

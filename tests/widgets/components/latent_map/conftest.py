"""A model of two dimensions, two classes of codes, and the parcels of their map."""

import pytest
import torch

from vae_core.analysis import aggregate
from vae_core.browser import wire
from vae_core.model.posteriors import Posteriors
from vae_core.model.vae import VAE
from vae_core.spec import Spec
from widgets.components import latent_map as lm

SIGMA = (0.3, 0.6)  # of every posterior, along both axes


@pytest.fixture(scope="module")
def model() -> VAE:
    data = {"binarisation": "none", "image_shape": (1, 8, 8)}
    with torch.random.fork_rng():
        torch.manual_seed(0)
        vae = VAE(Spec.parse({"data": data, "net": {"kind": "mlp", "widths": [16]}})).eval()
    with torch.no_grad():
        for parameter in vae.decoder.parameters():
            parameter *= 3
    return vae


@pytest.fixture(scope="module")
def posteriors() -> Posteriors:
    """Two classes, left and right; the first image alone at (0, -2), away from all others."""
    mean = torch.randn(300, 2, generator=torch.Generator().manual_seed(0)) * 0.4
    labels = torch.arange(300) % 2
    mean[:, 0] += torch.where(labels == 0, -1.8, 1.8)
    mean[0] = torch.tensor([0.0, -2.0])
    return Posteriors(mean, torch.log(torch.tensor(SIGMA)).mul(2).expand(300, 2).contiguous(), labels)


@pytest.fixture(scope="module")
def parcels(model: VAE, posteriors: Posteriors) -> dict[str, bytes]:
    grid = aggregate.grid(posteriors, size=64)
    return {
        "decoder": wire.decoder(model, "float32"),
        "picture": lm.picture(grid, posteriors, classes=["left", "right"]),
        "holes": lm.hole_parcel(grid, aggregate.holes(grid)),
    }


@pytest.fixture(scope="module")
def replay(posteriors: Posteriors) -> bytes:
    means = [posteriors.mean * k / 5 for k in range(1, 6)]
    # Of fewer cells than the picture, as on the pages.
    grids = [aggregate.grid(Posteriors(mean, posteriors.log_var, None), size=48) for mean in means]
    return lm.frames([10, 20, 40, 80, 160], means, posteriors.labels, grids)

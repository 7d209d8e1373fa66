"""Models with random weights, what they decode, and the code that sliders stand at."""

import numpy as np
import torch

from vae_core.browser import wire
from vae_core.model.vae import VAE
from vae_core.spec import Spec
from widgets.components import traverse as tr

SIGMAS = np.linspace(-3, 3, 7)
TICKS = [f"{v:g}σ" for v in SIGMAS]


def network(latent: int, shape: tuple[int, int, int] = (1, 8, 8), net: str = "mlp", seed: int = 0) -> VAE:
    """Random weights, enlarged so that each slider visibly changes the image."""
    widths = {"mlp": {"widths": [16]}, "conv": {"channels": [4, 6], "hidden": 8}}[net]
    data = {"binarisation": "none", "image_shape": shape}
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        vae = VAE(Spec.parse({"data": data, "latent": latent, "net": {"kind": net, **widths}})).eval()
    with torch.no_grad():
        for parameter in vae.decoder.parameters():
            parameter *= 3
    return vae


def described(vae: VAE, key: str = "a", **more) -> tr.Model:
    D = vae.latent
    given = {
        "kl": np.arange(D, 0, -1) / 2,
        "stops": np.tile(SIGMAS, (D, 1)),
        "ticks": TICKS,
        "origin": np.linspace(-0.8, 0.9, D).astype(np.float32),
    }
    return tr.Model(key, f"Model {key}", wire.decoder(vae, "float32"), **given | more)


def decoded(vae: VAE, z) -> np.ndarray:
    """[H, W, C], in grey levels."""
    mean = vae.decode_mean(torch.as_tensor(np.asarray(z, np.float32))[None])[0]
    return 255 * mean.permute(1, 2, 0).numpy()


def assert_shows(pixels: np.ndarray, vae: VAE, z) -> None:
    """Within a grey level of what torch decodes: canvases round."""
    channels = vae.image_shape[0]
    np.testing.assert_allclose(pixels[:, :, :channels], decoded(vae, z), atol=1)


def moved(model: tr.Model, **to: float) -> np.ndarray:
    """The model's own code with z1, z2 ... as given."""
    z = np.array(model.origin, np.float32)
    for name, value in to.items():
        z[int(name[1:]) - 1] = value
    return z

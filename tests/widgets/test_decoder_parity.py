"""The browser's decoder against PyTorch's, for every network under every likelihood."""

import base64
import os
import re
import subprocess
from pathlib import Path

import numpy as np
import pytest
import torch
import wasmtime

from vae_core.analysis.decode import decode
from vae_core.browser import wire
from vae_core.model import nets
from vae_core.model.likelihoods import LIKELIHOODS
from vae_core.model.vae import VAE
from vae_core.spec import Spec

DECODE = Path(__file__).parent / "decode.mjs"
LIKELIHOOD_CHANGES = {
    "bernoulli": {},
    "continuous_bernoulli": {},
    "gaussian": {"variance": "shared"},
    "gaussian, fixed variance": {"variance": "fixed"},
    "gaussian, learned variance": {"variance": "learned"},
    "laplace": {"scale": "shared"},
    "laplace, learned scale": {"scale": "learned"},
    "categorical": {},
    "categorical, 17 levels": {"levels": 17},
}
NO_LIKELIHOODS = {"perceptual"}  # of a dataset alone; their decoded images are a sigmoid, as a Bernoulli's
# Channels, height, width: odd and even sizes, wide and tall ones, grey and in colour.
SHAPES = [(1, 28, 28), (1, 9, 14), (3, 8, 5)]
WIDTHS = {"mlp": {"widths": [24, 16]}, "conv": {"channels": [5, 6], "hidden": 12}}


# Those of one vector whose pixels do not depend on each other; grids have their own test.
DENSE = [net for net in nets.NETS if net not in ("conv_grid", "pixel")]


@pytest.fixture
def in_the_browser(node: str, tmp_path: Path):
    """decode(parcel, z [N, D], y [N, K] or none, pixels) -> [N, C, H, W], as decoder.js computes it."""

    def decode(
        parcel: bytes, z: torch.Tensor, y: torch.Tensor | None = None, pixels: str = "means"
    ) -> torch.Tensor:
        files = [tmp_path / name for name in ("parcel", "codes", "images")]
        files[0].write_bytes(parcel)
        rows = z if y is None else torch.cat([z, y], 1)
        files[1].write_bytes(rows.numpy().astype("<f4").tobytes())
        told = [] if y is None else ["weights"]
        done = subprocess.run(
            [node, str(DECODE), *map(str, files), *told],
            capture_output=True,
            text=True,
            env=os.environ | {"PIXELS": pixels},
        )
        assert done.returncode == 0, done.stderr
        channels, height, width = wire.header(parcel)["image"]
        images = np.fromfile(files[2], "<f4").reshape(len(z), height, width, channels)
        return torch.from_numpy(images).permute(0, 3, 1, 2)

    return decode


def model(
    net: dict, likelihood: dict, shape: tuple[int, int, int], latent: int = 2, gain: float = 2.0
) -> VAE:
    """Random weights, enlarged so that pixels reach from 0 to 1 as a trained model's do."""
    spec = Spec.parse(
        {
            "data": {"binarisation": "none", "image_shape": shape},
            "latent": latent,
            "net": net,
            "likelihood": likelihood,
        }
    )
    with torch.random.fork_rng():
        torch.manual_seed(0)
        vae = VAE(spec).eval()
    with torch.no_grad():
        for parameter in vae.decoder.parameters():
            parameter *= gain
    return vae


def codes(latent: int, count: int = 256) -> torch.Tensor:
    return 2 * torch.randn(count, latent, generator=torch.Generator().manual_seed(1))


def test_every_likelihood_is_among_those_compared() -> None:
    assert {name.split(",")[0] for name in LIKELIHOOD_CHANGES} == set(LIKELIHOODS) - NO_LIKELIHOODS


@pytest.mark.parametrize("shape", SHAPES, ids=str)
@pytest.mark.parametrize("likelihood", LIKELIHOOD_CHANGES)
@pytest.mark.parametrize("net", DENSE)
def test_pixels_agree_with_pytorch_within_1e_4(in_the_browser, net: str, likelihood: str, shape) -> None:
    if net == "lecture" and likelihood == "categorical" and shape == SHAPES[0]:
        shape = (1, 14, 14)  # 256 hidden units times 256 levels of 784 pixels would be 200 MB
    kind = {"kind": likelihood.split(",")[0], **LIKELIHOOD_CHANGES[likelihood]}
    vae = model({"kind": net, **WIDTHS.get(net, {})}, kind, shape)
    z = codes(2, 48)
    torch.testing.assert_close(
        in_the_browser(wire.decoder(vae, "float32"), z), vae.decode_mean(z), atol=1e-4, rtol=0
    )


@pytest.mark.parametrize("shape", [(1, 9, 14), (3, 8, 5)], ids=str)
@pytest.mark.parametrize("likelihood", LIKELIHOOD_CHANGES)
def test_modes_are_pytorchs(in_the_browser, likelihood: str, shape) -> None:
    kind = {"kind": likelihood.split(",")[0], **LIKELIHOOD_CHANGES[likelihood]}
    vae, z = model({"kind": "mlp", "widths": [24, 16]}, kind, shape), codes(2)
    modes = decode(vae, z, pixels="modes")
    found = in_the_browser(wire.decoder(vae, "float32"), z, pixels="modes")
    # Two levels, or black and white, may be equally likely but for the last digit.
    assert ((found - modes).abs() < 1e-4).float().mean() > 0.9999


@pytest.mark.parametrize("likelihood", LIKELIHOOD_CHANGES)
def test_draws_have_the_mean_and_the_variance_of_pytorchs(in_the_browser, likelihood: str) -> None:
    """The same p(x|z) at every code, whose draws differ: a linear decoder that sees no code."""
    kind = {"kind": likelihood.split(",")[0], **LIKELIHOOD_CHANGES[likelihood]}
    if kind["kind"] in ("gaussian", "laplace"):
        kind["sigma" if kind["kind"] == "gaussian" else "b"] = 0.05
    vae = model({"kind": "linear"}, kind, (3, 2, 2))
    params = vae.decoder[0].bias
    with torch.no_grad():
        vae.decoder[0].weight.zero_()
        params.copy_(torch.linspace(-2, 2, len(params)))
        if kind["kind"] in ("gaussian", "laplace"):  # within [0, 1], so that nothing is cut off
            params[:12] = torch.linspace(0.4, 0.6, 12)
            params[12:] = torch.linspace(-4, -3, len(params[12:]))
    z = torch.randn(6000, 2, generator=torch.Generator().manual_seed(3))
    parcel = wire.decoder(vae, "float32")
    drawn = in_the_browser(parcel, z, pixels="drawn")
    exact = vae.decode_mean(z[:1])[0]
    reference = vae.likelihood.sample(vae.decode(z)[None], torch.Generator().manual_seed(4))[0]
    error = reference.std(0) / len(z) ** 0.5
    assert ((drawn.mean(0) - exact).abs() < 5 * error + 1e-6).all()
    fourth = (reference - exact).pow(4).mean(0)
    spread = ((fourth - reference.var(0) ** 2).clamp(min=0) / len(z)).sqrt()
    assert ((drawn.var(0) - reference.var(0)).abs() < 5 * 2**0.5 * spread + 1e-6).all()
    pixels = drawn.flatten(1)
    across = torch.corrcoef(pixels.T) - torch.eye(pixels.shape[1])
    assert across.abs().max() < 5 / len(z) ** 0.5, "pixels are independent given the code"
    again = in_the_browser(parcel, z[:5], pixels="drawn")
    assert torch.equal(again, drawn[:5]), "a code has the same draw whenever it comes back"


def test_where_the_browser_knows_no_draw_it_shows_means(in_the_browser, monkeypatch) -> None:
    vae, z = model({"kind": "linear"}, {"kind": "bernoulli"}, (1, 4, 4)), codes(2)
    monkeypatch.setattr(type(vae.likelihood), "browser_draw", None)
    parcel = wire.decoder(vae, "float32")
    assert wire.header(parcel)["pixels"] == {"means": "sigmoid", "modes": "white_or_black"}
    assert torch.equal(in_the_browser(parcel, z, pixels="drawn"), in_the_browser(parcel, z))


@pytest.mark.parametrize("activation", nets.ACTIVATIONS)
@pytest.mark.parametrize("net", ["mlp", "conv"])
def test_every_activation_agrees(in_the_browser, net: str, activation: str) -> None:
    vae = model(
        {"kind": net, "activation": activation, **WIDTHS[net]}, {"kind": "bernoulli"}, (1, 11, 8), latent=5
    )
    z = codes(5)
    torch.testing.assert_close(
        in_the_browser(wire.decoder(vae, "float32"), z), vae.decode_mean(z), atol=1e-4, rtol=0
    )


@pytest.mark.parametrize("latent", [2, 16])
@pytest.mark.parametrize("net", DENSE)
def test_the_default_networks_agree_at_full_size(in_the_browser, net: str, latent: int) -> None:
    vae = model({"kind": net}, {"kind": "bernoulli"}, (1, 28, 28), latent=latent)
    z = codes(latent)
    torch.testing.assert_close(
        in_the_browser(wire.decoder(vae, "float32"), z), vae.decode_mean(z), atol=1e-4, rtol=0
    )


@pytest.mark.parametrize(
    "kind", [{"kind": "conv", "channels": [32, 64]}, {"kind": "mlp", "widths": [400]}], ids=str
)
def test_large_networks_agree_through_webassembly(in_the_browser, kind: dict) -> None:
    vae, z = model(kind, {"kind": "bernoulli"}, (3, 32, 32), latent=16), codes(16)
    parcel = wire.decoder(vae, "float32")
    torch.testing.assert_close(in_the_browser(parcel, z), vae.decode_mean(z), atol=1e-4, rtol=0)


def test_webassembly_s_bytes_are_those_of_its_source() -> None:
    browser = Path(wire.__file__).parent
    assembled = base64.b64encode(wasmtime.wat2wasm((browser / "products.wat").read_text())).decode()
    script = (browser / "products.js").read_text()
    kept = "".join(re.findall(r'^  "([A-Za-z0-9+/=]+)"', script, re.MULTILINE))
    assert kept == assembled, f"products.wat has changed: PRODUCTS_WASM in products.js must be {assembled}"


@pytest.mark.parametrize("net", DENSE)
def test_half_precision_stays_within_2e_3_of_pytorch(in_the_browser, net: str) -> None:
    vae = model({"kind": net}, {"kind": "bernoulli"}, (1, 28, 28), gain=1.0)
    z = codes(2)
    torch.testing.assert_close(
        in_the_browser(wire.decoder(vae, "float16"), z), vae.decode_mean(z), atol=2e-3, rtol=0
    )


def test_the_mean_of_a_continuous_bernoulli_has_no_seam_where_its_series_takes_over(in_the_browser) -> None:
    # One pixel row whose logits are z itself, from far negative to far positive through 0.
    vae = model({"kind": "linear"}, {"kind": "continuous_bernoulli"}, (1, 4, 4), latent=1)
    with torch.no_grad():
        vae.decoder[0].weight.fill_(1.0)
        vae.decoder[0].bias.zero_()
    a = torch.cat([torch.linspace(-80, 80, 201), torch.linspace(-0.06, 0.06, 241)])[:, None].contiguous()
    # E[x] under p(x) ~ e^(a x) on [0, 1], by Gauss and Legendre's quadrature.
    nodes, weights = np.polynomial.legendre.leggauss(200)
    x = (nodes + 1) / 2
    density = weights * np.exp(a.double().numpy() * x - a.abs().double().numpy())
    mean = torch.from_numpy((density @ x / density.sum(1)).astype(np.float32))
    images = in_the_browser(wire.decoder(vae, "float32"), a)
    torch.testing.assert_close(images[:, 0, 0, 0], mean, atol=1e-5, rtol=0)


@pytest.mark.parametrize("net", DENSE)
def test_a_decoder_under_a_condition_agrees_class_by_class_blended_and_by_default(
    in_the_browser, net: str
) -> None:
    spec = Spec().change(**{"data.name": "digits", "net.kind": net, "condition.kind": "class"})
    with torch.random.fork_rng():
        torch.manual_seed(0)
        vae = VAE(spec).eval()
    z, y = codes(2), torch.eye(10)[torch.arange(256) % 10]
    y[200:] = torch.rand(56, 10, generator=torch.Generator().manual_seed(2)).softmax(1)
    parcel = wire.decoder(vae, "float32")
    said = wire.header(parcel)["condition"]
    assert (said["classes"], said["names"]) == (10, list("0123456789"))
    torch.testing.assert_close(in_the_browser(parcel, z, y), vae.decode_mean(z, y), atol=1e-4, rtol=0)
    torch.testing.assert_close(in_the_browser(parcel, z), vae.decode_mean(z), atol=1e-4, rtol=0)
    sevens = wire.decoder(vae, "float32", y=7)
    torch.testing.assert_close(in_the_browser(sevens, z), vae.decode_mean(z, y[7]), atol=1e-4, rtol=0)


@pytest.mark.parametrize(
    ("told", "activation", "posterior", "hidden"),
    [
        (False, "relu", {"kind": "vq", "codes": 9}, 10),
        (True, "silu", {"kind": "vq", "codes": 9}, 10),
        (True, "relu", {"kind": "vq2", "codes": 9, "bottom_codes": 7}, 10),
        # So many products go through WebAssembly, in rows that four does not divide.
        (True, "silu", {"kind": "vq", "codes": 9}, 110),
        (True, "relu", {"kind": "vq2", "codes": 9, "bottom_codes": 7}, 110),
    ],
)
def test_grids_of_codes_decode_as_in_pytorch(
    in_the_browser, told: bool, activation: str, posterior: dict, hidden: int
) -> None:
    spec = Spec.parse(
        {
            "data": {"binarisation": "none", "image_shape": (3, 8, 12), "classes": ("a", "b", "c")},
            "latent": 5,
            "net": {"kind": "conv_grid", "hidden": hidden, "blocks": 2, "activation": activation},
            "posterior": posterior,
            "prior": {"kind": "uniform"},
            "condition": {"kind": "class"} if told else {"kind": "none"},
        }
    )
    with torch.random.fork_rng():
        torch.manual_seed(0)
        vae = VAE(spec).eval()
    generator, books = torch.Generator().manual_seed(1), vae.posterior.codebooks
    drawn = [torch.randint(book.count, (64, *book.grid), generator=generator) for book in books]
    z = vae.posterior.embed(*drawn).detach()
    y = torch.rand(64, 3, generator=torch.Generator().manual_seed(2)) if told else None
    for dtype, tolerance in (("float32", 1e-4), ("float16", 2e-3)):
        images = in_the_browser(wire.decoder(vae, dtype), z, y)
        torch.testing.assert_close(images, vae.decode_mean(z, y), atol=tolerance, rtol=0)
    with torch.no_grad():
        vae.decoder[-1].weight *= 50  # so that a wrong residual, or a class left out, would be seen
    images = in_the_browser(wire.decoder(vae, "float32"), z, y)
    torch.testing.assert_close(images, vae.decode_mean(z, y), atol=2e-3, rtol=0)

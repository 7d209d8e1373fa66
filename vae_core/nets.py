"""Networks: from an image to numbers and from a code to numbers per pixel. They know no probability.

An encoder maps [B, C, H, W] to [B, outputs]; a decoder maps [B, D] to [B, K, H, W].
Each is an nn.Sequential of standard layers, so that it can be read off and run elsewhere, as in the browser.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from math import prod

from torch import nn

from vae_core import spec

ACTIVATIONS = {
    "relu": lambda: nn.ReLU(inplace=True),
    "leaky_relu": lambda: nn.LeakyReLU(0.01, inplace=True),
    "silu": nn.SiLU,
    "tanh": nn.Tanh,
}

Shape = tuple[int, int, int]
Pair = tuple[nn.Sequential, nn.Sequential]


def _layers(widths: Sequence[int], activation: str) -> list[nn.Module]:
    """Linear layers from each width to the next, an activation between any two."""
    layers: list[nn.Module] = []
    for i, (a, b) in enumerate(pairwise(widths)):
        layers += [ACTIVATIONS[activation]()] * (i > 0) + [nn.Linear(a, b)]
    return layers


def _dense(
    image: Shape, outputs: int, latent: int, pixels: Shape, hidden: Sequence[int], activation: str
) -> Pair:
    encoder = nn.Sequential(nn.Flatten(), *_layers([prod(image), *hidden, outputs], activation))
    decoder = nn.Sequential(
        *_layers([latent, *reversed(hidden), prod(pixels)], activation), nn.Unflatten(1, pixels)
    )
    return encoder, decoder


def _lecture(settings: spec.LectureNet, image: Shape, outputs: int, latent: int, pixels: Shape) -> Pair:
    return _dense(image, outputs, latent, pixels, [256], "leaky_relu")


def _mlp(settings: spec.MlpNet, image: Shape, outputs: int, latent: int, pixels: Shape) -> Pair:
    return _dense(image, outputs, latent, pixels, settings.widths, settings.activation)


def _linear(settings: spec.LinearNet, image: Shape, outputs: int, latent: int, pixels: Shape) -> Pair:
    return _dense(image, outputs, latent, pixels, [], "relu")


def _conv(settings: spec.ConvNet, image: Shape, outputs: int, latent: int, pixels: Shape) -> Pair:
    activation = ACTIVATIONS[settings.activation]
    sizes = [image[1:]]
    encoder: list[nn.Module] = []
    for a, b in pairwise([image[0], *settings.channels]):
        height, width = sizes[-1]
        sizes.append(((height + 1) // 2, (width + 1) // 2))
        encoder += [nn.Conv2d(a, b, 3, stride=2, padding=1), activation()]
    smallest = (settings.channels[-1], *sizes[-1])
    encoder += [nn.Flatten(), *_layers([prod(smallest), settings.hidden, outputs], settings.activation)]

    decoder: list[nn.Module] = _layers([latent, settings.hidden, prod(smallest)], settings.activation)
    decoder += [activation(), nn.Unflatten(1, smallest)]
    for i, (a, b) in enumerate(pairwise([*reversed(settings.channels), pixels[0]])):
        # A stride of 2 takes sizes 2n - 1 and 2n to n: the padding tells the way back.
        (small_h, small_w), (height, width) = sizes[-1 - i], sizes[-2 - i]
        padding = (height - (2 * small_h - 1), width - (2 * small_w - 1))
        decoder += [activation()] * (i > 0)
        decoder += [nn.ConvTranspose2d(a, b, 3, stride=2, padding=1, output_padding=padding)]
    return nn.Sequential(*encoder), nn.Sequential(*decoder)


NETS = {"lecture": _lecture, "mlp": _mlp, "conv": _conv, "linear": _linear}


def build(
    settings: spec.LectureNet | spec.MlpNet | spec.ConvNet | spec.LinearNet,
    image: Shape,
    outputs: int,
    latent: int,
    pixels: Shape,
) -> Pair:
    """(encoder [B, *image] -> [B, outputs], decoder [B, latent] -> [B, *pixels])."""
    encoder, decoder = NETS[settings.kind](settings, image, outputs, latent, pixels)  # type: ignore[operator]
    return encoder, decoder

"""Networks: from an image to numbers and from a code to numbers per pixel. They know no probability.

An encoder maps [B, C, H, W] to [B, outputs]; a decoder maps [B, D] to [B, K, H, W].
Each is an nn.Sequential of standard layers, so that it can be read off and run elsewhere, as in the browser.
An encoder that is told which pixels are observed takes the mask as its last channel, [B, C + 1, H, W].
Where there is a condition y, its numbers stand beside what the first fully connected layer takes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from math import log2, prod

import torch.nn.functional as F
from torch import Tensor, nn

from vae_core import spec
from vae_core.model.grid_layers import Fork, JoinedGrid, Merge, Residual
from vae_core.model.masked_convolutions import MaskedConvolutions
from vae_core.model.partial_conv import PartialConvolutions
from vae_core.model.rounded import rounded_products
from vae_core.model.transposed_convolution import TransposedConvolution
from vae_core.spec.settings import kind_of

ACTIVATIONS = {
    "relu": lambda: nn.ReLU(inplace=True),
    "leaky_relu": lambda: nn.LeakyReLU(0.01, inplace=True),
    "silu": nn.SiLU,
    "tanh": nn.Tanh,
}

Shape = tuple[int, int, int]


class Joined(nn.Linear):
    """A linear layer of [x, y] side by side, x [..., N] and y [..., K].

    It takes them apart, W_x x + W_y y: then y may have leading axes that x has not, such as one for every
    class there is, and the product with x is taken once for all of them.
    """

    def __init__(self, inputs: int, condition: int, outputs: int) -> None:
        super().__init__(inputs + condition, outputs)
        self.inputs = inputs

    def forward(self, x: Tensor, y: Tensor) -> Tensor:  # type: ignore[override]
        of_x, of_y = self.weight.split([self.inputs, self.in_features - self.inputs], dim=1)
        return F.linear(x, of_x, self.bias) + F.linear(y, of_y)


class Net(nn.Sequential):
    """Layers in order; y, where there is one, enters at the layer that is `Joined` or `JoinedGrid`."""

    # Whether a pass with gradients is of products with factors rounded to bfloat16. The last layer's never
    # are: means, variances and logits are float32.
    rounds = False

    def forward(self, x: Tensor, y: Tensor | None = None) -> Tensor:
        if not self.rounds:
            return _through(self, x, y)
        layers, dtype = list(self), x.dtype
        with_weights = (i for i, layer in enumerate(layers) if any(True for _ in layer.parameters()))
        last = max(with_weights, default=0)
        with rounded_products(x.device):
            x = _through(layers[:last], x, y).to(dtype)
        return _through(layers[last:], x, y)


def _through(layers: Iterable[nn.Module], x: Tensor, y: Tensor | None) -> Tensor:
    for layer in layers:
        x = layer(x, y) if isinstance(layer, Joined | JoinedGrid) else layer(x)
    return x


Pair = tuple[Net, Net]


@dataclass(frozen=True)
class Sizes:
    """What a pair of networks is to fit: numbers in and out of both, and of the condition beside them."""

    image: Shape
    outputs: int  # of the encoder
    latent: int
    pixels: Shape  # of the decoder
    encoder_condition: int = 0
    decoder_condition: int = 0
    levels: int = 1  # grids of a code, each twice as fine as the one before


def _layers(widths: Sequence[int], activation: str, condition: int = 0) -> list[nn.Module]:
    """Linear layers from each width to the next, an activation between any two; y enters the first."""
    layers: list[nn.Module] = []
    for i, (a, b) in enumerate(pairwise(widths)):
        linear = Joined(a, condition, b) if condition and i == 0 else nn.Linear(a, b)
        layers += [ACTIVATIONS[activation]()] * (i > 0) + [linear]
    return layers


def _dense(sizes: Sizes, hidden: Sequence[int], activation: str) -> Pair:
    widths = [prod(sizes.image), *hidden, sizes.outputs]
    encoder = Net(nn.Flatten(), *_layers(widths, activation, sizes.encoder_condition))
    widths = [sizes.latent, *reversed(hidden), prod(sizes.pixels)]
    decoder = Net(*_layers(widths, activation, sizes.decoder_condition), nn.Unflatten(1, sizes.pixels))
    return encoder, decoder


def _lecture(settings: spec.LectureNet, sizes: Sizes) -> Pair:
    return _dense(sizes, [256], "leaky_relu")


def _mlp(settings: spec.MlpNet | spec.PixelNet, sizes: Sizes) -> Pair:
    return _dense(sizes, settings.widths, settings.activation)


def _linear(settings: spec.LinearNet, sizes: Sizes) -> Pair:
    return _dense(sizes, [], "relu")


def _conv(settings: spec.ConvNet | spec.PartialConvNet, sizes: Sizes) -> Pair:
    activation = ACTIVATIONS[settings.activation]
    sides = [sizes.image[1:]]
    encoder: list[nn.Module] = []
    for a, b in pairwise([sizes.image[0], *settings.channels]):
        height, width = sides[-1]
        sides.append(((height + 1) // 2, (width + 1) // 2))
        encoder += [nn.Conv2d(a, b, 3, stride=2, padding=1), activation()]
    smallest = (settings.channels[-1], *sides[-1])
    widths = [prod(smallest), settings.hidden, sizes.outputs]
    encoder += [nn.Flatten(), *_layers(widths, settings.activation, sizes.encoder_condition)]

    widths = [sizes.latent, settings.hidden, prod(smallest)]
    decoder: list[nn.Module] = _layers(widths, settings.activation, sizes.decoder_condition)
    decoder += [activation(), nn.Unflatten(1, smallest)]
    for i, (a, b) in enumerate(pairwise([*reversed(settings.channels), sizes.pixels[0]])):
        # A stride of 2 takes sizes 2n - 1 and 2n to n: the padding tells the way back.
        (small_h, small_w), (height, width) = sides[-1 - i], sides[-2 - i]
        padding = (height - (2 * small_h - 1), width - (2 * small_w - 1))
        decoder += [activation()] * (i > 0)
        decoder += [TransposedConvolution(a, b, 3, stride=2, padding=1, output_padding=padding)]
    return Net(*encoder), Net(*decoder)


def _partial_conv(settings: spec.PartialConvNet, sizes: Sizes) -> Pair:
    """The convolutional network whose encoder's convolutions are partial: their mask is the last channel."""
    channels, height, width = sizes.image
    encoder, decoder = _conv(settings, replace(sizes, image=(channels - 1, height, width)))
    layers = list(encoder)
    n = 2 * len(settings.channels)  # convolutions and their activations
    return Net(PartialConvolutions(*layers[:n]), *layers[n:]), decoder


def _conv_grid(settings: spec.ConvGridNet, sizes: Sizes) -> Pair:
    """Numbers in and out of the code are those of the cells of a grid, channels first; of two levels, those
    of the top grid and behind them those of the bottom one (Razavi et al. 2019, figure 2a)."""
    rows, columns = settings.grid(sizes.image)
    hidden, two = settings.hidden, sizes.levels == 2
    finest = 2 if two else 1  # cells of the finest grid along a cell of the coarsest
    cells = rows * columns * (1 + 4 * two)
    activation = ACTIVATIONS[settings.activation]
    halvings = int(log2(settings.cell // finest))
    widths = [max(1, hidden >> (halvings - 1 - k)) for k in range(halvings)]

    def blocks(convolution: type[nn.Conv2d] | type[TransposedConvolution]) -> list[nn.Module]:
        # Of stride 1 either kind is a convolution; the browser knows the transposed one.
        found: list[nn.Module] = []
        for _ in range(settings.blocks):
            layers = convolution(hidden, hidden, 3, padding=1), activation(), convolution(hidden, hidden, 1)
            found += [activation(), Residual(*layers)]
        return found

    def joined(layer: nn.Conv2d | TransposedConvolution, condition: int) -> nn.Module:
        return JoinedGrid(layer, condition) if condition else layer

    def head() -> list[nn.Module]:
        return [nn.Conv2d(hidden, sizes.outputs // cells, 1), nn.Flatten()]

    encoder: list[nn.Module] = []
    for k, (a, b) in enumerate(pairwise([sizes.image[0], *widths])):
        layer = nn.Conv2d(a, b, 4, stride=2, padding=1)
        encoder += [activation()] * (k > 0) + [joined(layer, sizes.encoder_condition if k == 0 else 0)]
    encoder += [*blocks(nn.Conv2d), activation()]
    if two:
        down = nn.Conv2d(hidden, hidden, 4, stride=2, padding=1)
        top = nn.Sequential(down, *blocks(nn.Conv2d), activation(), *head())
        encoder += [Fork(top, nn.Sequential(*head()))]
    else:
        encoder += head()

    channels = sizes.latent // cells
    unflatten = nn.Unflatten(1, (channels, rows, columns))
    if two:
        up = TransposedConvolution(channels, hidden, 4, stride=2, padding=1)
        fine = nn.Unflatten(1, (channels, 2 * rows, 2 * columns))
        across = TransposedConvolution(channels, hidden, 3, padding=1)
        merge = Merge(rows * columns * channels, nn.Sequential(unflatten, up), nn.Sequential(fine, across))
        decoder: list[nn.Module] = [merge, activation()]
        channels = hidden
    else:
        decoder = [unflatten]
    first = TransposedConvolution(channels, hidden, 3, padding=1)
    decoder += [joined(first, sizes.decoder_condition), *blocks(TransposedConvolution)]
    for a, b in pairwise([*reversed(widths), sizes.pixels[0]]):
        decoder += [activation(), TransposedConvolution(a, b, 4, stride=2, padding=1)]
    return Net(*encoder), Net(*decoder)


NETS: dict[str, Callable[..., Pair]] = {
    "lecture": _lecture,
    "mlp": _mlp,
    "conv": _conv,
    "partial_conv": _partial_conv,
    "conv_grid": _conv_grid,
    "linear": _linear,
    "pixel": _mlp,
}


Build = Callable[..., Pair]


def register(settings: type[spec.NetSettings]) -> Callable[[Build], Build]:
    """Decorates `(settings, Sizes) -> (encoder, decoder)`: from now on Specs may have such networks."""

    def add(build: Build) -> Build:
        spec.register(spec.Net, settings)
        NETS[kind_of(settings)] = build
        return build

    return add


def neighbours(settings: spec.Net, channels: int, outputs: int) -> MaskedConvolutions | None:
    """What a decoder adds to its output for each pixel by the pixels before it: from images [B, channels, H,
    W] and the decoder's output [B, outputs, H, W] to numbers of the same shape. None where a pixel depends on
    no other."""
    if not isinstance(settings, spec.PixelNet) or settings.reach == 0:
        return None
    return MaskedConvolutions(channels, outputs, settings.channels, settings.reach, context=outputs)


def encoder(settings: spec.Net, image: Shape, outputs: int) -> Net:
    """An encoder alone: [B, *image] -> [B, outputs]."""
    return build(settings, image, outputs, 1, image)[0]


def build(
    settings: spec.Net,
    image: Shape,
    outputs: int,
    latent: int,
    pixels: Shape,
    encoder_condition: int = 0,
    decoder_condition: int = 0,
    levels: int = 1,
) -> Pair:
    """(encoder [B, *image] -> [B, outputs], decoder [B, latent] -> [B, *pixels]).

    Where a condition has numbers, that network also takes y [..., B, numbers], and its leading axes pass on
    to an encoder's output. levels: of how many grids a code is, where it is of any.
    """
    sizes = Sizes(image, outputs, latent, pixels, encoder_condition, decoder_condition, levels)
    return NETS[settings.kind](settings, sizes)

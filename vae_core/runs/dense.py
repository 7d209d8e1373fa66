"""The networks of a fully connected run, read off its weights without torch.

The first page shows a model at work before torch is imported. What a network of plain layers does, NumPy can
do as well: `weights.safetensors` has, in the order of the layers, weight [out, in] and bias [out] of each.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import prod
from pathlib import Path

import numpy as np

from vae_core.runs import files, schema, tensors
from vae_core.runs.reading import Unfit, opened
from vae_core.spec import Spec
from vae_core.spec.likelihoods import BernoulliLikelihood
from vae_core.spec.parts import MlpNet
from vae_core.spec.posteriors import DiagonalGaussianPosterior

ACTIVATIONS: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    "relu": lambda x: np.maximum(x, 0),
    "tanh": np.tanh,
}

Layer = tuple[np.ndarray, np.ndarray]  # weight [out, in], bias [out]


@dataclass(frozen=True, eq=False)
class Networks:
    """Linear layers, and between any two the activation."""

    encoder: tuple[Layer, ...]
    decoder: tuple[Layer, ...]
    activation: str

    def encode(self, images: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Mean and log variance [B, D] of q(z|x) of images uint8 [B, C, H, W]."""
        x = images.reshape(len(images), -1).astype(np.float32) / 255
        params = _run(self.encoder, x, self.activation)
        mean, log_var = np.split(params, 2, axis=1)
        return mean, log_var

    def decode(self, z: np.ndarray) -> np.ndarray:
        """Logits [B, pixels] of codes [B, D]."""
        return _run(self.decoder, np.asarray(z, np.float32), self.activation)


def fits(spec: Spec) -> bool:
    """Whether the run's networks are plain enough: fully connected, of the image alone, and Bernoulli."""
    plain = isinstance(spec.net, MlpNet) and spec.net.activation in ACTIVATIONS
    usual = isinstance(spec.likelihood, BernoulliLikelihood)
    gaussian = isinstance(spec.posterior, DiagonalGaussianPosterior) and spec.posterior.variance == "image"
    return plain and usual and gaussian and not spec.masked and not spec.classes


def networks(path: Path, spec: Spec) -> Networks:
    """Those of the run in the folder. Raises FileNotFoundError where it has no weights, and Unfit, a
    sentence, where they do not fit its Spec."""
    net = spec.net
    if not fits(spec) or not isinstance(net, MlpNet):
        raise Unfit("Its networks are not fully connected.")
    shapes = dict(_shapes(spec, net.widths))
    with opened(path / files.WEIGHTS, schema.MOST_WEIGHTS) as (file, size):
        arrays = tensors.read(file, size, files.WEIGHTS, lambda header, _: _check(header, shapes), spec)

    def layers(part: str) -> tuple[Layer, ...]:
        names = [name for name in shapes if name.startswith(f"{part}.") and name.endswith(".weight")]
        return tuple((arrays[name], arrays[name.removesuffix("weight") + "bias"]) for name in names)

    return Networks(layers("encoder"), layers("decoder"), net.activation)


def _shapes(spec: Spec, hidden: Sequence[int]) -> Iterator[tuple[str, tuple[int, ...]]]:
    """Name and shape of every tensor that is read, as `model/nets.py` lays the layers out: an activation
    after each but the last, and the flattened image before the encoder's first."""
    pixels = prod(spec.data.shape)
    ways = {"encoder": (1, [pixels, *hidden, 2 * spec.latent])}
    ways["decoder"] = (0, [spec.latent, *reversed(hidden), pixels])
    for part, (first, widths) in ways.items():
        for k, (inputs, outputs) in enumerate(pairwise(widths)):
            yield f"{part}.{first + 2 * k}.weight", (outputs, inputs)
            yield f"{part}.{first + 2 * k}.bias", (outputs,)


def _check(header: tensors.Header, shapes: dict[str, tuple[int, ...]]) -> None:
    for name, shape in shapes.items():
        tensor = header.get(name)
        if tensor is None or tensor["shape"] != shape or tensor["dtype"] not in tensors.FLOATS:
            raise Unfit(f"{files.WEIGHTS} does not fit: {name} is not what the run's network has there.")


def _run(layers: tuple[Layer, ...], x: np.ndarray, activation: str) -> np.ndarray:
    for k, (weight, bias) in enumerate(layers):
        x = (ACTIVATIONS[activation](x) if k else x) @ weight.astype(np.float32).T + bias.astype(np.float32)
    return x

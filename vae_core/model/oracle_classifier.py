"""An independent classifier: what it reads in a model's samples, the model had no part in teaching it.

A small convolutional network for each of a few datasets, trained by `scripts/train_oracle_classifiers.py` on
the training split, half of the images grey and half binarised anew, so that both kinds can be put before it.
Its weights and its accuracy on the test split lie beside this file.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from vae_core.model import nets
from vae_core.pixels import unit
from vae_core.spec import ConvNet

FOLDER = Path(__file__).parent / "oracle_classifiers"
NETWORK = ConvNet(channels=(16, 32), hidden=64)
BLOCK = 1024  # images at a time


@dataclass(frozen=True, eq=False)
class OracleClassifier:
    """accuracy, accuracy_binarised: on the test split, grey and with every pixel drawn once."""

    dataset: str
    network: nets.Net
    accuracy: float
    accuracy_binarised: float

    @torch.inference_mode()
    def read(self, images: Tensor) -> Tensor:
        """Probabilities of the classes [N, K] of images [N, C, H, W], uint8 or float in [0, 1]."""
        blocks = map(unit, images.split(BLOCK))
        return torch.cat([self.network(block).softmax(-1) for block in blocks])


def features(network: nets.Net, images: Tensor) -> list[Tensor]:
    """What an oracle's network makes of images [N, C, H, W] after each activation: [N, ...] each.
    Differentiable with respect to the images.
    """
    found, passed = [], images
    for layer in network:
        passed = layer(passed)
        if isinstance(layer, nn.ReLU):
            found.append(passed)
    return found


def there_is(dataset: str) -> bool:
    """Whether an oracle of that dataset ships with the library."""
    return (FOLDER / f"{dataset}.safetensors").exists()


@cache
def load(dataset: str) -> OracleClassifier:
    """The oracle of a dataset. Raises LookupError, a sentence, where none ships with the library."""
    from safetensors import safe_open

    if not there_is(dataset):
        known = ", ".join(sorted(file.stem for file in FOLDER.glob("*.safetensors")))
        raise LookupError(
            f"No independent classifier of {dataset} comes with the library; there are {known}."
        )
    with safe_open(FOLDER / f"{dataset}.safetensors", framework="pt") as file:
        facts: dict[str, Any] = json.loads(file.metadata()["judge"])
        weights = {name: file.get_tensor(name).float() for name in file.keys()}  # noqa: SIM118
    # Whoever asks first: gradients may have to pass through it later.
    with torch.inference_mode(False), torch.device("cpu"), torch.random.fork_rng(devices=[]):
        network = nets.encoder(NETWORK, tuple(facts["image_shape"]), facts["classes"])
        network.load_state_dict(weights)
    network.eval().requires_grad_(False)
    return OracleClassifier(dataset, network, facts["accuracy"], facts["accuracy_binarised"])

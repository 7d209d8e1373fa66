"""Train the independent classifiers in vae_core/model/oracle_classifiers/.

    scripts/train_oracle_classifiers.py [DATASET ...]

Ten epochs from seed 0: Adam with a learning rate that falls to zero, images shifted by up to a pixel, every
second one binarised. Accuracy is that of the shipped weights, which are rounded to float16.
"""

from __future__ import annotations

import json
import sys

import torch
from rich.console import Console
from safetensors.torch import save_file

from vae_core import data
from vae_core.model import nets, oracle_classifier
from vae_core.training.batches import Stream, shifted

DATASETS = ("mnist", "fashion_mnist", "kmnist", "strokes")
SEED, EPOCHS, BATCH, RATE = 0, 10, 100, 2e-3
SAY = Console(highlight=False)


def main(names: list[str]) -> None:
    oracle_classifier.FOLDER.mkdir(exist_ok=True)
    for name in names or DATASETS:
        make(name)


def make(name: str) -> None:
    train, test = data.load(name), data.load(name, "test")
    assert train.labels is not None
    assert test.labels is not None
    torch.manual_seed(SEED)
    network = nets.encoder(oracle_classifier.NETWORK, train.image_shape, len(train.class_names))
    noise = torch.Generator().manual_seed(SEED)
    stream = Stream(torch.arange(len(train)), BATCH, SEED)
    steps = EPOCHS * stream.batches
    optimiser = torch.optim.Adam(network.parameters(), RATE)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, RATE, steps)
    for step in range(steps):
        batch = stream.at(step)
        images = shifted(train.images[batch], 1, noise)
        half = len(images) // 2
        x = torch.cat([data.binarise(images[:half], "none"), data.binarise(images[half:], "dynamic", noise)])
        loss = torch.nn.functional.cross_entropy(network(x), train.labels[batch])
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        schedule.step()

    weights = {key: value.detach().half() for key, value in network.state_dict().items()}
    network.load_state_dict({key: value.float() for key, value in weights.items()})
    shipped = oracle_classifier.OracleClassifier(name, network.eval(), 0.0, 0.0)
    drawn = data.binarise_static(test.images, test.split)
    grey, binarised = (
        (shipped.read(images).argmax(1) == test.labels).double().mean().item()
        for images in (test.images, drawn)
    )
    facts = {
        "image_shape": train.image_shape,
        "classes": len(train.class_names),
        "accuracy": round(grey, 4),
        "accuracy_binarised": round(binarised, 4),
    }
    save_file(weights, oracle_classifier.FOLDER / f"{name}.safetensors", {"judge": json.dumps(facts)})
    SAY.print(f"{name}: {grey:.2%} of the test images right, {binarised:.2%} binarised")


if __name__ == "__main__":
    main(sys.argv[1:])

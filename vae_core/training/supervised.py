"""What a classifier learns from labels alone: the baseline of models that learn from other images too."""

from __future__ import annotations

import torch
import torch.nn.functional as F

from vae_core import data
from vae_core.data import Dataset
from vae_core.model import nets
from vae_core.spec import Spec
from vae_core.training.adam import Adam
from vae_core.training.batches import Stream, balanced, shifted
from vae_core.training.loop import prepare

BLOCK = 1024  # images at a time


def accuracy(spec: Spec, train: Dataset, test: Dataset, steps: int = 3000) -> float:
    """The share of test images that the run's q(y|x) gets right when it learns from its labelled images only.

    The same network, labels, shifts, binarisation, learning rate and batch of labelled images as in a run of
    `spec`, and no decoder: cross-entropy, for `steps` steps from the run's seed. Some seconds for 28 x 28
    pixels. ValueError where the Spec has no classifier.
    """
    condition = spec.condition
    if condition.kind != "class" or condition.classifier is None:
        raise ValueError("This run has no classifier q(y|x) to compare with.")
    assert train.labels is not None
    assert test.labels is not None
    seed = spec.training.seed
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        network = nets.encoder(condition.classifier, spec.data.shape, spec.classes)
    index = torch.arange(len(train))
    if condition.labels is not None:
        index = balanced(train.labels, condition.labels, condition.labels_seed)
    noise = torch.Generator().manual_seed(seed)
    optimiser = Adam(network.named_parameters(), torch.tensor(spec.training.learning_rate))
    stream, images = Stream(index, condition.batch_size, seed), prepare(train, spec)
    how = "dynamic" if spec.data.binarisation == "dynamic" else "none"
    for step in range(steps):
        batch = stream.at(step)
        x = images[batch]
        x = data.binarise(shifted(x, condition.shift, noise) if condition.shift else x, how, noise)
        F.cross_entropy(network(x), train.labels[batch]).backward()
        optimiser.step()

    right = 0
    with torch.inference_mode():
        for x, y in zip(
            data.binarised_once(test, spec.data.binarisation).split(BLOCK),
            test.labels.split(BLOCK),
            strict=True,
        ):
            right += int((network(data.binarise(x, "none")).argmax(1) == y).sum())
    return right / len(test)

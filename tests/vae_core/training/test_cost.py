"""What a run costs, against counting and against a step itself."""

from __future__ import annotations

import statistics
import time

import pytest
import torch

from vae_core import data
from vae_core.spec import Spec
from vae_core.training import cost as costs
from vae_core.training.cost import cost
from vae_core.training.loop import Trainer

KINDS = [
    {},
    {"net.kind": "conv", "net.channels": [3, 4]},
    {"likelihood.kind": "categorical"},
    {"mask.kind": "random"},
    {"condition.kind": "class"},
    {"condition.kind": "class", "objective.kind": "m2"},
    {"objective.kl": "monte_carlo", "objective.samples": 3},
]


@pytest.mark.parametrize("changes", KINDS, ids=str)
def test_weights_are_those_of_the_model(changes: dict[str, object]) -> None:
    spec = Spec().change(**{"data.name": "digits", **changes})
    trainer = Trainer(spec, data.load("digits"))
    assert cost(spec).weights == sum(parameter.numel() for parameter in trainer.model.parameters())


def test_the_time_is_six_operations_a_weight_and_image_and_what_passes_through_memory(monkeypatch) -> None:
    # A product, and two more for its gradients, each a multiplication and an addition for every weight; but
    # to pixels no gradient is taken.
    monkeypatch.setattr(costs, "_speed", lambda: 1e9)
    spec = Spec().change(**{"data.name": "digits", "net.widths": [100], "latent": 5})
    first, others = 64 * 100, 100 * 10 + 5 * 100 + 100 * 64
    found = cost(spec)
    memory = found.weights * costs.SECONDS_A_WEIGHT + 128 * 64 * costs.SECONDS_AN_OUTPUT
    assert found.seconds == pytest.approx(128 * (4 * first + 6 * others) / 1e9 + memory)


def test_a_step_of_256_grey_levels_takes_about_as_long_as_is_said() -> None:
    spec = Spec().change(**{"data.name": "digits", "likelihood.kind": "categorical", "net.widths": [500]})
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    steps = iter(Trainer(spec, data.load("digits")))
    took = []
    for _ in range(5):
        start = time.thread_time()  # however busy the machine is
        next(steps)
        took.append(time.thread_time() - start)
    torch.set_num_threads(before)
    said = cost(spec).seconds
    assert said / 4 < statistics.median(took) < 4 * said

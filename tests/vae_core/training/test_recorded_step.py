"""A step to be recorded asks the device for no number, and is made all the same where it cannot be."""

from typing import Any

import pytest
import torch
from torch.utils._python_dispatch import TorchDispatchMode

from vae_core import data, recipes
from vae_core.training.loop import Trainer
from vae_core.training.recorded_step import WARM_UP, RecordedStep

# What waits for a device: a number for Python, or a tensor whose shape hangs on what is in another.
WAITING = ("_local_scalar_dense", "nonzero", "masked_select", "is_nonzero", "equal", "unique", "_unique2")
RECIPES = (
    "vae-2d",
    "sprites-beta-tc",
    "sprites-factor",
    "kl-constraint",
    "capacity",
    "free-bits",
    "more-information",
    "info",
    "iwae-50",
    "mixture-prior-2d",
    "vamp-2d",
    "flow-prior-2d",
    "iaf-2d",
    "cvae",
    "m2-100",
    "joint-vae",
    "masked-16d",
    "partial-conv",
    "denoise",
    "gumbel",
    "vq",
)


class NoWaiting(TorchDispatchMode):
    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        name = func.overloadpacket.__name__
        assert name not in WAITING, name
        return func(*args, **(kwargs or {}))


def a_trainer(recipe: str) -> Trainer:
    spec = recipes.get(recipe).change(
        **{"data.name": "digits", "training.batch_size": 16, "training.products": "float32"}
    )
    return Trainer(spec, data.load("digits", "train"))


@pytest.mark.parametrize("recipe", RECIPES)
def test_a_step_asks_the_device_for_no_number(recipe: str) -> None:
    trainer = a_trainer(recipe)
    trainer.direct = None  # as on a GPU
    next(iter(trainer))
    trainer.stream.go_to(trainer.step)
    with NoWaiting():
        trainer.make_step()


def test_a_step_that_cannot_be_recorded_is_made_all_the_same() -> None:
    """Here there is no device to record on: it begins as it would, breaks off, and nothing is lost."""
    plain, other = a_trainer("vae-2d"), a_trainer("vae-2d")
    other.recorded = RecordedStep(other)
    for _, step in zip(range(WARM_UP + 4), zip(plain, other, strict=True), strict=False):
        assert step[0] == step[1]
    assert other.recorded.refused
    assert plain.report() == other.report()
    for name, value in plain.state().items():
        torch.testing.assert_close(other.state()[name], value, rtol=0, atol=0)

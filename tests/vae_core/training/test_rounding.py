"""Products of factors rounded to bfloat16: which they are, and that training is as good by them."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
import torch
from torch import nn

from vae_core import data
from vae_core.data import Dataset, storage
from vae_core.spec import Spec
from vae_core.training import rounding
from vae_core.training.loop import Trainer

DENSE = {"net.widths": [1400, 64]}  # 64 x 1400 weights, 100 images: 9 million products
GRID = {
    "net.kind": "conv_grid",
    "net.cell": 2,
    "net.hidden": 8,
    "posterior.kind": "vq",
    "prior.kind": "uniform",
}


def spec(products: str = "auto", **changes: object) -> Spec:
    few = {"data.name": "digits", "latent": 3, "training.batch_size": 100, "training.products": products}
    return Spec().change(**few | changes)


def trained(spec: Spec, digits: Dataset, steps: int) -> Trainer:
    trainer = Trainer(spec, digits)
    for _ in itertools.islice(trainer, steps):
        pass
    return trainer


@pytest.fixture(scope="module")
def digits() -> Dataset:
    return data.load("digits")


@pytest.fixture(params=[True, False], ids=["faster", "slower"])
def faster(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> bool:
    monkeypatch.setattr(rounding, "pays", lambda: request.param)
    return bool(request.param)


def rounded_layers(trainer: Trainer) -> list[bool]:
    assert trainer.direct is not None
    nets = trainer.direct.encoder, trainer.direct.decoder
    return [layer is not None for net in nets for layer in net.rounded]


def test_auto_rounds_large_dense_products_where_that_is_faster(digits: Dataset, faster: bool) -> None:
    # Of 64 x 4 weights, those of codes, a step has 26 thousand products.
    assert rounded_layers(Trainer(spec(**DENSE), digits)) == [faster, faster, False, False, faster, faster]
    assert not any(rounded_layers(Trainer(spec(**DENSE, **{"training.batch_size": 50}), digits)))
    assert not any(rounded_layers(Trainer(spec("float32", **DENSE), digits)))
    assert any(rounded_layers(Trainer(spec("bfloat16", **DENSE), digits)))


def test_auto_rounds_networks_with_convolutions_where_that_is_faster(digits: Dataset, faster: bool) -> None:
    def rounds(settings: Spec) -> list[bool]:
        return [net.rounds for net in rounding.networks(Trainer(settings, digits).model)]

    assert rounds(spec(**{"net.kind": "conv"})) == [faster] * 2
    assert rounds(spec("float32", **{"net.kind": "conv"})) == [False] * 2
    assert rounds(spec(**{"objective.kind": "iwae"})) == [False] * 2
    assert rounds(spec("bfloat16", **{"objective.kind": "iwae"})) == [True] * 2
    # Encoder and decoder of a codebook keep float32; the prior over its codes does not.
    assert sorted(rounds(spec(**GRID | {"prior.kind": "autoregressive"}))) == [False, False, faster]


@pytest.mark.parametrize("net", [DENSE, {"net.kind": "conv"}, GRID], ids=["dense", "conv", "grid"])
def test_training_is_as_good(digits: Dataset, net: dict[str, object]) -> None:
    test = data.load("digits", "test").images
    elbos = [
        trained(spec(products, **net), digits, 200).evaluate(test)["elbo"]
        for products in ("float32", "bfloat16")
    ]
    # Seeds differ by about as much.
    assert elbos[1] == pytest.approx(elbos[0], abs=0.7)


@pytest.mark.parametrize("net", [DENSE, {"net.kind": "conv"}, GRID], ids=["dense", "conv", "grid"])
def test_a_resumed_run_goes_on_bit_for_bit(digits: Dataset, net: dict[str, object]) -> None:
    settings = spec("bfloat16", **net)
    whole = trained(settings, digits, 8)
    half = trained(settings, digits, 4)
    again = Trainer(settings, digits)
    again.restore({name: value.clone() for name, value in half.state().items()})
    for _ in itertools.islice(again, 4):
        pass
    expected, found = whole.state(), again.state()
    assert [name for name in expected if not torch.equal(expected[name], found[name])] == []
    assert all(value.is_contiguous() for value in found.values())


def test_gradients_are_float32_s_but_for_the_rounding_and_outputs_are_not_rounded(digits: Dataset) -> None:
    x = digits.images[:50] / 255
    exact, rounded = (
        Trainer(spec(products, **{"net.kind": "conv"}), digits) for products in ("float32", "bfloat16")
    )
    for trainer in (exact, rounded):
        loss, _ = trainer.objective(trainer.model(x, 1, torch.Generator().manual_seed(0)), torch.tensor(0.0))
        loss.backward()
    pairs = zip(exact.model.parameters(), rounded.model.parameters(), strict=True)
    for a, b in pairs:
        assert a.grad is not None
        assert b.grad is not None
        assert 0 < (a.grad - b.grad).norm() < 0.1 * a.grad.norm()

    last = rounded.model.encoder[-1]
    assert isinstance(last, nn.Linear)
    taken = []
    last.register_forward_hook(lambda _, given, found: taken.append((given[0], found)))
    rounded.model.encode(x)
    (given, found) = taken[0]
    assert given.dtype == found.dtype == torch.float32
    torch.testing.assert_close(found, given @ last.weight.t() + last.bias, rtol=1e-5, atol=1e-5)


def test_what_is_measured_is_of_exact_products(digits: Dataset) -> None:
    x = digits.images[:50] / 255
    model = Trainer(spec("bfloat16", **{"net.kind": "conv"}), digits).model
    with torch.no_grad():
        measured = model.encode(x)
        for net in rounding.networks(model):
            net.rounds = False
        assert torch.equal(measured, model.encode(x))


def test_what_was_measured_of_the_processor_is_kept_and_decides(monkeypatch, tmp_path) -> None:
    monkeypatch.setenv("VAE_DATA", str(tmp_path))
    monkeypatch.setattr(storage, "user_cache", lambda: tmp_path / "none")  # this machine's own answer
    found = rounding._measured()["ratio"]
    assert found.shape == (1,)
    assert 0.01 < found[0] < 100
    asked = []
    for ratio in (3.0, 0.5):  # the second is not asked for: the first was kept
        monkeypatch.setattr(
            rounding, "_measured", lambda r=ratio: asked.append(r) or {"ratio": np.array([r])}
        )
        assert rounding.pays.__wrapped__()
    assert asked == [3.0]
    monkeypatch.setenv("VAE_DATA", str(tmp_path / "another"))
    assert not rounding.pays.__wrapped__()

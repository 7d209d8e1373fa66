"""The parcel of a forward pass: the model's own decoder, and a prior to scale."""

from pathlib import Path

import numpy as np
import pytest

from vae_core.browser import forward_pass, wire
from vae_core.runs import dense
from vae_core.runs.run import Run

SHIPPED = Path(__file__).parents[3] / "checkpoints"


def test_the_parcel_holds_the_very_decoder_that_torch_would_send() -> None:
    """So what holds of one in the browser (`test_decoder_parity.py`) holds of the other."""
    run = Run(SHIPPED / "vae-2d-mnist")
    networks = dense.networks(run.path, run.spec)
    mean, log_var = networks.encode(run.probes)
    sent = forward_pass.parcel(
        networks.decoder,
        networks.activation,
        run.probes,
        mean,
        log_var,
        names=[str(k) for k in range(10)],
        points=mean,
        labels=None,
        classes=[],
        title="",
    )
    (ours, arrays), (theirs, expected) = wire.unpack(sent), wire.unpack(wire.decoder(run.model, "float16"))
    assert ours["pixels"]["means"] == theirs["pixels"]["means"]
    assert {name: ours[name] for name in ("layers", "image", "latent")} == {
        name: theirs[name] for name in ("layers", "image", "latent")
    }
    for name, array in expected.items():
        np.testing.assert_array_equal(arrays[name], array)


def test_the_edge_of_a_region_of_the_prior_holds_its_mass() -> None:
    """By drawing a million codes of N(0, I)."""
    z = np.random.default_rng(0).standard_normal((1_000_000, 2))
    log_p = -0.5 * (z**2).sum(1) - np.log(2 * np.pi)
    empty = np.zeros((1, 1, 2, 2), np.uint8), np.zeros((1, 2)), np.zeros((1, 2))
    sent = forward_pass.parcel(
        [(np.zeros((4, 2), np.float32), np.zeros(4, np.float32))],
        "relu",
        *empty,
        names=[""],
        points=empty[1],
        labels=None,
        classes=[],
        title="",
    )
    for mass, level in wire.header(sent)["regions"]:
        assert (log_p > level).mean() == pytest.approx(mass, abs=2e-3)

"""Fully connected networks without torch: what torch makes of the same weights."""

from pathlib import Path

import numpy as np
import pytest
import torch

from vae_core.runs import dense, files
from vae_core.runs.reading import Unfit
from vae_core.runs.run import Run

SHIPPED = Path(__file__).parents[3] / "checkpoints"


def test_they_encode_and_decode_as_the_model_does(finished: Run) -> None:
    networks = dense.networks(finished.path, finished.spec)
    images = torch.from_numpy(finished.probes)
    with torch.inference_mode():
        expected = finished.model.posterior.moments(finished.model.encode(images.float() / 255))
        logits = finished.model.decoder(expected[0]).flatten(1)
    mean, log_var = networks.encode(finished.probes)
    np.testing.assert_allclose(mean, expected[0], atol=1e-4)
    np.testing.assert_allclose(log_var, expected[1], atol=1e-4)
    np.testing.assert_allclose(networks.decode(mean), logits, atol=1e-3)


@pytest.mark.parametrize("name", ["cvae-mnist", "masked-16d-mnist", "partial-conv-mnist"])
def test_other_networks_are_refused(name: str) -> None:
    run = Run(SHIPPED / name)
    with pytest.raises(Unfit):
        dense.networks(run.path, run.spec)


def test_weights_of_another_network_are_refused(finished: Run) -> None:
    (finished.path / files.WEIGHTS).write_bytes((SHIPPED / "vae-2d-mnist" / files.WEIGHTS).read_bytes())
    with pytest.raises(Unfit, match="is not what"):
        dense.networks(finished.path, finished.spec)


def test_posteriors_whose_variances_the_encoder_does_not_give_are_refused() -> None:
    spec = Run(SHIPPED / "vae-2d-mnist").spec
    assert dense.fits(spec)
    assert not dense.fits(spec.change(**{"posterior.variance": "shared"}))

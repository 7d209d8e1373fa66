"""What the board is told of a run with a codebook."""

from pathlib import Path

import numpy as np

import vae_core
from vae_core.browser import wire
from vae_core.runs.run import Run
from vae_core.spec import Spec
from widgets.components.board import parcel

TINY = {
    "data": {"name": "digits"},
    "latent": 2,
    "net": {"kind": "conv_grid", "hidden": 4},
    "posterior": {"kind": "vq", "codes": 6},
    "prior": {"kind": "uniform"},
    "training": {"steps": 1, "batch_size": 1437},
}


def test_the_board_shows_the_codebook_in_the_place_of_a_map(own_runs: Path) -> None:
    run = Run(vae_core.train(Spec.parse(TINY)).path)
    header, arrays = wire.unpack(parcel.build(run, film=True))
    moments = len(header["frame_steps"])
    assert header["quantised"]
    assert header["codes_note"] == "6 codes for 2 × 2 cells"
    assert arrays["uses"].shape == (moments, 6)
    assert arrays["uses"][-1].sum() == 1437 * 4  # an epoch of one step
    assert arrays["code_tiles"].shape == (moments, 6, 1, 12, 12)
    assert arrays["codebook"].shape == (moments, 6, 2)
    assert arrays["vectors"].shape[::2] == (moments, 2)
    assert "cloud" not in arrays
    shown = {name: (value, under) for name, value, under, *_ in header["tiles"]}
    used = int((arrays["uses"][-1] > 0).sum())
    assert shown["Codes used"][0] == f"{used} of 6"
    share = arrays["uses"][-1] / arrays["uses"][-1].sum()
    perplexity = np.exp(-sum(p * np.log(p) for p in share if p))
    assert shown["Perplexity"] == (f"{perplexity:.1f}", "of the last epoch")
    assert shown["Codes"][0] == "7.2"  # 4 log 6
    one, newest = wire.unpack(parcel.build(run, film=False))
    assert not one["replay"]
    np.testing.assert_array_equal(newest["uses"], arrays["uses"][-1])

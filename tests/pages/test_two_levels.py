"""A run of two levels of codes: what the map's page shows of them, the samples, and the board."""

import re
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from streamlit.testing.v1 import AppTest

from tests.pages.shown import html, parcels
from tests.pages.shown import words as said
from vae_core import data, recipes, train
from vae_core.browser import wire
from vae_core.pixels import to_uint8
from vae_core.runs.run import Run
from widgets.components.board import parcel
from widgets.shell import data_url, words

App = Callable[..., AppTest]
CHANGES = {
    "data.name": "digits", "latent": 3, "posterior.kind": "vq2", "posterior.codes": 6,
    "posterior.bottom_codes": 5, "net.hidden": 8, "net.blocks": 0, "prior.hidden": 6, "training.steps": 30,
}  # fmt: skip


@pytest.fixture(scope="module")
def of_levels(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("levels") / "levels"
    return train(recipes.get("vae-2d").change(**CHANGES), out=path).path


@pytest.fixture
def run(of_levels: Path, own_runs: Path) -> Run:
    shutil.copytree(of_levels, own_runs / "levels")
    return Run(own_runs / "levels")


def test_the_top_of_one_image_is_decoded_with_the_bottom_of_another(app: App, run: Run) -> None:
    at = app("latent_map", run="levels", a="5", b="8")
    codes, model = run.grid_codes, run.model
    tops, bottoms = codes.indices[[5, 8, 5, 8]], codes.bottom[[5, 8, 8, 5]]
    images = to_uint8(model.decode_mean(model.posterior.embed(tops, bottoms))).numpy()
    for image in images:
        assert data_url.address(image) in html(at)
    assert html(at).count("<figcaption>Top only</figcaption>") == 2
    nats = -model.prior.log_prob_of(codes.indices[[5, 8]], codes.bottom[[5, 8]])
    for title, (a, b) in zip(("top", "bottom"), nats.T.tolist(), strict=True):
        assert f"<dt>Nats of the {title}</dt><dd><b>{words.nats(a)}</b><small>B’s {words.nats(b)}" in html(at)
    pixels = torch.from_numpy(data.binarised_once(data.load("digits", "test"), "dynamic").numpy()[5])
    log_px = torch.distributions.Bernoulli(model.decode_mean(model.posterior.location(
        model.encode(pixels[None] / 255)))).log_prob(pixels / 255).sum()  # fmt: skip
    assert words.nats(float(log_px - nats[0].sum())) in re.search("<dt>ELBO</dt>.*?</b>", html(at))[0]


def test_the_top_and_the_bottom_of_one_image_are_that_image(app: App, run: Run) -> None:
    codes = run.grid_codes
    z = run.model.posterior.embed(codes.indices[[5]], codes.bottom[[5]])
    (own,) = to_uint8(run.model.decode_mean(z)).numpy()
    assert html(app("latent_map", run="levels", a="5", b="5")).count(data_url.address(own)) == 4


def test_other_pages_say_why_they_do_not_show_it(app: App, run: Run) -> None:
    assert "grids of cells" in said(app("traverse", run="levels"))


def test_samples_are_written_at_both_levels(app: App, run: Run) -> None:
    at = app("generate", run="levels")
    (_, sheet), (_, uniform) = parcels(at, "sheet")
    assert sheet["codes"].shape == uniform["codes"].shape == (16, 2, 2)
    assert sheet["bottom"].shape == uniform["bottom"].shape == (16, 4, 4)
    assert sheet["codes"].max() < 6
    assert sheet["bottom"].max() < 5
    books = {book["vectors"].shape: book["vectors"] for _, book in parcels(at, "codebook")}
    for level in run.model.posterior.codebooks:
        np.testing.assert_allclose(books[level.count, 3], level.codebook.detach(), rtol=1e-6)


def test_the_board_has_the_codes_and_the_nats_of_both_levels(run: Run) -> None:
    header, arrays = wire.unpack(parcel.build(run, film=True))
    moments = len(header["frame_steps"])
    assert header["levels"] == ["top", "bottom"]
    assert header["codes_note"] == "6 codes for 2 × 2 cells, then 5 codes for 4 × 4 cells"
    assert arrays["code_tiles"].shape == (moments, 11, 1, 12, 12)
    assert arrays["uses"].shape == (moments, 11)
    assert arrays["uses"][-1, 6:].sum() == 4 * arrays["uses"][-1, :6].sum()
    shown = {name: (value, under) for name, value, under, *_ in header["tiles"]}
    used = (arrays["uses"][-1] > 0).astype(int)
    assert shown["Codes used"] == (f"{used[:6].sum()} of 6", f"bottom {used[6:].sum()} of 5")
    assert float(arrays["kl"][-1].sum()) == pytest.approx(run.evaluation["kl"], rel=0.05)

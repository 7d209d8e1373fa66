"""The code map: the codes of the chosen image, those that a link changes, and what the prior writes."""

import csv
import io
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from streamlit.testing.v1 import AppTest

from pages.sections.interpolate import discrete_codes, discrete_downloads
from tests.pages.shown import data_of, html, parcels
from tests.pages.shown import words as said
from vae_core import data, recipes, train
from vae_core.runs.run import Run
from widgets.run_data.subject import Picked
from widgets.shell import words

App = Callable[..., AppTest]
CHANGES: dict[str, Any] = {
    "data.name": "digits", "latent": 3, "posterior.kind": "vq", "posterior.codes": 12, "net.hidden": 12,
    "net.blocks": 0, "prior.hidden": 8, "training.steps": 60,
}  # fmt: skip


@pytest.fixture(scope="module")
def of_codes(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("codes") / "codes"
    return train(recipes.get("vae-2d").change(**CHANGES), out=path).path


@pytest.fixture
def run(of_codes: Path, own_runs: Path) -> Run:
    shutil.copytree(of_codes, own_runs / "codes")
    return Run(own_runs / "codes")


def map_data(at: AppTest) -> dict[str, Any]:
    """What the map gets."""
    assert not at.exception
    assert not at.error
    return data_of(at, "coded")


def test_a_link_changes_codes_of_an_image_and_the_page_says_what_they_cost(app: App, run: Run) -> None:
    at = app("latent_map", run="codes", a="5", codes="2-7_4-0")
    assert map_data(at)["state"]["changed"] == [[1, 7], [3, 0]]
    ((_, coded),) = parcels(at, "coded")
    codes = run.grid_codes.indices[5].clone()
    np.testing.assert_array_equal(coded["codes"], codes)
    codes.flatten()[1], codes.flatten()[3] = 7, 0
    z = run.model.posterior.embed(codes[None])
    p = run.model.decode_mean(z)
    pixels = torch.from_numpy(coded["image"] / 255).float()
    log_px = torch.distributions.Bernoulli(p).log_prob(pixels).sum()
    assert f"<dt>log p(x|z)</dt><dd><b>{words.nats(float(log_px))}</b>" in html(at)
    assert words.nats(4 * np.log(12)) in html(at)
    assert words.nats(4 * np.log2(12)) in html(app("latent_map", run="codes", a="5", unit="bits"))
    # The chosen cell is the middle one, here the last.
    where = (run.grid_codes.indices == 0).float()
    assert f"**Where code 0 is used**: in {100 * where.mean():.1f} % of all cells" in said(at)
    # The vectors by which the browser decodes are the model's.
    ((_, book),) = parcels(at, "codebook")
    np.testing.assert_allclose(book["vectors"], run.model.posterior.codebook.detach(), rtol=1e-6)
    assert len(data.load("digits", "test").images) == len(run.grid_codes)


def test_another_image_begins_with_the_encoders_codes(app: App, run: Run) -> None:
    at = app("latent_map", run="codes", a="5", codes="2-7", hidden="1", cell="2")
    at.session_state["a-change"] = True
    number = next(each for each in at.run().number_input if each.label == "Number")
    assert map_data(number.set_value(6).run())["state"] == {"changed": [], "hidden": [], "cell": 1}


def test_samples_of_the_prior_stand_beside_uniform_ones(app: App, run: Run) -> None:
    at = app("generate", run="codes", generate_seed="3", generate_t="80")
    assert not at.exception
    assert not at.error
    learned, uniform = (arrays["codes"] for _, arrays in parcels(at, "sheet"))
    generator = torch.Generator().manual_seed(3)
    np.testing.assert_array_equal(learned, run.model.prior.sample_codes(16, generator, temperature=0.8))
    assert uniform.shape == (16, 2, 2)
    nats = -float(run.model.prior.log_prob_of(torch.tensor(uniform).long()).mean())
    assert f"**{words.nats(nats)}** nats under the run's prior" in said(at)
    assert len(parcels(app("generate", run="codes", codes_from="uniform"), "sheet")) == 1


def test_a_page_of_vectors_leads_to_those_of_codes(app: App, run: Run) -> None:
    at = app("traverse", run="codes")
    assert "has codes that are grids of cells" in at.info[0].value
    links = {link.proto.label for link in at.get("page_link")}
    assert {"Latent map", "Interpolate", "Inpaint", "Generate"} <= links


def test_cells_of_one_image_give_way_to_those_of_another(app: App, run: Run) -> None:
    at = app("interpolate", run="codes", a="0", b="3", order="random", seed="5")
    assert not at.exception
    assert not at.error
    ((header, path),) = parcels(at, "path")
    ends = run.grid_codes.indices[[0, 3]]
    z = run.model.posterior.embed(ends)
    np.testing.assert_allclose(path["codes"][[0, -1]], z, rtol=1e-6)
    differ = (ends[0] != ends[1]).flatten().nonzero().flatten()
    assert sorted(path["places"].tolist()) == differ.tolist()
    assert header["stepped"]["grids"] == [[2, 2]]
    np.testing.assert_allclose(path["log_p"][[0, -1]], run.model.prior.log_prob_of(ends), rtol=1e-5)
    assert "are of runs whose codes are vectors" in said(at)
    assert "Train one" in {link.proto.label for link in at.get("page_link")}


def test_the_prior_writes_the_hidden_cells_of_an_image(app: App, run: Run) -> None:
    at = app("inpaint", run="codes", a="4", hide="lower half", k="8", seed="2")
    assert not at.exception
    assert not at.error
    assert "2 of 4 cells hidden" in html(at)
    assert html(at).count(" nats</figcaption>") == 8
    assert "exact draws of p(hidden | kept)" in said(at)
    upper = app("inpaint", run="codes", a="4", hide="upper half")
    assert "weighed by how well they lead" in said(upper)


def test_what_is_taken_away_of_a_path_of_cells_says_each_step(run: Run) -> None:
    a, b = (
        Picked(data.load("digits", "test").images[k].numpy(), None, k, False, f"image {k}") for k in (0, 3)
    )
    between = discrete_codes.Between(run, a, b, "raster", 0, "travels")
    path, z = discrete_codes.walk(between)
    steps = list(csv.DictReader(io.StringIO(discrete_downloads.table(between, path))))
    ends = run.grid_codes.indices[[0, 3]].flatten(1)
    differ = (ends[0] != ends[1]).nonzero().flatten().tolist()
    assert [int(row["cell"]) - 1 for row in steps[1:]] == differ
    assert [int(row["code_after"]) for row in steps[1:]] == ends[1, differ].tolist()
    cost = -float(run.model.prior.log_prob_of(ends[1].view(2, 2)))
    assert float(steps[-1]["code_nats"]) == pytest.approx(cost, rel=1e-4)
    gif = Image.open(io.BytesIO(discrete_downloads.film(between, z, "means")))
    assert gif.n_frames == 2 * len(differ)
    assert Image.open(io.BytesIO(discrete_downloads.sheet(between, z, "means"))).width > 200

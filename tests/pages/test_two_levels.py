"""A run of two levels of codes: what the map's page shows of them, the samples, and the board."""

import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from streamlit.testing.v1 import AppTest

from tests.pages.shown import data_of, html, parcels
from tests.pages.shown import words as said
from vae_core import data, recipes, train
from vae_core.browser import wire
from vae_core.pixels import to_uint8
from vae_core.runs.run import Run
from widgets.components.board import parcel
from widgets.shell import data_url, words

App = Callable[..., AppTest]
SHIPPED = Path(__file__).parents[2] / "checkpoints" / "vq2-mnist"
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


def codes_of(run: Run, *images: int) -> torch.Tensor:
    """All cells in one row [B, 20], those of the top first."""
    codes, which = run.grid_codes, list(images)
    return torch.cat([codes.indices[which].flatten(1), codes.bottom[which].flatten(1)], 1)


def embedded(run: Run, rows: torch.Tensor) -> torch.Tensor:
    return run.model.posterior.embed(rows[:, :4].view(-1, 2, 2), rows[:, 4:].view(-1, 4, 4))


def log_p(run: Run, rows: torch.Tensor) -> torch.Tensor:
    return run.model.prior.log_prob_of(rows[:, :4].view(-1, 2, 2), rows[:, 4:].view(-1, 4, 4))


def pixels(k: int) -> torch.Tensor:
    return torch.from_numpy(data.binarised_once(data.load("digits", "test"), "dynamic").numpy()[k]) / 255


def opened(at: AppTest) -> AppTest:
    assert not at.exception
    assert not at.error
    return at


def test_a_link_changes_cells_of_both_levels_and_the_page_says_what_they_cost(app: App, run: Run) -> None:
    at = opened(app("latent_map", run="levels", a="5", codes="2-4_9-3_20-0", cell="9"))
    sent = data_of(at, "coded")
    assert sent["state"]["changed"] == [[1, 4], [8, 3], [19, 0]]
    assert (sent["state"]["cell"], len(sent["codebooks"])) == (8, 2)
    ((_, coded),) = parcels(at, "coded")
    row = codes_of(run, 5)
    np.testing.assert_array_equal(np.concatenate([coded["codes"].ravel(), coded["bottom"].ravel()]), row[0])
    row[0, 1], row[0, 8], row[0, 19] = 4, 3, 0
    top, bottom = (-log_p(run, row))[0].tolist()
    shown = torch.distributions.Bernoulli(run.model.decode_mean(embedded(run, row)))
    log_px = float(shown.log_prob(pixels(5)).sum())
    for title, value in {
        "log p(x|z)": log_px, "Nats of the top": top, "Nats of the bottom": bottom,
        "log p(x, z)": log_px - top - bottom,
    }.items():  # fmt: skip
        assert f"<dt>{title}</dt><dd><b>{words.nats(value)}</b>" in html(at)
    assert "4 log 6 + 16 log 5, of any codes" in html(at)
    # The chosen cell is the fifth of the bottom.
    where = (run.grid_codes.bottom == 3).float()
    assert f"**Where code 3 of the bottom is used**: in {100 * where.mean():.1f} % of all cells" in said(at)


def test_each_level_is_shown_by_itself_as_the_map_has_it(app: App, run: Run) -> None:
    at = opened(app("latent_map", run="levels", a="5", codes="2-4"))
    row = codes_of(run, 5)
    row[0, 1] = 4
    bottoms = run.model.prior.sample_codes(
        1, torch.Generator().manual_seed(0), known=(row[:, :4].view(1, 2, 2), torch.tensor(0)),
        fixed=(torch.tensor(True), torch.tensor(False)),
    )[1]  # fmt: skip
    usual = run.model.prior.top.sample_codes(1, temperature=0.0)
    both = embedded(run, row)
    top = run.model.posterior.embed(row[:, :4].view(1, 2, 2), bottoms)
    bottom = run.model.posterior.embed(usual, row[:, 4:].view(1, 4, 4))
    for image in to_uint8(run.model.decode_mean(torch.cat([both, top, bottom]))).numpy():
        assert data_url.address(image) in html(at)
    assert "<figcaption>Bottom only</figcaption>" in html(at)


def test_the_top_of_one_image_is_decoded_with_the_bottom_of_another(app: App, run: Run) -> None:
    at = opened(app("interpolate", run="levels", a="5", b="8"))
    a, b = codes_of(run, 5, 8)
    rows = torch.stack([a, torch.cat([a[:4], b[4:]]), torch.cat([b[:4], a[4:]]), b])
    p = run.model.decode_mean(embedded(run, rows))
    nats = -log_p(run, rows)
    log_px = [torch.distributions.Bernoulli(p).log_prob(pixels(k)).flatten(1).sum(1).tolist() for k in (5, 8)]
    expected = {
        "−log p(top)": nats[:, 0].tolist(), "−log p(bottom | top)": nats[:, 1].tolist(),
        "Both": nats.sum(1).tolist(), "log p(A | z)": log_px[0], "log p(B | z)": log_px[1],
    }  # fmt: skip
    for image in to_uint8(p).numpy():
        assert data_url.address(image) in html(at)
    for name, values in expected.items():
        line = "".join(f"<td>{words.nats(value)}</td>" for value in values)
        assert f'<th scope="row">{name}</th>{line}' in html(at)


@pytest.mark.parametrize("order", ["top", "bottom", "raster", "difference", "random"])
def test_cells_of_both_levels_give_way(app: App, run: Run, order: str) -> None:
    at = opened(app("interpolate", run="levels", a="0", b="3", order=order))
    ((header, path),) = parcels(at, "path")
    assert header["stepped"]["grids"] == [[2, 2], [4, 4]]
    ends = codes_of(run, 0, 3)
    np.testing.assert_allclose(path["codes"][[0, -1]], embedded(run, ends), rtol=1e-6)
    np.testing.assert_allclose(path["log_p"][[0, -1]], log_p(run, ends).sum(-1), rtol=1e-5)
    places = path["places"].tolist()
    assert sorted(places) == (ends[0] != ends[1]).nonzero().flatten().tolist()
    of_bottom = [place >= 4 for place in places]
    if order in ("top", "bottom"):
        assert of_bottom == sorted(of_bottom, reverse=order == "bottom")
    if order == "raster":
        tops = [place if place < 4 else (place - 4) // 8 * 2 + (place - 4) % 4 // 2 for place in places]
        assert tops == sorted(tops)


def test_of_one_image_twice_no_cell_gives_way(app: App, run: Run) -> None:
    at = opened(app("interpolate", run="levels", a="5", b="5"))
    (own,) = to_uint8(run.model.decode_mean(embedded(run, codes_of(run, 5)))).numpy()
    assert html(at).count(data_url.address(own)) == 4


def test_the_prior_writes_the_hidden_cells_of_both_levels(app: App, run: Run) -> None:
    at = opened(app("inpaint", run="levels", a="4", hide="lower half", k="8", seed="2"))
    assert "2 of 4 cells of the top hidden" in html(at)
    assert "8 of 16 of the bottom hidden" in html(at)
    assert html(at).count(" nats</figcaption>") == 8
    assert "the top and then the bottom, row by row" in said(at)


def test_other_pages_say_why_they_do_not_show_it(app: App, run: Run) -> None:
    at = app("traverse", run="levels")
    assert "grids of cells" in said(at)
    links = {link.proto.label for link in at.get("page_link")}
    assert {"Latent map", "Interpolate", "Inpaint", "Generate"} <= links


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


@pytest.mark.parametrize("page", ["latent_map", "interpolate", "inpaint", "generate"])
def test_the_shipped_run_opens_on_its_pages(app: App, own_runs: Path, mnist_root: Path, page: str) -> None:
    shutil.copytree(SHIPPED, own_runs / SHIPPED.name)
    opened(app(page, run=SHIPPED.name))

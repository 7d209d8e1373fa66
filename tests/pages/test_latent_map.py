"""The latent map: the right density, said in words, and a link that reopens the view."""

import csv
import io
import json
import math
import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import safetensors
import safetensors.torch
import torch
from streamlit.testing.v1 import AppTest

from pages.sections.generate import measures
from pages.sections.latent_map import decomposition, downloads, headline
from tests.pages.shown import data_of, html, showing
from vae_core import train
from vae_core.analysis import aggregate
from vae_core.browser import wire
from vae_core.model import variance_bound
from vae_core.runs import files, frames
from vae_core.runs.run import Run
from widgets.components.latent_map import points
from widgets.components.latent_map.map_view import View
from widgets.run_data.codes import newest, weights
from widgets.shell import tasks
from widgets.shell import words as shown

App = Callable[..., AppTest]
AddRun = Callable[..., Run]
Shipped = Callable[[str, str], Run]


def parcel(at: AppTest, kind: str) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
    """What travels to the browser: "picture", "holes", "frames"."""
    for component in at.get("bidi_component"):
        if component.proto.bytes:
            header, arrays = wire.unpack(component.proto.bytes)
            if header.get("kind") == kind:
                return header, arrays
    raise AssertionError(f"no {kind} on the page")


def words(at: AppTest) -> str:
    return "\n".join(element.value for element in [*at.markdown, *at.caption])


def test_the_map_shows_the_exact_aggregated_posterior(app: App, add_run: AddRun) -> None:
    run = add_run("mine")
    header, arrays = parcel(app("latent_map", run="mine"), "picture")
    codes, size, first, cell = run.posteriors, *(header["grid"][name] for name in ("size", "x", "cell"))
    assert first == -4
    # Point by point: the mixture of all posteriors, none drawn narrower than a cell.
    for i, j in ((size // 2, size // 2), (size // 3, size // 2), (size // 4, 3 * size // 4)):
        z = np.array([first + i * cell, first + j * cell])
        sigma = np.maximum(np.exp(codes.log_var.numpy() / 2), cell)
        each = -0.5 * ((z - codes.mean.numpy()) / sigma) ** 2 - np.log(sigma) - 0.5 * math.log(2 * math.pi)
        total = np.logaddexp.reduce(each.sum(axis=1)) - math.log(len(sigma))
        assert arrays["log_q"][i, j] == pytest.approx(total, abs=1e-3)
    assert "exact aggregated posterior" in header["meaning"]


def test_the_holes_are_those_of_the_library_at_the_links_threshold(app: App, add_run: AddRun) -> None:
    run = add_run("mine")
    for ratio in (10, 3):
        header, _ = parcel(app("latent_map", run="mine", ratio=str(ratio)), "holes")
        expected = aggregate.holes(aggregate.grid(run.posteriors), ratio=ratio)
        assert header["ratio"] == ratio
        assert [hole["mass"] for hole in header["list"]] == pytest.approx([h.prior_mass for h in expected])


def test_a_link_reopens_the_view(app: App, add_run: AddRun) -> None:
    add_run("mine")
    at = app("latent_map", run="mine", layers="ratio,prior", range="8", view="1,0,2", z="1.5,-0.25")
    header, _ = parcel(at, "picture")
    state = data_of(at, "revision")["state"]
    assert header["extent"] == 8
    assert (state["pin"], state["layers"], state["view"]) == ([1.5, -0.25], ["ratio", "prior"], [1, 0, 2])
    assert at.query_params["z"] == "1.5,-0.25"


def test_a_pin_is_answered_with_the_exact_densities(app: App, add_run: AddRun) -> None:
    run = add_run("mine")
    answer = data_of(app("latent_map", run="mine", z="0.5,-0.25"), "revision")["answer"]
    z = torch.tensor([[0.5, -0.25]])
    assert answer["log_q"] == pytest.approx(float(aggregate.log_density(run.posteriors, z)), abs=1e-5)
    assert answer["log_p"] == pytest.approx(-math.log(2 * math.pi) - 0.5 * (0.25 + 0.0625), abs=1e-5)


@pytest.mark.parametrize("z", ["nan,1", "1", "1,2,3", "inf,inf", "<b>,1", ""])
def test_a_point_that_is_none_is_ignored(app: App, add_run: AddRun, z: str) -> None:
    add_run("mine")
    at = app("latent_map", run="mine", z=z)
    assert not at.exception
    assert data_of(at, "revision")["state"]["pin"] is None


def test_values_of_a_link_are_clamped(app: App, add_run: AddRun) -> None:
    add_run("mine")
    at = app("latent_map", run="mine", z="1e9,-1e9", layers="nonsense", range="17", ratio="-1")
    assert data_of(at, "revision")["state"]["pin"] == [100, -100]
    assert parcel(at, "picture")[0]["extent"] == 4
    assert parcel(at, "holes")[0]["ratio"] == 10


def test_with_no_run_it_says_where_to_go(app: App) -> None:
    at = app("latent_map")
    assert not at.exception
    assert "no run to look at" in at.info[0].value


def test_a_run_without_codes_says_that_they_are_to_come(app: App, add_run: AddRun) -> None:
    run = add_run("young", state="running", heartbeat=2e9)
    (run.path / "posteriors.safetensors").unlink()
    (run.path / "frames" / "latest.safetensors").unlink()
    at = app("latent_map", run="young")
    assert "no latent codes" in at.info[0].value


def test_a_run_in_training_is_drawn_from_its_newest_frame(app: App, add_run: AddRun) -> None:
    run = add_run("young", state="running", heartbeat=2e9)
    frame = run.frame()
    assert frame is not None
    header, arrays = parcel(app("latent_map", run="young"), "picture")
    assert f"{len(frame['mean'])} test images" in header["meaning"]
    rows = points.numbers(len(frame["mean"]), len(frame["mean"]))
    np.testing.assert_allclose(arrays["mean"], frame["mean"][rows].astype(np.float32))


# --- more than two dimensions, and what is below the map ------------------------------------------


@pytest.fixture(scope="session")
def deep(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An autoencoder of the small digits with four dimensions: holes wherever one looks."""
    from vae_core import recipes

    path = tmp_path_factory.mktemp("deep") / "deep"
    changes = {"latent": 4, "data.name": "digits", "training.steps": 150}
    train(recipes.get("autoencoder-2d").change(**changes), out=path)
    return path


@pytest.fixture
def four(deep: Path, own_runs: Path) -> Run:
    shutil.copytree(deep, own_runs / "four")
    return Run(own_runs / "four")


def test_a_marginal_says_that_it_can_hide_a_hole(app: App, four: Run) -> None:
    at = app("latent_map", run="four", range="4", across="2", up="4")
    header, arrays = parcel(at, "picture")
    grid = aggregate.grid(four.posteriors, dims=(1, 3))
    assert header["axes"] == ["z2", "z4"]
    assert "a marginal can hide a hole" in header["meaning"]
    np.testing.assert_allclose(arrays["log_q"], grid.log_q, atol=1e-4)


def test_beside_a_marginal_stands_the_hole_mass_in_all_dimensions(app: App, four: Run) -> None:
    at = app("latent_map", run="four")
    codes = newest(four)
    assert codes is not None
    holes, _ = tasks.start(headline.exact, codes, 10.0).result()
    exact = aggregate.hole_mass(four.posteriors)
    assert holes.value == pytest.approx(exact.value, abs=1e-6)
    at.run()
    assert {number.label: number.value for number in at.metric}["Hole mass"] == headline.percent(exact.value)
    assert "in all 4 dimensions" in html(at)


def test_the_elbo_beside_the_map_is_the_one_that_is_taken_apart_below_it(app: App, joint: Run) -> None:
    # A model of image and class pays for the class, too; and the page Generate speaks of the same number.
    at = app("latent_map", run="joint", show="kl")
    codes = newest(joint)
    assert codes is not None
    tasks.start(decomposition.surgery, codes).result()
    tasks.start(headline.exact, codes, 10.0).result()
    page = html(at.run())
    assert joint.evaluation is not None
    elbo = shown.nats(joint.evaluation["elbo"])
    assert elbo in [number.value for number in at.metric if number.label == "ELBO"]
    assert "<small>nats per test image, of log p(x, y)</small>" in page
    assert f"−ELBO: {elbo.removeprefix('−')} nats per image, of log p(x, y)" in page
    assert "<b>KL of the class</b> 2.30 nats" in page

    at = app("generate", run="joint", generate_do="measures")
    tasks.start(
        measures.measure, str(joint.path), weights(joint), lane="measuring-classes", tracked=True
    ).result()
    assert f"of log p(x, y): **{elbo}** nats" in words(at.run())


def test_the_map_of_points_counts_and_reads_what_is_exact_and_its_range_fits_the_codes(
    app: App, add_run: AddRun
) -> None:
    # Codes like an autoencoder's: points, spread far beyond the prior.
    run = add_run("points")
    file = run.path / files.POSTERIORS
    arrays = safetensors.torch.load_file(file)
    arrays["log_var"] = torch.full_like(arrays["log_var"], -variance_bound.BOUND)
    arrays["mean"] = (arrays["mean"].float() * 11 / arrays["mean"].float().abs().quantile(0.9)).half()
    safetensors.torch.save_file(arrays, file)
    files.write_json(run.path / files.EVALUATION, (run.evaluation or {}) | {"hole_mass": None})
    at = app("latent_map", run="points")
    header, seen = parcel(at, "picture")
    assert header["extent"] == 16
    assert showing(at.select_slider, "at:range").value == 16
    codes, size, first, cell = run.posteriors, *(header["grid"][name] for name in ("size", "x", "cell"))
    axis = first + cell * torch.arange(size).double()
    at_points = torch.cartesian_prod(axis, axis)
    exact = aggregate.log_density(codes, at_points).view(size, size).clamp(min=header["floor"])
    np.testing.assert_allclose(seen["exact"], exact, atol=0.1)  # a point is 3e-4 wide
    assert (seen["log_q"] > seen["exact"] + 5).mean() > 0.1  # one cell wide, to be seen

    listed, _ = parcel(at, "holes")
    mass = aggregate.hole_mass(codes)
    total = sum(hole["mass"] for hole in listed["list"])
    assert total == pytest.approx(mass.value, abs=4 * mass.error + 0.01)

    # One press gives the range of all other runs, and stays in the link; another follows the codes again.
    at.button(key="map-range").click().run()
    assert (at.query_params["range"], parcel(at, "picture")[0]["extent"]) == ("4", 4)
    at.button(key="map-range").click().run()
    assert "range" not in at.query_params
    assert parcel(at, "picture")[0]["extent"] == 16
    add_run("usual")
    assert parcel(app("latent_map", run="usual"), "picture")[0]["extent"] == 4


def test_where_variances_stand_on_their_bound_no_page_shows_a_kl_or_an_elbo(
    app: App, add_run: AddRun
) -> None:
    run = add_run("points")
    with safetensors.safe_open(run.path / files.POSTERIORS, "pt") as file:
        arrays = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    arrays["log_var"] = torch.full_like(arrays["log_var"], -variance_bound.BOUND)
    safetensors.torch.save_file(arrays, run.path / files.POSTERIORS)
    numbers = json.loads((run.path / files.EVALUATION).read_text())
    note = variance_bound.undefined_kl(arrays["log_var"])
    assert note == "KL undefined: 100 % of variances stand on the bound."
    elbo, kl = shown.nats(numbers["elbo"]), f"{numbers['kl']:.2f}"
    files.write_json(run.path / files.EVALUATION, numbers | {"kl_note": note})
    codes = newest(run)
    assert codes is not None

    at = app("latent_map", run="points", show="kl")
    tasks.start(decomposition.surgery, codes).result()
    tasks.start(headline.exact, codes, 10.0).result()
    at.run()
    page = html(at) + "".join(warning.value for warning in at.warning)
    assert page.count("KL undefined") == 2  # beside the map, and below it
    assert "Reconstruction" in page + words(at)
    for text in (page, html(app()), html(app("traverse", run="points"))):
        assert elbo not in text
        assert f"{kl} nats" not in text
    assert "KL undefined" in words(app("traverse", run="points"))


def test_the_pca_plane_is_that_of_the_codes(app: App, four: Run) -> None:
    header, arrays = parcel(app("latent_map", run="four", plane="pca", range="4"), "picture")
    origin, u, v = aggregate.pca_plane(four.posteriors)
    np.testing.assert_allclose([header["u"], header["v"]], torch.stack([u, v]), atol=1e-5)
    grid = aggregate.plane(four.posteriors, origin, u, v, size=header["grid"]["size"])
    np.testing.assert_allclose(arrays["log_q"], grid.log_q, atol=1e-3)


def test_a_slice_goes_through_the_pin_and_its_holes_count_the_held_coordinates(app: App, four: Run) -> None:
    z = [0.5, 1.25, -1.0, 2.0]
    at = app("latent_map", run="four", plane="slice", range="4", across="1", up="3", z=",".join(map(str, z)))
    header, arrays = parcel(at, "picture")
    grid = aggregate.slice(four.posteriors, torch.tensor(z), dims=(0, 2))
    assert header["origin"] == [0, 1.25, 0, 2]
    assert header["rest"] == pytest.approx(grid.rest, abs=1e-3)
    np.testing.assert_allclose(arrays["log_q"], grid.log_q, atol=1e-3)
    holes, _ = parcel(at, "holes")
    assert [h["mass"] for h in holes["list"]] == pytest.approx([h.prior_mass for h in aggregate.holes(grid)])
    assert data_of(at, "revision")["frames"] is None  # a slice has no replay


def test_the_same_dimension_twice_is_two_different_ones(app: App, four: Run) -> None:
    header, _ = parcel(app("latent_map", run="four", across="4", up="4"), "picture")
    assert header["axes"] == ["z4", "z3"]


def test_go_to_pins_the_whole_code_of_the_hole(app: App, four: Run) -> None:
    z = "0.5,1.25,-1,2"
    at = app("latent_map", run="four", plane="slice", range="4", across="1", up="3", z=z, ratio="2")
    (hole, *_) = parcel(at, "holes")[0]["list"]
    revision = data_of(at, "revision")["revision"]
    at.button(key="go-to-1").click().run()
    state = data_of(at, "revision")
    expected = [hole["center"][0], 1.25, hole["center"][1], 2.0]
    assert state["state"]["pin"] == pytest.approx(expected, abs=1e-4)
    assert state["revision"] > revision
    assert not at.exception


def test_the_table_of_holes_as_csv_is_what_the_library_finds(app: App, four: Run) -> None:
    codes = newest(four)
    assert codes is not None
    view = View("slice", (0, 2), ratio=2.0, through=(0.0, 1.25, 0.0, 2.0))
    rows = list(csv.DictReader(io.StringIO(downloads.table(codes, view))))
    grid = aggregate.slice(four.posteriors, torch.tensor([0.0, 1.25, 0.0, 2.0]), dims=(0, 2))
    expected = aggregate.holes(grid, ratio=2.0)
    assert [float(row["prior_mass"]) for row in rows] == pytest.approx(
        [h.prior_mass for h in expected], rel=1e-4
    )
    for row, hole in zip(rows, expected, strict=True):
        assert (float(row["z1"]), float(row["z3"])) == pytest.approx(tuple(hole.center.tolist()), abs=1e-4)
        assert (row["code_z2"], row["code_z4"]) == ("1.25", "2")


def test_umap_is_offered_and_says_what_it_is_not(
    app: App, four: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delitem(sys.modules, "umap", raising=False)  # another test of this process may have used it
    at = app("latent_map", run="four", show="umap")
    assert "never a density" in words(at)
    assert at.button(key="umap").label == "Compute UMAP"
    assert "umap" not in sys.modules


def test_a_kept_umap_is_shown(app: App, four: Run) -> None:
    codes = four.codes
    assert codes is not None
    arrays = {
        "xy": np.zeros((len(codes["mean"]), 2), np.float16),
        "labels": codes["labels"],
        "step": codes["step"],
    }
    (four.path / files.UMAP).write_bytes(frames.pack(arrays))
    at = app("latent_map", run="four", show="umap")
    assert at.get("plotly_chart")
    assert not [button for button in at.button if button.key == "umap"]


def test_a_run_whose_images_are_not_here_says_so_and_keeps_its_map(
    app: App, shipped: Shipped, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("VAE_DATA", str(tmp_path / "nothing"))
    monkeypatch.setenv("HOME", str(tmp_path / "nobody"))
    shipped("vae-2d-mnist", "mine")
    at = app("latent_map", run="mine", show="samples", z="0.5,0.5")
    assert "MNIST is not on this machine" in at.info[0].value
    assert "MNIST is not on this machine" in data_of(at, "revision")["answer"]["measure"]
    assert parcel(at, "picture")
    assert not at.exception


def test_the_browser_is_told_in_every_run_where_a_slider_stands_and_is_never_made_to_move_it(
    app: App, add_run: AddRun
) -> None:
    """A first run that a second one overtakes may never arrive; a slider that is new shows its default. What
    the browser is made to show would undo what its user chose while the run was under way."""
    add_run("mine")
    at = app("latent_map", run="mine")
    for _ in range(2):
        slider = showing(at.select_slider, "at:ratio")
        assert slider.value == 10
        assert list(slider.proto.default) == [slider.options.index("10")]
        assert not slider.proto.set_value
        at.run()


def test_a_decoder_that_is_told_the_class_has_one_chosen_in_the_link(app: App, own_runs: Path) -> None:
    from vae_core import recipes

    spec = recipes.get("cvae").change(**{"data.name": "digits", "training.steps": 20, "net.widths": [16]})
    train(spec, own_runs / "told")
    at = app("latent_map", run="told", **{"class": "7"})
    assert showing(at.selectbox, "at:class").value == 7
    assert parcel(at, "decoder")[0]["condition"]["weights"] == np.eye(10)[7].tolist()
    showing(at.selectbox, "at:class").set_value(3).run()
    assert parcel(at, "decoder")[0]["condition"]["weights"] == np.eye(10)[3].tolist()
    assert not at.exception
    assert (
        parcel(app("latent_map", run="told", **{"class": "x"}), "decoder")[0]["condition"]["weights"][0] == 1
    )

"""Traverse: what the board gets, whom dimensions tell about, and a link that reopens the view."""

import csv
import io
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from streamlit.testing.v1 import AppTest

from pages.sections.traverse import downloads
from pages.sections.traverse.controls import TraverseView
from pages.sections.traverse.downloads import Hand
from tests.pages.records import a_record
from tests.pages.shown import data_of, parcels, words
from vae_core import data
from vae_core.analysis import traverse
from vae_core.runs import files, names
from vae_core.runs.run import Run
from widgets.components.traverse import TraverseState

App = Callable[..., AppTest]
AddRun = Callable[..., Run]
Shipped = Callable[[str, str], Run]


# --- the board --------------------------------------------------------------------------------------


def test_sliders_start_at_the_code_of_the_chosen_image(app: App, add_run: AddRun) -> None:
    run = add_run("mine")
    ((header, arrays),) = parcels(app("traverse", run="mine", start="5"), "traversal")
    image = data.load("digits", "test").images[5:6]
    np.testing.assert_allclose(arrays["origin"], run.model.posteriors(image).mean[0], atol=1e-6)
    np.testing.assert_array_equal(arrays["image"], image[0].permute(1, 2, 0))
    used = traverse.usage(run.posteriors)
    np.testing.assert_allclose(arrays["kl"], used.kl, atol=1e-6)
    assert arrays["order"].tolist() == used.order.tolist()
    assert header["from_image"]


def test_from_the_priors_mean_all_sliders_start_at_zero(app: App, add_run: AddRun) -> None:
    add_run("mine")
    at = app("traverse", run="mine", **{"from": "prior"})
    ((header, arrays),) = parcels(at, "traversal")
    assert not header["from_image"]
    assert arrays["origin"].tolist() == [0, 0]
    assert "image" not in arrays


@pytest.mark.parametrize("reach, most, ticks", [("2", 2, 9), ("3", 3, 7), ("4", 4, 9), ("nonsense", 3, 7)])
def test_a_range_in_sigmas_is_the_same_for_all(
    app: App, add_run: AddRun, reach: str, most: float, ticks: int
) -> None:
    add_run("mine")
    ((header, arrays),) = parcels(app("traverse", run="mine", reach=reach), "traversal")
    np.testing.assert_allclose(arrays["stops"], np.linspace([-most] * 2, [most] * 2, ticks, axis=1))
    assert header["ticks"][-1] == f"{most}σ"


def test_a_range_in_quantiles_is_that_of_the_aggregated_posterior(app: App, add_run: AddRun) -> None:
    run = add_run("mine")
    ((header, arrays),) = parcels(app("traverse", run="mine", reach="quantiles"), "traversal")
    np.testing.assert_allclose(arrays["stops"], traverse.quantiles(run.posteriors), atol=1e-5)
    assert header["ticks"] == ["1 %", "5 %", "15 %", "30 %", "50 %", "70 %", "85 %", "95 %", "99 %"]


def test_a_link_reopens_image_sliders_range_and_the_second_run(app: App, add_run: AddRun) -> None:
    add_run("mine")
    add_run("yours")
    link = {"start": "3", "move": "2:1.5", "move2": "1:-0.25", "with": "yours", "linked": "0", "reach": "4"}
    at = app("traverse", run="mine", **link)
    said = data_of(at, "models")
    assert TraverseState.from_browser(said["state"], [2, 2]) == TraverseState(
        (((1, 1.5),), ((0, -0.25),)), linked=False
    )
    assert [header["key"] for header, _ in parcels(at, "traversal")] == ["mine", "yours"]
    assert {name: at.query_params[name] for name in link} == link


@pytest.mark.parametrize(
    "link",
    [
        {"move": "9:1"},
        {"move": "nan:nan,1:inf,<b>:2"},
        {"start": "99999"},
        {"start": "-1"},
        {"with": "mine"},
        {"with": "../elsewhere"},
        {"names": "mine,1:x"},
        {"of": "nobody"},
        {"part": "nothing"},
    ],
)
def test_what_a_link_says_is_checked(app: App, add_run: AddRun, link: dict[str, str]) -> None:
    add_run("mine")
    at = app("traverse", run="mine", **link)
    assert not at.exception
    assert not at.error
    assert data_of(at, "models")["state"]["moved"] == []
    assert len(parcels(at, "traversal")) == 1


def test_another_image_moves_the_sliders_to_its_code(app: App, add_run: AddRun) -> None:
    add_run("mine")
    at = app("traverse", run="mine", start="3", move="1:1.5")
    before = data_of(at, "models")
    assert before["state"]["moved"] == [[[0, 1.5]]]
    at.session_state["start-change"] = True
    at.run().number_input[0].set_value(4).run()
    after = data_of(at, "models")
    assert at.query_params["start"] == "4"
    assert after["state"]["moved"] == []
    assert after["revision"] > before["revision"]
    assert "move" not in at.query_params


def test_both_runs_encode_the_same_image_each_with_its_own_encoder(
    app: App, add_run: AddRun, sprites: Callable[..., Run]
) -> None:
    run = add_run("mine")
    other = add_run("yours")
    model = other.model
    from safetensors.torch import save_file

    with torch.no_grad():
        for parameter in model.encoder.parameters():
            parameter.mul_(1.1)
    save_file(model.state_dict(), other.path / files.WEIGHTS)
    sprites("larger")
    at = app("traverse", run="mine", start="7", **{"with": "yours"})
    image = data.load("digits", "test").images[7:8]
    for each, (_, arrays) in zip((run, Run(other.path)), parcels(at, "traversal"), strict=True):
        np.testing.assert_allclose(arrays["origin"], each.model.posteriors(image).mean[0], atol=1e-5)
    options = next(box for box in at.selectbox if box.label == "Compare with").options
    assert not any("larger" in option for option in options)  # images of another size


def test_with_no_run_it_says_where_to_go(app: App) -> None:
    assert "no run to look at" in app("traverse").info[0].value


def test_a_run_without_weights_says_that_they_are_to_come(app: App, add_run: AddRun) -> None:
    run = add_run("young", state="running", heartbeat=2e9)
    (run.path / files.WEIGHTS).unlink()
    assert "no weights" in app("traverse", run="young").info[0].value


def test_an_unreadable_run_is_a_sentence(app: App, add_run: AddRun) -> None:
    run = add_run("broken")
    (run.path / files.SPEC).write_text("{")
    at = app("traverse", run="broken")
    assert not at.exception
    assert at.error


def test_a_run_in_training_can_be_traversed(app: App, add_run: AddRun) -> None:
    add_run("young", state="running", heartbeat=2e9)
    at = app("traverse", run="young")
    assert not at.exception
    assert "still training" in parcels(at, "traversal")[0][0]["note"]


def test_a_model_that_is_told_classes_is_told_that_of_the_image(app: App, own_runs: Path) -> None:
    from vae_core import recipes, train

    train(recipes.get("cvae").change(**{"data.name": "digits", "training.steps": 10}), out=own_runs / "told")
    split = data.load("digits", "test")
    assert split.labels is not None
    at = app("traverse", run="told", start="4")
    ((decoder, _),) = parcels(at, "decoder")
    assert np.argmax(decoder["condition"]["weights"]) == split.labels[4]
    assert f"told the image's class, {split.labels[4]}" in words(at)
    assert "their blend" in words(app("traverse", run="told", **{"from": "prior"}))


def test_a_run_whose_images_are_not_here_starts_from_its_probes(
    app: App, shipped: Shipped, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("VAE_DATA", str(tmp_path / "nothing"))
    monkeypatch.setenv("HOME", str(tmp_path / "nobody"))
    run = shipped("vae-2d-mnist", "mine")
    at = app("traverse", run="mine", start="2")
    ((_, arrays),) = parcels(at, "traversal")
    assert run.probes is not None
    np.testing.assert_array_equal(arrays["image"][..., 0], run.probes[2, 0])
    assert "MNIST is not on this machine" in words(at)


# --- names ------------------------------------------------------------------------------------------


def test_names_kept_with_a_run_are_shown(app: App, add_run: AddRun) -> None:
    run = add_run("mine")
    names.save(run.path, 2, 1, "slant")
    assert data_of(app("traverse", run="mine"), "models")["names"] == [["", "slant"]]


def test_names_of_a_shipped_run_come_from_the_link_and_leave_its_folder_alone(
    app: App, add_run: AddRun
) -> None:
    run = add_run("shown", card={"title": "Shown"})
    at = app("traverse", run="shown", names="shown,2:slant%2C left,7:x,<b>:y")
    assert data_of(at, "models")["names"] == [["", "slant, left"]]
    assert "came with the app" in words(at)
    assert not (run.path / files.NAMES).exists()
    assert data_of(app("traverse", run="shown", names="another,2:slant"), "models")["names"] == [["", ""]]


# --- take away --------------------------------------------------------------------------------------


def test_pictures_and_numbers_can_be_taken_away(app: App, sprites: Callable[..., Run]) -> None:
    run = sprites()
    a_record(run)
    at = app("traverse", run="sprites", part="save")
    labels = [button.proto.label for button in at.get("download_button")]
    first = int(traverse.usage(run.posteriors).order[0]) + 1
    pictures = ["Strips, PNG", "Strips, PNG 2×", "Strips, PNG 4×", "All as GIF", f"z{first} as GIF"]
    assert labels == [*pictures, "Dimensions, CSV", "Matrix, CSV", "Metrics, CSV"]


def test_the_table_of_dimensions_is_sorted_and_exact(sprites: Callable[..., Run]) -> None:
    run = sprites()
    hand = Hand(TraverseState((((2, 1.25),),)))
    called = names.save(run.path, 4, 2, "width, or so")
    rows = list(
        csv.DictReader(
            io.StringIO(downloads.dimensions(TraverseView((run,), None, "3", "means"), 0, hand, called))
        )
    )
    used, at = traverse.usage(run.posteriors), traverse.quantiles(run.posteriors)
    assert [int(row["dimension"]) - 1 for row in rows] == used.order.tolist()
    for row in rows:
        d = int(row["dimension"]) - 1
        assert float(row["kl_nats"]) == pytest.approx(float(used.kl[d]), rel=1e-5)
        assert float(row["quantile_0.99"]) == pytest.approx(float(at[d, -1]), rel=1e-5)
        assert (row["name"], float(row["z"])) == (("width, or so", 1.25) if d == 2 else ("", 0))


def test_strips_and_films_hold_what_the_model_decodes(sprites: Callable[..., Run]) -> None:
    run = sprites()
    view, hand, called = TraverseView((run,), None, "3", "means"), Hand(), ("",) * 4
    shown = downloads.in_use(run)
    sheet = np.asarray(Image.open(io.BytesIO(downloads.strips_png(view, 0, hand, called))).convert("L"))
    decoded = (
        255 * run.model.decode_mean(traverse.along(torch.zeros(4), shown[0], torch.tensor([-3.0])))
    ).round()
    tile = np.kron(decoded[0, 0].numpy(), np.ones((2, 2)))
    top, left = 2 * downloads.strips.HEAD, downloads.strips.LABEL
    np.testing.assert_array_equal(sheet[top : top + 64, left : left + 64], tile)
    for dimension in (None, shown[0]):
        gif = Image.open(io.BytesIO(downloads.film(view, 0, hand, called, dimension)))
        assert (gif.format, gif.n_frames) == ("GIF", 32)

"""Compare: whose maps stand side by side, each run's own numbers above its map, a link that reopens them."""

import json
import re
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from tests.pages.shown import each_data_of
from vae_core import data, recipes, train
from vae_core.runs import files
from vae_core.runs.run import Run
from widgets.run_data.comparisons import PRESETS
from widgets.shell import words as shown

App = Callable[..., AppTest]
AddRun = Callable[..., Run]
Shipped = Callable[[str, str], Run]
ROOT = Path(__file__).parents[2]


@pytest.fixture
def gallery_runs(own_runs: Path) -> list[Run]:
    """The four betas, as they ship."""
    for name in PRESETS["Four betas"]:
        shutil.copytree(ROOT / "checkpoints" / name, own_runs / name)
    return [Run(own_runs / name) for name in PRESETS["Four betas"]]


def numbers(at: AppTest) -> list[str]:
    """What stands above each map, without its markup."""
    bodies = (element.proto.body for element in at.get("html"))
    return [
        re.sub(r"\s+", " ", re.sub(r"<[^>]*>", " ", body))
        for body in bodies
        if '<dl class="elbo-compared"' in body
    ]


def words(at: AppTest) -> str:
    return "\n".join(element.value for element in [*at.markdown, *at.caption, *at.info, *at.warning])


def test_hole_mass_and_elbo_are_those_of_each_run(app: App, gallery_runs: list[Run]) -> None:
    at = app("compare", runs=",".join(run.name for run in gallery_runs))
    assert not at.exception
    while any("…" in said for said in numbers(at)):
        at.run()
    assert len(numbers(at)) == len(gallery_runs)
    for said, run in zip(numbers(at), gallery_runs, strict=True):
        evaluation = json.loads((run.path / "evaluation.json").read_text())
        mass = 100 * evaluation["hole_mass"]
        assert f"Hole mass {mass:.{1 if mass >= 1 else 2}f} %" in said
        if evaluation["kl_note"] is None:
            assert f"ELBO {evaluation['elbo']:.1f} nats".replace("-", "−") in said
        else:  # of an autoencoder neither KL nor ELBO says anything
            assert f"Reconstruction {shown.nats(evaluation['reconstruction'])} nats" in said
            assert "no ELBO" in said


def test_all_maps_show_one_place_one_view_and_the_same_layers(app: App, add_run: AddRun) -> None:
    add_run("one")
    add_run("two")
    at = app("compare", runs="one,two", at="0.5,-1", view="1,0,2", layers="ratio,holes", range="8")
    controls, *maps = each_data_of(at, "revision")
    assert [each["size"] for each in (controls, *maps)] == ["controls", "compact", "compact"]
    for each in (controls, *maps):
        assert each["state"]["pin"] == [0.5, -1.0]
        assert each["state"]["view"] == [1.0, 0.0, 2.0]
        assert each["state"]["layers"] == ["ratio", "holes"]
        assert each["group"] == controls["group"]
    assert "does not" not in words(at)


def test_without_a_link_the_run_in_use_has_another_beside_it(app: App, add_run: AddRun) -> None:
    for name in ("one", "two", "three"):
        add_run(name)
    maps = each_data_of(app("compare", run="two"), "revision")[1:]
    assert len(maps) == 2
    assert maps[0]["label"] == "Latent map of two"


def test_a_missing_run_is_said_and_the_others_stay(app: App, add_run: AddRun) -> None:
    add_run("one")
    add_run("two")
    at = app("compare", runs="one,gone,two")
    assert [each["label"] for each in each_data_of(at, "revision")[1:]] == [
        "Latent map of one",
        "Latent map of two",
    ]
    (note,) = [warning.value for warning in at.warning if "gone" in warning.value]
    assert "There is no run named “gone” here" in note
    assert at.query_params["runs"] == "one,two"


def test_what_has_no_map_beside_the_others_says_why(
    app: App, add_run: AddRun, shipped: Shipped, own_runs: Path
) -> None:
    add_run("one")
    shipped("vae-2d-mnist", "larger")
    train(recipes.get("vae-2d").change(**{"data.name": "digits", "latent": 1, "training.steps": 3}),
        out=own_runs / "line")  # fmt: skip
    at = app("compare", runs="one,line,larger,one")
    assert [each["label"] for each in each_data_of(at, "revision")[1:]] == ["Latent map of one"]
    said = words(at)
    assert "line has one latent dimension" in said
    assert "larger is of images of 28 × 28 pixels, one of 8 × 8 pixels" in said
    boxes = [box for box in at.selectbox if box.label.startswith("Run of map")]
    assert [set(box.options) for box in boxes] == [{"one", "larger"}, {"one"}]


def test_no_more_than_four_stand_side_by_side(app: App, add_run: AddRun) -> None:
    names = [f"run-{k}" for k in range(5)]
    for name in names:
        add_run(name)
    at = app("compare", runs=",".join(names))
    assert len(each_data_of(at, "revision")) == 1 + 4
    assert "names 5 runs, and 4 stand side by side" in words(at)


def test_two_maps_become_four_and_two_again(app: App, add_run: AddRun) -> None:
    for k in range(4):
        add_run(f"run-{k}")
    at = app("compare", runs="run-1,run-3")
    (maps,) = [each for each in at.get("button_group") if each.label == "Maps"]
    maps.set_value(4).run()
    assert not at.exception
    asked = at.query_params["runs"].split(",")
    assert asked[:2] == ["run-1", "run-3"]
    assert len(set(asked)) == 4
    (maps,) = [each for each in at.get("button_group") if each.label == "Maps"]
    maps.set_value(2).run()
    assert at.query_params["runs"] == "run-1,run-3"
    for turn in range(4):  # by presets: each time the switch becomes another one
        at.query_params["runs"] = ",".join(f"run-{k}" for k in range(4 if turn % 2 == 0 else 2))
        at.run()
        (maps,) = [each for each in at.get("button_group") if each.label == "Maps"]
        name = re.sub(r"[^\w-]", "-", str(maps.key))
        assert f".st-key-{name}" not in (ROOT / "widgets" / "shell" / "app.css").read_text()


def test_a_run_that_is_shown_already_changes_places(app: App, add_run: AddRun) -> None:
    add_run("one")
    add_run("two")
    at = app("compare", runs="one,two")
    next(box for box in at.selectbox if box.label == "Run of map 2").set_value("one").run()
    assert at.query_params["runs"] == "two,one"


def test_the_same_image_is_pinned_where_each_encoder_puts_it(
    app: App, add_run: AddRun, own_runs: Path
) -> None:
    runs = [add_run("one")]
    train(recipes.get("vae-2d").change(**{"data.name": "digits", "training.steps": 5, "training.seed": 3}),
        out=own_runs / "two")  # fmt: skip
    runs.append(Run(own_runs / "two"))
    at = app("compare", runs="one,two", same="image", a="5")
    assert not at.exception
    pins = [each["state"]["pin"] for each in each_data_of(at, "revision")[1:]]
    for pin, run in zip(pins, runs, strict=True):
        assert pin == pytest.approx(run.posteriors.mean[5].tolist(), abs=1e-6)
        again = run.model.posteriors(
            data.binarise_static(data.load("digits", "test").images, "test"), None
        ).mean[5]
        assert pin == pytest.approx(again.tolist(), abs=0.02)  # what is stored has half precision
    assert all(each["state"]["image"] == 5 for each in each_data_of(at, "revision"))
    assert all(each["links"] == "image" for each in each_data_of(at, "revision"))
    assert len({each["images"] for each in each_data_of(at, "revision")}) == 1


def test_the_presets_are_one_press_from_home_and_on_the_page(
    app: App, own_runs: Path, gallery_runs: list[Run]
) -> None:
    here = {run.name for run in gallery_runs}
    for name in sorted({name for names in PRESETS.values() for name in names} - here):
        shutil.copytree(ROOT / "checkpoints" / "vae-2d-mnist", own_runs / name)  # in its place
        files.write_json(own_runs / name / files.CARD, {"title": name, "sentence": "", "order": 99})
    links = {link.proto.label: link.proto for link in app().get("page_link")}
    at = app("compare")
    for title, names in PRESETS.items():
        assert f"runs={'%2C'.join(names)}" in links[title].query_string
        next(button for button in at.button if button.label == title).click().run()
        assert not at.exception
        assert at.query_params["runs"] == ",".join(names)
        assert len(each_data_of(at, "revision")) == 1 + len(names)


def test_a_preset_of_which_a_run_is_missing_is_not_offered(app: App, gallery_runs: list[Run]) -> None:
    shown = {link.proto.label for link in app().get("page_link")}
    assert "Four betas" in shown
    assert "Noise and KL, apart" not in shown


def test_without_a_run_the_page_leads_to_training(app: App) -> None:
    assert "There is no run to look at yet" in words(app("compare"))

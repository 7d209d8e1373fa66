"""Interpolate: paths and sums of codes as the board gets them, what they pass, and a link that reopens it."""

import csv
import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from streamlit.testing.v1 import AppTest

from pages.sections.interpolate import (
    arithmetic,
    compare,
    downloads,
    geodesic_task,
    grid,
    lasso,
    path_codes,
    surprise,
)
from pages.sections.interpolate.grid import GridChoice
from pages.sections.interpolate.path import PathChoice
from pages.sections.interpolate.path_codes import Line
from tests.pages.shown import parcels, until, words
from vae_core import data
from vae_core.analysis import arithmetic as sums
from vae_core.analysis import interpolate as paths
from vae_core.browser import wire
from vae_core.model import oracle_classifier
from vae_core.runs import directions, files
from vae_core.runs.directions import Saved
from vae_core.runs.run import Run
from widgets.run_data.codes import newest, weights
from widgets.run_data.subject import Picked

App = Callable[..., AppTest]
AddRun = Callable[..., Run]

ROOT = Path(__file__).parents[2]
T = torch.linspace(-0.5, 1.5, 201, dtype=torch.float64)


def told(at: AppTest) -> dict[str, Any]:
    """What the board is told."""
    said = [json.loads(c.proto.json) for c in at.get("bidi_component") if c.proto.json]
    return next(each for each in said if "ways" in each)


def ends(run: Run, a: int = 0, b: int = 1) -> tuple[torch.Tensor, torch.Tensor]:
    mean = run.model.posteriors(data.load("digits", "test").images).mean
    return mean[a], mean[b]


def a_line(run: Run, kind: str = "linear") -> Line:
    a, b = ends(run, 3, 7)
    return Line(str(run.path), weights(run), (), (tuple(a.tolist()), tuple(b.tolist())), kind)


def a_view(run: Run, kind: str = "linear") -> PathChoice:
    images = data.load("digits", "test").images.numpy()
    a, b = (Picked(images[k], None, k, False, f"test image {k}") for k in (3, 7))
    return PathChoice((run,), a, b, kind)


# --- the path ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["linear", "spherical"])
def test_the_path_leads_from_the_code_of_a_to_that_of_b_and_half_as_far_beyond(
    app: App, add_run: AddRun, kind: str
) -> None:
    run = add_run("mine")
    at = app("interpolate", run="mine", a="3", b="7", way=kind)
    ((header, arrays),) = parcels(at, "path")
    a, b = ends(run, 3, 7)
    expected = getattr(paths, kind)(a, b, T)
    np.testing.assert_allclose(arrays["codes"], expected, atol=1e-5)
    assert (header["first"], header["last"], header["marks"]) == (-0.5, 1.5, [[0, "A"], [1, "B"]])
    images = data.load("digits", "test").images[[3, 7]]
    np.testing.assert_array_equal(arrays["ends"], images.permute(0, 2, 3, 1))


def test_below_the_frames_stands_the_exact_density_along_the_path(app: App, add_run: AddRun) -> None:
    run = add_run("mine")
    at = until(app("interpolate", run="mine", a="3", b="7"), lambda at: "log_q" in parcels(at, "path")[0][1])
    ((header, arrays),) = parcels(at, "path")
    a, b = ends(run, 3, 7)
    path = paths.linear(a, b, T)
    expected = paths.log_q_along(run.posteriors, path)
    np.testing.assert_allclose(arrays["log_q"], expected.log_q, atol=2e-3)
    np.testing.assert_allclose(arrays["log_p"], expected.log_p, atol=1e-4)
    facts = {name: value for name, value, _ in header["facts"]}
    assert facts["Length in latent space"] == f"{float((b - a).norm()):.2f} σ"
    faded = (data.load("digits", "test").images[[3, 7]].double() / 255).diff(dim=0).norm()
    assert facts["… of the pixels faded over"] == f"{float(faded):.1f}"


def test_a_geodesic_is_no_longer_in_pixels_than_the_straight_line(app: App, add_run: AddRun) -> None:
    run = add_run("mine")
    at = app("interpolate", run="mine", a="3", b="7", way="geodesic")
    at = until(at, lambda at: len(parcels(at, "path")[0][0]["facts"]) >= 5)  # and one where none was shorter
    ((header, arrays),) = parcels(at, "path")
    facts = {name: value for name, value, _ in header["facts"]}
    assert float(facts["Length in pixels"]) <= float(facts["… of the straight line"])
    a, b = ends(run, 3, 7)
    np.testing.assert_allclose(arrays["codes"][[50, 150]], torch.stack([a, b]), atol=1e-5)


def test_a_search_given_up_shows_the_straight_line_and_can_begin_again(add_run: AddRun) -> None:
    line = a_line(add_run("mine"), "geodesic")
    geodesic_task._search(line).cancelled = True  # before it began
    assert geodesic_task._find(line, 0) is None
    assert geodesic_task.start(line).result() is not None
    assert path_codes.along(line).shape == (201, 2)


def test_the_plane_holds_both_ends_however_far_they_are(add_run: AddRun) -> None:
    run = add_run("mine")
    found = newest(run)
    assert found is not None
    for far, extent in ((1.0, 4.0), (9.0, 10.0)):
        line = Line(str(run.path), weights(run), (), ((0.0, 0.0), (far, -0.5)))
        parcel = path_codes.plane(found, line)
        assert parcel is not None
        assert wire.header(parcel)["extent"] == extent


def test_two_runs_stand_under_each_other_each_with_its_own_codes(app: App, add_run: AddRun) -> None:
    add_run("mine")
    add_run("yours")
    at = app("interpolate", run="mine", beside="yours")
    assert [header["title"] for header, _ in parcels(at, "path")] == ["mine", "yours"]
    assert [header["strip"] for header, _ in parcels(at, "path")] == [False, True]  # one fade is enough


def with_beta(run: Run, beta: float) -> Run:
    spec = json.loads((run.path / files.SPEC).read_text())
    spec["objective"]["beta"] = beta
    (run.path / files.SPEC).write_text(json.dumps(spec))
    return Run(run.path)


def test_one_click_puts_the_autoencoder_beside_the_vae_and_says_why(app: App, add_run: AddRun) -> None:
    add_run("mine")
    with_beta(add_run("plain"), 0.0)
    at = app("interpolate", run="mine")
    at.button(key="autoencoder-against-vae").click().run()
    assert [header["title"] for header, _ in parcels(at, "path")] == ["mine", "plain"]
    assert compare.WHY in words(at)
    assert at.query_params["compare"] == "plain"
    assert not [button for button in at.button if button.key == "autoencoder-against-vae"]


def test_the_counterpart_has_the_same_images_and_dimensions(add_run: AddRun) -> None:
    vae, plain, other = add_run("vae"), with_beta(add_run("plain"), 0.0), with_beta(add_run("other"), 4.0)
    assert compare.pair(vae, [vae, other, plain]) == (vae, plain)
    assert compare.pair(plain, [other, vae, plain]) == (plain, vae)
    assert compare.pair(vae, [vae, other]) is None


# --- the class --------------------------------------------------------------------------------------


def reconstruction(run: Run, k: int) -> torch.Tensor:
    """Of a test image, under its own class."""
    split = data.load("digits", "test")
    assert split.labels is not None
    y = split.labels[[k]]
    return run.model.decode_mean(run.model.posteriors(split.images[[k]], y).mean, y)[0]


def decoded(run: Run, arrays: dict[str, np.ndarray], k: int) -> torch.Tensor:
    """At a point of the path that the board gets."""
    z, y = (torch.tensor(arrays[name][[k]]) for name in ("codes", "classes"))
    return run.model.decode_mean(z, y)[0]


def test_a_class_that_travels_leads_from_a_under_its_own_class_to_b_under_its_own(
    app: App, joint: Run
) -> None:
    at = app("interpolate", run="joint", a="3", b="7", way="spherical")
    ((_, arrays),) = parcels(at, "path")
    for k, image in ((50, 3), (150, 7)):
        torch.testing.assert_close(decoded(joint, arrays, k), reconstruction(joint, image))
    labels = data.load("digits", "test").labels
    assert labels is not None
    one, other = labels[[3, 7]].tolist()
    middle = np.zeros(10)
    middle[[one, other]] += 0.3, 0.7
    np.testing.assert_allclose(arrays["classes"][120], middle, atol=1e-6)
    np.testing.assert_array_equal(arrays["classes"][200], arrays["classes"][150])  # beyond B it stays B's


@pytest.mark.parametrize(("under", "of"), [("a", 3), ("b", 7), ("6", None)])
def test_a_class_that_is_held_is_the_same_all_along(app: App, joint: Run, under: str, of: int | None) -> None:
    at = app("interpolate", run="joint", a="3", b="7", under=under)
    ((header, arrays),) = parcels(at, "path")
    labels = data.load("digits", "test").labels
    assert labels is not None
    y = int(labels[of]) if of is not None else int(under)
    np.testing.assert_array_equal(arrays["classes"].argmax(1), y)
    assert header["facts"][0][:2] == ["Decoded as", str(y)]
    assert at.query_params["under"] == under


def test_what_is_taken_away_is_decoded_under_the_class_that_travels(joint: Run) -> None:
    labels = data.load("digits", "test").labels
    assert labels is not None
    one, other = labels[[3, 7]].tolist()
    codes = joint.model.posteriors(data.load("digits", "test").images[[3, 7]], labels[[3, 7]]).mean
    line = Line(str(joint.path), weights(joint), (one, other), tuple(map(tuple, codes.tolist())))
    ends = downloads.images(line, torch.tensor([0.0, 1.0], dtype=torch.float64), "means")
    for image, k in zip(ends, (3, 7), strict=True):
        np.testing.assert_allclose(image, 255 * reconstruction(joint, k), atol=0.51)
    rows = list(csv.DictReader(io.StringIO(downloads.numbers([joint], [line], [None]))))
    assert [rows[k]["classes"] for k in (50, 75, 150)] == [
        f"{one}:1",
        f"{one}:0.75 {other}:0.25",
        f"{other}:1",
    ]
    assert downloads.decoded(joint, line) == f"as {one} to {other}"


@pytest.mark.skipif(not (ROOT / "checkpoints" / "cvae-mnist").exists(), reason="the gallery is not here")
def test_the_shipped_model_told_classes_reaches_b_where_the_class_travels_and_not_where_it_is_as(
    mnist_root: Path,
) -> None:
    run, oracle = Run(ROOT / "checkpoints" / "cvae-mnist"), oracle_classifier.load("mnist")
    split, generator = data.load("mnist", "test"), torch.Generator().manual_seed(0)
    assert split.labels is not None
    pairs = torch.randint(len(split.images), (200, 2), generator=generator)
    one, other = pairs[split.labels[pairs[:, 0]] != split.labels[pairs[:, 1]]][:100].T
    assert len(one) == 100
    codes = run.model.posteriors(split.images[other], split.labels[other]).mean
    reached = {}
    for under, end in (("travels", other), ("a", one)):
        ys = zip(split.labels[one].tolist(), split.labels[end].tolist(), strict=True)
        lines = [Line(str(run.path), None, y, ((0.0,) * 5,) * 2) for y in ys]
        weights = torch.cat([path_codes.class_weights(line, torch.ones(1)) for line in lines])  # type: ignore[misc]
        read = oracle.read(run.model.decode_mean(codes, weights)).argmax(1)
        reached[under] = int((read == split.labels[other]).sum())
    assert reached == {"travels": 100, "a": 0}


# --- stops, surprise --------------------------------------------------------------------------------


@pytest.mark.parametrize("count", [1, 2, 6])
def test_a_path_is_at_each_stop_where_its_tick_says(app: App, joint: Run, count: int) -> None:
    images = [3, *range(10, 10 + count), 7]
    link = {f"stop{k + 1}": str(10 + k) for k in range(count)}
    at = app("interpolate", run="joint", a="3", b="7", stops=str(count), **link)
    ((header, arrays),) = parcels(at, "path")
    marks, points = header["marks"], len(arrays["codes"])
    assert [name for _, name in marks] == ["A", *map(str, range(1, count + 1)), "B"]
    assert (header["first"], header["last"]) == (0, 1)
    for (t, _), image in zip(marks, images, strict=True):
        k, frame = t * (points - 1), t * (header["frames"] - 1)
        assert k == pytest.approx(round(k))
        assert frame == pytest.approx(round(frame))  # it has a frame of its own
        torch.testing.assert_close(decoded(joint, arrays, round(k)), reconstruction(joint, image))
    np.testing.assert_array_equal(
        arrays["ends"], data.load("digits", "test").images[images].permute(0, 2, 3, 1)
    )
    assert {name: at.query_params[name] for name in link} == link


def test_a_stop_is_added_and_taken_away_and_the_others_stay_as_they_are(app: App, add_run: AddRun) -> None:
    add_run("mine")
    at = app("interpolate", run="mine", a="3", b="7")
    for _ in range(3):
        at.button(key="add-stop").click().run()
    three = parcels(at, "path")[0][1]["ends"]
    at.button(key="remove-stop-1").click().run()
    np.testing.assert_array_equal(parcels(at, "path")[0][1]["ends"], three[[0, 1, 3, 4]])
    assert at.query_params["stops"] == "2"
    for _ in range(2):
        at.button(key="remove-stop-0").click().run()
    assert len(parcels(at, "path")[0][1]["ends"]) == 2
    assert set(at.query_params) == {"run", "a", "b"}
    assert [mark for _, mark in parcels(at, "path")[0][0]["marks"]] == ["A", "B"]


def test_the_film_and_the_frames_of_a_path_with_stops_pass_each_of_them(add_run: AddRun) -> None:
    run = add_run("mine")
    images = data.load("digits", "test").images.numpy()
    picked = [Picked(images[k], None, k, False, f"test image {k}") for k in (3, 7, 9)]
    view = PathChoice((run,), picked[0], picked[2], "linear", stops=(picked[1],))
    assert [t for t, _ in view.marks] == [0, 0.5, 1]
    shown = downloads.faded(view, torch.tensor([1.0, 0.5, 0.0, 0.25]))
    np.testing.assert_array_equal(shown[:3], images[[9, 7, 3]])
    np.testing.assert_allclose(shown[3], (images[3].astype(float) + images[7]) / 2, atol=0.51)


def test_a_geodesic_with_a_stop_is_looked_for_on_both_sides_of_it(app: App, add_run: AddRun) -> None:
    run = add_run("mine")
    at = app("interpolate", run="mine", a="3", b="7", stops="1", stop1="9", way="geodesic")
    at = until(at, lambda at: "… of the straight line" in [f[0] for f in parcels(at, "path")[0][0]["facts"]])
    ((_, arrays),) = parcels(at, "path")
    mean = run.model.posteriors(data.load("digits", "test").images[[3, 9, 7]]).mean
    np.testing.assert_allclose(arrays["codes"][[0, 100, 200]], mean, atol=1e-5)


def test_a_surprise_is_of_different_classes_comes_back_with_its_seed_and_is_another_each_time(
    app: App, add_run: AddRun
) -> None:
    add_run("mine")
    labels = data.load("digits", "test").labels
    assert labels is not None
    assert all(
        len(set(labels[surprise.drawn(labels.numpy(), len(labels), seed)].tolist())) == 8
        for seed in range(50)
    )
    at = app("interpolate", run="mine", a="3", b="7", stops="1", stop1="9")
    seeds, shown = [], []
    for _ in range(2):
        at.button(key="surprise").click().run()
        seeds.append(at.query_params["surprise"])
        shown.append(parcels(at, "path")[0][1]["ends"])
        assert set(at.query_params) == {"run", "stops", "surprise"}
    assert seeds[0] != seeds[1]
    assert not np.array_equal(*shown)
    again = app("interpolate", run="mine", stops="1", surprise=seeds[1])
    np.testing.assert_array_equal(parcels(again, "path")[0][1]["ends"], shown[1])


# --- a grid -----------------------------------------------------------------------------------------

CORNERS = ((0, 0), (0, 8), (8, 0), (8, 8))


@pytest.mark.parametrize("kind", ["linear", "spherical"])
def test_the_corners_of_a_grid_are_the_four_reconstructions_each_under_its_class(
    app: App, joint: Run, kind: str
) -> None:
    link = {"tab": "grid", "a": "3", "b": "7", "c": "11", "d": "20", "grid_way": kind}
    at = app("interpolate", run="joint", **link)
    ((_, arrays),) = parcels(at, "grid")
    assert arrays["codes"].shape == (9, 9, 3)
    for (row, column), k in zip(CORNERS, (3, 7, 11, 20), strict=True):
        z, y = (torch.tensor(arrays[name][row, column])[None] for name in ("codes", "classes"))
        torch.testing.assert_close(joint.model.decode_mean(z, y)[0], reconstruction(joint, k))
    np.testing.assert_allclose(arrays["classes"][4, 4], arrays["classes"][[0, 0, 8, 8], [0, 8, 0, 8]].mean(0))
    assert {name: at.query_params[name] for name in link if name in at.query_params} == {
        name: value for name, value in link.items() if value != "linear"
    }


def test_the_picture_of_a_grid_holds_the_corners_where_they_are(add_run: AddRun) -> None:
    run = add_run("mine")
    images = data.load("digits", "test").images
    picked = tuple(Picked(images[k].numpy(), None, k, False, f"test image {k}") for k in (3, 7, 11, 20))
    sheet = np.asarray(Image.open(io.BytesIO(grid.sheet(run, GridChoice(picked, "linear", ())))).convert("L"))
    strips = downloads.strips
    for (row, column), image in zip(CORNERS, picked, strict=True):
        mean = run.model.posteriors(torch.tensor(image.image)[None]).mean
        decoded = (255 * run.model.decode_mean(mean)).round()[0, 0].numpy()
        top, left = 2 * strips.HEAD + row * (56 + strips.GAP), strips.LABEL + column * (56 + strips.GAP)
        np.testing.assert_allclose(sheet[top : top + 56, left : left + 56], np.kron(decoded, np.ones((7, 7))))


def test_a_surprise_gives_a_grid_four_corners_of_different_classes(app: App, add_run: AddRun) -> None:
    run = add_run("mine")
    at = app("interpolate", run="mine", tab="grid", c="5", d="6")
    at.button(key="surprise").click().run()
    assert set(at.query_params) == {"run", "tab", "surprise"}
    split = data.load("digits", "test")
    assert split.labels is not None
    seeded = surprise.drawn(split.labels.numpy(), len(split.labels), int(at.query_params["surprise"]))[:4]
    codes = parcels(at, "grid")[0][1]["codes"][[0, 0, 8, 8], [0, 8, 0, 8]]
    np.testing.assert_allclose(codes, run.model.posteriors(split.images[seeded]).mean, atol=1e-5)
    assert len(set(split.labels[seeded].tolist())) == 4


# --- the link ---------------------------------------------------------------------------------------


def test_a_link_reopens_the_view(app: App, add_run: AddRun) -> None:
    add_run("mine")
    link = {"a": "3", "b": "7", "way": "spherical", "t": "0.37"}
    at = app("interpolate", run="mine", **link)
    assert told(at)["t"] == 0.37
    assert {name: at.query_params[name] for name in link} == link


def test_the_way_back_to_the_page_leads_to_the_same_view(app: App, add_run: AddRun) -> None:
    add_run("mine")
    link = {"a": "3", "b": "7", "way": "spherical", "t": "0.37"}
    at = app("interpolate", run="mine", **link)
    at.switch_page("pages/traverse.py").run()
    at.query_params.clear()  # as the browser's address is on another page
    at.switch_page("pages/interpolate.py").run()
    assert told(at)["t"] == 0.37
    assert {name: at.query_params[name] for name in link} == link


@pytest.mark.parametrize(
    "link",
    [
        {"a": "99999", "b": "-1"},
        {"t": "nan", "way": "<b>"},
        {"t": "1e9", "beside": "../elsewhere"},
        {"tab": "nothing"},
        {"stops": "99", "stop1": "-3", "surprise": "x", "under": "77"},
        {"tab": "arithmetic", "direction": "sideways", "plus_is": "class-99", "times": "x"},
        {"tab": "arithmetic", "direction": "class", "of_class": "-3", "amount": "inf"},
        {"tab": "arithmetic", "direction": "kept", "kept": "<b>"},
    ],
)
def test_what_a_link_says_is_checked(app: App, add_run: AddRun, link: dict[str, str]) -> None:
    add_run("mine")
    at = app("interpolate", run="mine", **link)
    assert not at.exception
    assert not at.error
    assert len(parcels(at, "path")) == 1
    assert -3 <= told(at)["t"] <= 3


def test_with_no_run_it_says_where_to_go(app: App) -> None:
    assert "no run to look at" in app("interpolate").info[0].value


def test_a_run_without_weights_says_that_they_are_to_come(app: App, add_run: AddRun) -> None:
    run = add_run("young", state="running", heartbeat=2e9)
    (run.path / files.WEIGHTS).unlink()
    assert "no weights" in app("interpolate", run="young").info[0].value


def test_an_unreadable_run_is_a_sentence(app: App, add_run: AddRun) -> None:
    (add_run("broken").path / files.SPEC).write_text("{")
    at = app("interpolate", run="broken")
    assert not at.exception
    assert at.error


@pytest.mark.parametrize("latent", [1, 3])
@pytest.mark.parametrize("condition", ["none", "class"])
def test_runs_of_other_kinds_have_paths_too(app: App, own_runs: Path, latent: int, condition: str) -> None:
    from vae_core import recipes, train

    changes = {"latent": latent, "data.name": "digits", "condition.kind": condition, "training.steps": 2}
    train(recipes.get("vae-2d").change(**changes), out=own_runs / "other")
    images = {"tab": "arithmetic", "plus": "3", "minus": "7"}
    for link in ({"way": "spherical"}, images, {"tab": "arithmetic", "direction": "class"}, {"tab": "grid"}):
        at = app("interpolate", run="other", **link)
        assert not at.exception
        assert not at.error
        if link.get("tab") == "grid":
            assert parcels(at, "grid")[0][1]["codes"].shape == (9, 9, latent)
            continue
        if "direction" in link and not parcels(at, "path"):  # of two steps of training
            assert "cannot be told from chance" in words(at)
            continue
        ((_, arrays),) = parcels(at, "path")
        assert arrays["codes"].shape == (201, latent)
        assert len(parcels(at, "plane")) == (latent > 1)
    if condition == "class":
        at = app("interpolate", run="other")
        one, other = data.load("digits", "test").labels[:2].tolist()
        assert parcels(at, "path")[0][0]["facts"][0][:2] == ["Decoded as", f"{one} to {other}"]


# --- arithmetic -------------------------------------------------------------------------------------


def test_c_plus_a_less_b_is_where_t_is_one(app: App, add_run: AddRun) -> None:
    run = add_run("mine")
    at = app("interpolate", run="mine", tab="arithmetic", plus="3", minus="7", to="5")
    ((header, arrays),) = parcels(at, "path")
    (a, b), (c, _) = ends(run, 3, 7), ends(run, 5, 0)
    np.testing.assert_allclose(arrays["codes"][150], sums.analogy(a, b, c), atol=1e-5)
    np.testing.assert_allclose(arrays["codes"][50], c, atol=1e-5)
    assert header["marks"] == [[0, "C"], [1, "A − B + C"]]
    assert told(at)["t"] == 1


def test_an_operand_may_be_the_mean_of_a_class(app: App, add_run: AddRun) -> None:
    run = add_run("mine")
    link = {"plus_is": "class-4", "minus_is": "zero", "to_is": "class-2"}
    ((_, arrays),) = parcels(app("interpolate", run="mine", tab="arithmetic", **link), "path")
    labels = run.posteriors.labels
    assert labels is not None
    means = sums.class_means(run.posteriors.mean, labels)
    np.testing.assert_allclose(arrays["codes"][150], means[4] + means[2], atol=1e-5)


def test_arithmetic_begins_with_the_two_classes_that_are_furthest_apart(app: App, add_run: AddRun) -> None:
    run = add_run("mine")
    split, mean = data.load("digits", "test"), run.posteriors.mean
    assert split.labels is not None
    labels = split.labels
    apart = {
        (a, b): sums.direction(mean, labels == a, labels == b) for a in range(10) for b in range(a + 1, 10)
    }
    (_, b), found = max(apart.items(), key=lambda each: each[1].norm / each[1].chance)
    assert found.norm > 2 * found.chance
    at = app("interpolate", run="mine", tab="arithmetic")
    ((header, arrays),) = parcels(at, "path")
    third = ends(run, int((labels == b).nonzero()[0]))[0]  # C is of B's class
    np.testing.assert_allclose(arrays["codes"][50], third, atol=1e-5)
    np.testing.assert_allclose(arrays["codes"][150], third + found.vector, atol=1e-5)
    facts = {name: value for name, value, _ in header["facts"]}
    assert facts["… by chance alone"] == f"{found.chance:.2f} σ"
    assert set(at.query_params) == {"run", "tab"}


def test_arithmetic_of_a_model_told_classes_begins_with_two_styles_of_one_class_and_an_image_of_another(
    app: App, joint: Run
) -> None:
    at = app("interpolate", run="joint", tab="arithmetic")
    assert at.query_params == {"run": "joint", "tab": "arithmetic"}
    split, newest_codes = data.load("digits", "test"), newest(joint)
    assert split.labels is not None
    assert newest_codes is not None
    style = list(arithmetic.styles(newest_codes))
    one, other, third = split.labels[style].tolist()
    assert one == other != third
    mean, axis = joint.posteriors.mean, sums.principal_axis(joint.posteriors.mean)
    below = mean @ axis.float()
    assert below[style[0]] > below[style[1]]
    a, b, c = joint.model.posteriors(split.images[style], split.labels[style]).mean
    ((_, arrays),) = parcels(at, "path")
    np.testing.assert_allclose(arrays["codes"][[50, 150]], torch.stack([c, a - b + c]), atol=1e-5)
    np.testing.assert_array_equal(arrays["classes"].argmax(1), third)


def test_a_direction_of_chance_length_is_a_sentence_and_no_row_of_equal_frames(
    app: App, add_run: AddRun
) -> None:
    run = add_run("mine")
    directions.save(run.path, 2, Saved("noise", (0.01, 0.02), chance=0.02, count=20, rest=20, error=0.02))
    at = app("interpolate", run="mine", tab="arithmetic", direction="saved")
    assert "cannot be told from chance" in at.info[0].value
    assert parcels(at, "path") == []
    at = app("interpolate", run="mine", tab="arithmetic", plus="3", minus="3", to="5")
    assert "no length" in at.info[0].value


def test_a_class_against_the_rest_is_a_direction_with_its_error(app: App, add_run: AddRun) -> None:
    run = add_run("mine")
    link = {"direction": "class", "of_class": "0", "to_is": "zero"}
    ((header, arrays),) = parcels(app("interpolate", run="mine", tab="arithmetic", **link), "path")
    labels = run.posteriors.labels
    assert labels is not None
    found = sums.direction(run.posteriors.mean, labels == 0)
    np.testing.assert_allclose(arrays["codes"][-1], 3 * found.vector, atol=1e-5)
    facts = {name: value for name, value, _ in header["facts"]}
    assert facts["… by chance alone"] == f"{found.chance:.2f} σ"
    assert (header["first"], header["last"]) == (-3, 3)


def test_high_against_low_in_a_factor_is_a_direction(app: App, add_run: AddRun) -> None:
    run = add_run("mine")
    truth = data.load("digits", "test").factors
    at = app("interpolate", run="mine", tab="arithmetic", direction="factor", to_is="zero")
    if truth is None:  # these images have none, so there is nothing to choose
        assert "factor" not in next(group for group in at.button_group if group.label == "Direction").options
        return
    at = until(at, lambda at: parcels(at, "path"))
    expected = sums.by_factor(run.posteriors.mean, truth[:, 0]).vector
    np.testing.assert_allclose(parcels(at, "path")[0][1]["codes"][-1], 3 * expected, atol=1e-5)


def test_a_direction_is_kept_with_the_users_own_run_and_found_again(app: App, add_run: AddRun) -> None:
    run = add_run("mine")
    at = app("interpolate", run="mine", tab="arithmetic", direction="class", of_class="0")
    at.text_input(key="direction-name").input("zeroness").run()
    at.button(key="keep-direction").click().run()
    (kept,) = directions.load(run.path, 2)
    assert (kept.name, kept.step) == ("zeroness", run.status.step)
    at = app("interpolate", run="mine", tab="arithmetic", direction="kept", kept="zeroness", to_is="zero")
    np.testing.assert_allclose(parcels(at, "path")[0][1]["codes"][-1], 3 * np.array(kept.vector), atol=1e-4)
    at.button(key="forget-direction").click().run()
    assert directions.load(run.path, 2) == []


def test_a_name_that_is_typed_just_before_the_button_is_pressed_is_the_one_it_is_kept_under(
    app: App, add_run: AddRun
) -> None:
    run = add_run("mine")
    at = app("interpolate", run="mine", tab="arithmetic", direction="class")
    at.text_input(key="direction-name").input("first").run()
    at.text_input(key="direction-name").input("second")
    at.button(key="keep-direction").click().run()
    assert [one.name for one in directions.load(run.path, 2)] == ["second"]


def test_a_direction_of_a_shipped_run_stays_out_of_its_folder(app: App, add_run: AddRun) -> None:
    run = add_run("shown", card={"title": "Shown"})
    at = app("interpolate", run="shown", tab="arithmetic", direction="class")
    at.text_input(key="direction-name").input("zeroness").run()
    at.button(key="keep-direction").click().run()
    assert not (run.path / files.DIRECTIONS).exists()
    assert "stays in this browser" in words(at)
    options = next(group for group in at.button_group if group.label == "Direction").options
    assert len(options) == 3


def test_a_direction_of_an_earlier_step_says_so(app: App, add_run: AddRun) -> None:
    run = add_run("mine")
    directions.save(run.path, 2, Saved("old", (1.0, 0.5), step=7))
    at = app("interpolate", run="mine", tab="arithmetic", direction="kept")
    assert "Made at step 7" in words(at)


def test_a_group_is_what_a_lasso_holds(app: App, add_run: AddRun) -> None:
    run = add_run("mine")
    mean = run.posteriors.mean
    link = {"to_is": "group", "to_in": "0,-100;0,100;100,100;100,-100", "direction": "class"}
    at = app("interpolate", run="mine", tab="arithmetic", **link)
    ((header, arrays),) = parcels(at, "path")
    zero = round((0 - header["first"]) / (header["last"] - header["first"]) * 200)
    np.testing.assert_allclose(arrays["codes"][zero], mean[mean[:, 0] > 0].mean(0), atol=1e-5)
    assert at.query_params["to_in"] == link["to_in"]


@pytest.mark.parametrize(
    "text", ["", "1,2", "1,2;3,4", "a,b;c,d;e,f", "nan,0;1,1;2,2", "1;2;3", "1,2;3,4;5,6,7"]
)
def test_a_lasso_that_is_none_holds_nothing(text: str) -> None:
    assert lasso.parse(text) is None


def test_what_plotly_says_was_drawn_comes_back_from_the_link() -> None:
    box = {"selection": {"box": [{"x": [0, 1], "y": [2, 3]}], "points": []}}
    corners = lasso.corners_of(box)
    assert corners == [(0, 2), (1, 2), (1, 3), (0, 3)]
    assert lasso.parse(lasso.to_link(corners)) == corners
    long = {"selection": {"lasso": [{"x": list(range(500)), "y": [0.5] * 500}]}}
    assert len(lasso.corners_of(long) or []) <= lasso.CORNERS
    assert lasso.corners_of({"selection": {"points": []}}) is None


# --- take away --------------------------------------------------------------------------------------


def test_the_table_holds_the_path_and_what_it_passes(add_run: AddRun) -> None:
    run = add_run("mine")
    line, found = a_line(run, "spherical"), newest(run)
    assert found is not None
    passed = path_codes.measure(found, line)
    rows = list(csv.DictReader(io.StringIO(downloads.numbers([run], [line], [passed]))))
    assert [float(row["t"]) for row in rows] == pytest.approx(T.tolist())
    a, b = ends(run, 3, 7)
    z = np.array([[float(row["z1"]), float(row["z2"])] for row in rows])
    np.testing.assert_allclose(z, paths.spherical(a, b, T), atol=1e-4)
    assert float(rows[77]["log_q_nats"]) == pytest.approx(float(passed.log_q[77]), rel=1e-4)


def test_film_and_sheet_show_what_the_model_decodes(add_run: AddRun) -> None:
    run = add_run("mine")
    view, line = a_view(run), a_line(run)
    gif = Image.open(io.BytesIO(downloads.film(view, [line], "means")))
    assert (gif.format, gif.n_frames) == ("GIF", downloads.FRAMES)
    sheet = np.asarray(Image.open(io.BytesIO(downloads.sheet(view, [line], "means"))).convert("L"))
    decoded = (255 * run.model.decode_mean(torch.tensor([line.codes[0]]))).round()[0, 0].numpy()
    tile = np.kron(decoded, np.ones((7, 7)))
    top, left = 2 * downloads.strips.HEAD, downloads.strips.LABEL
    np.testing.assert_array_equal(sheet[top : top + 56, left : left + 56], tile)
    np.testing.assert_array_equal(downloads.faded(view, torch.tensor([0.0, 1.0]))[1], view.b.image)

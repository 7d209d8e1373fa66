"""Which codes are points of a map: evenly over the images, and more of them wherever one looks closer."""

import math

import numpy as np
import pytest
import torch

from vae_core.analysis import aggregate
from vae_core.browser import wire
from vae_core.model.posteriors import Posteriors
from widgets.components import latent_map as lm
from widgets.components.latent_map import points

COUNTS = [1, 2, 3, 300, 10_000, 65_536, 99_991, 1_000_000]


@pytest.mark.parametrize("images", COUNTS)
def test_the_order_meets_each_image_once(images: int) -> None:
    assert np.array_equal(np.sort(points.numbers(images, images)), np.arange(images))


@pytest.mark.parametrize("images", COUNTS[4:])
@pytest.mark.parametrize("classes", [2, 7, 10, 100])
def test_what_is_drawn_is_of_each_class_as_often_as_it_is_there(images: int, classes: int) -> None:
    """Whether the classes lie one after the other or take turns."""
    drawn = points.numbers(images, points.MOST_DRAWN)
    for labels in (drawn * classes // images, drawn % classes):
        share = np.bincount(labels, minlength=classes) / len(drawn)
        # Draws at random would be off by one standard error.
        error = math.sqrt((1 - 1 / classes) / classes / len(drawn))
        assert np.abs(share - 1 / classes).max() < 3 * error


@pytest.fixture
def thousand() -> Posteriors:
    generator = torch.Generator().manual_seed(0)
    mean = torch.randn(1_000, 3, generator=generator)
    return Posteriors(mean, torch.randn(1_000, 3, generator=generator), torch.arange(1_000) % 7)


def packed(posteriors: Posteriors) -> bytes:
    return lm.picture(aggregate.grid(posteriors, size=16), posteriors)


# The browser's own arithmetic over a packed picture.
OPENED = (
    "((picture, plane = new Plane({...picture, arrays: Object.fromEntries(Object.entries(picture.arrays).map("
    "([name, {shape, values}]) => [name, Object.assign(new Float64Array(values), {shape})]))})) => %s)"
    "(picture)"
)


def opened(javascript, parcel: bytes, expression: str, **values: object) -> object:
    header, arrays = wire.unpack(parcel)
    listed = {name: {"shape": a.shape, "values": a.ravel().tolist()} for name, a in arrays.items()}
    return javascript("place.js", OPENED % expression, picture=header | {"arrays": listed}, **values)


def test_the_browser_finds_each_code_by_the_number_of_its_image(javascript, thousand: Posteriors) -> None:
    found = opened(
        javascript,
        packed(thousand),
        "images.map((i, k, all, {codes} = plane) => "
        "[plane.ofImage(i).z, codes.label(i), codes.image(codes.row(i))])",
        images=[0, 1, 437, 999],
    )
    for image, (z, label, again) in zip([0, 1, 437, 999], found, strict=True):
        assert z == thousand.mean[image].tolist()
        assert (label, again) == (image % 7, image)


def test_codes_that_are_too_many_numbers_come_as_places_until_python_tells(
    javascript, thousand: Posteriors, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(points, "MOST_POINTS", 500)
    monkeypatch.setattr(points, "MOST_NUMBERS", 300)
    parcel = packed(thousand)
    _, arrays = wire.unpack(parcel)
    assert (arrays["mean"].shape, arrays["places"].shape, len(arrays["labels"])) == ((100, 3), (500, 2), 500)
    x, y, whole, told = opened(
        javascript,
        parcel,
        "(({x, y}, {codes} = plane) => [[...x], [...y], images.filter((i) => codes.has(i)), "
        "(codes.learn(code), plane.posterior(code.image))])(plane.points())",
        images=list(range(1_000)),
        code=lm.code_of(int(points.numbers(1_000, 500)[499]), thousand),
    )
    rows = points.numbers(1_000, 500)
    places = thousand.mean[rows, :2].numpy()
    np.testing.assert_allclose(np.stack([x, y], 1), places, atol=float(np.ptp(places)) / 2**16)
    assert whole == sorted(rows[:100].tolist())
    assert whole == [i for i in range(1_000) if points.comes_whole(i, thousand)]
    variances = thousand.log_var[rows[499], :2].exp()
    assert [told["x"], told["y"]] == pytest.approx(places[499].tolist())
    assert [told["xx"], told["yy"]] == pytest.approx(variances.tolist())


def test_codes_far_beyond_any_view_leave_the_others_where_they_are() -> None:
    mean = torch.randn(100, 2, generator=torch.Generator().manual_seed(0))
    mean[7], mean[8] = torch.tensor([1e9, -1e9]), torch.nan
    plane = (np.zeros(2), np.array([1.0, 0.0]), np.array([0.0, 1.0]))
    corner, steps, places = points.places(mean, plane, 4.0)
    found = np.array(corner) + np.array(steps) * places
    near = [i for i in range(100) if i not in (7, 8)]
    np.testing.assert_allclose(found[near], mean[near], atol=64 / 2**16)


def test_the_closer_one_looks_the_more_codes_are_drawn_and_none_goes(javascript) -> None:
    generator = np.random.default_rng(0)
    x, y = generator.normal(size=(2, 20_000))
    views = [[-half, half, -half, half] for half in (8, 1, 0.5, 0.1)]
    found = javascript(
        "codes.js",
        "views.map((view) => thinned({x, y}, view, 400).rows)",
        x=x.tolist(),
        y=y.tolist(),
        views=views,
    )
    for (_, half, _, _), (_, closer, _, _), rows, more in zip(
        views, views[1:], found, found[1:], strict=False
    ):
        inside = (np.abs(x) <= closer) & (np.abs(y) <= closer)
        assert len(more) == min(400, inside.sum())
        assert inside[more].all()
        assert (np.abs(x[rows]) <= half).all()
        assert {row for row in rows if inside[row]} <= set(more)


def test_numbers_that_half_precision_holds_travel_so_and_others_whole() -> None:
    stored = torch.tensor([[0.5, -1.25]])
    assert points.smallest(stored).dtype == np.float16
    for values in (torch.tensor([[0.1, 1.0]]), torch.tensor([[1e9, 1.0]]), torch.tensor([[torch.nan, 1.0]])):
        assert points.smallest(values).dtype == np.float32
        np.testing.assert_array_equal(points.smallest(values), values)


def test_zooming_in_shows_codes_that_were_not_drawn_and_a_click_pins_the_image_of_one(
    maps, parcels, model, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of 2,000 images 100 are drawn; the last of the order lies alone at (2, 2), and only its place comes."""
    monkeypatch.setattr(points, "MOST_DRAWN", 100)
    monkeypatch.setattr(points, "MOST_NUMBERS", 200)
    alone = int(points.numbers(2_000, 2_000)[-1])
    mean = torch.randn(2_000, 2, generator=torch.Generator().manual_seed(0)) * 0.2
    mean[alone] = torch.tensor([2.0, 2.0])
    codes = Posteriors(mean, torch.full_like(mean, -3.0), torch.arange(2_000) % 2)
    own = {
        "decoder": parcels["decoder"],
        "picture": lm.picture(aggregate.grid(codes, size=64), codes, classes="ab"),
    }
    state = lm.MapState(layers=("points",))

    def inked(half: float) -> bool:
        maps.page.mouse.move(2, 2)
        maps.settle()
        x, y = maps.point(2, 2, half=half)
        box = maps.page.locator("#map .over").bounding_box()
        return bool(maps.pixels(".base", "map")[round(y - box["y"]), round(x - box["x"]), 3])

    maps.show(own, state=state.to_browser())
    assert not inked(4.0)
    maps.click(2.0, 2.0)
    assert maps.said()["image"] is None  # what is not drawn is not hit
    maps.hover(2.0, 2.0)
    for _ in range(8):
        maps.page.mouse.wheel(0, -100)
    maps.forget()
    maps.settle()
    half = maps.said()["view"][2]
    middle = 2 - 2 * half / 4  # the place under the pointer stays where it is
    maps.forget()
    maps.page.mouse.move(2, 2)
    maps.settle()
    x, y = maps.point(2 - middle, 2 - middle, half=half)
    maps.page.mouse.click(x, y)
    said = maps.said()
    assert said["image"] == alone
    assert maps.text(".caption") == "Decoded at the pin"  # until Python tells the code
    assert maps.page.locator(".epsilon button").is_disabled()
    answer = lm.answer(
        (2.0, 2.0), -3, -4, np.zeros((0, 1, 8, 8)), [], [], "none", None, lm.code_of(alone, codes)
    )
    maps.show(own, state=state.to_browser(), answer=answer)
    assert "of “" in maps.text(".caption")
    assert maps.page.locator(".epsilon button").is_enabled()
    assert maps.said()["pin"] == [2.0, 2.0]

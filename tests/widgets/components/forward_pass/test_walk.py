"""How z walks by itself, in Node."""

import math

import pytest

REST, STEP, DRAW = 2600, 1500, 260


@pytest.fixture
def walk(javascript):
    return lambda expression, **values: javascript("walk.js", expression, "forward_pass", **values)


def test_it_goes_to_an_image_rests_there_draws_codes_and_goes_on_to_the_next(walk) -> None:
    turn = REST + STEP
    times = [0, STEP / 2, STEP, STEP + DRAW, turn - 1, turn, 2 * turn]
    found = walk("times.map((t) => walkAt(t, 9, 10))", times=times)
    assert [at["image"] for at in found] == [9, 9, 9, 9, 9, 0, 1]
    assert [at["share"] for at in found] == pytest.approx([0, 0.5, 1, 1, 1, 0, 0])
    assert [at["drawn"] for at in found] == [0, 0, 1, 2, REST // DRAW, 0, 0]


def test_it_starts_and_ends_gently(walk) -> None:
    """Of an eased step the first and the last hundredth of the time go a thousandth of the way or less."""
    first, last = walk("[walkAt(15, 0, 10).share, walkAt(1485, 0, 10).share]")
    assert first < 1e-3
    assert 1 - last < 1e-3


def test_the_nearest_image_is_the_one_whose_mean_is(walk) -> None:
    means = [0, 0, 3, 0, 0, -2]
    places = [[0.4, 0.1], [1.6, 0], [0.1, -1.2]]
    assert walk("places.map((z) => nearestMean(means, z))", means=means, places=places) == [0, 1, 2]


def test_draws_are_those_of_a_normal_distribution(walk) -> None:
    """Mean and variance of 20,000 numbers, within four standard errors."""
    draws = walk("Array.from({ length: 10000 }, twoNormals).flat()")
    n = len(draws)
    mean = sum(draws) / n
    variance = sum((x - mean) ** 2 for x in draws) / n
    assert abs(mean) < 4 / math.sqrt(n)
    assert abs(variance - 1) < 4 * math.sqrt(2 / n)

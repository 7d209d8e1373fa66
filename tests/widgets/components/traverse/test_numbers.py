"""A slider's arithmetic, in JavaScript, against NumPy."""

import numpy as np
import pytest

QUANTILES = [-2.5, -1.0, -0.4, 0.0, 0.3, 1.2, 2.0]


def test_between_stops_a_slider_is_linear_there_and_back(javascript) -> None:
    places = np.linspace(0, 1, 41)
    expected = np.interp(places, np.linspace(0, 1, len(QUANTILES)), QUANTILES)
    z, back = javascript(
        "scale.js",
        "((z) => [z, z.map((v) => placeOf(stops, v))])(places.map((t) => zAt(stops, t)))",
        folder="traverse",
        stops=QUANTILES,
        places=places.tolist(),
    )
    assert z == pytest.approx(expected)
    assert back == pytest.approx(places, abs=1e-12)


def test_beyond_its_range_a_slider_stands_at_its_end(javascript) -> None:
    found = javascript(
        "scale.js", "[-9, 9].map((z) => placeOf(stops, z))", folder="traverse", stops=QUANTILES
    )
    assert found == [0, 1]


def test_a_dimension_without_any_spread_has_a_slider_all_the_same(javascript) -> None:
    same = [0.5] * 5
    found = javascript(
        "scale.js",
        "[zAt(stops, 0.3), ...[0, 0.5, 1].map((z) => placeOf(stops, z))]",
        folder="traverse",
        stops=same,
    )
    assert found[0] == 0.5
    assert all(0 <= place <= 1 for place in found[1:])


def test_linked_sliders_share_the_place_within_the_range_and_the_distance_beyond_it(javascript) -> None:
    found = javascript(
        "scale.js",
        "[-4, -3, 0, 1.5, 3, 3.5].map((z) => carry([-3, 0, 3], z, [-2, -1, 4]))",
        folder="traverse",
    )
    assert found == pytest.approx([-3, -2, -1, 1.5, 4, 4.5])

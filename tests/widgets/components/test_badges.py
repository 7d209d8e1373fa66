"""Badges of holes: clear of one another, and as near to their holes as that allows."""

import math
from itertools import combinations

import pytest

APART = 18  # pixels: two radii of 8, and an outline


def standing(javascript, middles: list) -> list:
    return javascript("badges.js", "standing(middles)", "../../vae_core/browser", middles=middles)


def test_where_there_is_room_a_badge_stands_on_the_middle_of_its_hole(javascript) -> None:
    middles = [[10, 10], [40, 10], [10, 28]]
    assert standing(javascript, middles) == middles


def test_of_two_that_overlap_the_smaller_holes_gives_way_and_no_further_than_it_must(javascript) -> None:
    first, second = standing(javascript, [[100, 50], [106, 58]])
    assert first == [100, 50]
    assert second == pytest.approx([100 + 0.6 * APART, 50 + 0.8 * APART])


def test_between_two_a_third_stands_beside_both(javascript) -> None:
    *_, third = standing(javascript, [[0, 0], [24, 0], [12, 1]])
    assert third == pytest.approx([12, math.sqrt(APART**2 - 12**2)])


def test_however_many_holes_share_a_place_no_badge_lies_on_another(javascript) -> None:
    crowd = [[50, 50]] * 6 + [[50 + k, 47] for k in range(6)]
    places = standing(javascript, crowd)
    assert len(places) == len(crowd)
    assert min(math.dist(a, b) for a, b in combinations(places, 2)) > APART - 1e-3
    assert max(math.dist(a, b) for a, b in zip(places, crowd, strict=True)) < 3 * APART  # two rings about one

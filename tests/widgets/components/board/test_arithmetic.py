"""What the board's scripts work out: the scrubber's scale, codes that glide, and where everything stands."""

import math

import pytest


def test_the_scrubber_is_by_the_log_of_the_step(javascript) -> None:
    shares = javascript("scale.js", "steps.map((s) => shareOf(s, 999))", "board", steps=[0, 9, 99, 999])
    assert shares == pytest.approx([0, 1 / 3, 2 / 3, 1])
    back = javascript("scale.js", "shares.map((s) => stepAt(s, 999))", "board", shares=shares)
    assert back == pytest.approx([0, 9, 99, 999], abs=1e-6)
    assert javascript("scale.js", "decades(28080)", "board") == [0, 1, 10, 100, 1000, 10000]
    assert javascript("scale.js", "shareOf(0, 0)", "board") == 1


def test_a_press_on_the_scale_goes_to_the_moment_nearest_there(javascript) -> None:
    steps = [0, 10, 100, 1000]
    nearest = javascript(
        "scale.js", "at.map((s) => nearestMoment(steps, s))", "board", steps=steps, at=[0, 0.3, 0.7, 1]
    )
    assert nearest == [0, 1, 2, 3]


def test_codes_are_where_they_were_at_first_and_where_they_are_at_last(javascript) -> None:
    before, after = {"x": [0, 1], "y": [0, 0]}, {"x": [2, 1], "y": [4, -2]}
    for share, x, y in ((-1, [0, 1], [0, 0]), (0.25, [0.5, 1], [1, -0.5]), (1.4, [2, 1], [4, -2])):
        found = javascript(
            "glide.js",
            "(({ x, y }) => [[...x], [...y]])(between(a, b, s))",
            "board",
            a=before,
            b=after,
            s=share,
        )
        assert found == [x, y]


@pytest.mark.parametrize("width, height", [(933, 660), (678, 620), (1574, 930), (1100, 700), (620, 520)])
@pytest.mark.parametrize("image, sets", [([28, 28], 2), ([64, 64], 3)])
def test_the_board_fits_into_its_room_and_the_map_is_the_largest_part(
    javascript, width: int, height: int, image: list[int], sets: int
) -> None:
    sizes = javascript(
        "sizes.js",
        "sizesOf(room)",
        "board",
        room={"width": width, "height": height, "image": image, "sets": sets},
    )
    gap, caption, scrubber, tile = 12, 26, 46, 52
    assert sizes["map"] + gap + sizes["side"] == width
    assert sizes["map"] >= 0.4 * width
    wide = sizes["shape"] == "wide"
    tiles = (3 if wide else 2) * tile + gap
    side = caption + sizes["curves"]
    for columns, rows in (
        (sizes["probes"], sets),
        (sizes["samples"]["columns"], sizes["samples"]["count"] // sizes["samples"]["columns"]),
    ):
        side += caption + rows * (
            math.floor((sizes["side"] - 3 * (columns - 1)) / columns) * image[0] / image[1] + 3
        )
    assert scrubber + caption + sizes["mapHeight"] + (0 if wide else tiles) <= height
    assert scrubber + side + tiles <= height + (0 if sizes["curves"] > 130 else 60)


def test_a_phone_has_one_part_below_the_other(javascript) -> None:
    sizes = javascript("sizes.js", "sizesOf(room)", "board", room={"width": 350, "height": 700})
    assert (sizes["shape"], sizes["map"], sizes["side"]) == ("stacked", 350, 350)


def test_voronoi_cells_fill_the_square_and_hold_what_is_nearest(javascript) -> None:
    points = [[-0.5, -0.2], [0.1, 0.4], [0.7, -0.6], [0.1, 0.4], [5.0, 5.0]]
    square = {"left": -1, "right": 1, "bottom": -1, "top": 1}
    cells = javascript(
        "voronoi.js", "voronoi(points, square)", "../../vae_core/browser", points=points, square=square
    )

    def area(corners: list[list[float]]) -> float:
        following = [*corners[1:], *corners[:1]]
        return sum(ax * by - bx * ay for (ax, ay), (bx, by) in zip(corners, following, strict=True)) / 2

    assert sum(map(area, [*cells[:3], cells[4]])) == pytest.approx(4)
    assert cells[1] == cells[3]  # of two points in one place both have the cell
    assert cells[4] == []  # too far away to have any of it
    for point, corners in zip(points[:3], cells[:3], strict=True):
        middle = [sum(axis) / len(corners) for axis in zip(*corners, strict=True)]
        assert min(points, key=lambda other: math.dist(other, middle)) == point

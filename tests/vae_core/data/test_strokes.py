"""Factors are measured in the drawings by a method that knows nothing of how they are drawn: by moments."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from vae_core import data
from vae_core.data import strokes
from vae_core.data.skeletons import SKELETONS

NAMES = strokes.FACTOR_NAMES
WAYS = [(label, number) for label, styles in enumerate(SKELETONS) for number in range(len(styles))]


def drawn(**changes: float) -> np.ndarray:
    """Every digit in every style with mean factors but for the changes: [M, 28, 28] float64."""
    factors = np.tile([*(factor.mean for factor in strokes.FACTORS), 0.0], (len(WAYS), 1))
    factors[:, -1] = [number for _, number in WAYS]
    for name, value in changes.items():
        factors[:, NAMES.index(name.replace("_", " "))] = value
    labels = np.array([label for label, _ in WAYS])
    return strokes.draw(labels, factors.astype(np.float32))[:, 0].astype(float)


def moments(images: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Centre of mass [M, 2] and covariance of the ink [M, 2, 2], as (x, y), in pixels."""
    y, x = np.mgrid[: images.shape[1], : images.shape[2]]
    places = np.stack([x.ravel(), y.ravel()])
    weights = images.reshape(len(images), -1) / images.sum((1, 2))[:, None]
    mean = weights @ places.T
    second = np.einsum("np,ip,jp->nij", weights, places, places)
    return mean, second - mean[:, :, None] * mean[:, None]


def lean(images: np.ndarray) -> np.ndarray:
    """How far ink lies to the right per pixel upwards: minus the regression of x on y."""
    _, covariance = moments(images)
    return -covariance[:, 0, 1] / covariance[:, 1, 1]


def test_slant_shears_to_the_right_by_its_tangent():
    upright, slanted = lean(drawn(slant=0.0)), lean(drawn(slant=0.3))
    # A straight 1 follows exactly. In a ring, shearing lengthens what rises to the right, and so its share of
    # the ink, which takes up to a quarter of the lean away again.
    np.testing.assert_allclose((slanted - upright)[WAYS.index((1, 0))], 0.3, atol=0.01)
    np.testing.assert_allclose(slanted - upright, 0.3, atol=0.075)


def test_rotation_turns_clockwise_by_its_degrees():
    def angle(images: np.ndarray) -> np.ndarray:
        _, covariance = moments(images)
        return np.degrees(
            0.5 * np.arctan2(2 * covariance[:, 0, 1], covariance[:, 0, 0] - covariance[:, 1, 1])
        )

    turned = angle(drawn(rotation=15.0)) - angle(drawn(rotation=0.0))
    # y is down, so a growing angle is clockwise; the angle of an axis is one of 180 degrees.
    turned = (turned + 90) % 180 - 90
    _, covariance = moments(drawn())
    axes = np.linalg.eigvalsh(covariance)
    long = axes[:, 1] > 1.3 * axes[:, 0]  # a round 0 has no axis
    assert long.sum() > 30
    np.testing.assert_allclose(turned[long], 15.0, atol=1.5)


@pytest.mark.parametrize("name, axis", [("width", 0), ("height", 1)])
def test_width_and_height_stretch_along_their_axis_only(name: str, axis: int):
    def spread(size: float) -> np.ndarray:
        _, covariance = moments(drawn(slant=0.0, thickness=1.5, **{name: size}))
        return np.sqrt(covariance[:, [0, 1], [0, 1]])

    ratio = spread(1.1) / spread(0.9)
    wide = [way != 1 or axis == 1 for way, _ in WAYS]  # a stroke has no width to stretch
    np.testing.assert_allclose(ratio[wide, axis], 1.1 / 0.9, rtol=0.04)
    # Ink is spread over another length, so the other axis moves a little.
    np.testing.assert_allclose(ratio[wide, 1 - axis], 1.0, rtol=0.06)


def test_offsets_of_whole_pixels_move_the_image_by_them():
    still = drawn(height=0.9, width=0.9)
    moved = drawn(height=0.9, width=0.9, offset_x=2.0, offset_y=-1.0)
    # But for rounding, which places may turn by one grey level.
    assert np.abs(moved - np.roll(still, (-1, 2), (1, 2))).max() <= 2


@pytest.mark.parametrize("name, axis", [("offset_x", 0), ("offset_y", 1)])
def test_offsets_move_the_centre_of_mass_by_their_pixels(name: str, axis: int):
    before, _ = moments(drawn(height=0.9, width=0.9))
    after, _ = moments(drawn(height=0.9, width=0.9, **{name: 0.6}))
    moved = np.zeros(2)
    moved[axis] = 0.6
    # Where strokes meet at a sharp angle, the grey between them depends on where the pixels lie.
    np.testing.assert_allclose(after - before, np.tile(moved, (len(WAYS), 1)), atol=0.1)


def test_ink_grows_with_thickness():
    ink = np.array([drawn(thickness=pixels).sum((1, 2)) for pixels in (1.0, 1.5, 2.0, 2.5, 3.0, 3.5, 4.0)])
    assert (np.diff(ink, axis=0) > 0).all()


def test_a_stroke_is_as_thick_as_its_factor_says():
    one = drawn(slant=0.0, thickness=3.0)[WAYS.index((1, 0))] / 255
    rows = slice(10, 18)  # away from both ends
    np.testing.assert_allclose(one[rows].sum(1), 3.0, atol=0.15)


def test_ink_within_the_stroke_is_white_and_far_from_it_black():
    images = drawn(thickness=3.0)
    assert (images.max((1, 2)) == 255).all()
    assert ((images == 0).mean((1, 2)) > 0.5).all()


def test_styles_of_a_class_are_different_drawings():
    images = drawn()
    for label, styles in enumerate(SKELETONS):
        own = [images[WAYS.index((label, number))] for number in range(len(styles))]
        apart = [np.abs(a - b).mean() for i, a in enumerate(own) for b in own[:i]]
        assert min(apart) > 3, f"two styles of {label} look the same"


def test_without_a_generator_the_same_factors_give_the_same_image():
    np.testing.assert_array_equal(drawn(), drawn())


def test_the_hand_varies_but_slightly():
    labels = np.full(200, 3)
    factors = np.tile([*(factor.mean for factor in strokes.FACTORS), 0.0], (200, 1)).astype(np.float32)
    images = strokes.draw(labels, factors, np.random.default_rng(0)).astype(float)
    assert len({image.tobytes() for image in images}) == 200
    steady = strokes.draw(labels[:1], factors[:1]).astype(float)
    # Most ink of any of them lies where a pixel or so of blur puts the steady one.
    near = np.kron(steady[0, 0] > 0, np.ones((1, 1)))
    grown = np.zeros_like(near)
    for down in range(-3, 4):
        for right in range(-3, 4):
            grown = np.maximum(grown, np.roll(near, (down, right), (0, 1)))
    assert (images * grown).sum() / images.sum() > 0.95


@given(
    label=st.integers(0, 9),
    seed=st.integers(0, 2**32),
    place=st.lists(st.floats(-1, 1), min_size=7, max_size=7),
)
def test_any_factors_in_their_range_draw_something_within_the_image(
    label: int, seed: int, place: list[float]
):
    values = [
        f.mean + where * strokes.CUT * f.deviation for f, where in zip(strokes.FACTORS, place, strict=True)
    ]
    factors = np.array([[*values, seed % len(SKELETONS[label])]], np.float32)
    image = strokes.draw(np.array([label]), factors, np.random.default_rng(seed))
    assert image.shape == (1, 1, 28, 28)
    assert image.dtype == np.uint8
    assert image.max() > 100
    assert image[0, 0, 6:22].any()


def test_the_same_seed_gives_the_same_bits_whatever_the_number_of_threads():
    count = 2 * strokes.BLOCK + 500
    one = strokes.make(count, [5, 0], threads=1)
    four = strokes.make(count, [5, 0], threads=4)
    other = strokes.make(1000, [6, 0], threads=1)
    for name in one:
        np.testing.assert_array_equal(one[name], four[name])
    assert (one["images"][:1000] != other["images"]).any()


def test_the_first_images_do_not_depend_on_how_many_follow():
    few, many = strokes.make(strokes.BLOCK, [0, 0]), strokes.make(strokes.BLOCK + 100, [0, 0])
    np.testing.assert_array_equal(few["images"], many["images"][: strokes.BLOCK])


def test_the_shipped_test_split_is_what_is_drawn():
    shipped, drawn = strokes.drawings("test"), strokes.make(strokes.COUNTS["test"], [0, 1])
    for name in drawn:
        np.testing.assert_array_equal(shipped[name], drawn[name], err_msg=name)


def test_drawings_together_are_the_same_as_drawings_alone():
    made = strokes.make(300, [7])
    together = strokes.draw(made["labels"], made["factors"])
    for number in range(0, 300, 17):
        one = slice(number, number + 1)
        np.testing.assert_array_equal(
            strokes.draw(made["labels"][one], made["factors"][one])[0], together[number]
        )


def test_positions_of_the_pen_are_close_enough_to_be_seen_as_a_line():
    for label, styles in enumerate(SKELETONS):
        for style in styles:
            pen = strokes.write(style, 1, None)[0] * strokes.HEIGHT
            steps = np.linalg.norm(np.diff(pen, axis=0), axis=1)
            # Between paths the pen is lifted; only there may it leap.
            assert np.sort(steps)[: len(steps) - len(style.paths) + 1].max() < 0.95, (label, style.name)


def test_a_style_that_a_class_does_not_have_is_an_error():
    factors = np.zeros((1, 8), np.float32)
    factors[0, -1] = 99
    with pytest.raises(ValueError, match="1 of 1 drawings have a class or a style that there is not"):
        strokes.draw(np.array([3]), factors)


def test_factors_are_spread_as_they_say_and_independent():
    made = strokes.make(10_000, [1])
    factors = made["factors"]
    for column, factor in enumerate(strokes.FACTORS):
        values = factors[:, column]
        error = factor.deviation / np.sqrt(len(values))
        assert abs(values.mean() - factor.mean) < 4 * error
        # A normal cut at 2.5 deviations has 0.955 of its standard deviation.
        assert values.std() == pytest.approx(0.955 * factor.deviation, rel=0.03)
        assert np.abs(values - factor.mean).max() <= strokes.CUT * factor.deviation * (1 + 1e-5)
    between = np.corrcoef(factors[:, :-1].T) - np.eye(len(strokes.FACTORS))
    assert np.abs(between).max() < 4.5 / np.sqrt(len(factors))


def test_classes_come_equally_often_and_styles_in_their_shares():
    made = strokes.make(10_000, [2])
    assert np.bincount(made["labels"]).tolist() == [1000] * 10
    for label, styles in enumerate(SKELETONS):
        counts = np.bincount(made["factors"][made["labels"] == label, -1].astype(int), minlength=len(styles))
        shares = np.array([style.share for style in styles]) / sum(style.share for style in styles)
        np.testing.assert_allclose(counts / 1000, shares, atol=4 * np.sqrt(0.25 / 1000))


def test_ink_seldom_touches_the_border():
    images = strokes.make(5000, [3])["images"][:, 0]
    border = np.concatenate([images[:, 0], images[:, -1], images[:, :, 0], images[:, :, -1]], 1).max(1)
    assert (border > 64).mean() < 0.05


def test_the_grey_levels_resemble_mnist(mnist_root, root):
    (root / "MNIST").symlink_to(mnist_root / "MNIST")
    mnist = data.load("mnist", "test").images.numpy()
    made = strokes.make(5000, [4])["images"]
    assert made.mean() == pytest.approx(mnist.mean(), rel=0.1)
    assert (made > 0).mean() == pytest.approx((mnist > 0).mean(), rel=0.15)
    assert (made > 200).mean() == pytest.approx((mnist > 200).mean(), rel=0.15)


def test_the_dataset_carries_factors_and_comes_from_disk_the_second_time(root, monkeypatch):
    monkeypatch.setitem(strokes.COUNTS, "train", 3000)
    told = []
    first = data.load("strokes", progress=lambda fraction, sentence: told.append((fraction, sentence)))
    assert first.images.shape == (3000, 1, 28, 28)
    assert first.factors.shape == (3000, len(first.factor_names))
    assert first.factor_names[:4] == ("slant", "thickness", "width", "height")
    assert told[-1] == (1.0, "Drawing 3,000 digits")
    assert [fraction for fraction, _ in told] == sorted(fraction for fraction, _ in told)
    monkeypatch.setattr(strokes, "make", None)
    assert torch.equal(data.load("strokes").images, first.images)


def test_training_and_test_images_differ(root, monkeypatch):
    monkeypatch.setitem(strokes.COUNTS, "train", 1000)
    train, test = data.load("strokes"), data.load("strokes", "test")
    assert not {image.numpy().tobytes() for image in train.images} & {
        image.numpy().tobytes() for image in test.images
    }


def test_who_gives_up_waiting_gets_out_at_once_and_leaves_no_file(root, monkeypatch):
    monkeypatch.setitem(strokes.COUNTS, "train", 20_000)

    class GaveUp(Exception):
        pass

    def give_up(fraction: float, sentence: str) -> None:
        raise GaveUp

    with pytest.raises(GaveUp):
        data.load("strokes", progress=give_up)
    assert not list(root.rglob("*.safetensors"))

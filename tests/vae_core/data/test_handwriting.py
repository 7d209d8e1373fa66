"""Drawings are brought to where MNIST has its digits."""

import os

import numpy as np
import pytest

from vae_core.data.dataset import Refusal
from vae_core.data.handwriting import like_data, like_mnist


def disc(side: int, row: float, column: float, radius: float) -> np.ndarray:
    y, x = np.mgrid[:side, :side]
    return (np.hypot(y - row, x - column) <= radius).astype(np.uint8) * 255


def drawing(top: int = 10, left: int = 10) -> np.ndarray:
    """A seven on a canvas of 112 pixels."""
    canvas = np.zeros((112, 112), np.uint8)
    canvas[top : top + 8, left : left + 40] = 255
    for k in range(60):
        canvas[top + k, left + 32 - k // 3 : left + 40 - k // 3] = 255
    return canvas


def cut(image: np.ndarray) -> np.ndarray:
    """To what is inked."""
    return image[image.any(1)][:, image.any(0)]


def centre(image: np.ndarray) -> tuple[float, float]:
    mass = image / image.sum()
    return float((mass.sum(1) * np.arange(len(mass))).sum()), float(
        (mass.sum(0) * np.arange(len(mass.T))).sum()
    )


@pytest.mark.parametrize("top, left", [(0, 0), (3, 50), (52, 1), (45, 70)])
def test_where_it_was_drawn_does_not_matter(top: int, left: int) -> None:
    np.testing.assert_array_equal(like_mnist(drawing(top, left)), like_mnist(drawing()))


@pytest.mark.parametrize("factor", [2, 3])
def test_how_large_it_was_drawn_does_not_matter(factor: int) -> None:
    large = np.kron(drawing(), np.ones((factor, factor), np.uint8))
    # Where the centre of mass falls between two pixels, rounding may choose either: compare what is inked.
    small, same = (cut(like_mnist(each)).astype(int) for each in (drawing(), large))
    assert np.abs(same - small).max() <= 1  # the averages are rounded


def test_it_fits_the_box_and_its_centre_of_mass_lies_in_the_middle_pixel() -> None:
    image = like_mnist(drawing())
    rows, columns = np.flatnonzero(image.any(1)), np.flatnonzero(image.any(0))
    assert max(np.ptp(rows), np.ptp(columns)) + 1 == 20
    assert centre(image) == pytest.approx((14, 14), abs=0.5)


def test_a_disc_keeps_its_area_and_its_edge_is_grey() -> None:
    # A disc of radius 30 about the middle of a pixel reaches over 61 of them, which become 20.
    image = like_mnist(disc(100, 40, 55, 30)).astype(float) / 255
    assert image.sum() == pytest.approx(np.pi * 30**2 * (20 / 61) ** 2, rel=0.01)
    assert ((image > 0) & (image < 1)).any()


def test_real_digits_enlarged_and_moved_come_back_as_they_were(mnist_root, monkeypatch) -> None:
    monkeypatch.setitem(os.environ, "VAE_DATA", str(mnist_root))
    from vae_core import data

    digits = data.load("mnist", "test").images[:300, 0].numpy()
    generator = np.random.default_rng(0)
    differences = []
    for digit in digits:
        canvas = np.zeros((150, 150), np.uint8)
        top, left = generator.integers(0, 150 - 112, 2)
        canvas[top : top + 112, left : left + 112] = np.kron(digit, np.ones((4, 4), np.uint8))
        differences.append(np.abs(like_mnist(canvas).astype(int) - digit).max())
    # Nearly all are 20 pixels long, and so come back exactly.
    assert np.mean(np.array(differences) == 0) > 0.99


def test_ink_is_never_lost_where_the_centre_of_mass_is_far_from_the_middle() -> None:
    canvas = np.zeros((60, 60), np.uint8)
    canvas[:20, :20] = 255  # a heavy square with a hair that reaches far
    canvas[59, 20:] = canvas[20:, 59] = 255
    image = like_mnist(canvas)
    assert (image.max(), image.shape) == (255, (28, 28))
    assert np.flatnonzero(image.any(0)).size == 20


def test_small_drawings_grow() -> None:
    image = like_mnist(disc(28, 5, 20, 2))
    assert np.flatnonzero(image.any(0)).size == 20


@pytest.mark.parametrize("name", ["mnist", "digits", "sprites"])
def test_an_empty_canvas_is_refused_in_a_sentence(name: str) -> None:
    with pytest.raises(Refusal, match="nothing on the canvas"):
        like_data(np.zeros((28, 28), np.uint8), name, (1, 28, 28))


def test_small_digits_fill_their_field() -> None:
    image = like_data(drawing(), "digits", (1, 8, 8))
    assert image.shape == (1, 8, 8)
    assert image[0].any(1).all()


def test_for_other_images_a_drawing_stays_where_it_is() -> None:
    canvas = np.zeros((128, 128), np.uint8)
    canvas[:64, :64] = 255
    image = like_data(canvas, "sprites_64", (1, 64, 64))
    np.testing.assert_array_equal(image[0], canvas[::2, ::2])
    assert like_data(canvas, "folder", (3, 32, 32)).shape == (3, 32, 32)

"""Ink found on photos: known answers, and ten photos that the shipped classifier reads."""

import importlib.util
import io
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
import torch
from PIL import Image

from vae_core.data import photo, strokes
from vae_core.data.dataset import Refusal
from vae_core.model import oracle_classifier

SHAPE = (1, 28, 28)
PAPER, INK = 200, 50  # grey levels


@pytest.fixture(scope="module")
def photos() -> ModuleType:
    file = Path(__file__).parents[3] / "scripts" / "render_photos.py"
    spec = importlib.util.spec_from_file_location("render_photos", file)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def page(ink: int | tuple[int, int, int] = INK, paper: int = PAPER) -> np.ndarray:
    """A bar of 60 x 8 pixels on a page of 120 x 100, in colour."""
    pixels = np.full((120, 100, 3), paper, np.uint8)
    pixels[30:90, 40:48] = ink
    return pixels


BAR = (page().max(2) == INK).nonzero()


def file(pixels: np.ndarray, kind: str = "PNG", **options: object) -> bytes:
    written = io.BytesIO()
    Image.fromarray(pixels).save(written, kind, **options)
    return written.getvalue()


def bar(ink: photo.Ink) -> bool:
    """Whether the bar is found, and nothing else."""
    return ink.mask.sum() == 480 and bool(ink.mask[BAR].all())


def test_nine_or_more_of_ten_photos_are_read_by_the_classifier(photos: ModuleType) -> None:
    files = [photos.render(digit) for digit in range(10)]
    pictures = [photo.read("photo", each) for each in files]
    assert all(map(photo.ink_on_paper, pictures))
    images = np.stack([photo.as_data(photo.find(each), "mnist", SHAPE) for each in pictures])
    oracle = oracle_classifier.load("mnist")
    read = oracle.read(torch.from_numpy(images)).argmax(1)
    assert int((read == torch.arange(10)).sum()) >= 9


def test_the_threshold_is_halfway_from_paper_to_ink_and_the_box_is_around_it() -> None:
    ink = photo.find(page())
    assert ink.threshold == ink.automatic == pytest.approx((1 - INK / PAPER) / 2, abs=0.03)
    assert ink.box == (30, 40, 90, 48)
    assert bar(ink)
    assert ink.grey[BAR].min() > 250
    assert ink.grey.sum() == pytest.approx(255 * 480, rel=0.01)


def test_a_threshold_of_ones_own_takes_more_or_less() -> None:
    pixels = page()
    pixels[30:90, 48:52] = 150  # fainter ink beside it: a quarter as dark as paper
    assert bar(photo.find(pixels))
    assert photo.find(pixels, 0.15).box == (30, 40, 90, 52)
    with pytest.raises(Refusal, match="darker than the threshold"):
        photo.find(pixels, 0.9)


def test_shade_tint_and_the_edge_of_a_table_change_nothing() -> None:
    shade = np.linspace(1, 0.4, 100)[None, :, None]
    pixels = page() * shade * (1, 0.95, 0.8)
    pixels[:, :3] = 10
    assert bar(photo.find(pixels.astype(np.uint8)))


@pytest.mark.parametrize("ink", [(200, 30, 30), (30, 60, 190), (190, 190, 20)], ids=["red", "blue", "yellow"])
def test_ink_of_any_colour_is_found(ink: tuple[int, int, int]) -> None:
    assert bar(photo.find(page(ink)))


def test_chalk_on_a_board_is_found_and_left_to_its_user() -> None:
    board = page(ink=220, paper=50)
    assert not photo.ink_on_paper(board)
    assert bar(photo.find(board))


def test_what_already_looks_like_the_data_is_not_taken_for_a_photo_and_its_negative_is() -> None:
    images = strokes.drawings("test")["images"][:50, 0]
    assert not any(map(photo.ink_on_paper, images))
    assert all(map(photo.ink_on_paper, 255 - images))


def test_specks_and_grid_lines_are_left_out() -> None:
    pixels = page()
    pixels[::20], pixels[:, ::20] = 170, 170
    pixels[30:90, 40:48] = INK
    pixels[15, 80] = pixels[100, 20] = INK
    assert bar(photo.find(pixels))


def test_blank_paper_is_a_sentence_with_and_without_shadow_and_noise() -> None:
    generator = np.random.default_rng(0)
    noise = generator.normal(0, 3, (120, 100))
    shadow = np.where(np.arange(120) < 60, 1.0, 0.75)[:, None]
    for blank in (np.full((120, 100), PAPER), PAPER + noise, PAPER * shadow + noise, np.zeros((40, 40))):
        with pytest.raises(Refusal, match="no ink on the picture"):
            photo.find(blank.astype(np.uint8))


def test_tiny_pictures_give_an_image_or_a_sentence_and_huge_ones_are_made_smaller() -> None:
    generator = np.random.default_rng(0)
    for height, width in ((1, 1), (1, 9), (2, 2), (5, 3), (8, 8)):
        try:
            found = photo.find(generator.integers(0, 256, (height, width, 3), np.uint8))
        except Refusal:
            continue
        assert photo.as_data(found, "mnist", SHAPE).shape == SHAPE
    large = np.full((3000, 2000), 255, np.uint8)
    large[1000:2000, 900:1000] = 0
    pixels = photo.read("large.png", file(large))
    assert pixels.shape == (1024, 683, 3)
    top, left, bottom, right = photo.find(pixels).box
    assert (top, left, bottom, right) == pytest.approx((341, 307, 683, 341), abs=2)
    assert photo.find(page()[..., 0]).box == (30, 40, 90, 48)  # grey, as one channel


def test_files_are_read_upright_and_what_is_transparent_is_the_ground() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6  # the camera was held upright
    turned = photo.read("turned.png", file(np.rot90(page()), exif=exif))
    np.testing.assert_array_equal(turned, page())
    for ink in (0, 255):
        drawing = np.zeros((120, 100, 4), np.uint8)
        drawing[..., :3] = 128
        drawing[BAR] = (ink, ink, ink, 255)
        pixels = photo.read("drawing.png", file(drawing))
        assert photo.ink_on_paper(pixels) == (ink == 0)
        assert bar(photo.find(pixels))
    with pytest.raises(Refusal, match="no image"):
        photo.read("mine.png", b"MZ" * 100)


def test_thin_lines_become_as_thick_as_the_data_s_and_other_sets_keep_the_place() -> None:
    pixels = np.full((240, 240, 3), PAPER, np.uint8)
    pixels[40:200, 119:121] = INK
    image = photo.as_data(photo.find(pixels), "mnist", SHAPE)[0] / 255.0
    assert image.sum() / 20 == pytest.approx(photo.PEN * 20, abs=0.4)  # 20 pixels high
    assert image.sum(1)[14] > 1.5
    kept = photo.as_data(photo.find(page()), "kmnist", SHAPE)
    rows, columns = np.nonzero(kept[0] > 127)
    # Its middle 100 x 100 pixels at 28: the bar is at 20 to 80 and 40 to 48.
    assert (rows.min(), rows.max()) == (6, 21)
    assert (columns.min(), columns.max()) == (11, 12)
    assert photo.as_data(photo.find(page()), "mnist", (3, 28, 28)).shape == (3, 28, 28)

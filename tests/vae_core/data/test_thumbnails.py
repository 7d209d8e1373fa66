import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from vae_core import data
from vae_core.data import strokes, thumbnails


@pytest.mark.parametrize("name", ["strokes", "digits"])
def test_strips_of_embedded_sets_are_shipped(name: str):
    strip = data.thumbnail(name)
    assert strip.shape == (28, 280)
    assert strip.dtype == np.uint8
    assert all(strip[:, 28 * tile : 28 * (tile + 1)].max() > 200 for tile in range(10))


def test_the_shipped_strip_of_digits_is_what_the_set_begins_with():
    digits = data.load("digits", "test")
    fresh = thumbnails.strip(digits.images[:, 0].numpy(), digits.labels.numpy())
    np.testing.assert_array_equal(data.thumbnail("digits"), fresh)


def test_the_shipped_strip_of_strokes_is_what_the_set_begins_with():
    first = strokes.make(strokes.BLOCK, [0, data.SPLITS.index("test")])
    fresh = thumbnails.strip(first["images"][:, 0], first["labels"])
    # Another processor may round a cosine otherwise.
    assert np.abs(data.thumbnail("strokes").astype(int) - fresh).max() <= 3


def test_a_set_that_is_not_on_this_machine_has_none_yet(root: Path):
    assert data.thumbnail("mnist") is None
    assert data.thumbnail("folder") is None
    assert data.thumbnail("../../../etc/passwd") is None


def test_a_set_that_is_on_this_machine_shows_its_own_images(mnist_root: Path, root: Path):
    (root / "MNIST").symlink_to(mnist_root / "MNIST")
    test = data.load("mnist", "test")
    expected = thumbnails.strip(test.images[:, 0].numpy(), test.labels.numpy())
    np.testing.assert_array_equal(data.thumbnail("mnist"), expected)


def test_a_damaged_file_shows_nothing(root: Path):
    raw = root / "MNIST" / "raw"
    raw.mkdir(parents=True)
    for file in ("t10k-images-idx3-ubyte.gz", "t10k-labels-idx1-ubyte.gz"):
        (raw / file).write_bytes(b"\x1f\x8bno")
    assert data.thumbnail("mnist") is None


def test_a_strip_needs_no_torch():
    code = "import sys; from vae_core import data; data.thumbnail('strokes'); print('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout == "False\n"

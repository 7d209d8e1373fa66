"""The published file, in small: the same arrays, of a grid that a test can write."""

import math
from pathlib import Path

import numpy as np
import pytest
import torch

from vae_core import data
from vae_core.data import dsprites, sprites

SIZES = (3, 2, 4, 3, 2)


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sprites, "SIZES", SIZES)
    monkeypatch.setattr(dsprites, "TOTAL", math.prod(SIZES))
    monkeypatch.setattr(sprites, "COUNTS", {"train": 100, "test": 30})
    monkeypatch.setattr(dsprites, "BLOCK", 17)


def arrays() -> dict[str, np.ndarray]:
    """As published; image number i is i in binary, in the upper left corner."""
    total = math.prod(SIZES)
    images = np.zeros((total, 64, 64), np.uint8)
    images[:, 0, :8] = np.unpackbits(np.arange(total, dtype=np.uint8)[:, None], axis=1)
    classes = np.column_stack([np.zeros(total, np.int64), np.indices(SIZES).reshape(5, -1).T])
    values = np.column_stack([np.ones(total), classes[:, 1] + 1, classes[:, 2:] / 10])
    # The published file holds a pickle, which nobody may open.
    metadata = np.array({"title": "dSprites"}, dtype=object)
    return {"metadata": metadata, "imgs": images, "latents_classes": classes, "latents_values": values}


def numbers(images: torch.Tensor) -> np.ndarray:
    return np.packbits(images[:, 0, 0, :8].numpy() // 255, axis=1)[:, 0]


@pytest.mark.parametrize("folder", dsprites.FOLDERS)
def test_images_and_factors_of_the_published_file_stay_together(root: Path, folder: str) -> None:
    (root / folder).mkdir(exist_ok=True)
    published = arrays()
    np.savez_compressed(root / folder / dsprites.FILE, **published)
    seen = []
    for split, count in (("train", 100), ("test", 30)):
        dataset = data.load("dsprites", split)
        assert dataset.images.shape == (count, 1, 64, 64)
        assert torch.unique(dataset.images).tolist() == [0, 255]
        number = numbers(dataset.images)
        np.testing.assert_array_equal(number, sprites.chosen(split))
        np.testing.assert_allclose(dataset.factors[:, 1:], published["latents_values"][number, 2:], rtol=1e-6)
        np.testing.assert_array_equal(dataset.labels, published["latents_classes"][number, 1])
        np.testing.assert_array_equal(dataset.factors[:, 0], published["latents_classes"][number, 1])
        seen.append(number)
    assert len(np.intersect1d(*seen)) == 0


def test_once_unpacked_the_file_is_not_read_again(root: Path) -> None:
    np.savez_compressed(root / dsprites.FILE, **arrays())
    said: list[float] = []
    first = data.load("dsprites", "test", progress=lambda fraction, sentence: said.append(fraction))
    assert said == sorted(said)
    assert said[-1] == 1
    (root / dsprites.FILE).unlink()
    assert torch.equal(data.load("dsprites", "test").images, first.images)


def test_without_the_file_it_says_what_to_get_and_where_to_put_it(root: Path) -> None:
    with pytest.raises(data.Unavailable) as refusal:
        data.load("dsprites")
    assert dsprites.FILE in str(refusal.value)
    assert str(root) in str(refusal.value)
    assert "take sprites" in str(refusal.value)


def cut_short(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:2000])


def of_another_shape(path: Path) -> None:
    np.savez(path, **(arrays() | {"imgs": np.zeros((5, 64, 64), np.uint8)}))


def without_values(path: Path) -> None:
    np.savez(path, imgs=arrays()["imgs"])


def with_a_pickle_for_images(path: Path) -> None:
    np.savez(path, **(arrays() | {"imgs": np.array([{}], dtype=object)}))


@pytest.mark.parametrize("spoil", [cut_short, of_another_shape, without_values, with_a_pickle_for_images])
def test_another_file_of_that_name_is_refused_with_a_sentence(root: Path, spoil) -> None:
    path = root / dsprites.FILE
    np.savez_compressed(path, **arrays())
    spoil(path)
    with pytest.raises(data.Unavailable, match="cannot be read as dSprites was published") as refusal:
        data.load("dsprites")
    assert str(refusal.value).endswith(".")
    assert not list((root / "cache").glob("*")) if (root / "cache").exists() else True

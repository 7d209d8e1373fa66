import numpy as np
import torch
from sklearn.datasets import load_digits

from vae_core import data


def rows(dataset: data.Dataset) -> list[bytes]:
    """Every image with its label, as something that can be sorted."""
    return [
        image.numpy().tobytes() + bytes([int(label)])
        for image, label in zip(dataset.images, dataset.labels, strict=True)
    ]


def test_the_two_splits_are_scikit_learns_digits_stretched_to_0_to_255():
    original = load_digits()
    stretched = np.floor(original.images * 255 / 16 + 0.5).astype(np.uint8)
    expected = [
        image.tobytes() + bytes([label]) for image, label in zip(stretched, original.target, strict=True)
    ]
    found = rows(data.load("digits")) + rows(data.load("digits", "test"))
    assert sorted(found) == sorted(expected)


def test_both_ends_of_the_grey_scale_are_exact():
    images = data.load("digits").images
    assert images.min() == 0
    assert images.max() == 255


def test_the_test_split_holds_every_class_equally_often():
    assert data.load("digits", "test").labels.bincount().tolist() == [36] * 10


def test_the_split_never_changes():
    first, again = data.load("digits", "test"), data.load("digits", "test")
    assert torch.equal(first.images, again.images)
    assert torch.equal(first.labels, again.labels)

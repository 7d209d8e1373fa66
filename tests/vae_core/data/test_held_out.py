"""A dataset without its last class, and that class: together the whole, apart nothing in common."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from vae_core import data
from vae_core.data import held_out, strokes
from vae_core.data.catalogue import CATALOGUE
from vae_core.spec import Spec


def check(name: str) -> None:
    info = CATALOGUE[name]
    whole, part, rest = data.load(info.part_of, "test"), data.load(name, "test"), held_out.held_out(name)
    assert part.labels is not None
    assert rest.labels is not None
    assert whole.labels is not None
    assert len(part) == info.test
    assert part.class_names == info.classes == tuple("012345678")
    assert part.labels.unique().tolist() == list(range(9))
    assert rest.labels.unique().tolist() == [9]
    assert len(part) + len(rest) == len(whole)
    assert torch.equal(part.images, whole.images[whole.labels < 9])


def test_without_its_last_class_strokes_have_all_the_others(root: Path) -> None:
    check("strokes_without_9")


def test_without_its_last_class_mnist_has_all_the_others(mnist_root: Path, root: Path) -> None:
    (root / "MNIST").symlink_to(mnist_root / "MNIST")
    check("mnist_without_9")


def test_its_training_images_lack_the_class_too(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(strokes.COUNTS, "train", 1000)
    train = data.load("strokes_without_9")
    assert train.labels is not None
    assert train.factors is not None
    assert len(train) == len(train.factors) == 900
    assert int(train.labels.max()) == 8


def test_a_spec_of_it_knows_nine_classes() -> None:
    spec = Spec().change(**{"data.name": "strokes_without_9", "condition.kind": "class"})
    assert spec.classes == 9


def test_its_strip_shows_what_it_has() -> None:
    strip, whole = data.thumbnail("strokes_without_9"), data.thumbnail("strokes")
    assert strip is not None
    assert whole is not None
    assert (strip == whole[:, : 9 * 28]).all()

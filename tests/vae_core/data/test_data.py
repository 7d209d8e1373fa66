import math
import subprocess
import sys

import pytest
import torch

from vae_core import data
from vae_core.data import catalogue, sprites, strokes

EMBEDDED = [name for name, info in data.CATALOGUE.items() if info.image_shape and not info.needs]


def test_the_catalogue_is_there_without_torch_or_anything_else_that_is_slow():
    heavy = "torch, sklearn, scipy, torchvision, PIL"
    code = (
        "import sys; from vae_core import data; data.catalogue.image_shape('mnist', None, None, None, True); "
        f"print(*({{name.strip() for name in {heavy!r}.split(',')}} & set(sys.modules)))"
    )
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert loaded.stdout.split() == []


@pytest.mark.parametrize("name", EMBEDDED)
def test_embedded_sets_are_what_the_catalogue_says(name: str, root, monkeypatch):
    info = data.CATALOGUE[name]
    assert info.train + info.test >= 1797
    if info.part_of == "strokes":
        monkeypatch.setitem(strokes.COUNTS, "train", 1000)
    if name == "strokes":
        assert {"train": info.train, "test": info.test} == strokes.COUNTS
        monkeypatch.setitem(strokes.COUNTS, "train", 1000)
    if info.module == "sprites_colour":
        assert (info.train, info.test) == (sprites.COUNTS["train"], sprites.COUNTS["test"])
        monkeypatch.setattr(sprites, "COUNTS", {"train": 1000, "test": 1000})
    if info.module == "sprites":
        everything = math.prod(sprites.SIZES) - sprites.COUNTS["test"]
        train = everything if name in sprites.ALL else sprites.COUNTS["train"]
        assert (info.train, info.test) == (train, sprites.COUNTS["test"])
        monkeypatch.setattr(sprites, "COUNTS", {"train": 1000, "test": 1000})
    for split in data.SPLITS:
        dataset = data.load(name, split)
        assert dataset.image_shape == info.image_shape == catalogue.image_shape(name, None, None, None, True)
        assert dataset.images.dtype == torch.uint8
        assert dataset.labels.dtype == torch.int64
        assert dataset.class_names == info.classes
        assert len(dataset) == len(dataset.labels)
        assert (dataset.source is not None) == (name in sprites.ALL and split == "train")
        if info.module not in ("strokes", "sprites", "sprites_colour", "held_out"):
            assert len(dataset) == getattr(info, split)


def test_every_dataset_has_a_title_and_a_sentence():
    for name, info in data.CATALOGUE.items():
        assert info.name == name
        assert info.title
        assert info.sentence.endswith(".")


@pytest.mark.parametrize(
    "settings, sentence",
    [
        ({"name": "cifar"}, "'cifar' is not known; it must be one of strokes, digits, mnist"),
        ({"name": "digits", "split": "validation"}, "'validation' is no split; it must be train or test."),
        ({"name": "folder"}, "the dataset folder needs data.path"),
        ({"name": "array", "path": ""}, "the dataset array needs data.path"),
        ({"name": "digits", "path": "/somewhere"}, "the dataset digits takes no data.path"),
        ({"name": "digits", "height": 32}, "the dataset digits takes no data.height"),
        ({"name": "folder", "path": "/no/such/folder"}, "there is no /no/such/folder."),
        ({"name": "array", "path": "/no/such/file.npy"}, "there is no file /no/such/file.npy."),
    ],
)
def test_what_cannot_be_loaded_is_refused_with_a_sentence(settings: dict, sentence: str):
    with pytest.raises(data.Unavailable) as refusal:
        data.load(**settings)
    assert sentence in str(refusal.value)
    assert str(refusal.value).endswith(".")


def test_the_catalogue_refuses_with_a_value_error_as_validation_expects():
    with pytest.raises(ValueError, match="'cifar' is not known"):
        catalogue.image_shape("cifar", None, None, None, True)
    with pytest.raises(ValueError, match=r"takes no data\.width"):
        catalogue.image_shape("mnist", None, None, 14, True)


def test_a_subset_keeps_images_labels_and_factors_together():
    dataset = data.Dataset("made", "test", torch.arange(5, dtype=torch.uint8).reshape(5, 1, 1, 1))
    dataset = data.Dataset("made", "test", dataset.images, torch.arange(5), torch.arange(10.0).reshape(5, 2))
    part = dataset.subset(torch.tensor([3, 1]))
    assert part.images.flatten().tolist() == [3, 1]
    assert part.labels.tolist() == [3, 1]
    assert part.factors.tolist() == [[6, 7], [2, 3]]
    assert part.to("cpu").image_shape == (1, 1, 1)

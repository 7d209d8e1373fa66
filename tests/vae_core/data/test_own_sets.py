"""Sets of own images: kept under a name, read back bit by bit, drawn one by one, deleted and brought back."""

import math
import os
from pathlib import Path

import numpy as np
import pytest
import torch

from vae_core import Spec, data, recipes, train
from vae_core.data import catalogue, drawn_sets, own, own_sets, storage
from vae_core.data.dataset import Refusal
from vae_core.data.own_sets import About, Content
from vae_core.spec import SpecError, resolve

RNG = np.random.default_rng(0)


def content(count: int = 40, shape: tuple[int, int, int] = (3, 8, 8)) -> Content:
    labels = np.arange(count) % 2
    images = RNG.integers(0, 256, (count, *shape), dtype=np.uint8)
    return Content(
        About(shape, count, ("cat", "dog"), likelihood="gaussian", binarisation="none"), images, labels
    )


def digit(place: int) -> np.ndarray:
    """A stroke of a place of its own."""
    image = np.zeros((28, 28), np.uint8)
    image[6:22, 4 + place % 20] = 255
    return image


def test_a_set_comes_back_bit_by_bit_in_two_splits_of_a_fifth_and_the_rest(root: Path):
    kept = content()
    assert own_sets.save("My  pets", kept) == "My pets"
    assert own_sets.names() == ["My pets"]
    assert catalogue.image_shape("own", "My pets", None, None, True) == (3, 8, 8)
    splits = {split: data.load("own", split, path="My pets") for split in data.SPLITS}
    assert {split: len(each) for split, each in splits.items()} == {"train": 32, "test": 8}
    assert splits["test"].class_names == ("cat", "dog")
    for split, dataset in splits.items():
        part = own.in_split(40, split)
        assert torch.equal(dataset.images, torch.from_numpy(kept.images[part]))
        assert torch.equal(dataset.labels, torch.from_numpy(kept.labels[part]))


def test_splits_that_its_user_gave_stay(root: Path):
    kept = content()
    test = np.arange(40) >= 30
    own_sets.save("given", Content(kept.about, kept.images, kept.labels, test))
    assert torch.equal(data.load("own", "test", path="given").images, torch.from_numpy(kept.images[30:]))


def test_what_a_set_says_of_itself_needs_no_images(root: Path):
    own_sets.save("pets", content())
    assert own_sets.about("pets") == content().about
    assert own_sets.strip("pets").shape == (28, 280, 3)


@pytest.mark.parametrize(
    "name", ["../out", "a/b", "", ".hidden", "a\\b", "x" * 41, "dot.", "nul\0", "_x", "C:x"]
)
def test_a_name_that_is_no_plain_file_name_is_refused_for_writing_and_for_reading(root: Path, name: str):
    with pytest.raises(Refusal):
        own_sets.save(name, content())
    with pytest.raises(Refusal):
        own_sets.about(name)
    assert not [path for path in root.rglob("*") if path.suffix == ".safetensors"]


def test_two_sets_never_have_one_name_whatever_the_capitals(root: Path):
    own_sets.save("Pets", content())
    with pytest.raises(Refusal, match="already"):
        own_sets.save("pets", content())
    assert own_sets.free_name("Pets") == "Pets 2"
    assert own_sets.free_name("../../my_photos (1)!") == "my photos 1"


def test_a_set_that_is_deleted_can_be_brought_back_within_the_hour(root: Path):
    own_sets.save("pets", content())
    mark = own_sets.delete("pets")
    assert own_sets.names() == []
    with pytest.raises(data.Unavailable, match="no set of own images named 'pets' on this machine"):
        data.load("own", path="pets")
    own_sets.restore("pets", mark)
    assert len(data.load("own", path="pets")) == 32
    mark = own_sets.delete("pets")
    (trash,) = (root / "own").glob(".deleted-*")
    long_ago = trash.stat().st_mtime - own_sets.UNDO - 1
    os.utime(trash, (long_ago, long_ago))
    own_sets.save("others", content())  # which tidies up
    assert not trash.exists()
    with pytest.raises(Refusal, match="gone for good"):
        own_sets.restore("pets", mark)
    with pytest.raises(Refusal):
        own_sets.restore("pets", "../others")


def test_a_damaged_set_is_a_sentence_and_hides_no_other(root: Path):
    own_sets.save("good", content())
    own_sets.save("bad", content())
    path = root / "own" / "bad.safetensors"
    whole = path.read_bytes()
    path.write_bytes(whole[:-5] + bytes(5))
    with pytest.raises(data.Unavailable, match="'bad' is damaged"):
        data.load("own", path="bad")
    path.write_bytes(whole[:40])
    with pytest.raises(Refusal, match="'bad' cannot be read"):
        own_sets.about("bad")
    assert set(own_sets.names()) == {"good", "bad"}
    assert len(data.load("own", path="good")) == 32
    own_sets.delete("bad")
    assert own_sets.names() == ["good"]


def test_sets_are_bounded_in_number_and_in_bytes(root: Path, monkeypatch: pytest.MonkeyPatch):
    own_sets.save("one", content())
    monkeypatch.setattr(own_sets, "MAX_SETS", 1)
    with pytest.raises(Refusal, match="no more sets"):
        own_sets.save("two", content())
    monkeypatch.setattr(own_sets, "MAX_SETS", 9)
    monkeypatch.setattr(own_sets, "MAX_SET", 7679)  # a byte less than 40 images of 3 x 8 x 8
    with pytest.raises(Refusal, match="smaller size"):
        own_sets.save("two", content())
    assert own_sets.names() == ["one"]


def test_where_nothing_can_be_written_it_is_a_sentence(root: Path, monkeypatch: pytest.MonkeyPatch):
    def full(path: Path, content: bytes) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(storage, "write_atomically", full)
    with pytest.raises(Refusal, match="No space left on device"):
        own_sets.save("pets", content())
    assert own_sets.names() == []


def test_a_run_knows_shape_and_classes_and_the_set_has_its_size(root: Path):
    own_sets.save("pets", content())
    spec = resolve(recipes.get("vae-2d").change(**{"data.name": "own", "data.path": "pets"}))
    assert (spec.data.shape, spec.data.classes) == ((3, 8, 8), ("cat", "dog"))
    assert Spec.parse(spec.model_dump(mode="json")) == spec  # looks at no disk
    with pytest.raises(SpecError, match="has its size already"):
        resolve(recipes.get("vae-2d").change_text(["data.name=own", "data.path=pets", "data.height=9"]))
    with pytest.raises(SpecError, match="no set of own images named 'gone'"):
        resolve(recipes.get("vae-2d").change_text(["data.name=own", "data.path=gone"]))


def test_a_drawn_set_grows_and_shrinks_by_one_drawing(root: Path):
    assert drawn_sets.read("mine") is None
    for place in range(12):
        drawn_sets.add("mine", digit(place), str(place % 11))
    kept = drawn_sets.read("mine")
    assert kept.about.classes == tuple(map(str, range(11)))  # 10 comes after 9
    assert own_sets.counts(kept.labels, kept.about.classes)["0"] == 2
    assert (kept.images[3, 0] == digit(3)).all()
    drawn_sets.remove("mine", 3)
    kept = drawn_sets.read("mine")
    assert len(kept.images) == 11
    assert "3" not in kept.about.classes
    assert (kept.images[3, 0] == digit(4)).all()
    for _ in range(11):
        drawn_sets.remove("mine", 0)
    assert own_sets.names() == []


def test_drawings_are_not_added_to_a_set_of_uploads(root: Path):
    own_sets.save("pets", content())
    with pytest.raises(Refusal, match="uploaded images"):
        drawn_sets.add("pets", digit(0), "0")
    assert drawn_sets.names() == []


def test_a_model_trains_on_twenty_drawings_and_its_run_outlives_them(root: Path, own_runs: Path):
    for place in range(20):
        drawn_sets.add("mine", digit(place), "01"[place % 2])
    changes = {"data.name": "own", "data.path": "mine", "training.steps": 60, "net.widths": [32]}
    spec = resolve(recipes.get("vae-2d").change(**changes))
    run = train(spec, out=own_runs / "drawn")
    assert run.status.state == "finished"
    # Fair coins for pixels cost 28^2 ln 2 = 543 nats; a quick machine reports once on all 60 steps.
    assert run.metrics[-1]["train"]["elbo"] > -28 * 28 * math.log(2)
    own_sets.delete("mine")
    assert run.spec.data.classes == ("0", "1")
    assert run.posteriors.mean.shape == (4, 2)  # a fifth of 20
    assert run.model.decode_mean(torch.zeros(1, 2)).shape == (1, 1, 28, 28)

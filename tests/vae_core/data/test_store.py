"""Folders of images as arrays on disk: the same images in memory and streamed, and nothing half written."""

import os
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from vae_core import Spec, data
from vae_core.data import store
from vae_core.training.loop import Trainer
from vae_core.workers.worker import train

COUNT, SIDE = 60, 8


@pytest.fixture
def pictures(tmp_path: Path) -> Path:
    """A folder of coloured images of two classes."""
    generator = np.random.default_rng(0)
    for number in range(COUNT):
        path = tmp_path / "pictures" / "ab"[number % 2] / f"{number:02}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(generator.integers(0, 256, (SIDE, SIDE, 3), np.uint8)).save(path)
    return tmp_path / "pictures"


@pytest.fixture
def little_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine in a quarter of whose memory no training images fit, though those for testing do."""
    monkeypatch.setattr(store, "memory", lambda: 4 * 20 * 3 * SIDE**2)


def load(pictures: Path, split: str = "train", **more) -> data.Dataset:
    return data.load("folder", split, path=str(pictures), grey=False, **more)


def arrays(root: Path) -> list[str]:
    """All files of the cache but for locks, hidden ones too."""
    return sorted(path.name for path in (root / "cache").iterdir() if path.suffix != ".lock")


def test_streamed_images_are_those_in_memory(pictures: Path, root: Path, monkeypatch) -> None:
    held = {split: load(pictures, split) for split in data.SPLITS}
    assert not any(each.streamed or each.source for each in held.values())
    monkeypatch.setattr(store, "memory", lambda: 0)
    for split, each in held.items():
        found = load(pictures, split)
        assert found.streamed
        assert torch.equal(found.images, each.images)
        assert torch.equal(found.labels, each.labels)
        numbers = torch.randint(0, len(each), (100,))
        assert torch.equal(found.source.draw(numbers), each.images[numbers])
    assert len(arrays(root)) == 1


def test_only_the_split_that_is_too_large_is_streamed(pictures: Path, root: Path, little_memory) -> None:
    assert load(pictures).streamed
    assert not load(pictures, "test").streamed


@pytest.mark.parametrize(
    "changes", [{}, {"condition.kind": "class"}, {"prior.kind": "vamp", "prior.pseudo_inputs": 5}]
)
def test_a_streamed_run_has_the_weights_of_one_in_memory(
    pictures: Path, root: Path, monkeypatch, changes: dict
) -> None:
    source = {"name": "folder", "path": str(pictures), "grey": False, "image_shape": (3, SIDE, SIDE)}
    settings = {"training.batch_size": 16, "net.widths": (8,), **changes}
    spec = Spec.parse({"data": source | {"classes": ("a", "b")}}).change(**settings)
    states = []
    for memory in (2**40, 0):
        monkeypatch.setattr(store, "memory", lambda memory=memory: memory)
        trainer = Trainer(spec, load(pictures))
        assert (trainer.source is None) == (memory > 0)
        for step in trainer:
            if step == 7:  # past an epoch of three steps
                break
        states.append(trainer.state())
    for name, value in states[0].items():
        assert torch.equal(value, states[1][name]), name


def test_a_streamed_run_says_so_and_is_evaluated_as_one_in_memory(
    pictures: Path, root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    changes = {"data.path": str(pictures), "data.grey": False, "likelihood.kind": "gaussian"}
    settings = {"data.name": "folder", "training.steps": 3, "net.widths": (8,), **changes}
    spec, found = Spec().change(**settings), []
    for memory in (2**40, 0):
        monkeypatch.setattr(store, "memory", lambda memory=memory: memory)
        told: list[str] = []
        run = train(
            spec, tmp_path / str(memory), lambda status, told=told: told.append(str(status["message"]))
        )
        assert any("Streams its training images, 0.0 GB, from disk." in each for each in told) == (
            memory == 0
        )
        found.append(run.evaluation)
    assert found[0] == found[1]


def test_streamed_images_cannot_be_binarised_once(pictures: Path, root: Path, little_memory) -> None:
    source = {"name": "folder", "path": str(pictures), "grey": False, "image_shape": (3, SIDE, SIDE)}
    spec = Spec.parse({"data": source | {"binarisation": "static"}})
    with pytest.raises(ValueError, match="streamed from disk cannot be binarised once"):
        Trainer(spec, load(pictures))


def test_a_changed_folder_takes_the_place_of_what_it_was(pictures: Path, root: Path, little_memory) -> None:
    before, (old,) = load(pictures), arrays(root)
    Image.new("RGB", (SIDE, SIDE), (1, 2, 3)).save(pictures / "a" / "new.png")
    after, (new,) = load(pictures), arrays(root)
    assert old != new
    assert len(after) == len(before) + 1
    colours = torch.cat([load(pictures, split).images for split in data.SPLITS]).flatten(2)
    assert (colours == torch.tensor([1, 2, 3])[:, None]).all((1, 2)).sum() == 1
    assert len(before.images.unique()) > 1  # what is mapped stays, also where its file is gone


def test_what_is_given_up_leaves_nothing(pictures: Path, root: Path, little_memory) -> None:
    def give_up(fraction: float, sentence: str) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        load(pictures, progress=give_up)
    assert arrays(root) == []
    (pictures / "a" / "99.png").write_bytes(b"no image")
    with pytest.raises(data.Unavailable, match=r"99\.png is no image"):
        load(pictures)
    assert arrays(root) == []


def test_what_a_killed_process_left_is_swept_away(pictures: Path, root: Path, little_memory) -> None:
    load(pictures)
    (name,) = arrays(root)
    path = root / "cache" / name
    path.rename(path.with_name(f".{name}.abc"))
    load(pictures)
    assert arrays(root) == [name]


@pytest.mark.parametrize("length", [0, 50, 1000])
def test_an_array_cut_short_is_made_anew(pictures: Path, root: Path, little_memory, length: int) -> None:
    whole = load(pictures).images.clone()
    (name,) = arrays(root)
    os.truncate(root / "cache" / name, length)
    assert torch.equal(load(pictures).images, whole)


def test_an_array_that_is_cut_short_while_it_is_streamed_is_an_error(
    pictures: Path, root: Path, little_memory
) -> None:
    train = load(pictures)
    (name,) = arrays(root)
    os.truncate(root / "cache" / name, 1000)
    with pytest.raises(OSError, match="is cut short"):
        train.source.draw(torch.tensor([len(train) - 1]))


def test_a_full_disk_is_a_sentence_where_memory_has_no_room_either(
    pictures: Path, root: Path, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    expected = load(pictures).images
    for name in arrays(root):
        (root / "cache" / name).unlink()

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(store, "_write_array", full)
    assert torch.equal(load(pictures).images, expected)
    monkeypatch.setattr(store, "memory", lambda: 0)
    with pytest.raises(data.Unavailable, match=r"no room for them in .*data \(No space left on device\) or"):
        load(pictures)
    assert arrays(root) == []


def test_two_processes_write_it_once_and_the_other_says_that_it_waits(
    pictures: Path, root: Path, little_memory
) -> None:
    waits, told = threading.Event(), []

    def first(fraction: float, sentence: str) -> None:
        assert waits.wait(20)

    def second(fraction: float, sentence: str) -> None:
        told.append(sentence)
        waits.set()

    with ThreadPoolExecutor() as threads:
        one = threads.submit(load, pictures, progress=first)
        while not list((root / "cache").glob(".*.npy.*")) if (root / "cache").exists() else True:
            pass
        other = threads.submit(load, pictures, progress=second)
        assert torch.equal(one.result(30).images, other.result(30).images)
    assert set(told) == {"Another process reads the same images"}


def test_of_many_folders_the_arrays_used_last_are_kept(root: Path, tmp_path: Path) -> None:
    block = np.zeros((2, 1, 4, 4), np.uint8)

    def keep(number: int) -> None:
        store.stored_images(f"own-{number}", "key", 2, (1, 4, 4), lambda: iter([block]), lambda: None)

    for number in range(store.KEPT):
        keep(number)
        os.utime(root / "cache" / f"own-{number}-key.npy", (number, number))
    keep(0)  # used again
    keep(99)
    assert arrays(root) == [f"own-{number}-key.npy" for number in (0, *range(2, store.KEPT), 99)]


def test_memory_is_that_of_the_machine_or_less() -> None:
    whole = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    assert 2**20 < store.memory() <= whole

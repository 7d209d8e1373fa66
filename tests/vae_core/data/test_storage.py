import os
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays_of

from vae_core.data import storage

ARRAYS = {"images": np.arange(1000, dtype=np.uint8).reshape(10, 100), "labels": np.arange(10)}


def never() -> storage.Arrays:
    raise AssertionError("it was on disk already")


def test_what_was_built_once_is_read_the_next_time(root: Path):
    storage.cached("set-1", lambda: ARRAYS)
    again = storage.cached("set-1", never)
    assert again.keys() == ARRAYS.keys()
    for name, array in ARRAYS.items():
        assert again[name].dtype == array.dtype
        np.testing.assert_array_equal(again[name], array)


@pytest.mark.parametrize("where", [0, 5, 40, 200, -1])
def test_a_flipped_bit_is_noticed_and_the_file_made_anew(root: Path, where: int):
    storage.cached("set-1", lambda: ARRAYS)
    file = root / "cache" / "set-1.safetensors"
    content = bytearray(file.read_bytes())
    content[where] ^= 1
    file.write_bytes(content)
    np.testing.assert_array_equal(storage.cached("set-1", lambda: ARRAYS)["images"], ARRAYS["images"])
    storage.cached("set-1", never)


@pytest.mark.parametrize("length", [0, 7, 100, 1000])
def test_a_file_cut_short_is_made_anew(root: Path, length: int):
    storage.cached("set-1", lambda: ARRAYS)
    file = root / "cache" / "set-1.safetensors"
    file.write_bytes(file.read_bytes()[:length])
    np.testing.assert_array_equal(storage.cached("set-1", lambda: ARRAYS)["images"], ARRAYS["images"])
    storage.cached("set-1", never)


def test_a_root_that_cannot_be_written_to_is_read_and_the_users_cache_written(root: Path, home: Path):
    (root / "cache").write_text("a file where the folder would be")
    storage.cached("set-1", lambda: ARRAYS)
    assert (home / ".cache/elbo-room/cache/set-1.safetensors").exists()
    storage.cached("set-1", never)


def test_a_read_only_root_is_left_alone_even_by_an_administrator(root: Path, home: Path):
    root.chmod(0o555)
    storage.cached("set-1", lambda: ARRAYS)
    assert list(root.iterdir()) == []
    assert storage.writable_root() == home / ".cache/elbo-room"
    root.chmod(0o755)


def test_without_any_place_to_keep_it_the_data_is_still_there(root: Path, home: Path):
    for folder in (root, home / ".cache/elbo-room"):
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "cache").write_text("in the way")
    np.testing.assert_array_equal(storage.cached("set-1", lambda: ARRAYS)["labels"], ARRAYS["labels"])


def test_a_write_that_fails_leaves_the_old_file_and_nothing_else(root: Path, monkeypatch: pytest.MonkeyPatch):
    file = root / "file"
    storage.write_atomically(file, b"old")

    def full(*_: object) -> None:
        raise OSError("no space left on device")

    monkeypatch.setattr(os, "replace", full)
    with pytest.raises(OSError, match="no space"):
        storage.write_atomically(file, b"new")
    assert [path.name for path in root.iterdir()] == ["file"]
    assert file.read_bytes() == b"old"


def test_two_who_need_the_same_arrays_build_them_once_and_the_other_says_that_it_waits(root: Path):
    begun, built, waits = threading.Event(), [], threading.Event()

    def build() -> storage.Arrays:
        built.append(True)
        begun.set()
        assert waits.wait(30)
        return ARRAYS

    def second() -> storage.Arrays:
        assert begun.wait(30)
        return storage.cached("same-1", build, waiting=waits.set)

    with ThreadPoolExecutor(2) as threads:
        found = [
            threads.submit(storage.cached, "same-1", build, waiting=lambda: None),
            threads.submit(second),
        ]
        assert all(np.array_equal(each.result()["labels"], ARRAYS["labels"]) for each in found)
    assert built == [True]


def test_where_no_lock_can_be_had_arrays_are_built_all_the_same(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("VAE_DATA", "/proc/none")
    monkeypatch.setenv("HOME", "/proc/none")
    assert storage.cached("some-1", lambda: ARRAYS, waiting=lambda: None) is ARRAYS


def test_of_a_kind_that_grows_only_the_newest_are_kept(root: Path):
    for number in range(5):
        storage.cached(f"own-{number}", lambda: ARRAYS, keep=2)
        os.utime(root / "cache" / f"own-{number}.safetensors", (number, number))
    storage.cached("other-1", lambda: ARRAYS)
    left = sorted(path.name for path in (root / "cache").iterdir())
    # The fifth was pruned for before its time was set: it and the then newest of the others are left.
    assert left == ["other-1.safetensors", "own-3.safetensors", "own-4.safetensors"]


@given(
    arrays_of.arrays(
        st.sampled_from([np.uint8, np.int64, np.float32]), arrays_of.array_shapes(min_dims=1, max_dims=4)
    )
)
def test_any_array_comes_back_bit_by_bit(tmp_path_factory: pytest.TempPathFactory, array: np.ndarray):
    file = tmp_path_factory.mktemp("cache") / "file"
    storage.write_atomically(file, storage.pack({"array": array}))
    back = storage.read(file)
    assert back is not None
    assert back["array"].tobytes() == array.tobytes()
    assert back["array"].shape == array.shape

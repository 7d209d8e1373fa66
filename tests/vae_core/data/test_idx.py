import gzip
import hashlib
from pathlib import Path

import numpy as np
import pytest

from vae_core import data
from vae_core.data import idx, storage


def idx_file(array: np.ndarray) -> bytes:
    return b"\0\0\x08" + bytes([array.ndim]) + np.array(array.shape, ">u4").tobytes() + array.tobytes()


@pytest.fixture
def mnist(mnist_root: Path, root: Path) -> Path:
    """A root with real MNIST and room for a cache."""
    (root / "MNIST").symlink_to(mnist_root / "MNIST")
    return root


def test_mnist_has_the_published_numbers_of_each_digit(mnist: Path):
    train, test = data.load("mnist"), data.load("mnist", "test")
    assert train.images.shape == (60_000, 1, 28, 28)
    assert train.labels.bincount().tolist() == [5923, 6742, 5958, 6131, 5842, 5421, 5918, 6265, 5851, 5949]
    assert test.labels.bincount().tolist() == [980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009]
    # The mean that everybody normalises MNIST by.
    assert train.images.double().mean() / 255 == pytest.approx(0.1307, abs=5e-5)
    assert test.class_names == tuple("0123456789")


def test_mnist_is_decoded_once(mnist: Path, monkeypatch: pytest.MonkeyPatch):
    first = data.load("mnist", "test")
    monkeypatch.setattr(gzip, "decompress", None)
    again = data.load("mnist", "test")
    assert (again.images == first.images).all()
    assert (again.labels == first.labels).all()


def test_files_in_a_read_only_root_are_used_and_nothing_is_written_beside_them(mnist: Path, home: Path):
    before = sorted(mnist.rglob("*"))
    mnist.chmod(0o555)
    assert len(data.load("mnist", "test")) == 10_000
    mnist.chmod(0o755)
    assert sorted(mnist.rglob("*")) == before
    assert (home / ".cache/elbo-room/cache").exists()


def test_an_array_of_bytes_is_parsed():
    array = np.arange(24, dtype=np.uint8).reshape(2, 3, 4)
    np.testing.assert_array_equal(idx.parse(idx_file(array)), array)


@pytest.mark.parametrize(
    "content, fault",
    [
        (b"", "does not begin"),
        (b"<html>no such file</html>", "does not begin"),
        (b"\0\0\x0d\x01" + bytes(8), "does not begin"),
        (idx_file(np.zeros((2, 3), np.uint8))[:9], "ends within its header"),
        (idx_file(np.zeros((2, 3), np.uint8))[:-1], "promises 2 x 3 bytes, and 5 follow"),
        (b"\0\0\x08\x03" + b"\xff" * 12, "promises 4294967295 x 4294967295 x 4294967295 bytes"),
    ],
)
def test_what_is_no_idx_file_is_refused(content: bytes, fault: str):
    with pytest.raises(idx.Damaged, match=fault):
        idx.parse(content)


@pytest.fixture
def tiny(root: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A made-up test split under the name of KMNIST, in its folder; its arrays are all counting upwards."""
    raw = root / "KMNIST" / "raw"
    raw.mkdir(parents=True)
    sums = []
    for file, array in zip(idx.FILES["test"], tiny_arrays(), strict=True):
        packed = gzip.compress(idx_file(array))
        (raw / file).write_bytes(packed)
        sums.append(hashlib.md5(packed).hexdigest())
    monkeypatch.setitem(idx.MD5, "kmnist", (("", ""), tuple(sums)))
    return raw


def tiny_arrays() -> tuple[np.ndarray, np.ndarray]:
    labels = (np.arange(10_000) % 10).astype(np.uint8)
    return np.broadcast_to(labels[:, None, None], (10_000, 28, 28)).copy(), labels


def test_packed_files_are_read(tiny: Path):
    images, labels = idx.read("kmnist", "test")
    np.testing.assert_array_equal(images, tiny_arrays()[0])
    np.testing.assert_array_equal(labels, tiny_arrays()[1])


def test_a_damaged_packed_file_is_as_good_as_none(tiny: Path):
    file = tiny / idx.FILES["test"][0]
    file.write_bytes(file.read_bytes()[:-100])
    assert idx.read("kmnist", "test") is None


def test_unpacked_files_that_torchvision_left_are_read_too(tiny: Path):
    for file, array in zip(idx.FILES["test"], tiny_arrays(), strict=True):
        (tiny / file).unlink()
        (tiny / file).with_suffix("").write_bytes(idx_file(array))
    assert idx.read("kmnist", "test") is not None


def test_half_an_unpacked_file_is_as_good_as_none(tiny: Path):
    file = tiny / idx.FILES["test"][0]
    file.unlink()
    file.with_suffix("").write_bytes(idx_file(tiny_arrays()[0])[:-1])
    assert idx.read("kmnist", "test") is None


def test_the_users_cache_is_looked_at_where_vae_data_has_nothing(tiny: Path):
    home = storage.user_cache()
    home.mkdir(parents=True)
    tiny.parent.rename(home / "KMNIST")
    assert idx.read("kmnist", "test") is not None

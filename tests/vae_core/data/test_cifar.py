"""CIFAR-10 from small archives in the layout of the published binary version."""

import hashlib
import io
import tarfile
from pathlib import Path

import pytest
import torch

from vae_core import data
from vae_core.data import cifar, download

COUNT = 30  # records of a file, in place of 10,000


def content(number: int, count: int = COUNT) -> bytes:
    """Records as the page of CIFAR-10 describes them, byte by byte: a class, then red, green and blue."""
    rows = []
    for k in range(count):
        red, green, blue = bytes(range(256)) * 4, bytes([number]) * 1024, bytes([k]) * 1024
        rows.append(bytes([k % 10]) + red + green + blue)
    return b"".join(rows)


def archive(count: int = COUNT, leave_out: str = "") -> bytes:
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w:gz") as tar:
        names = ["batches.meta.txt", *(f"data_batch_{k}.bin" for k in range(1, 6)), "test_batch.bin"]
        for number, name in enumerate(names):
            member = tarfile.TarInfo(f"cifar-10-batches-bin/{name}")
            inside = content(number, count) if number else b"airplane\n"
            member.size = len(inside)
            if name != leave_out:
                tar.addfile(member, io.BytesIO(inside))
    return file.getvalue()


@pytest.fixture
def put(root: Path, monkeypatch: pytest.MonkeyPatch):
    """Puts an archive where CIFAR-10 is looked for, as the published one."""
    monkeypatch.setattr(cifar, "PER_FILE", COUNT)
    monkeypatch.setattr("vae_core.data.thumbnails.HEAD", COUNT)
    monkeypatch.setitem(download.MIRRORS, "cifar10", ["http://127.0.0.1:9/"])

    def put_there(packed: bytes) -> Path:
        monkeypatch.setattr(cifar, "MD5", hashlib.md5(packed).hexdigest())
        path = root / "CIFAR10" / "cifar-10-binary.tar.gz"
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(packed)
        return path

    return put_there


def test_the_catalogue_says_what_the_published_files_hold() -> None:
    info = data.CATALOGUE["cifar10"]
    assert (info.train, info.test) == (5 * cifar.PER_FILE, cifar.PER_FILE)
    assert info.classes[3] == "cat"  # in the order of batches.meta.txt
    assert info.image_shape == cifar.PIXELS


def test_records_are_read_in_their_order_channel_by_channel_and_row_by_row(put) -> None:
    put(archive())
    assert download.here("cifar10")
    train, test = data.load("cifar10"), data.load("cifar10", "test")
    assert train.images.shape == (5 * COUNT, 3, 32, 32)
    assert torch.equal(train.labels, torch.arange(5 * COUNT) % COUNT % 10)
    rows = torch.arange(1024).reshape(32, 32) % 256
    assert (train.images[:, 0] == rows).all()
    assert torch.equal(train.images[:, 1, 4, 5].long(), torch.arange(5 * COUNT) // COUNT + 1)
    assert torch.equal(train.images[:, 2, 31, 0].long(), torch.arange(5 * COUNT) % COUNT)
    assert (test.images[:, 1] == 6).all()
    assert test.class_names[0] == "airplane"


def test_the_strip_is_of_each_class_in_colour(put) -> None:
    put(archive())
    strip = data.thumbnail("cifar10")
    assert strip.shape == (28, 280, 3)
    assert [strip[3, 28 * k + 3].tolist()[1:] for k in range(10)] == [[1, k] for k in range(10)]


@pytest.mark.parametrize(
    "packed", [archive()[:-200], archive(leave_out="test_batch.bin"), archive(count=COUNT - 1), b"<html>"]
)
def test_a_damaged_archive_is_as_good_as_none(put, packed: bytes) -> None:
    put(packed)
    assert cifar.read("cifar10", "test") is None
    with pytest.raises(
        data.Unavailable, match=r"If you have cifar-10-binary\.tar\.gz, put it in CIFAR10 below"
    ):
        data.load("cifar10", "test")


def test_another_archive_than_the_published_one_is_not_used(put, monkeypatch: pytest.MonkeyPatch) -> None:
    put(archive())
    monkeypatch.setattr(cifar, "MD5", "c32a1d4ab5d03f1284b67883e8d87530")
    assert cifar.read("cifar10", "train") is None


@pytest.mark.parametrize("records", [b"", bytes(3072), bytes([10]) + bytes(3072)])
def test_what_are_no_records_is_refused(records: bytes) -> None:
    with pytest.raises(cifar.Damaged):
        cifar.parse(records)

"""Downloads from a server on this machine that behaves and misbehaves; what is downloaded, by torchvision."""

import gzip
import hashlib
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import numpy as np
import pytest
import torch

from benchmarks.contenders import torchvision_datasets
from vae_core import data
from vae_core.data import cifar, download, idx

FILES = [file for split in ("train", "test") for file in idx.FILES[split]]


def idx_file(array: np.ndarray) -> bytes:
    return b"\0\0\x08" + bytes([array.ndim]) + np.array(array.shape, ">u4").tobytes() + array.tobytes()


def packed(count: int) -> tuple[bytes, bytes]:
    labels = (np.arange(count) % 10).astype(np.uint8)
    images = np.broadcast_to(labels[:, None, None], (count, 28, 28))
    return gzip.compress(idx_file(images), 1), gzip.compress(idx_file(labels), 1)


class Server(ThreadingHTTPServer):
    """Serves four made-up files; `fault` says what it does wrong."""

    daemon_threads = True
    fault = ""
    asked: int

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.files = dict(zip(FILES, (*packed(60_000), *packed(10_000)), strict=True))
        self.asked = 0
        self.closing = threading.Event()

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}/"


class Handler(BaseHTTPRequestHandler):
    server: Server

    def do_HEAD(self) -> None:
        content = self.server.files[self.path[1:]]
        self.send_response(404 if self.server.fault == "missing" else 200)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()

    def do_GET(self) -> None:
        self.server.asked += 1
        content = self.server.files[self.path[1:]]
        self.send_response(200)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        fault = self.server.fault
        if fault == "other content":
            content = bytes(len(content))
        if fault in ("cut short", "stall"):
            content = content[: len(content) // 2]
        self.wfile.write(content)
        self.wfile.flush()
        if fault == "stall":
            self.server.closing.wait(30)

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def server() -> Iterator[Server]:
    with Server() as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server
        server.closing.set()
        server.shutdown()


@pytest.fixture
def source(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    """That server as the home of KMNIST."""
    sums = [hashlib.md5(server.files[file]).hexdigest() for file in FILES]
    monkeypatch.setitem(download.MIRRORS, "kmnist", [server.address])
    monkeypatch.setitem(idx.MD5, "kmnist", ((sums[0], sums[1]), (sums[2], sums[3])))


def left(root: Path) -> set[str]:
    """Every file below a root but for locks and the cache of decoded arrays."""
    return {
        path.relative_to(root).as_posix()
        for path in root.rglob("*")
        if path.is_file() and path.suffix not in (".lock", ".safetensors")
    }


def test_a_first_use_downloads_with_progress_and_a_second_does_not(source: None, server: Server, root: Path):
    told: list[tuple[float, str]] = []
    train = data.load("kmnist", progress=lambda *report: told.append(report))
    assert torch.equal(train.labels, torch.arange(60_000) % 10)
    assert (train.images[:, 0, 5, 5] == train.labels).all()
    assert left(root) == {f"KMNIST/raw/{file}" for file in FILES}
    fractions = [fraction for fraction, _ in told]
    assert fractions == sorted(fractions)
    assert told[0] == (0.0, "Looking for a server that has Kuzushiji-MNIST")
    assert told[-1] == (1.0, f"Kuzushiji-MNIST is in {root / 'KMNIST' / 'raw'}")
    assert any(sentence.startswith("Downloading Kuzushiji-MNIST: ") for _, sentence in told)
    asked = server.asked
    data.load("kmnist", "test")
    assert server.asked == asked


def test_the_mirrors_are_those_of_torchvision() -> None:
    known = {name: getattr(torchvision_datasets(), folder).mirrors for name, folder in idx.FOLDERS.items()}
    # torchvision takes another version of CIFAR-10, from the same place.
    known["cifar10"] = [torchvision_datasets().CIFAR10.url.removesuffix("cifar-10-python.tar.gz")]
    assert known == download.MIRRORS


def test_what_was_downloaded_is_here_and_what_a_server_has_can_be_had(source: None, root: Path) -> None:
    assert not download.here("kmnist")
    assert download.answers("kmnist")
    data.load("kmnist", "test")
    assert download.here("kmnist")
    assert all(download.here(name) for name in ("strokes", "digits", "sprites"))


def test_a_mirror_that_does_not_answer_is_passed_over(source: None, server: Server, root: Path, monkeypatch):
    monkeypatch.setitem(download.MIRRORS, "kmnist", ["http://127.0.0.1:9/", server.address])
    assert len(data.load("kmnist", "test")) == 10_000


@pytest.mark.parametrize("fault", ["other content", "stall"])
def test_a_file_that_one_mirror_does_not_give_comes_from_the_next(
    source: None, server: Server, root: Path, monkeypatch, fault: str
):
    monkeypatch.setattr(download, "STALL", 2.0)
    with Server() as other:
        threading.Thread(target=other.serve_forever, daemon=True).start()
        other.fault = fault
        monkeypatch.setitem(download.MIRRORS, "kmnist", [other.address, server.address])
        assert len(data.load("kmnist", "test")) == 10_000
        assert other.asked == server.asked == 4
        other.closing.set()
        other.shutdown()


@pytest.mark.parametrize(
    "fault, reason",
    [
        ("missing", "no server that has it answered"),
        ("cut short", "the download failed"),
        ("other content", "the download failed"),
        ("stall", "its server stopped sending"),
    ],
)
def test_a_download_that_fails_says_so_and_leaves_nothing(
    source: None, server: Server, root: Path, monkeypatch, fault: str, reason: str
):
    server.fault = fault
    # Not for the whole test: a busy machine may itself take as long as that.
    with monkeypatch.context() as impatient:
        impatient.setattr(download, "STALL", 0.4)
        with pytest.raises(data.Unavailable) as refused:
            data.load("kmnist")
    assert f"Kuzushiji-MNIST is not on this machine, and {reason}" in str(refused.value)
    assert left(root) == set()
    server.fault = ""
    server.closing.set()
    assert len(data.load("kmnist")) == 60_000


def test_giving_up_during_a_download_leaves_nothing(source: None, server: Server, root: Path):
    server.fault = "stall"

    def give_up(fraction: float, sentence: str) -> None:
        if sentence.startswith("Downloading"):
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        data.load("kmnist", progress=give_up)
    assert left(root) == set()


def test_what_a_killed_download_left_is_swept_away_by_the_next(source: None, root: Path):
    stale = root / ".download-kmnist-abc"
    (stale / "KMNIST").mkdir(parents=True)
    data.load("kmnist", "test")
    assert not stale.exists()


def test_without_a_network_a_sentence_comes_at_once_and_offers_what_needs_none(root: Path, monkeypatch):
    for name in download.MIRRORS:
        monkeypatch.setitem(download.MIRRORS, name, ["http://127.0.0.1:9/"])
        assert not download.here(name)
        assert not download.answers(name)
        with pytest.raises(data.Unavailable) as refused:
            data.load(name)
        assert "choose strokes or digits, which need none" in str(refused.value)
        assert f"put {'it in CIFAR10' if name == 'cifar10' else f'them in {idx.FOLDERS[name]}/raw'}" in str(
            refused.value
        )


def test_an_archive_is_downloaded_as_other_files_are(server: Server, root: Path, monkeypatch) -> None:
    from tests.vae_core.data.test_cifar import COUNT, archive

    packed = archive()
    server.files["cifar-10-binary.tar.gz"] = packed
    monkeypatch.setattr(cifar, "PER_FILE", COUNT)
    monkeypatch.setattr(cifar, "MD5", hashlib.md5(packed).hexdigest())
    monkeypatch.setitem(download.MIRRORS, "cifar10", [server.address])
    server.fault = "cut short"
    with pytest.raises(data.Unavailable, match="the download failed"):
        data.load("cifar10")
    assert left(root) == set()
    server.fault = ""
    assert len(data.load("cifar10")) == 5 * COUNT
    assert left(root) == {"CIFAR10/cifar-10-binary.tar.gz"}


def test_a_name_server_that_hangs_is_not_waited_for(root: Path, monkeypatch):
    released = threading.Event()

    def hang(*_: object, **__: object) -> None:
        released.wait(30)
        raise OSError("name or service not known")

    monkeypatch.setattr(download, "ANSWER", 0.2)
    monkeypatch.setattr(download.urllib.request, "urlopen", hang)
    begun = time.monotonic()
    with pytest.raises(data.Unavailable, match="no server that has it answered"):
        download.fetch("mnist", lambda *_: None)
    assert time.monotonic() - begun < 10
    released.set()


def test_a_root_that_may_not_be_written_to_is_not_downloaded_into(source: None, root: Path, home: Path):
    told: list[str] = []
    root.chmod(0o555)
    data.load("kmnist", "test", progress=lambda _, sentence: told.append(sentence))
    root.chmod(0o755)
    assert told[0] == f"{root} cannot be written to; Kuzushiji-MNIST goes to {home / '.cache/elbo-room'}"
    assert left(root) == set()
    assert (home / ".cache/elbo-room/KMNIST/raw" / FILES[0]).exists()


def test_the_checksums_are_those_that_torchvision_knows():
    for name, folder in idx.FOLDERS.items():
        known = dict(getattr(torchvision_datasets(), folder).resources)
        assert known == dict(zip(FILES, [md5 for split in idx.MD5[name] for md5 in split], strict=True))

"""Downloading published datasets: with progress, in a bounded time, and never leaving half a file.

Written by hand, on the standard library: `_bring` is all that a library of downloads would save. torchvision
shows no progress but its own bar, waits for a silent server for ever, and cannot be imported where its
compiled part is of another PyTorch.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import shutil
import tempfile
import threading
import time
import urllib.request
from collections.abc import Iterator
from http.client import HTTPException
from pathlib import Path

from filelock import FileLock, Timeout

from vae_core.data.catalogue import CATALOGUE, DOWNLOAD, loader, whole
from vae_core.data.dataset import Progress, Published, Unavailable
from vae_core.data.storage import roots, writable, writable_root

# Where the files lie, as torchvision and their authors say.
MIRRORS = {
    "mnist": ["https://ossci-datasets.s3.amazonaws.com/mnist/", "http://yann.lecun.com/exdb/mnist/"],
    "fashion_mnist": ["http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/"],
    "kmnist": ["http://codh.rois.ac.jp/kmnist/dataset/kmnist/"],
    "cifar10": ["https://www.cs.toronto.edu/~kriz/"],
}
ANSWER = 6.0  # seconds within which some server must answer
STALL = 20.0  # seconds without a single new byte after which we leave a server


def here(name: str) -> bool:
    """Whether the dataset needs no download on this machine. Looks whether files are there, not into them."""
    name = whole(name)
    if CATALOGUE[name].needs != DOWNLOAD:
        return True
    published = _published(name)

    def there(file: Path) -> bool:
        return file.exists() or (published.unpacked and file.with_suffix("").exists())

    return any(all(there(root / published.folder / file) for file in published.files) for root in roots())


def answers(name: str) -> bool:
    """Whether some server that has the dataset answers, within `ANSWER` seconds."""
    return bool(_sizes(whole(name)))


def fetch(name: str, report: Progress) -> None:
    """Put the files of `name` where its module reads them. Raises Unavailable, which offers other sets."""
    title = CATALOGUE[name].title
    try:
        root = writable_root()
        if root != roots()[0]:
            report(0.0, f"{roots()[0]} cannot be written to; {title} goes to {root}")
        report(0.0, f"Looking for a server that has {title}")
        with _patient(FileLock(root / f".{name}.lock"), title, report):
            # Somebody else may have brought it while we waited.
            read = loader(name).read
            if read(name, "train") is None or read(name, "test") is None:
                _fetch(name, root, report)
    except OSError as error:
        raise Unavailable(_sorry(name, f"its files could not be written ({error})")) from error


def _fetch(name: str, root: Path, report: Progress) -> None:
    title, published = CATALOGUE[name].title, _published(name)
    sizes = _sizes(name)
    mirrors = [mirror for mirror in MIRRORS[name] if mirror in sizes]
    if not mirrors:
        raise Unavailable(_sorry(name, "no server that has it answered"))
    total = sizes[mirrors[0]]
    prefix = f".download-{name}-"
    for stale in root.glob(f"{prefix}*"):
        shutil.rmtree(stale, ignore_errors=True)
    with tempfile.TemporaryDirectory(dir=root, prefix=prefix, ignore_cleanup_errors=True) as scratch:
        for size in _run(name, mirrors, Path(scratch)):
            done = f"{size / 1e6:.1f} of {total / 1e6:.1f} MB" if total else f"{size / 1e6:.1f} MB"
            report(min(1.0, size / total) if total else 0.0, f"Downloading {title}: {done}")
        home = writable(root / published.folder)
        for file in published.files:
            os.replace(Path(scratch) / file, home / file)
    report(1.0, f"{title} is in {home}")


def _run(name: str, mirrors: list[str], scratch: Path) -> Iterator[int]:
    """Bring the files of `name` in a thread, and yield how many bytes there are, until all are there."""
    failure: list[Exception] = []

    def work() -> None:
        try:
            for file, md5 in _published(name).files.items():
                _bring([mirror + file for mirror in mirrors], scratch / file, md5)
        except Exception as error:  # noqa: BLE001 (whatever it is, it is told below)
            failure.append(error)

    # A thread that waits for a server cannot be ended; as a daemon it keeps no process from ending.
    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    while thread.is_alive():
        thread.join(0.1)
        yield sum(file.stat().st_size for file in scratch.iterdir())
    if failure:
        raise Unavailable(_sorry(name, _reason(failure[0]))) from failure[0]


def _bring(addresses: list[str], file: Path, md5: str) -> None:
    """Write the file from the first address that gives the one with that MD5; raises the last one's fault."""
    for address in addresses:
        try:
            answer = urllib.request.urlopen(_request(address), timeout=STALL)
            with answer, open(file, "wb") as target:
                while piece := answer.read1(2**16):
                    target.write(piece)
            with open(file, "rb") as written:
                found = hashlib.file_digest(written, lambda: hashlib.md5(usedforsecurity=False))
            if found.hexdigest() == md5:
                return
            raise OSError(f"{file.name} came damaged")
        except (OSError, HTTPException):
            if address == addresses[-1]:
                raise


def _request(address: str, method: str = "GET") -> urllib.request.Request:
    return urllib.request.Request(address, method=method, headers={"User-Agent": "vae"})


def _sizes(name: str) -> dict[str, int]:
    """The bytes of all its files together, for each mirror that answers in time."""
    sizes: dict[str, int] = {}
    threads = []
    for mirror in MIRRORS[name]:

        def ask(mirror: str = mirror) -> None:
            total = 0
            for file in _published(name).files:
                try:
                    with urllib.request.urlopen(_request(mirror + file, "HEAD"), timeout=ANSWER) as answer:
                        total += int(answer.headers.get("Content-Length", 0))
                except (OSError, ValueError):
                    return
            sizes[mirror] = total

        threads.append(threading.Thread(target=ask, daemon=True))
        threads[-1].start()
    # Looking up a name may hang for longer than any timeout of the connection.
    deadline = time.monotonic() + ANSWER
    for thread in threads:
        thread.join(max(0.0, deadline - time.monotonic()))
    return dict(sizes)


@contextlib.contextmanager
def _patient(lock: FileLock, title: str, report: Progress) -> Iterator[None]:
    """Holds the lock, and reports while another process does, so that waiting can be given up."""
    while True:
        try:
            lock.acquire(timeout=0.5)
            break
        except Timeout:
            report(0.0, f"Another process is downloading {title}")
    try:
        yield
    finally:
        lock.release()


def _reason(error: Exception) -> str:
    if isinstance(error, TimeoutError):
        return "its server stopped sending"
    if isinstance(error, OSError) and error.strerror:
        return f"the download failed ({error.strerror})"
    lines = str(error).strip().splitlines()
    return f"the download failed ({lines[-1] if lines else type(error).__name__})"


def _sorry(name: str, reason: str) -> str:
    title, published = CATALOGUE[name].title, _published(name)
    them = "it" if len(published.files) == 1 else "them"
    return (
        f"{title} is not on this machine, and {reason}. Connect to a network and try again, or choose "
        f"strokes or digits, which need none. If you have {published.called}, put {them} in "
        f"{published.folder} below the folder that VAE_DATA names."
    )


def _published(name: str) -> Published:
    found: Published = loader(name).published(name)
    return found

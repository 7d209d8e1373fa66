"""Downloading through torchvision: with progress, in a bounded time, and never leaving half a file behind."""

from __future__ import annotations

import contextlib
import functools
import importlib
import os
import shutil
import sys
import tempfile
import threading
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

from filelock import FileLock, Timeout

from vae_core.data.catalogue import CATALOGUE, DOWNLOAD
from vae_core.data.dataset import Progress, Unavailable
from vae_core.data.idx import FILES, FOLDERS, read
from vae_core.data.storage import roots, writable, writable_root

# Where the files lie, as torchvision says too; here, so that asking whether one answers needs no torch.
MIRRORS = {
    "mnist": ["https://ossci-datasets.s3.amazonaws.com/mnist/", "http://yann.lecun.com/exdb/mnist/"],
    "fashion_mnist": ["http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/"],
    "kmnist": ["http://codh.rois.ac.jp/kmnist/dataset/kmnist/"],
}
ALL_FILES = [file for split in FILES.values() for file in split]
ANSWER = 6.0  # seconds within which some server must answer
STALL = 20.0  # seconds without a single new byte after which we give up


def here(name: str) -> bool:
    """Whether the dataset needs no download on this machine. Looks whether files are there, not into them."""
    if CATALOGUE[name].needs != DOWNLOAD:
        return True
    folders = [root / FOLDERS[name] / "raw" for root in roots()]
    return any(
        all((folder / file).exists() or (folder / file).with_suffix("").exists() for file in ALL_FILES)
        for folder in folders
    )


def answers(name: str) -> bool:
    """Whether some server that has the dataset answers, within `ANSWER` seconds."""
    return bool(_sizes(name))


def fetch(name: str, report: Progress) -> None:
    """Put the files of `name` where `idx.read` looks. Raises Unavailable, which offers other sets."""
    title = CATALOGUE[name].title
    try:
        root = writable_root()
        if root != roots()[0]:
            report(0.0, f"{roots()[0]} cannot be written to; {title} goes to {root}")
        report(0.0, f"Looking for a server that has {title}")
        with _patient(FileLock(root / f".{FOLDERS[name]}.lock"), title, report):
            # Somebody else may have brought it while we waited.
            if read(name, "train") is None or read(name, "test") is None:
                _fetch(name, root, report)
    except OSError as error:
        raise Unavailable(_sorry(name, f"its files could not be written ({error})")) from error


def torchvision_datasets() -> ModuleType:
    """`torchvision.datasets`; the only place that imports torchvision.

    A torchvision whose compiled part does not match this torch fails to import, because it describes
    operators that were never defined. Data needs none of them, so in exactly that case they are declared.
    """
    try:
        return importlib.import_module("torchvision.datasets")
    except RuntimeError as error:
        if "operator torchvision::nms does not exist" not in str(error):
            raise
    import torch

    for module in [module for module in sys.modules if module.split(".")[0] == "torchvision"]:
        del sys.modules[module]  # half imported
    nms = "(Tensor dets, Tensor scores, float iou_threshold) -> Tensor"
    for operator in ("nms", "qnms"):
        torch.library.define(f"torchvision::{operator}", nms)
    return importlib.import_module("torchvision.datasets")


def _fetch(name: str, root: Path, report: Progress) -> None:
    title, folder = CATALOGUE[name].title, FOLDERS[name]
    sizes = _sizes(name)
    mirrors = [mirror for mirror in MIRRORS[name] if mirror in sizes]
    if not mirrors:
        raise Unavailable(_sorry(name, "no server that has it answered"))
    total = sizes[mirrors[0]]
    try:
        source = getattr(torchvision_datasets(), folder)
    except ImportError as error:
        raise Unavailable(_sorry(name, "torchvision, which downloads it, is not installed")) from error

    for stale in root.glob(f".download-{name}-*"):
        shutil.rmtree(stale, ignore_errors=True)
    scratch = Path(tempfile.mkdtemp(dir=root, prefix=f".download-{name}-"))
    try:
        reachable = type(folder, (source,), {"mirrors": mirrors})
        for size in _run(functools.partial(reachable, scratch, download=True), scratch, name):
            done = f"{size / 1e6:.1f} of {total / 1e6:.1f} MB" if total else f"{size / 1e6:.1f} MB"
            report(min(1.0, size / total) if total else 0.0, f"Downloading {title}: {done}")
        home = writable(root / folder / "raw")
        for file in ALL_FILES:
            os.replace(scratch / folder / "raw" / file, home / file)
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
    report(1.0, f"{title} is in {home}")


def _run(download: Any, scratch: Path, name: str) -> Iterator[int]:
    """Run `download` in a thread and yield the bytes it has brought, until it is through."""
    failure: list[Exception] = []

    def work() -> None:
        try:
            with _quiet():
                download()
        except Exception as error:  # noqa: BLE001 (whatever it is, it is told below)
            failure.append(error)

    # A thread that hangs in a read cannot be ended; as a daemon it does not keep the process from ending.
    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    size, grown = 0, time.monotonic()
    while thread.is_alive():
        thread.join(0.1)
        now = _bytes(scratch, "*")
        if now != size:
            size, grown = now, time.monotonic()
        elif time.monotonic() - grown > STALL:
            raise Unavailable(_sorry(name, "its server stopped sending"))
        yield _bytes(scratch, "*.gz")
    if failure:
        raise Unavailable(_sorry(name, _reason(failure[0]))) from failure[0]


def _sizes(name: str) -> dict[str, int]:
    """The bytes of all its files together, for each mirror that answers in time."""
    sizes: dict[str, int] = {}
    threads = []
    for mirror in MIRRORS[name]:

        def ask(mirror: str = mirror) -> None:
            total = 0
            for file in ALL_FILES:
                request = urllib.request.Request(mirror + file, method="HEAD", headers={"User-Agent": "vae"})
                try:
                    with urllib.request.urlopen(request, timeout=ANSWER) as answer:
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


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """torchvision draws a progress bar of its own over ours; torchvision without one is left alone."""
    utils: Any = importlib.import_module("torchvision.datasets.utils")
    bar = getattr(utils, "tqdm", None)
    if bar is None:
        yield
        return
    utils.tqdm = functools.partial(bar, disable=True)
    try:
        yield
    finally:
        utils.tqdm = bar


def _bytes(folder: Path, pattern: str) -> int:
    total = 0
    for path in folder.rglob(pattern):
        with contextlib.suppress(OSError):
            total += path.stat().st_size
    return total


def _reason(error: Exception) -> str:
    if isinstance(error, OSError) and error.strerror:
        return f"the download failed ({error.strerror})"
    lines = str(error).strip().splitlines()
    return f"the download failed ({lines[-1] if lines else type(error).__name__})"


def _sorry(name: str, reason: str) -> str:
    title = CATALOGUE[name].title
    return (
        f"{title} is not on this machine, and {reason}. Connect to a network and try again, or choose "
        "strokes or digits, which need none. If you have its four .gz files, put them in "
        f"{FOLDERS[name]}/raw below the folder that VAE_DATA names."
    )

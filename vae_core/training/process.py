"""What a process is set to while it trains, and set back to afterwards."""

from __future__ import annotations

import ctypes
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

import torch

M_TRIM_THRESHOLD, M_MMAP_THRESHOLD = -1, -3  # glibc, malloc.h


@contextmanager
def quick_arithmetic(threads: int = 1) -> Iterator[None]:
    """One thread, so that a run's weights are the same wherever it is trained; no denormals; memory kept.

    By default glibc returns every large temporary to the kernel and has its pages zeroed anew a step later:
    a small model then trains at three quarters of its speed.
    """
    before = torch.get_num_threads()
    torch.set_num_threads(threads)
    torch.set_flush_denormal(True)
    with suppress(OSError, AttributeError, TypeError):  # another C library: slower, and right
        allocator = ctypes.CDLL(None)
        # Before 2.35 glibc refuses more than 32 MB.
        _ = allocator.mallopt(M_MMAP_THRESHOLD, 1 << 30) or allocator.mallopt(M_MMAP_THRESHOLD, 1 << 25)
        allocator.mallopt(M_TRIM_THRESHOLD, 1 << 30)
    try:
        yield
    finally:
        torch.set_num_threads(before)
        torch.set_flush_denormal(False)


@contextmanager
def interrupt_becomes(ask: Callable[[], None]) -> Iterator[None]:
    """The first Ctrl-C asks, so that no step is left half done; a second one interrupts for good."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def first(_signal: int, _frame: object) -> None:
        signal.signal(signal.SIGINT, signal.default_int_handler)
        ask()

    before = signal.signal(signal.SIGINT, first)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)

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
def products(factors: str, device: torch.device | None = None) -> Iterator[None]:
    """Within, "bfloat16" rounds the factors of matrix products, summed in float32; any other changes nothing.

    On a GPU that is PyTorch's autocast, which rounds the factors of convolutions, too. On a CPU whoever sets
    it decides for the whole process.
    """
    if factors != "bfloat16":
        yield
        return
    if device is not None and device.type != "cpu":
        # Rounded weights are not kept between steps: a recorded step could not tell that they have changed.
        with torch.autocast(device.type, torch.bfloat16, cache_enabled=False):
            yield
        return
    before = torch.get_float32_matmul_precision()
    torch.set_float32_matmul_precision("medium")
    try:
        yield
    finally:
        torch.set_float32_matmul_precision(before)


def multiplies_bfloat16() -> bool:
    """Whether this processor multiplies matrices of bfloat16 in hardware: Intel's AMX."""
    return bool(torch.cpu.get_capabilities().get("amx_bf16", False))


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

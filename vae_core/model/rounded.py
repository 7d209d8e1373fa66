"""Products of factors rounded to bfloat16, where a training asks for them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import torch


@contextmanager
def rounded_products(device: torch.device) -> Iterator[None]:
    """Within, where gradients are taken, products are of factors rounded to bfloat16, by PyTorch's autocast.
    Without gradients nothing is rounded: what is measured stays exact."""
    if not torch.is_grad_enabled():
        yield
        return
    # Rounded weights are not kept between steps: a recorded step could not tell that they have changed.
    with torch.autocast(device.type, torch.bfloat16, cache_enabled=False):
        yield

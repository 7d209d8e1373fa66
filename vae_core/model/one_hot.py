"""One-hot vectors, made without asking the device for a number: part of a step that a GPU records."""

from __future__ import annotations

import torch
from torch import Tensor


def one_hot(index: Tensor, count: int) -> Tensor:
    """index int64 [...], each from 0 to count - 1 -> float32 [..., count], 1 at the index.

    As `torch.nn.functional.one_hot`, which on a CPU looks at the values first.
    """
    return (index[..., None] == torch.arange(count, device=index.device)).float()

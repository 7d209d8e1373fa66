"""Which images a step sees: orders that the seed and the step alone decide, and which images have labels."""

from __future__ import annotations

import torch
from torch import Tensor


class Stream:
    """Batches of indices without end. Each epoch passes over `index` [N] in an order of its own.

    An order is drawn when its epoch begins, from a generator of its own: a resumed run needs to know only the
    step. The odd indices at an epoch's end wait for another order.
    """

    def __init__(self, index: Tensor, batch_size: int, seed: int) -> None:
        self.index = index
        self.seed = seed
        self.batch_size = min(batch_size, len(index))
        self.batches = len(index) // self.batch_size  # per epoch
        self._order: tuple[int, Tensor] | None = None
        self.current = index[: self.batch_size].clone()  # the indices of the step that `go_to` named

    def go_to(self, step: int) -> None:
        """`current` holds the indices of that step: the same tensor every time."""
        self.current.copy_(self.at(step))

    def at(self, step: int) -> Tensor:
        """The indices [batch_size] of a step, counted from 0."""
        epoch, position = divmod(step, self.batches)
        if self._order is None or self._order[0] != epoch:
            generator = torch.Generator().manual_seed(self.seed * 1_000_003 + epoch & 2**63 - 1)
            order = torch.randperm(len(self.index), generator=generator).to(self.index.device)
            self._order = epoch, self.index[order]
        return self._order[1][position * self.batch_size : (position + 1) * self.batch_size]


def balanced(labels: Tensor, count: int, seed: int) -> Tensor:
    """Indices [count] of images to know the labels of, drawn from `seed`: of each class as many.

    Where `count` is no multiple of the classes, some have one more; of a class too small, all are taken, and
    the others make up for it. labels: int64 [N] on the CPU; at most N indices, in rising order.
    """
    generator = torch.Generator().manual_seed(seed)
    order = torch.randperm(len(labels), generator=generator)
    drawn = labels[order]
    # An image's rank among those of its class: the first of every class come first, then the second.
    rank = torch.empty_like(drawn)
    for label in drawn.unique():
        of_class = drawn == label
        rank[of_class] = torch.arange(int(of_class.sum()))
    first = torch.argsort(rank, stable=True)[: min(count, len(labels))]
    return order[first].sort().values


def shifted(images: Tensor, pixels: int, generator: torch.Generator | None = None) -> Tensor:
    """Images [B, C, H, W], each moved by up to `pixels` along either axis; what comes in is 0.

    Both shifts are uniform over whole pixels, drawn from `generator` on the images' device.
    """
    count, _, height, width = images.shape
    device = images.device
    moves = torch.randint(0, 2 * pixels + 1, (2, count, 1), generator=generator, device=device)
    wide = torch.nn.functional.pad(images, (pixels,) * 4)
    rows = moves[0] + torch.arange(height, device=device)
    columns = moves[1] + torch.arange(width, device=device)
    which = torch.arange(count, device=device)[:, None, None]
    # Indices around a slice put their axes first: [B, H, W, C].
    return wide[which, :, rows[:, :, None], columns[:, None, :]].movedim(-1, 1)

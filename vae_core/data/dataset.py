"""Dataset: one split of one set of images, whole, in memory unless it is streamed. Imports no torch."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import torch

SPLITS = ("train", "test")

# Called with the fraction done (0 to 1) and a sentence saying what is being done.
Progress = Callable[[float, str], None]


class Unavailable(Exception):
    """A dataset that cannot be had; the message is a sentence for the user: what happened, what to do."""


class Refusal(ValueError):
    """Settings or files that cannot be used; the message says why, without a full stop."""


@dataclass(frozen=True)
class Request:
    """What `load` was asked for; the last five matter to users' own images only."""

    name: str
    split: str
    path: str | None = None
    height: int | None = None
    width: int | None = None
    grey: bool = True
    progress: Progress | None = None

    def report(self, fraction: float, sentence: str) -> None:
        if self.progress is not None:
            self.progress(fraction, sentence)


@dataclass(frozen=True)
class Published:
    """The files of a dataset as its authors publish them: in `folder` below a root, each name with its MD5.

    called: all of them, in a sentence. unpacked: whether they are read without their last suffix, too.
    """

    folder: str
    files: dict[str, str]
    called: str
    unpacked: bool = False


@dataclass(frozen=True)
class Source:
    """More images than memory should hold: `count` of them, each drawn or read when it is asked for.

    draw(numbers [M] int64, from 0) -> uint8 [M, C, H, W], on the device of the numbers; always the same.
    """

    count: int
    draw: Callable[[torch.Tensor], torch.Tensor]


@dataclass(frozen=True)
class Dataset:
    """One split: all images at once, so that a batch is an index selection and nothing is loaded twice.

    images [N, C, H, W] uint8; labels [N] int64 or None; factors [N, F] float32 or None, the ground truth an
    image was drawn from, one column per name in `factor_names`. Labels index `class_names`. Where there is a
    `source`, it is what training looks at, and `images` are its first N: all of them where they are streamed,
    mapped from a file that memory should not hold.
    """

    name: str
    split: str
    images: torch.Tensor
    labels: torch.Tensor | None = None
    factors: torch.Tensor | None = None
    class_names: tuple[str, ...] = ()
    factor_names: tuple[str, ...] = ()
    source: Source | None = None

    def __len__(self) -> int:
        return len(self.images)

    @property
    def streamed(self) -> bool:
        """Whether the images lie on disk, of which a part is read when it is asked for."""
        return self.source is not None and self.source.count == len(self)

    @property
    def image_shape(self) -> tuple[int, int, int]:
        """(channels, height, width)."""
        _, channels, height, width = self.images.shape
        return channels, height, width

    def to(self, device: torch.device | str) -> Dataset:
        """The same split on a device."""
        labels = None if self.labels is None else self.labels.to(device)
        factors = None if self.factors is None else self.factors.to(device)
        return replace(self, images=self.images.to(device), labels=labels, factors=factors)

    def subset(self, index: torch.Tensor) -> Dataset:
        """The images at `index` [M] (integers), in that order, with their labels and factors."""
        labels = None if self.labels is None else self.labels[index]
        factors = None if self.factors is None else self.factors[index]
        return replace(self, images=self.images[index], labels=labels, factors=factors, source=None)


def check_labels(labels: torch.Tensor | None, name: str, classes: int) -> torch.Tensor:
    """The labels [N] of the dataset `name`, for a model of that many classes.

    Raises ValueError, a sentence, where there are none or where they do not fit.
    """
    if labels is None:
        raise ValueError(f"The images of {name} have no labels, and this run needs each image's class.")
    if len(labels) and int(labels.max()) >= classes:
        raise ValueError(f"The run is for {classes} classes, and the images of {name} have more by now.")
    return labels

"""What users' own images share, however they come: limits, size, grey, split. Imports no torch."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

import numpy as np

from vae_core.data.dataset import SPLITS, Dataset, Refusal, Request, Source

if TYPE_CHECKING:
    from PIL import Image
    from torch import Tensor

# Enough for a lab, and small enough that nothing here can fill a machine.
MAX_IMAGES = 1_000_000
MIN_IMAGES = 16
MAX_ENTRIES = 2_000_000  # files and folders of a folder that is searched: a whole disk takes minutes
MAX_FILE = 4 * 2**30  # bytes of one zip, .npy or .npz
MAX_IMAGE_FILE = 50 * 2**20  # bytes of one image file
MAX_UNPACKED = 4 * 2**30  # bytes of an archive when unpacked, or of an array
MAX_DATASET = 2 * 2**30  # bytes of all images once resized
MAX_PIXELS = 50_000_000  # of one image before it is resized
MIN_SIDE, MAX_SIDE = 4, 256  # pixels, after
MAX_CLASSES = 1000
TEST_SHARE, TEST_MOST = 0.2, 10_000


def final_size(given: tuple[int, int], height: int | None, width: int | None) -> tuple[int, int]:
    """(height, width) that images of the `given` size are brought to; a side not asked for keeps the shape.

    Raises Refusal where that is more or less than a network here can be built for.
    """
    if height is None and width is None:
        height, width = given
    elif height is None:
        assert width is not None
        height = max(1, round(width * given[0] / given[1]))
    elif width is None:
        width = max(1, round(height * given[1] / given[0]))
    assert height is not None
    assert width is not None
    if not (MIN_SIDE <= height <= MAX_SIDE and MIN_SIDE <= width <= MAX_SIDE):
        raise Refusal(
            f"the images would be {height} by {width} pixels (height by width), and each side must be "
            f"{MIN_SIDE} to {MAX_SIDE}; set data.height and data.width, and they are resized"
        )
    return height, width


def check_count(count: int) -> None:
    """Raises Refusal for fewer images than can be learned from, or more than may be."""
    if count < MIN_IMAGES:
        raise Refusal(f"there are {count} images, and at least {MIN_IMAGES} are needed")
    if count > MAX_IMAGES:
        raise Refusal(
            f"there are {count:,} images, and at most {MAX_IMAGES:,} can be used; take a part of them"
        )


def check_memory(count: int, shape: tuple[int, int, int]) -> None:
    """Raises Refusal where the images would not fit into memory together."""
    if count * int(np.prod(shape)) > MAX_DATASET:
        raise Refusal(
            f"{count:,} images of {shape[1]} by {shape[2]} pixels need more than {MAX_DATASET // 2**30} GB; "
            "choose a smaller data.height and data.width, or fewer images"
        )


def fit(image: Image.Image, shape: tuple[int, int, int]) -> np.ndarray:
    """A picture as uint8 [C, H, W]: grey for one channel, cut to the shape from its middle, then resized.

    What is transparent becomes black, as the ground of MNIST is.
    """
    from PIL import Image, ImageOps

    channels, height, width = shape
    image = eight_bits(image)
    if transparent(image):
        image = image.convert("RGBA")
        image = Image.alpha_composite(Image.new("RGBA", image.size, (0, 0, 0, 255)), image)
    image = image.convert("L" if channels == 1 else "RGB")
    if image.size != (width, height):
        image = ImageOps.fit(image, (width, height), method=Image.Resampling.LANCZOS)
    pixels = np.asarray(image, np.uint8)
    return pixels[None] if channels == 1 else pixels.transpose(2, 0, 1)


def eight_bits(image: Image.Image) -> Image.Image:
    """Of sixteen bits of grey the upper eight; any other picture as it is."""
    from PIL import Image

    if image.mode not in ("I", "I;16", "I;16B", "I;16L"):
        return image
    return Image.fromarray((np.asarray(image).astype(np.int64) >> 8).clip(0, 255).astype(np.uint8))


def transparent(image: Image.Image) -> bool:
    """Whether a picture may be transparent somewhere."""
    return image.mode in ("LA", "PA", "La", "RGBa", "RGBA") or "transparency" in image.info


def index_labels(values: Sequence[str] | np.ndarray | None) -> tuple[np.ndarray | None, tuple[str, ...]]:
    """Class numbers [N] int64 and their names, in order; none where there are too many to be classes."""
    if values is None:
        return None, ()
    names, labels = np.unique(np.asarray(values), return_inverse=True)
    if len(names) > MAX_CLASSES:
        return None, ()
    texts = [str(name) for name in names]
    if all(text.isdecimal() for text in texts):
        # As numbers: class 10 comes after class 2.
        order = sorted(range(len(texts)), key=lambda place: (int(texts[place]), texts[place]))
        texts = [texts[place] for place in order]
        labels = np.argsort(order)[labels]
    return labels.astype(np.int64).reshape(-1), tuple(texts)


def in_split(count: int, split: str) -> np.ndarray:
    """Which of `count` images belong to the split [M]: for testing a fifth at random, at most 10,000."""
    # The legacy generator's stream is frozen by NumPy's policy, so nobody's test images move into training.
    order = np.random.RandomState(0).permutation(count)
    test = min(TEST_MOST, max(1, round(count * TEST_SHARE)))
    return order[:test] if split == "test" else order[test:]


def in_memory(images: np.ndarray) -> tuple[Tensor, Source | None]:
    """Images uint8 [N, C, H, W] as `dataset` takes them."""
    import torch

    return torch.from_numpy(images), None


def dataset(
    request: Request,
    images: tuple[Tensor, Source | None],
    labels: np.ndarray | None,
    class_names: tuple[str, ...],
    part: np.ndarray,
) -> Dataset:
    """The images of a split as a Dataset. labels: of all images, of which these are those at `part`."""
    import torch

    return Dataset(
        name=request.name,
        split=request.split,
        images=images[0],
        labels=None if labels is None else torch.from_numpy(labels[part]),
        class_names=class_names,
        source=images[1],
    )


def key(request: Request, facts: Iterable[object]) -> str:
    """A name for the cache that changes with whatever the images depend on."""
    return "own-" + digest((request.name, request.path, request.height, request.width, request.grey, *facts))


def digest(facts: Iterable[object]) -> str:
    """24 hexadecimal digits of all these facts."""
    found = hashlib.sha256()
    for fact in facts:
        found.update(repr(fact).encode() + b"\n")
    return found.hexdigest()[:24]


def splits_given(names: Iterable[str]) -> bool:
    """Whether these names of sub-folders are those of the splits themselves."""
    return {name.lower() for name in names} == set(SPLITS)

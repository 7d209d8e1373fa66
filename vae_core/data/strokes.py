"""Strokes: handwritten digits drawn by a program, so that what made each image is known exactly.

A digit is a pen path (`skeletons`) that varies a little at random, is stretched, slanted, turned and moved by
its factors, and inked by distance: a pixel is white within half the thickness of the path and fades over one.
Digits sit much as in MNIST: about 20 pixels high, in the middle of 28 x 28 pixels.

The drawings of the test split are part of the package: drawing them takes three seconds of a processor, and
the first picture of a first run needs them. `python -m vae_core.data.strokes ship` draws them anew.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np

from vae_core.data.dataset import SPLITS, Dataset, Request
from vae_core.data.skeletons import SKELETONS, Style
from vae_core.data.storage import Arrays, cached, roots
from vae_core.pixels import to_uint8

SIZE = 28
COUNTS = {"train": 60_000, "test": 10_000}
SHIPPED = Path(__file__).parent / "strokes_test.png"  # a drawing in each row
# Drawn together with a generator of their own, so that the result does not depend on the number of threads.
BLOCK = 5000
# Pen positions per digit, at most 0.9 pixels apart: seen from the stroke's edge, a line.
POINTS = 72
HEIGHT = 17.0  # of a skeleton at height 1, in pixels, before ink is added around it
SOFTNESS = 1.0  # pixels over which ink fades; one makes a pixel as grey as the part of it that is inked
# Standard deviations of what is random in a hand and no factor: bending and unsteadiness in units of half a
# digit's height and of its height, pressure as a part of the thickness.
WARP, JITTER, PRESSURE = 0.07, 0.016, 0.12
# Images inked at once (their distances stay in the cache), units of squared distance per square pixel, and
# the distance in pixels from which on all are the same.
CHUNK, UNITS, FAR = 128, 512, 7.9


@dataclass(frozen=True)
class Factor:
    """A property of a drawing: normal with this mean and deviation, cut at two and a half deviations."""

    name: str
    mean: float
    deviation: float


FACTORS = (
    Factor("slant", 0.15, 0.2),  # tangent of the lean to the right
    Factor("thickness", 2.6, 0.55),  # of the stroke, in pixels
    Factor("width", 1.1, 0.16),  # relative to the skeleton's
    Factor("height", 1.0, 0.05),
    Factor("rotation", 0.0, 5.0),  # in degrees, clockwise
    Factor("offset x", 0.0, 0.6),  # in pixels, to the right
    Factor("offset y", 0.0, 0.6),  # in pixels, down
)
# The last column is the number of the style within its class.
FACTOR_NAMES = (*(factor.name for factor in FACTORS), "style")
CUT = 2.5


def load(request: Request) -> Dataset:
    """60,000 drawings, drawn on first use and kept on disk, or the 10,000 shipped ones."""
    import torch

    arrays = drawings(request.split, request.report)
    return Dataset(
        name=request.name,
        split=request.split,
        images=torch.from_numpy(arrays["images"]),
        labels=torch.from_numpy(arrays["labels"]),
        factors=torch.from_numpy(arrays["factors"]),
        class_names=tuple("0123456789"),
        factor_names=FACTOR_NAMES,
    )


def drawings(split: str, report: Callable[[float, str], None] = lambda *_: None) -> Arrays:
    """The arrays of a split, without torch."""
    count, seed = COUNTS[split], _seed(split)
    if split == "test":
        labels, factors, _ = zip(
            *(_kinds(count, seed, start) for start in range(0, count, BLOCK)), strict=True
        )
        return {"images": _shipped(), "labels": np.concatenate(labels), "factors": np.concatenate(factors)}
    return cached(
        _key(split),
        lambda: make(count, seed, report),
        waiting=lambda: report(0.0, f"Drawing {count:,} digits"),
    )


def make(
    count: int,
    seed: list[int],
    report: Callable[[float, str], None] | None = None,
    threads: int | None = None,
) -> Arrays:
    """`count` random drawings: images [N, 1, 28, 28] uint8, labels [N] int64, factors [N, 8] float32.

    The same seed gives the same bits, whatever the number of threads; classes come equally often.
    """
    starts = range(0, count, BLOCK)
    images = np.empty((count, 1, SIZE, SIZE), np.uint8)
    labels = np.empty(count, np.int64)
    factors = np.empty((count, len(FACTOR_NAMES)), np.float32)

    def block(start: int) -> None:
        here = slice(start, min(start + BLOCK, count))
        labels[here], factors[here], generator = _kinds(count, seed, start)
        images[here] = draw(labels[here], factors[here], generator)

    with ThreadPoolExecutor(threads or min(4, os.cpu_count() or 1)) as pool:
        try:
            for done, _ in enumerate(pool.map(block, starts), start=1):
                if report is not None:
                    report(done / len(starts), f"Drawing {count:,} digits")
        except BaseException:
            # Whoever is told of the progress may also give up waiting.
            pool.shutdown(cancel_futures=True)
            raise
    return {"images": images, "labels": labels, "factors": factors}


def _kinds(count: int, seed: list[int], start: int) -> tuple[np.ndarray, np.ndarray, np.random.Generator]:
    """Labels and factors of the block that begins with image `start`, and the generator that draws it."""
    generator = np.random.default_rng([*seed, start])
    labels = generator.permutation(np.arange(min(BLOCK, count - start)) % 10)
    return labels, sample_factors(labels, generator), generator


def sample_factors(labels: np.ndarray, generator: np.random.Generator) -> np.ndarray:
    """Independent random factors for digits of these classes [N] -> [N, 8] float32."""
    factors = np.empty((len(labels), len(FACTOR_NAMES)), np.float32)
    for column, factor in enumerate(FACTORS):
        normal = generator.standard_normal(len(labels))
        while (outside := np.abs(normal) > CUT).any():
            normal[outside] = generator.standard_normal(int(outside.sum()))
        factors[:, column] = factor.mean + factor.deviation * normal
    for label, styles in enumerate(SKELETONS):
        mine = labels == label
        shares = np.array([style.share for style in styles])
        factors[mine, -1] = generator.choice(len(styles), int(mine.sum()), p=shares / shares.sum())
    return factors


def draw(labels: np.ndarray, factors: np.ndarray, generator: np.random.Generator | None = None) -> np.ndarray:
    """Digits of classes [N] with factors [N, 8] (columns as FACTOR_NAMES) -> uint8 [N, 1, 28, 28].

    With a generator the hand varies; without, the same factors always give the same image. A style that the
    class does not have is an error (ValueError).
    """
    images = np.empty((len(labels), 1, SIZE, SIZE), np.uint8)
    left = len(labels)
    for label, styles in enumerate(SKELETONS):
        for number, style in enumerate(styles):
            mine = np.flatnonzero((labels == label) & (factors[:, -1].round() == number))
            if not len(mine):
                continue
            pen = _place(write(style, len(mine), generator), factors[mine])
            images[mine, 0] = _ink(pen, _press(len(mine), generator), factors[mine, 1])
            left -= len(mine)
    if left:
        raise ValueError(f"{left} of {len(labels)} drawings have a class or a style that there is not")
    return images


def write(style: Style, count: int, generator: np.random.Generator | None) -> np.ndarray:
    """Pen positions [count, POINTS, 2] in units of a digit's height, before any factor acts."""
    points, weights = _spline(style)
    written = np.broadcast_to(points, (count, *points.shape))
    if generator is not None:
        x, y = (points - points.mean(0)).T * 2
        # A smooth bending of the plane: the second-order terms, because first-order ones are factors.
        bend = np.stack([x * x, x * y, y * y, y * y * y - y, x * x * y, x * y * y])
        size = np.array([0.5, 0.7, 0.8, 0.8, 0.5, 0.5])[:, None] * WARP
        warp = np.einsum("nkc,kp->npc", generator.standard_normal((count, len(bend), 2)) * size, bend)
        written = written + warp + JITTER * generator.standard_normal(written.shape)
    # Not `@`: a matrix library may add in another order with another number of threads.
    return np.einsum("pc,nck->npk", weights, written).astype(np.float32)


def _press(count: int, generator: np.random.Generator | None) -> np.ndarray:
    """How hard the pen presses [count, POINTS]: around 1, changing slowly along the path."""
    if generator is None:
        return np.ones((count, POINTS), np.float32)
    waves = np.cos(np.outer(np.arange(1, 5), np.linspace(0, np.pi, POINTS)))
    logarithm = np.einsum("nw,wp->np", generator.standard_normal((count, 4)) * (PRESSURE / np.sqrt(2)), waves)
    return np.exp(logarithm).astype(np.float32)


@cache
def _spline(style: Style) -> tuple[np.ndarray, np.ndarray]:
    """points [C, 2] / 100 and weights [POINTS, C]: weights @ points are positions evenly along all paths."""
    from scipy.interpolate import CubicSpline

    points = sorted({point for path in style.paths for point in path})
    curves, lengths, fine = [], [], 400
    for path in style.paths:
        own = np.array([points.index(point) for point in path])
        where = np.array(path)
        # Knots at the square root of the distances: no overshoot where points lie unevenly (Lee 1989).
        knots = np.concatenate([[0], np.cumsum(np.linalg.norm(np.diff(where, axis=0), axis=1) ** 0.5)])
        ends = "periodic" if path[0] == path[-1] else "natural"
        spline = CubicSpline(knots, np.eye(len(points))[own], bc_type=ends)
        curve = spline(np.linspace(0, knots[-1], fine))
        steps = np.linalg.norm(np.diff(curve @ np.array(points), axis=0), axis=1)
        curves.append(curve)
        lengths.append(np.concatenate([[0], np.cumsum(steps)]))
    total = np.array([length[-1] for length in lengths])
    shares = np.maximum(2, np.round(total / total.sum() * POINTS).astype(int))
    shares[total.argmax()] += POINTS - shares.sum()
    rows = []
    for curve, length, share in zip(curves, lengths, shares, strict=True):
        rows.append(curve[np.searchsorted(length, np.linspace(0, length[-1], share)).clip(max=fine - 1)])
    return np.array(points) / 100, np.concatenate(rows)


def _place(pen: np.ndarray, factors: np.ndarray) -> np.ndarray:
    """Pen positions as the factors put them, in pixels from the upper left corner of the image."""
    slant, _, width, height, rotation, offset_x, offset_y, _ = factors.T[:, :, None]
    # Halfway from the centre of mass to the middle of the box: there all of a 6 or a 7 stays in the image.
    middle = (pen.min(1, keepdims=True) + pen.max(1, keepdims=True)) / 2
    x, y = np.moveaxis(pen - (pen.mean(1, keepdims=True) + middle) / 2, 2, 0) * HEIGHT
    x, y = x * width, y * height
    x = x - slant * y  # y is down, and a lean to the right moves the top to the right
    cosine, sine = np.cos(np.radians(rotation)), np.sin(np.radians(rotation))
    x, y = cosine * x - sine * y, sine * x + cosine * y
    return np.stack([x + offset_x, y + offset_y], 2).astype(np.float32) + np.float32((SIZE - 1) / 2)


def _ink(pen: np.ndarray, pressure: np.ndarray, thickness: np.ndarray) -> np.ndarray:
    """Grey levels uint8 [N, 28, 28] of strokes through the pen positions [N, P, 2], in pixels.

    pressure [N, P] multiplies the thickness [N] at each position. Fast where the images are of one style,
    because a position is then near the same pixels in all of them, and only those are looked at.
    """
    pixels = np.arange(SIZE, dtype=np.float32)[:, None]
    images = np.empty((len(pen), SIZE, SIZE), np.uint8)
    for start in range(0, len(pen), CHUNK):
        here = slice(start, start + CHUNK)
        x, y = np.moveaxis(pen[here], 0, 2).transpose(1, 0, 2)[:, :, None]  # each [P, 1, n]
        press = pressure[here].T[:, None]
        seen = (thickness[here].max() + SOFTNESS) / 2 * press.max((1, 2))
        columns, rows = (_around(centre, seen) for centre in (x, y))
        # The squared distance is a sum over coordinates, so each position costs one addition per pixel; in
        # whole numbers of 16 bits, cut where no ink reaches, twice as many fit into an instruction.
        across, down = (
            (np.square((pixels - centre) / press) * UNITS).clip(max=FAR**2 * UNITS).astype(np.uint16)
            for centre in (x, y)
        )
        nearest = np.full((SIZE, SIZE, x.shape[2]), 2**16 - 1, np.uint16)
        for point in range(len(x)):
            window = nearest[rows[point], columns[point]]
            squared = down[point, rows[point], None] + across[point, None, columns[point]]
            np.minimum(window, squared, out=window)
        distance = np.sqrt(nearest.astype(np.float32) / UNITS)
        grey = (thickness[here].astype(np.float32) / 2 - distance) / np.float32(SOFTNESS) + np.float32(0.5)
        images[here] = to_uint8(grey).transpose(2, 0, 1)
    return images


def _around(centres: np.ndarray, seen: np.ndarray) -> list[slice]:
    """For each position the pixels within `seen` [P] of it in any image, from centres [P, 1, n]."""
    first = np.floor(centres.min((1, 2)) - seen).clip(0, SIZE).astype(int)
    last = np.ceil(centres.max((1, 2)) + seen).clip(-1, SIZE - 1).astype(int)
    return [slice(begin, end + 1) for begin, end in zip(first, last, strict=True)]


def drawn() -> bool:
    """Whether those to train on lie on this machine. Looks whether a file is there, not into it."""
    return any((root / "cache" / f"{_key('train')}.safetensors").exists() for root in roots())


def _key(split: str) -> str:
    return f"strokes-3-{split}"


def _seed(split: str) -> list[int]:
    return [0, SPLITS.index(split)]


def _shipped() -> np.ndarray:
    """The images of the test split, uint8 [10000, 1, 28, 28]."""
    from PIL import Image

    with Image.open(SHIPPED, formats=["PNG"]) as picture:
        return np.array(picture).reshape(-1, 1, SIZE, SIZE)


def _ship() -> None:
    from PIL import Image

    rows = make(COUNTS["test"], _seed("test"))["images"].reshape(-1, SIZE * SIZE)
    Image.fromarray(rows).save(SHIPPED, optimize=True)


if __name__ == "__main__":
    if "ship" in sys.argv[1:]:
        _ship()
    else:  # draws those to train on ahead of their first use
        if hasattr(os, "nice"):
            os.nice(19)  # whoever trains or looks goes first
        drawings("train")

"""Photos of handwritten digits, rendered: what a telephone sees of ink on paper.

A hand of its own (the pen paths of `strokes`) writes with ballpoint, felt pen or pencil on plain or ruled
paper, which lies askew, at times on a dark table; a shadow falls on it, and the camera adds blur, noise and
JPEG. The same digit and number always give the same file.

    .venv/bin/python scripts/render_photos.py FOLDER             # ten photos, one of each digit
    .venv/bin/python scripts/render_photos.py FOLDER --each 10   # a hundred
    .venv/bin/python scripts/render_photos.py --read --each 10   # how many the classifier of MNIST reads
"""

from __future__ import annotations

import argparse
import io
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

from vae_core.data import strokes
from vae_core.data.skeletons import SKELETONS

WIDTH, HEIGHT = 600, 800
# Ink in red, green, blue, and the width of the line in parts of the digit's height.
PENS = (
    ((35, 55, 140), 0.022),  # blue ballpoint
    ((25, 45, 150), 0.045),  # blue fountain pen
    ((30, 30, 35), 0.02),  # black ballpoint
    ((25, 25, 30), 0.09),  # felt pen
    ((95, 95, 100), 0.025),  # pencil
)
PAPERS = ((238, 236, 228), (226, 214, 186), (247, 247, 245), (214, 222, 228))
RULES = (176, 196, 218)
TABLE = (74, 52, 40)


def render(digit: int, number: int = 0) -> bytes:
    """A JPEG of 600 x 800 pixels with one digit on it."""
    generator = np.random.default_rng([2024, digit, number])
    page = _paper(generator)
    ink, line = PENS[int(generator.integers(len(PENS)))]
    page = Image.composite(Image.new("RGB", page.size, ink), page, _written(digit, line, generator))
    plane = _plane(generator)
    page, there = (
        image.transform(image.size, Image.Transform.PERSPECTIVE, plane, Image.Resampling.BICUBIC)
        for image in (page, Image.new("L", page.size, 255))
    )
    return _taken(Image.composite(page, _table(), there), generator)


def _paper(generator: np.random.Generator) -> Image.Image:
    """A page with its fibres, plain, ruled or squared."""
    tone = np.array(PAPERS[int(generator.integers(len(PAPERS)))], float)
    fibres = Image.fromarray(generator.normal(0, 1, (HEIGHT // 2, WIDTH // 2)).astype(np.float32))
    grain = np.asarray(fibres.resize((WIDTH, HEIGHT), Image.Resampling.BICUBIC))
    page = Image.fromarray((tone + 2.5 * grain[..., None]).clip(0, 255).astype(np.uint8))
    pen, ruling = ImageDraw.Draw(page), generator.integers(3)
    step, lean = generator.uniform(45, 70), generator.uniform(-0.06, 0.06)
    if ruling:
        for y in np.arange(-50, HEIGHT + 50, step):
            pen.line([(0, y), (WIDTH, y + lean * WIDTH)], RULES, 2)
    if ruling == 2:
        for x in np.arange(-50, WIDTH + 50, step):
            pen.line([(x, 0), (x - lean * HEIGHT, HEIGHT)], RULES, 2)
    return page


def _table() -> Image.Image:
    grain = np.random.default_rng(7).normal(0, 5, (HEIGHT, 1, 1)) * np.ones((1, WIDTH, 3))
    return Image.fromarray((np.array(TABLE, float) + grain).clip(0, 255).astype(np.uint8))


def _written(digit: int, line: float, generator: np.random.Generator) -> Image.Image:
    """How much of each pixel is inked: a digit somewhere on the page."""
    styles = SKELETONS[digit]
    shares = np.array([style.share for style in styles], float)
    style = styles[int(generator.choice(len(styles), p=shares / shares.sum()))]
    path = strokes.write(style, 1, generator)[0]
    path = path - (path.min(0) + path.max(0)) / 2
    slant, turn = generator.normal(0.12, 0.15), np.radians(generator.normal(0, 5))
    x, y = path[:, 0] - slant * path[:, 1], path[:, 1]
    size = generator.uniform(190, 430)
    where = np.array([WIDTH, HEIGHT]) / 2 + generator.uniform(-1, 1, 2) * (40, 80)
    points = where + size * np.stack(
        [np.cos(turn) * x - np.sin(turn) * y, np.sin(turn) * x + np.cos(turn) * y], 1
    )
    steps = np.linalg.norm(np.diff(points, axis=0), axis=1)
    wide, finer = line * size, 2  # drawn larger, then made smaller, for smooth edges
    mask = Image.new("L", (WIDTH * finer, HEIGHT * finer))
    pen = ImageDraw.Draw(mask)
    for start, end, step in zip(points[:-1], points[1:], steps, strict=True):
        if step > 3 * np.median(steps):
            continue  # the pen is lifted
        for part in np.linspace(0, 1, 2 + int(2 * step / wide)):
            middle = (start + part * (end - start)) * finer
            press = finer * wide / 2 * generator.uniform(0.92, 1.08)
            pen.ellipse([*(middle - press), *(middle + press)], fill=255)
    return mask.resize((WIDTH, HEIGHT), Image.Resampling.BOX)


def _plane(generator: np.random.Generator) -> list[float]:
    """As seen from the side: corners move outwards, in one photo of three also inwards: the table shows."""
    corners = np.array([(0, 0), (WIDTH, 0), (WIDTH, HEIGHT), (0, HEIGHT)], float)
    least, most = (-0.08, 0.06) if generator.random() < 1 / 3 else (-0.12, 0.0)
    inwards = np.array([(1, 1), (-1, 1), (-1, -1), (1, -1)]) * (WIDTH, HEIGHT)
    seen = corners + inwards * generator.uniform(least, most, (4, 2))
    rows, values = [], []
    for (u, v), (x, y) in zip(seen, corners, strict=True):
        rows += [[u, v, 1, 0, 0, 0, -u * x, -v * x], [0, 0, 0, u, v, 1, -u * y, -v * y]]
        values += [x, y]
    return [float(number) for number in np.linalg.solve(np.array(rows), np.array(values))]


def _taken(page: Image.Image, generator: np.random.Generator) -> bytes:
    """The light of the room, the lens, the sensor, the file."""
    page = page.filter(ImageFilter.GaussianBlur(generator.uniform(0.6, 2.2)))
    y, x = np.mgrid[0:HEIGHT, 0:WIDTH] / HEIGHT
    angle, depth = generator.uniform(0, 2 * np.pi), generator.uniform(0.25, 0.55)
    across = np.cos(angle) * (x - 0.375) + np.sin(angle) * (y - 0.5)
    light = 1 - depth * (across + 0.5).clip(0, 1)  # falls off to one side
    edge = generator.uniform(0.15, 0.4)
    light *= 1 - 0.3 / (1 + np.exp(-(across - edge) / 0.02))  # the shadow of a hand or of the telephone
    warm = np.array([1.0, 0.98, 0.93])
    pixels = np.asarray(page, float) * light[..., None] * warm
    pixels += generator.normal(0, generator.uniform(1.5, 4), pixels.shape)
    file = io.BytesIO()
    Image.fromarray(pixels.clip(0, 255).astype(np.uint8)).save(file, "JPEG", quality=72)
    return file.getvalue()


def read(each: int) -> None:
    """Says how many photos the shipped classifier of MNIST reads: as they are, inverted, and as ink."""
    import torch

    from vae_core.data import folder, photo
    from vae_core.model import oracle_classifier

    shape = (1, 28, 28)
    digits = np.repeat(np.arange(10), each)
    files = [render(digit, number) for digit in range(10) for number in range(each)]
    whole = np.stack([folder.read_one("photo", file, shape) for file in files])
    found = (photo.find(photo.read("photo", file)) for file in files)
    ink = np.stack([photo.as_data(each, "mnist", shape) for each in found])
    oracle = oracle_classifier.load("mnist")
    for name, images in (("as they are", whole), ("inverted", 255 - whole), ("ink found", ink)):
        classes = oracle.read(torch.from_numpy(images)).argmax(1).numpy()
        print(f"{name}: {int((classes == digits).sum())} of {len(digits)} are read")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", nargs="?", type=Path)
    parser.add_argument("--each", type=int, default=1, help="photos of each digit")
    parser.add_argument("--read", action="store_true", help="say how many the classifier reads")
    given = parser.parse_args()
    if given.folder is not None:
        given.folder.mkdir(parents=True, exist_ok=True)
        for digit in range(10):
            for number in range(given.each):
                (given.folder / f"{digit}-{number}.jpg").write_bytes(render(digit, number))
    if given.read:
        read(given.each)

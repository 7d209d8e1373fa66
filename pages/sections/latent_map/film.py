"""The replay as a GIF: density, holes and class centres at each step, drawn here with Pillow."""

from __future__ import annotations

import io
import math
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from widgets.components.latent_map.densities import MASS
from widgets.shell.palette import CLASSES

if TYPE_CHECKING:
    from PIL.Image import Image

    from widgets.components.latent_map.densities import Film

SIDE, FOOT = 512, 34  # pixels of the map, and of the line below it
PAPER, INK, MUTED = (252, 251, 248), (32, 36, 43), (106, 111, 120)
DATA, HOLE, PRIOR = (15, 106, 115), (191, 35, 64), (154, 106, 0)
LOW, HIGH = -8.0, -0.5  # nats at no colour and at full colour, as on the map
QUICK, LAST = 250, 2500  # milliseconds of a frame, and of the last


def gif(film: Film, ratio: float, classes: Sequence[str], title: str) -> bytes:
    """An endless animation, a frame for each step of the film."""
    return animation([picture(film, k, ratio, classes, title) for k in range(len(film.steps))])


def animation(pictures: list[Image]) -> bytes:
    file = io.BytesIO()
    times = [QUICK] * (len(pictures) - 1) + [LAST]
    pictures[0].save(file, "GIF", save_all=True, append_images=pictures[1:], duration=times, loop=0)
    return file.getvalue()


def picture(film: Film, k: int, ratio: float, classes: Sequence[str], title: str) -> Image:
    """One frame: the density in the map's colours, holes in red, points by class."""
    from PIL import Image, ImageDraw

    from vae_core.analysis.holes import level

    grid = film.grids[k]
    log_q, log_p = grid.log_q.numpy(), grid.log_p.numpy()  # as it is drawn
    extent = float(grid.x[-1])
    share = np.clip((log_q - LOW) / (HIGH - LOW), 0, 1) ** 1.25 * 0.92
    colour = _mix(np.broadcast_to(PAPER, (*log_q.shape, 3)), DATA, share)
    inside = log_p >= level(grid, MASS)
    empty = inside & (log_p - grid.exact.numpy() > math.log(ratio))
    colour = _mix(colour, HOLE, 0.28 * empty)
    colour[_edge(empty)] = HOLE
    for mass in (0.5, 0.9, 0.95, 0.99):
        colour[_edge(log_p >= level(grid, mass))] = PRIOR
    # log_q[i, j] lies at (x[i], y[j]); pictures have rows from the top.
    plane = Image.fromarray(colour.astype(np.uint8).transpose(1, 0, 2)[::-1].copy())
    whole = Image.new("RGB", (SIDE, SIDE + FOOT), PAPER)
    whole.paste(plane.resize((SIDE, SIDE), Image.Resampling.BICUBIC))
    draw = ImageDraw.Draw(whole)

    def to_pixel(x: float, y: float) -> tuple[float, float]:
        return (x + extent) / (2 * extent) * SIDE, (extent - y) / (2 * extent) * SIDE

    _points(draw, film, k, classes, to_pixel)
    mass = 100 * film.hole_mass(ratio)[k]
    caption = f"step {film.steps[k]:,}   {film.images:,} images   holes on this map {mass:.1f} %"
    foot = f"{title}   {caption}"
    draw.rectangle([0, SIDE, SIDE, SIDE + FOOT], fill=PAPER)
    draw.text((10, SIDE + 9), foot, fill=INK, font=_font(14))
    return whole


def _points(
    draw: object,
    film: Film,
    k: int,
    classes: Sequence[str],
    to_pixel: Callable[[float, float], tuple[float, float]],
) -> None:
    on = film.on[k]
    labels = None if film.labels is None else film.labels.numpy()
    for i, (x, y) in enumerate(on):
        px, py = to_pixel(x, y)
        fill = MUTED if labels is None else CLASSES[int(labels[i]) % 10]
        draw.ellipse([px - 1.6, py - 1.6, px + 1.6, py + 1.6], fill=fill)  # type: ignore[attr-defined]
    if labels is None:
        return
    for c in np.unique(labels):
        x, y = on[labels == c].mean(axis=0)
        name = classes[c] if c < len(classes) else str(c)
        draw.text(  # type: ignore[attr-defined]
            to_pixel(x, y), name, fill=INK, font=_font(17), anchor="mm", stroke_width=3, stroke_fill=PAPER
        )


def _mix(under: np.ndarray, colour: tuple[int, int, int], share: np.ndarray) -> np.ndarray:
    return under * (1 - share[..., None]) + np.array(colour) * share[..., None]


def _edge(mask: np.ndarray) -> np.ndarray:
    """The cells of a region that have a neighbour outside it."""
    padded = np.pad(mask, 1)
    inner = padded[:-2, 1:-1] & padded[2:, 1:-1] & padded[1:-1, :-2] & padded[1:-1, 2:]
    return mask & ~inner


def _font(size: int) -> Any:
    from PIL import ImageFont

    return ImageFont.load_default(size)

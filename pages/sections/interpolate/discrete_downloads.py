"""What can be taken away of a path between discrete codes: a film, its frames, and its steps as CSV."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from pages.sections.interpolate import downloads
from pages.sections.interpolate.discrete_codes import ORDERS, Between, log_prior, of_grid, weights
from vae_core.pixels import to_uint8, unit
from widgets.run_data import library
from widgets.shell import strips
from widgets.shell.downloads import csv_table

if TYPE_CHECKING:
    from torch import Tensor

    from vae_core.analysis.decode import Pixels
    from vae_core.analysis.discrete_path import DiscretePath

POINTS = (
    "One line for each step: which cell or group gave way, its code before and after, and where the prior is "
    "learned what all codes cost then, in nats."
)


def menu(between: Between, path: DiscretePath, z: Tensor, pixels: Pixels) -> None:
    run = between.run
    downloads.menu(
        f"{run.name}-{between.order}",
        {"run": library.title(run), "path": title(between), "order": ORDERS[between.order].lower()},
        lambda: film(between, z, pixels),
        partial(sheet, between, z, pixels),
        lambda: table(between, path),
        POINTS,
    )


def title(between: Between) -> str:
    return f"{ends(between)}, {between.name} {ORDERS[between.order].lower()}"


def ends(between: Between) -> str:
    return f"From {between.a.name} to {between.b.name}"


def rows(between: Between, z: Tensor, steps: np.ndarray, pixels: Pixels) -> np.ndarray:
    """Decoded images at some steps of the path, and pixels faded over: uint8 [2, M, C, H, W]."""
    import torch

    from vae_core.analysis.decode import decode

    model, y = between.run.model, weights(between, len(z))
    generator = torch.Generator(model.device).manual_seed(0)
    images = decode(model, z[steps], None if y is None else y[steps].float(), pixels, generator).cpu()
    a, b = (unit(torch.from_numpy(np.ascontiguousarray(each.image))) for each in (between.a, between.b))
    share = torch.from_numpy(steps / max(1, len(z) - 1)).float()[:, None, None, None]
    return np.stack([to_uint8(each).numpy() for each in (images, torch.lerp(a, b, share))])


def film(between: Between, z: Tensor, pixels: Pixels) -> bytes:
    there = np.arange(len(z))
    shown = rows(between, z, np.concatenate([there, there[-2:0:-1]]), pixels)
    return strips.film(shown, ["decoded", "pixels faded"], ends(between))


def sheet(between: Between, z: Tensor, pixels: Pixels, times: int = 1) -> bytes:
    steps = np.unique(np.linspace(0, len(z) - 1, downloads.TILES).round().astype(int))
    ticks = [f"{step}" for step in steps]
    ticks[0], ticks[-1] = "A", "B"
    names = [library.title(between.run), "Pixels faded over"]
    notes = [f"{between.name} that are B's", "no model"]
    return strips.sheet(rows(between, z, steps, pixels), names, notes, ticks, title(between), times)


def table(between: Between, path: DiscretePath) -> str:
    """Codes of a codebook count from 0, groups and their categories from 1, as on the pages."""
    what, first = ("code", 0) if of_grid(between.run) else ("category", 1)
    head = ["step", between.name.removesuffix("s"), f"{what}_before", f"{what}_after"]
    lines: list[list[object]] = [[0, "", "", ""]]
    for step, place in enumerate(path.places.tolist()):
        before, after = path.codes[step : step + 2, place].tolist()
        lines.append([step + 1, place + 1, before + first, after + first])
    log_p = log_prior(between, path)
    if log_p is None:
        return csv_table(head, lines)
    nats = [f"{-value:.6g}" for value in log_p.tolist()]
    return csv_table([*head, "code_nats"], [[*line, cost] for line, cost in zip(lines, nats, strict=True)])

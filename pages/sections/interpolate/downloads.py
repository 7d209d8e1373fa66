"""What can be taken away of a path: a film, its frames, and its codes with what they pass as CSV."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np

from pages.sections.interpolate import path_codes, told_class
from pages.sections.interpolate.path_codes import Line, Passed
from vae_core.pixels import to_uint8, unit
from vae_core.runs.run import Run
from widgets.components import take_away
from widgets.components.take_away import File
from widgets.run_data import library
from widgets.run_data.library import open_run
from widgets.shell import strips
from widgets.shell.downloads import csv_table

if TYPE_CHECKING:
    from torch import Tensor

    from pages.sections.interpolate.path import PathChoice
    from vae_core.analysis.decode import Pixels

FRAMES, TILES = 48, 11  # of the film, there and back; of the sheet, at least


FILM = "There and back, endless. Takes a second."
FRAMES_OF_IT = "Images of the path, A’s and B’s among them, in one picture."
PATH = (
    "Of 201 points or more: t, the code z, log q(z) and log p(z) in nats, whether it is in a hole, and the "
    "classes that it is decoded under where the model is told them."
)


def of_paths(
    view: PathChoice, lines: Sequence[Line], measured: Sequence[Passed | None], pixels: Pixels
) -> None:
    menu(
        "-".join(run.name for run in view.runs) + f"-{lines[0].kind}",
        {"run": " and ".join(library.title(run) for run in view.runs), "path": title(view, lines)},
        lambda: film(view, lines, pixels),
        partial(sheet, view, lines, pixels),
        lambda: numbers(view.runs, lines, measured),
    )


def menu(
    name: str,
    about: Mapping[str, str],
    gif: Callable[[], bytes],
    png: Callable[[int], bytes],
    csv: Callable[[], str],
    points: str = PATH,
) -> None:
    """points: what the table holds."""
    files = [File("png", png, help=FRAMES_OF_IT), File("gif", gif, help=FILM), File("csv", csv, help=points)]
    take_away.menu(name, name, about, files)


def images(line: Line, t: Tensor, pixels: Pixels) -> np.ndarray:
    """The path's decoded images at t [M]: uint8 [M, C, H, W]."""
    import torch

    from vae_core.analysis.decode import decode
    from vae_core.analysis.interpolate import along

    model, path = open_run(line.path).model, path_codes.along(line)
    share = (t.double() - line.first) / (line.last - line.first)
    y = path_codes.class_weights(line, t)
    generator = torch.Generator(model.device).manual_seed(0)
    return to_uint8(decode(model, along(path, share), y, pixels, generator).cpu()).numpy()


def faded(view: PathChoice, t: Tensor) -> np.ndarray:
    import torch

    from vae_core.analysis.interpolate import fade, through

    pixels = [unit(torch.from_numpy(np.ascontiguousarray(each.image))) for each in view.images]
    rising, order = t.float().sort()
    faded = through([partial(fade, a, b) for a, b in pairwise(pixels)], rising)
    return to_uint8(faded[order.argsort()]).numpy()


def film(view: PathChoice, lines: Sequence[Line], pixels: Pixels) -> bytes:
    import torch

    phase = torch.arange(FRAMES, dtype=torch.float64) / FRAMES
    t = (1 - torch.cos(2 * torch.pi * phase)) / 2
    rows = [images(line, t, pixels) for line in lines] + [faded(view, t)]
    labels = [library.title(run) for run in view.runs]
    if len(lines) == 1:
        labels = [decoded(view.runs[0], lines[0])]
    return strips.film(np.stack(rows), [*labels, "pixels faded"], title(view, lines))


def sheet(view: PathChoice, lines: Sequence[Line], pixels: Pixels, times: int = 1) -> bytes:
    import torch

    t = torch.linspace(0, 1, lines[0].steps(TILES - 1) + 1, dtype=torch.float64)
    rows = [images(line, t, pixels) for line in lines] + [faded(view, t)]
    labels = [library.title(run) for run in view.runs]
    notes = [
        f"{path_codes.KINDS[line.kind].lower()} path" + (f", {decoded(run, line)}" if line.classes else "")
        for run, line in zip(view.runs, lines, strict=True)
    ]
    each = (len(t) - 1) // (len(view.marks) - 1)  # tiles from image to image
    ticks = [view.marks[k // each][1] if k % each == 0 else f"{v:.2g}" for k, v in enumerate(t.tolist())]
    return strips.sheet(
        np.stack(rows), [*labels, "Pixels faded over"], [*notes, "no model"], ticks, title(view, lines), times
    )


def decoded(run: Run, line: Line) -> str:
    """The class under which, where the model is told one."""
    return f"as {told_class.in_words(run, line.classes)}" if line.classes else "decoded"


def swing(run: Run, line: Line, title: str, pixels: Pixels) -> bytes:
    """The film of a single path, from its first end to its last and back."""
    import torch

    phase = torch.arange(FRAMES, dtype=torch.float64) / FRAMES
    t = line.first + (1 - torch.cos(2 * torch.pi * phase)) / 2 * (line.last - line.first)
    return strips.film(images(line, t, pixels)[None], [decoded(run, line)], title)


def row(run: Run, line: Line, title: str, pixels: Pixels, times: int = 1) -> bytes:
    """The frames of a single path."""
    import torch

    t = torch.linspace(line.first, line.last, TILES if line.last > 2 else 9, dtype=torch.float64)
    ticks = [f"{v:.2g}" for v in t.tolist()]
    said = ["times the direction"]
    return strips.sheet(images(line, t, pixels)[None], [decoded(run, line)], said, ticks, title, times)


def title(view: PathChoice, lines: Sequence[Line]) -> str:
    names = [image.name for image in view.images]
    return f"From {' to '.join(names)}"


def numbers(runs: Sequence[Run], lines: Sequence[Line], measured: Sequence[Passed | None]) -> str:
    """One line for each point of each path; numbers with six digits."""
    latent = max(len(line.codes[0]) for line in lines)
    head = ["run", "path", "t", *(f"z{d + 1}" for d in range(latent)), "log_q_nats", "log_p_nats", "hole"]
    under = any(line.classes for line in lines)
    rows: list[list[Any]] = []
    for run, line, found in zip(runs, lines, measured, strict=True):
        told = _classes(run, line)
        for k, (t, z) in enumerate(
            zip(path_codes.times(line).tolist(), path_codes.along(line).tolist(), strict=True)
        ):
            passed = ["", "", ""]
            if found is not None:
                passed = [f"{found.log_q[k]:.6g}", f"{found.log_p[k]:.6g}", str(int(found.hole[k]))]
            row = [run.name, line.kind, round(t, 6), *z, *[""] * (latent - len(z)), *passed]
            rows.append([*row, told[k]] if under else row)
    return csv_table([*head, "classes"] if under else head, rows)


def _classes(run: Run, line: Line) -> list[str]:
    """At each point the classes that it is decoded under, with their weights."""
    t = path_codes.times(line)
    weights = path_codes.class_weights(line, t)
    if weights is None:
        return [""] * len(t)
    return [
        " ".join(f"{told_class.called(run, y)}:{w:.3g}" for y, w in enumerate(each) if w > 1e-6)
        for each in weights.tolist()
    ]

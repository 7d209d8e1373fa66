"""What can be taken away of completions: a sheet, the chains as a film, and the codes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from pages.sections.inpaint import compute, reading
from pages.sections.inpaint.result import Question, Result
from vae_core.pixels import to_uint8
from vae_core.runs.run import Run
from vae_core.spec.capabilities import capabilities
from widgets.components import take_away
from widgets.components.take_away import File
from widgets.run_data import library
from widgets.run_data.classes import dataset_classes
from widgets.shell import links, sheets, url_state
from widgets.shell.downloads import csv_table

if TYPE_CHECKING:
    from torch import Tensor

SHEET = "The completions, one result under the other."
FILM = "The chains from their start to the last draw, of the first result."
CODES = "The code of each completion, and what it is read as."


def menu(questions: Sequence[Question], results: Sequence[Result], drawn: bool, seed: int) -> None:
    first = questions[0]
    hidden = url_state.read(links.HIDE) or str(links.HIDE.default)
    about = {
        "run": " and ".join(dict.fromkeys(library.title(each.run) for each in questions)),
        "method": " and ".join(dict.fromkeys(compute.METHODS[each.method][0] for each in questions)),
        "image": first.subject.name,
        "hidden": "painted by hand" if len(hidden) > 20 else hidden,
        "seed": str(seed),
    }
    has_film = len(results[0].found.film.steps) > 1
    take_away.menu(
        "completions",
        f"{first.run.name} completions {first.subject.name} {about['hidden']} {first.method} seed {seed}",
        about,
        [
            File("png", lambda times: sheets.tile(_sheet(results, drawn), times=2 * times), help=SHEET),
            *([File("gif", lambda: film(first, results[0]), help=FILM)] if has_film else []),
            File("csv", lambda: codes(questions, results), help=CODES),
        ],
    )


def _sheet(results: Sequence[Result], drawn: bool) -> np.ndarray:
    """uint8 [K, C, H, W], in the order in which they were found."""
    return np.concatenate(
        [each.found.drawn if drawn else to_uint8(each.found.completions.images.numpy()) for each in results]
    )


def film(question: Question, result: Result) -> bytes:
    import torch

    problem = compute.problem(question.run, question.subject, question.observed.tobytes(), question.y)
    moments = torch.from_numpy(result.found.film.codes)
    images = reading.completed(problem, moments.flatten(0, 1))
    return sheets.film(to_uint8(images.numpy()).reshape(*moments.shape[:2], *images.shape[1:]))


def codes(questions: Sequence[Question], results: Sequence[Result]) -> str:
    """One line for each completion of each result."""
    latent = max(each.run.spec.latent for each in questions)  # of categories the groups
    head = ["run", "method", "completion", "read_as", *(f"z{d + 1}" for d in range(latent))]
    rows: list[list[object]] = []
    for question, result in zip(questions, results, strict=True):
        names, readings = dataset_classes(question.run), result.readings
        for k, z in enumerate(_numbers(question.run, result.found.completions.z)):
            read = "" if readings is None else names[readings.reads[-1, k]]
            rows.append([question.run.name, question.method, k + 1, read, *z, *[""] * (latent - len(z))])
    return csv_table(head, rows)


def _numbers(run: Run, z: Tensor) -> list[list[float]]:
    """What stands for codes z [K, D]: their numbers; of categories the chosen one of each group, from 1."""
    if "categories" not in capabilities(run.spec):
        return z.tolist()
    return (z.unflatten(-1, (run.spec.latent, -1)).argmax(-1) + 1).tolist()

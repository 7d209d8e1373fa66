"""A result of the Inpaint page: what one method found, with all that the board shows of it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from pages.sections.inpaint import compute, reading, scene
from pages.sections.inpaint.compute import Completed, Film
from vae_core.pixels import to_uint8
from vae_core.runs.run import Run
from widgets.components.completions import Nearest, Panel, Scene
from widgets.run_data import usage
from widgets.run_data.classes import dataset_classes
from widgets.run_data.library import open_run
from widgets.run_data.subject import Subject
from widgets.shell import sheets, words

if TYPE_CHECKING:
    from torch import Tensor

    from vae_core.analysis.progress import Progress


@dataclass(frozen=True, eq=False)
class Result:
    """draws [S, D]: codes of all that was drawn. nearest_note: why there are no nearest training images."""

    found: Completed
    draws: Tensor
    readings: reading.Readings | None
    scene: Scene | None
    nearest: Nearest | None
    nearest_note: str


@dataclass(frozen=True, eq=False)
class Question:
    """One panel's question: which run completes the subject, and how. y: the class that it is told."""

    run: Run
    title: str
    subject: Subject
    observed: np.ndarray
    y: int | None
    method: str


def find(
    path: str,
    version: Any,
    subject: Subject,
    observed: bytes,
    y: int | None,
    method: str,
    count: int,
    seed: int,
    length: int,
    progress: Progress | None = None,
    cancelled: Callable[[], bool] | None = None,
    publish: Callable[[Film], None] | None = None,
) -> Result:
    """As `compute.complete`, with what is read in the completions and where they lie."""
    arguments = (path, version, subject, observed, y, method, count, seed, length)
    found = compute.complete(*arguments, progress, cancelled, publish)
    if progress is not None:
        progress(1.0, "Reading the completions")
    run = open_run(path)
    problem = compute.problem(run, subject, observed, y)
    readings = reading.read(run, problem, found.film.codes, found.completions)
    drawn = reading.draws(found.completions) if readings is None else readings.draws
    place = scene.of(run, problem, drawn, readings)
    return Result(found, drawn, readings, place, *reading.nearest(run, found.completions.images))


def panels(questions: Sequence[Question], results: Sequence[Result]) -> list[Panel]:
    """Two methods of one run are seen on the same plane."""
    scenes = [each.scene for each in results]
    if len(results) == 2 and questions[0].run.path == questions[1].run.path:
        first, second = scenes
        if first is not None and second is not None:
            scenes = list(scene.together(first, second, results[1].draws))
    return [
        panel(question, each, place) for question, each, place in zip(questions, results, scenes, strict=True)
    ]


def panel(question: Question, result: Result, place: Scene | None) -> Panel:
    found = result.found
    film, readings = found.film, result.readings
    return Panel(
        question.title,
        usage.decoder(question.run, question.y),
        question.subject.image,
        question.observed,
        film.codes,
        film.steps,
        film.total,
        film.warm_up,
        None if readings is None else readings.reads,
        None if readings is None else readings.sure,
        dataset_classes(question.run),
        found.drawn,
        _summary(question, result),
        facts(found, "observed" if question.y is None else "observed, class"),
        badge(found),
        result.nearest,
        result.nearest_note,
        place,
    )


def early(question: Question, film: Film) -> Panel:
    """The chain on its way: its completions so far."""
    return Panel(
        question.title,
        usage.decoder(question.run, question.y),
        question.subject.image,
        question.observed,
        film.codes[-1:],
        film.steps[-1:],
        film.total,
        film.warm_up,
        summary=_given(question),
    )


def _given(question: Question) -> list[tuple[str, np.ndarray, str]]:
    image = question.subject.image
    return [
        ("observed", sheets.covered(image, question.observed), "What the method is given."),
        ("truth", image, "The whole image" + (", binarised once." if question.subject.binarised else ".")),
    ]


def _summary(question: Question, result: Result) -> list[tuple[str, np.ndarray, str]]:
    done = result.found.completions
    spread = np.clip(done.std.numpy() / 0.5, 0, 1)
    return [
        *_given(question),
        ("mean", to_uint8(done.mean.numpy()), "The mean of the completions."),
        ("deviation", to_uint8(spread), "How far completions differ, per pixel; white is 0.5."),
    ]


def badge(found: Completed) -> tuple[str, str]:
    """Whether the result holds, in words."""
    done = found.completions
    sentence = compute.verdict(done)
    if done.r_hat is not None:
        return "good" if mixed(found) else "bad", sentence
    if done.ess is not None:
        return "bad" if "few" in sentence else "good", sentence
    return "", ""


def mixed(found: Completed) -> bool:
    """Of chains: whether they agree, on draws enough. True where the method has none."""
    from vae_core.analysis import inpaint

    done = found.completions
    if done.r_hat is None or done.ess is None:
        return True
    return inpaint.verdict(done.r_hat, done.ess, compute.steps_taken(done))[0]


def facts(found: Completed, given: str) -> list[tuple[str, str, str]]:
    """The numbers under the board: name, value, what it is."""
    done, measured = found.completions, compute.numbers(found)
    whose = compute.OWN.get(done.method, "under the model")
    rows = [
        (
            f"log p(hidden | {given})",
            f"{words.nats(measured['log p, nats'])} ± {measured['±']:.1f} nats",
            f"Of the true hidden pixels, {whose}, from {found.likelihood.codes:,} codes.",
        ),
        ("error of the mean", f"{measured['Error']:.3f}", "Squared, per hidden pixel."),
    ]
    if measured["Accepted"] is not None:
        rows.append(("accepted", f"{measured['Accepted']:.0%}", "The share of proposals that were accepted."))
    if measured["R̂"] is not None:
        shown = f"{measured['R̂']:.2f}" if measured["R̂"] < 100 else "over 100"
        rows.append(("R̂", shown, "Spread of all chains over that within one: 1 where they agree."))
    if measured["ESS"] is not None:
        help = "Independent draws that would estimate a mean as well; the least of all dimensions."
        rows.append(("effective draws", f"{measured['ESS']:,.0f} of {done.draws:,}", help))
    rows.append(("time", f"{found.seconds:.1f} s", "Of the sampling, without what is read and drawn of it."))
    return rows

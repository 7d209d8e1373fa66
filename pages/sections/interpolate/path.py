"""From A to B: two images, the kind of path, and the board; a second run under it where one is asked for."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import pairwise
from typing import TYPE_CHECKING

import streamlit as st

from pages.sections.interpolate import (
    compare,
    downloads,
    geodesic_task,
    path_codes,
    slider_state,
    stops,
    surprise,
    told_class,
)
from pages.sections.interpolate.path_codes import KINDS, Line, Passed
from vae_core.pixels import unit
from vae_core.runs.run import Run
from vae_core.spec.capabilities import capabilities
from widgets.components import interpolate, picker
from widgets.run_data import library, usage
from widgets.run_data.capabilities import fits
from widgets.run_data.codes import weights
from widgets.run_data.library import note
from widgets.run_data.subject import Picked
from widgets.shell import links, tasks, url_state, url_widgets, words
from widgets.shell.error_boundary import callback
from widgets.shell.fragments import fragment

if TYPE_CHECKING:
    from vae_core.analysis.decode import Pixels

ALONE = "none"
PICKER = 250  # pixels
BOARD = "interpolate-board"


@dataclass(frozen=True, eq=False)
class PathChoice:
    """runs: one, or two under each other. told: the class of models that are told it, as chosen. stops: what
    the path passes from a to b."""

    runs: tuple[Run, ...]
    a: Picked
    b: Picked
    kind: str
    told: str = told_class.TRAVELS
    stops: tuple[Picked, ...] = ()

    @property
    def images(self) -> tuple[Picked, ...]:
        return (self.a, *self.stops, self.b)

    @property
    def marks(self) -> list[tuple[float, str]]:
        """Where on the path each image is, and what it is called."""
        names = ["A", *(str(k + 1) for k in range(len(self.stops))), "B"]
        return [(k / (len(names) - 1), name) for k, name in enumerate(names)]


def show(run: Run, pixels: Pixels) -> None:
    view = controls(run)
    if view is None:
        return
    lines = [line(each, view) for each in view.runs]
    if view.kind == "geodesic":
        found = [
            geodesic_task.follow(one, library.title(each)) for one, each in zip(lines, view.runs, strict=True)
        ]
        lines = [one if there else one.straight for one, there in zip(lines, found, strict=True)]
    running = [path_codes.passed(usage.codes(each), one) for one, each in zip(lines, view.runs, strict=True)]
    measured = [task.result() if task.done() and task.exception() is None else None for task in running]

    def part() -> None:
        board(view, lines, measured, pixels)

    fragment(part)
    for task in running:
        if not task.done() or task.exception() is not None:
            tasks.when_done(task, "Measuring what the path passes", lambda _: None)
    if view.kind == "geodesic":
        say_lines(view.runs)
    why = compare.why(view.runs, [found and found.empty for found in measured])
    if why is not None:
        st.markdown(why)
    downloads.of_paths(view, lines, measured, pixels)


def say_lines(runs: tuple[Run, ...]) -> None:
    """Of linear decoders what the geodesic is."""
    for each in runs:
        if "ppca" in capabilities(each.spec):
            st.caption(
                f"The decoder of {words.literal(library.title(each))} is linear: every place stretches codes "
                "alike, by WᵀW, so that the geodesic is the straight line."
            )


def controls(run: Run) -> PathChoice | None:
    first = surprise.begin_with(run)
    with st.container(horizontal=True, gap="small", vertical_alignment="top", key="interpolate-strip"):
        with st.container(width=PICKER):
            a = picker.pick(links.IMAGE, run, label="A", default=first[0])
        passed = stops.choose(run, first)
        with st.container(width=PICKER):
            b = picker.pick(links.END, run, label="B", default=first[1])
        kinds = list(path_codes.kinds(run))
        kind = st.segmented_control(
            "Path",
            kinds,
            format_func=KINDS.__getitem__,
            **url_widgets.choice(links.WAY, kinds, label=KINDS.__getitem__, by="default"),
            required=True,
            help="Linear: the straight line between both codes. Spherical: turns evenly from one direction "
            "to the other, on the shell where most of N(0, I) lies; under another prior there is no such "
            "path. Geodesic: the path along which the decoded image changes least.",
        )
        second = others(run).get(url_state.read(links.COMPARE) or ALONE)
        runs = (run,) if second is None else (run, second)
        told = told_class.choose(runs, a, b) if a is not None and b is not None else told_class.TRAVELS
        stops.button()
    between = tuple(image for image in passed if image is not None)
    if a is None or b is None or len(between) < len(passed):
        if not run.status.active:
            st.caption("A path needs its images: choose, draw or upload them with Change.")
        return None
    return PathChoice(runs, a, b, str(kind), told, between)


def others(run: Run) -> dict[str, Run]:
    """The runs that can stand beside it."""
    return {each.name: each for each in library.runs() if each.name != run.name and fits(each, run)}


def choose_second(run: Run) -> None:
    """The second run, and autoencoder against VAE in one click."""
    there = others(run)
    names = [ALONE, *there]

    def called(name: str) -> str:
        return f"against {library.title(there[name])}" if name in there else "no comparison"

    st.selectbox(
        "Compare with",
        names,
        format_func=called,
        **url_widgets.choice(links.COMPARE, names, label=called),
        width=210,
        label_visibility="collapsed",
    )
    found = compare.pair(run, library.runs())
    if found is None or (found[0].name, found[1].name) == (run.name, url_state.read(links.COMPARE)):
        return
    st.button(
        "Autoencoder against VAE",
        key="autoencoder-against-vae",
        icon=":material/compare:",
        on_click=callback(compare.choose),
        args=found,
        type="tertiary",
        help="The same pair of images through both, under each other.",
    )


def line(run: Run, view: PathChoice) -> Line:
    codes = tuple(usage.code(run, image) for image in view.images)
    line = Line(
        str(run.path),
        weights(run),
        told_class.classes(run, view.told, view.images, view.a, view.b),
        codes,
        view.kind,
    )
    # Half as far again beyond an end of many pieces would be far from all images.
    return replace(line, first=0.0, last=1.0) if view.stops else line


def board(view: PathChoice, lines: list[Line], measured: list[Passed | None], pixels: Pixels) -> None:
    last = len(lines) - 1
    ways = [
        interpolate.PathView(
            library.title(run),
            usage.decoder(run, None),
            path_codes.along(one).numpy(),
            one.first,
            one.last,
            view.marks,
            note=note(run),
            plane=path_codes.plane(usage.codes(run), one),
            ends=[image.image for image in view.images],
            strip=k == last,
            frames=one.steps(path_codes.FRAMES) + 1,
            log_q=found.log_q.numpy() if found else None,
            log_p=found.log_p.numpy() if found else None,
            hole=found.hole.numpy() if found else None,
            classes=path_codes.class_weights(one, path_codes.times(one)),
            facts=under(run, one) + facts(view, one, found),
        )
        for k, (run, one, found) in enumerate(zip(view.runs, lines, measured, strict=True))
    ]
    slider_state.show(BOARD, links.T, ways, pixels, "Path from A to B")


def under(run: Run, line: Line) -> list[tuple[str, str, str]]:
    """The class that a model which is told classes decodes under, as a fact."""
    if not line.classes:
        return []
    help = "This model is told the class that it decodes, or a blend of all where it is not known."
    return [("Decoded as", told_class.in_words(run, line.classes), help)]


def facts(view: PathChoice, line: Line, found: Passed | None) -> list[tuple[str, str, str]]:
    """The numbers beside the image."""
    if found is None:
        return []
    pixels = [unit(image.image) for image in view.images]
    faded = sum(float(((b - a) ** 2).sum() ** 0.5) for a, b in pairwise(pixels))
    rows = [
        (
            "Length in latent space",
            path_codes.in_units(view.runs[0], found.length),
            "From A to B: in standard deviations of the prior where that is N(0, I), else in the unit of z.",
        ),
        (
            "Length in pixels",
            f"{found.pixels:.1f}",
            "How far the decoded image travels from A to B: the sum of root-sum-square differences between "
            "successive images. One black pixel turned white is 1.",
        ),
    ]
    if line.kind != "linear":
        rows.append(("… of the straight line", f"{found.straight:.1f}", "The straight path’s, in pixels."))
    if path_codes.nothing_shorter(line):
        help = "No path was found that is shorter by a thousandth, so the straight line is shown."
        rows.append(("Shortest found", "the line", help))
    rows += [
        (
            "… of the pixels faded over",
            f"{faded:.1f}",
            "No way from image A to image B is shorter. A path through codes leads from one reconstruction "
            "to the other.",
        ),
        (
            "Where q < p / 10",
            f"{100 * found.empty:.0f} %",
            "The share of the way from A to B where the codes of the data are less than a tenth as dense as "
            "the prior.",
        ),
    ]
    return rows

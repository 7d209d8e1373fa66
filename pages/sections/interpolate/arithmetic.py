"""Arithmetic: C + t (A - B), and C along a direction that stands for an attribute."""

from __future__ import annotations

import math
from functools import partial
from typing import TYPE_CHECKING

import streamlit as st

from pages.sections.interpolate import (
    direction,
    downloads,
    operand,
    path_codes,
    saved_directions,
    slider_state,
)
from pages.sections.interpolate.direction import ChosenDirection
from pages.sections.interpolate.operand import Begin, Operand
from pages.sections.interpolate.path import under
from pages.sections.interpolate.path_codes import Line, Passed
from vae_core.runs.directions import HOW_LENGTH, NAME_LENGTH, Saved
from vae_core.runs.run import Run
from widgets.components import interpolate
from widgets.components.picker import source
from widgets.run_data import library, usage
from widgets.run_data.codes import Codes, cached, weights
from widgets.shell import links, tasks, words
from widgets.shell.error_boundary import callback
from widgets.shell.fragments import fragment

if TYPE_CHECKING:
    from vae_core.analysis.decode import Pixels

MARGIN = 0.1  # of a class, that has a style yet further out
REACH = 3.0  # how often a direction is added, or taken away
TIMES, STRENGTH = ("arithmetic-board", links.TIMES), ("attribute-board", links.AMOUNT)


def show(run: Run, pixels: Pixels) -> None:
    found = usage.codes(run)
    way, start, analogy = controls(run, found)
    if way is None or start is None:
        return
    if (sentence := direction.of_chance_length(run, way)) is not None:
        st.info(sentence, icon=":material/casino:")
        return
    line = line_of(run, start, way, analogy)
    task = path_codes.passed(found, line)
    passed = task.result() if task.done() and task.exception() is None else None

    def part() -> None:
        board(run, found, line, way, passed, analogy, pixels)

    fragment(part)
    if passed is None:
        tasks.when_done(task, "Measuring what the path passes", lambda _: None)
    if way.name:
        saved_directions.store(run)
    else:
        keep(run, way)
    title = f"{start.name}, moved by {way.how}"
    downloads.menu(
        f"{run.name}-arithmetic",
        {"run": library.title(run), "direction": title},
        lambda: downloads.swing(run, line, title, pixels),
        partial(downloads.row, run, line, title, pixels),
        lambda: downloads.numbers([run], [line], [passed]),
    )


def controls(run: Run, found: Codes) -> tuple[ChosenDirection | None, Operand | None, bool]:
    """The direction, where it starts, and whether it is A - B."""
    with st.container(horizontal=True, gap="medium", vertical_alignment="top", key="arithmetic-way"):
        kind, way = direction.choose(run, found)
        if kind != direction.DIFFERENCE:
            return way, operand.choose(links.TO, "Starting from", run, found, Begin(2)), False
    with st.container(horizontal=True, gap="medium", vertical_alignment="top", key="arithmetic-strip"):
        one, other, third = begin_with(run, found)
        a = operand.choose(links.PLUS, "A", run, found, one)
        b = operand.choose(links.MINUS, "− B", run, found, other)
        start = operand.choose(links.TO, "+ C", run, found, third)
    way = None if a is None or b is None else direction.difference(found, a, b)
    return way, start, True


def begin_with(run: Run, codes: Codes) -> tuple[Begin, Begin, Begin]:
    """What A, B and C are at first: something that means something.

    The means of the two classes that are furthest apart, and an image of B's class: what tells both apart is
    added to it. Of a model that is told the class, as its codes hold the style alone: two images of a class
    in opposite styles, and one of another class in B's style.
    """
    images, labels = source.of(run), codes.posteriors.labels
    plain = Begin(0), Begin(1), Begin(2)
    if labels is None or isinstance(images, tasks.Task) or images.labels is None:
        return plain
    if run.model.classes:
        if not codes.whole or len(labels) != len(images):
            return plain
        a, b, c = styles(codes)
        return Begin(a), Begin(b), Begin(c)
    pair = telling_classes(codes)
    if pair is None:
        return plain
    return Begin(0, pair[0]), Begin(1, pair[1]), Begin(int(next(iter(images.of_class(pair[1])), 2)))


@cached(16)
def telling_classes(codes: Codes) -> tuple[int, int] | None:
    from vae_core.analysis import arithmetic

    posteriors = codes.posteriors
    assert posteriors.labels is not None
    return arithmetic.furthest_classes(posteriors.mean, posteriors.labels)


@cached(16)
def styles(codes: Codes) -> tuple[int, int, int]:
    """Test images: two of the first class from both sides of the axis on which codes vary most, and one of
    another class from the side of the second, such that A - B + C lies where codes are densest."""
    import torch

    from vae_core.analysis import aggregate, arithmetic

    posteriors, labels = codes.posteriors, codes.posteriors.labels
    assert labels is not None
    mean, axis = posteriors.mean, arithmetic.principal_axis(posteriors.mean)
    classes = labels.unique()
    high, *lows = [
        arithmetic.at_share(mean, torch.eq(labels, label), axis, share)
        for label, share in [(classes[0], 1 - MARGIN), *((label, MARGIN) for label in classes)]
    ]
    others = lows[1:] or lows
    sums = arithmetic.analogy(mean[high], mean[lows[0]], mean[others])
    return high, lows[0], others[int(aggregate.log_density(posteriors, sums).argmax())]


def line_of(run: Run, start: Operand, way: ChosenDirection, analogy: bool) -> Line:
    end = tuple(c + v for c, v in zip(start.code, way.vector, strict=True))
    classes = (start.label,) * 2 if run.model.classes else ()
    first, last = (links.TIMES.least, links.TIMES.most) if analogy else (-REACH, REACH)
    return Line(str(run.path), weights(run), classes, (start.code, end), "linear", first, last)


def board(
    run: Run,
    found: Codes,
    line: Line,
    way: ChosenDirection,
    passed: Passed | None,
    analogy: bool,
    pixels: Pixels,
) -> None:
    marks = [(0.0, "C"), (1.0, "A − B + C")]
    if not analogy:
        marks = [(float(t), f"{t:+g}".replace("-", "−") if t else "0") for t in range(-3, 4)]
    shown = interpolate.PathView(
        library.title(run),
        usage.decoder(run, None),
        path_codes.along(line).numpy(),
        line.first,
        line.last,
        marks,
        named=analogy,
        frames=21 if analogy else 25,  # so that every mark has one
        plane=path_codes.plane(found, line),
        log_q=passed.log_q.numpy() if passed else None,
        log_p=passed.log_p.numpy() if passed else None,
        hole=passed.hole.numpy() if passed else None,
        classes=path_codes.class_weights(line, path_codes.times(line)),
        facts=under(run, line) + facts(run, way),
    )
    slider_state.show(*(TIMES if analogy else STRENGTH), [shown], pixels, f"Along {way.how}")


def facts(run: Run, way: ChosenDirection) -> list[tuple[str, str, str]]:
    rows = [
        (
            "Length of the direction",
            path_codes.in_units(run, direction.norm(way)),
            "How far t = 1 is from t = 0: in standard deviations of the prior where that is N(0, I), else in "
            "the unit of z.",
        )
    ]
    found = way.found
    if found is None:
        return rows
    return [
        *rows,
        (
            "… its standard error",
            path_codes.in_units(run, found.error),
            "Of the difference of both means, along itself.",
        ),
        (
            "… by chance alone",
            path_codes.in_units(run, found.chance),
            "What its length would be if both groups were drawn from the same images.",
        ),
        (
            "Images in the two groups",
            f"{words.count(found.count)} and {words.count(found.rest)}",
            "Whose mean codes are compared.",
        ),
    ]


# --- keeping --------------------------------------------------------------------------------------


def keep(run: Run, way: ChosenDirection) -> None:
    """A name under which the direction is kept."""

    def press() -> None:
        # The name as it is now: the button may be older than what was typed just before it was pressed.
        saved_directions.keep(run, saved(run, way, st.session_state["direction-name"]))

    with st.container(horizontal=True, gap="small", vertical_alignment="bottom", key="arithmetic-keep"):
        name = st.text_input(
            "Name of this direction",
            max_chars=NAME_LENGTH,
            key="direction-name",
            placeholder="thicker, say",
            width=220,
            help="Under Kept it can then be added to any other code.",
        )
        st.button(
            "Keep it",
            key="keep-direction",
            icon=":material/bookmark_add:",
            on_click=callback(press),
            disabled=not name.strip(),
            help="With the run; of a run that came with the app, in this browser.",
        )
        if not saved_directions.store(run):
            st.caption("This browser keeps nothing: a direction is gone when the tab is closed or reloaded.")
        elif run.is_gallery:
            st.caption(
                f"{library.title(run)} came with the app: what you keep stays in this browser, and the link "
                "to a kept direction holds it. With a copy of the run it is kept for good.",
                width="stretch",
            )
    if (fault := saved_directions.fault()) is not None:
        st.warning(fault, icon=":material/error:")


def saved(run: Run, way: ChosenDirection, name: str) -> Saved:
    groups = way.found
    return Saved(
        " ".join(name.split()),
        way.vector,
        way.how[:HOW_LENGTH],
        count=groups.count if groups else None,
        rest=groups.rest if groups else None,
        error=finite(groups.error) if groups else None,
        chance=finite(groups.chance) if groups else None,
        step=run.status.step,
    )


def finite(value: float) -> float | None:
    return value if math.isfinite(value) else None

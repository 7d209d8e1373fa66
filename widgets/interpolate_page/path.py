"""From A to B: two images, the kind of path, and the board; a second run under it where one is asked for."""

from __future__ import annotations

from dataclasses import dataclass

import streamlit as st

from vae_core.training.run import Run
from widgets import address, interpolate, later, picker, shell
from widgets.interpolate_page import beside, codes, place, search, take_away
from widgets.interpolate_page.codes import KINDS, Line, Passed
from widgets.map_page.codes import classes, weights
from widgets.picker import Picked
from widgets.traverse_page import learned
from widgets.traverse_page.board import note
from widgets.traverse_page.controls import fits

ALONE = "none"
PICKER = 250  # pixels
BOARD = place.Place("interpolate-board", "t", 0.5)


@dataclass(frozen=True, eq=False)
class View:
    """runs: one, or two under each other."""

    runs: tuple[Run, ...]
    a: Picked
    b: Picked
    kind: str


def show(run: Run) -> None:
    view = controls(run)
    if view is None:
        return
    lines = [line(each, view) for each in view.runs]
    if view.kind == "geodesic":
        found = [search.follow(one, shell.title(each)) for one, each in zip(lines, view.runs, strict=True)]
        lines = [one if there else one.straight for one, there in zip(lines, found, strict=True)]
    tasks = [codes.passed(learned.codes(each), one) for one, each in zip(lines, view.runs, strict=True)]
    measured = [task.result() if task.done() and task.exception() is None else None for task in tasks]

    def part() -> None:
        with shell.sentences():
            board(view, lines, measured)

    st.fragment(part)()
    for task in tasks:
        if not task.done() or task.exception() is not None:
            later.when_done(task, "Measuring what the path passes", lambda _: None)
    why = beside.why(view.runs, [found and found.empty for found in measured])
    if why is not None:
        st.markdown(why)
    take_away.of_paths(view, lines, measured)


def controls(run: Run) -> View | None:
    with st.container(horizontal=True, gap="small", vertical_alignment="top", key="interpolate-strip"):
        with st.container(width=PICKER):
            a = picker.pick("a", run, label="A", default=0)
        with st.container(width=PICKER):
            b = picker.pick("b", run, label="B", default=1)
        kind = st.segmented_control(
            "Path",
            list(KINDS),
            format_func=KINDS.__getitem__,
            **address.choice(search.WAY, list(KINDS), "linear"),
            required=True,
            help="Linear: the straight line between both codes. Spherical: turns evenly from one direction "
            "to the other, on the shell where most of the prior lies. Geodesic: the path along which the "
            "decoded image changes least.",
        )
    if a is None or b is None:
        if not run.status.active:
            st.caption("A path needs two images: choose, draw or upload them with Change.")
        return None
    second = others(run).get(address.read(beside.BESIDE) or ALONE)
    return View((run,) if second is None else (run, second), a, b, str(kind))


def others(run: Run) -> dict[str, Run]:
    """The runs that can stand beside it."""
    return {each.name: each for each in shell.library() if each.name != run.name and fits(each, run)}


def compare(run: Run) -> None:
    """The second run, and autoencoder against VAE in one click."""
    there = others(run)
    names = [ALONE, *there]
    st.selectbox(
        "Compare with",
        names,
        format_func=lambda name: f"against {shell.title(there[name])}" if name in there else "no comparison",
        **address.choice(beside.BESIDE, names, ALONE),
        width=250,
        label_visibility="collapsed",
    )
    found = beside.pair(run, shell.library())
    if found is None or (found[0].name, found[1].name) == (run.name, address.read(beside.BESIDE)):
        return
    st.button(
        "Autoencoder against VAE",
        key="autoencoder-against-vae",
        icon=":material/compare:",
        on_click=beside.choose,
        args=found,
        type="tertiary",
        help="The same pair of images through both, under each other.",
    )


def line(run: Run, view: View) -> Line:
    y = learned.condition(run, view.a)
    return Line(
        str(run.path),
        weights(run),
        y,
        learned.code(run, view.a),
        learned.code(run, view.b),
        view.kind,
    )


def board(view: View, lines: list[Line], measured: list[Passed | None]) -> None:
    last = len(lines) - 1
    ways = [
        interpolate.Way(
            shell.title(run),
            learned.decoder(run, one.y),
            codes.along(one).numpy(),
            one.first,
            one.last,
            [(0, "A"), (1, "B")],
            note=note(run),
            plane=codes.plane(learned.codes(run), one),
            ends=(view.a.image, view.b.image),
            strip=k == last,
            log_q=found and found.log_q.numpy(),
            log_p=found and found.log_p.numpy(),
            hole=found and found.hole.numpy(),
            facts=under(run, one, "A") + facts(view, one, found),
        )
        for k, (run, one, found) in enumerate(zip(view.runs, lines, measured, strict=True))
    ]
    place.show(BOARD, ways, "Path from A to B")


def under(run: Run, line: Line, whose: str) -> list[tuple[str, str, str]]:
    """The class that a model which is told classes decodes under, as a fact."""
    if not run.model.classes:
        return []
    names = classes(run)
    shown = "all classes" if line.y is None else names[line.y] if line.y < len(names) else str(line.y)
    help = f"This model is told the class: that of {whose}, or a blend of all where it is not known."
    rows = [("Decoded as", shown, help)]
    if run.spec.prior.kind != "standard_normal":
        help = "This run learned a prior of its own for each class; holes and log p are those of N(0, I)."
        rows.append(("Prior here", "N(0, I)", help))
    return rows


def facts(view: View, line: Line, found: Passed | None) -> list[tuple[str, str, str]]:
    """The numbers beside the image."""
    if found is None:
        return []
    faded = float((((view.b.image.astype(float) - view.a.image) / 255) ** 2).sum() ** 0.5)
    rows = [
        (
            "Length in latent space",
            f"{found.length:.2f} σ",
            "From A to B, in standard deviations of the prior.",
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

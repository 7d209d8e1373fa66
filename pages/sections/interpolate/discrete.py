"""From A to B where codes are discrete: cells of a grid, or groups of categories, of A give way to B's one
after another."""

from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING

import streamlit as st

from pages.sections.interpolate import discrete_downloads, slider_state, surprise, swap, told_class
from pages.sections.interpolate.discrete_codes import (
    ORDERS,
    Between,
    log_prior,
    of_grid,
    orders,
    walk,
    weights,
)
from vae_core.runs.run import Run
from widgets.components import interpolate, picker
from widgets.run_data import capabilities, library, usage
from widgets.shell import links, url_state, url_widgets, words
from widgets.shell.fragments import fragment

if TYPE_CHECKING:
    from torch import Tensor

    from vae_core.analysis.decode import Pixels
    from vae_core.analysis.discrete_path import DiscretePath

NOTICE = (
    "**Notice.** Discrete codes have nothing between them: on the way from A to B one part of the code after "
    "another is B's. Fading pixels over shows two images at once."
)
HELP = (
    "In which order what is A's gives way to B's: cells row by row, as the prior writes them, groups by "
    "their KL, largest first; what changes A's image most by itself first; or at random."
)
HELP_OF_LEVELS = (
    "In which order cells of A give way to B's: all of the top and then all of the bottom, as the prior "
    "writes them; the bottom before the top; row by row, each cell of the top with the four below it; the "
    "cell that changes A's image most by itself first; or at random."
)
NOTICE_OF_LEVELS = (
    "**Notice.** Cell after cell of A gives way to B’s, and the decoded image turns into B with the level "
    "that tells more. Where top and bottom are of two images, the prior finds them dearest."
)
PICKER = 250  # pixels
FEWEST, FRAMES = 10, 20  # from frame to frame
TRAVELS = "Travels from A to B"
SOME = 3  # other runs that are offered
BOARD = "interpolate-discrete"


def notice(run: Run) -> str:
    return NOTICE_OF_LEVELS if "levels" in capabilities.of(run) else NOTICE


def show(run: Run, pixels: Pixels) -> None:
    between = controls(run)
    if between is not None:
        path, z = walk(between)
        fragment(lambda: board(between, path, z, pixels))
        discrete_downloads.menu(between, path, z, pixels)
        if len(between.grids) == 2:
            swap.show(between, pixels)
    st.caption(
        "Grids between four images, and sums of codes, are of runs whose codes are vectors of numbers:"
    )
    capabilities.offer("interpolate", capabilities.NEEDS["interpolate"][:1], SOME)


def controls(run: Run) -> Between | None:
    """None where an image is still to come."""
    first = surprise.begin_with(run)
    url_widgets.choice(links.TAB, ["path"])
    url_widgets.choice(links.WAY, ["linear"])
    for field in (links.COMPARE, links.STOPS):
        url_state.without_control(field, "the codes of this run are discrete")
    with st.container(horizontal=True, gap="small", vertical_alignment="top", key="interpolate-strip"):
        with st.container(width=PICKER):
            a = picker.pick(links.IMAGE, run, label="A", default=first[0])
        with st.container(width=PICKER):
            b = picker.pick(links.END, run, label="B", default=first[1])
        ways = orders(run)
        order = st.segmented_control(
            "Order",
            ways,
            format_func=ORDERS.__getitem__,
            **url_widgets.choice(links.ORDER, ways, ways[0], ORDERS.__getitem__, by="default"),
            required=True,
            help=HELP_OF_LEVELS if "levels" in capabilities.of(run) else HELP,
        )
        seed = 0
        if order == "random":
            seed = int(
                st.number_input(
                    "Seed", 0, 9999, **url_widgets.whole(links.SEED), width=110, help="Of the order."
                )
            )
        told = (
            told_class.choose((run,), a, b, TRAVELS)
            if a is not None and b is not None
            else told_class.TRAVELS
        )
        surprise.button()
    return None if a is None or b is None else Between(run, a, b, str(order), seed, told)


def board(between: Between, path: DiscretePath, z: Tensor, pixels: Pixels) -> None:
    if len(z) < 2:  # both have the same codes
        path = type(path)(path.codes.repeat(2, 1), path.places)
        z = z.repeat(2, 1)
    log_p, classes = log_prior(between, path), weights(between, len(z))
    view = interpolate.PathView(
        library.title(between.run),
        usage.decoder(between.run, None),
        z.numpy(),
        0.0,
        1.0,
        [(0, "A"), (1, "B")],
        ends=[between.a.image, between.b.image],
        frames=min(max(len(z) - 1, FEWEST), FRAMES) + 1,
        classes=classes,
        log_p=None if log_p is None else log_p.numpy(),
        facts=facts(between, path, log_p),
        stepped=interpolate.Stepped(
            between.name, between.grids, path.codes.shape[1], path.places, where(between)
        ),
    )
    slider_state.show(BOARD, links.T, [view], pixels, "Path from A to B")


def where(between: Between) -> str:
    """What the map of places shows."""
    if len(between.grids) == 2:
        return (
            "Frames: cells of the top, squares: the four of the bottom below each. B’s in colour, A’s in "
            "grey; of the others both have the same code."
        )
    if of_grid(between.run):
        return "Cells: B’s in colour, A’s in grey; of the others both have the same code."
    return f"Groups z1 to z{between.run.spec.latent}, row by row: B’s in colour, A’s in grey."


def facts(between: Between, path: DiscretePath, log_p: Tensor | None) -> list[tuple[str, str, str]]:
    """The numbers beside the image."""
    names = [between.name] if len(between.grids) == 1 else ["cells of the top", "cells of the bottom"]
    ends = [0, prod(between.grids[0]), path.codes.shape[1]] if len(names) == 2 else [0, path.codes.shape[1]]
    rows = [
        (
            f"{name.capitalize()} that differ",
            f"{int(((path.places >= first) & (path.places < last)).sum())} of {last - first}",
            f"The {name} in which the codes of A and B are not the same.",
        )
        for name, first, last in zip(names, ends, ends[1:], strict=False)
    ]
    if log_p is not None:
        dearest = int(log_p.argmin())
        rows += [
            ("Nats of A’s codes", words.nats(-float(log_p[0])), "−log p(z) under the run’s own prior."),
            ("Nats of B’s codes", words.nats(-float(log_p[-1])), "−log p(z) under the run’s own prior."),
            (
                "… dearest on the way",
                words.nats(-float(log_p[dearest])),
                f"With {dearest} cells of B: the prior finds codes of both images together unlikely.",
            ),
        ]
    return rows

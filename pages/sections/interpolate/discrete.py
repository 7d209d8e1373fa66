"""From A to B where codes are discrete: cells of a grid, or groups of categories, of A give way to B's one
after another."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

import numpy as np
import streamlit as st

from pages.sections.interpolate import downloads, path_codes, slider_state, surprise, told_class
from vae_core.pixels import to_uint8, unit
from vae_core.runs.run import Run
from vae_core.spec import UniformPrior
from widgets.components import interpolate, picker
from widgets.run_data import capabilities, grid_codes, group_codes, library, usage
from widgets.run_data.subject import Picked, Subject
from widgets.shell import links, strips, url_widgets, words
from widgets.shell.downloads import csv_table
from widgets.shell.fragments import fragment

if TYPE_CHECKING:
    from torch import Tensor

    from vae_core.analysis.decode import Pixels
    from vae_core.analysis.discrete_path import DiscretePath

NOTICE = (
    "**Notice.** Discrete codes have nothing between them: on the way from A to B one part of the code after "
    "another is B's. Fading pixels over shows two images at once."
)
PICKER = 250  # pixels
FEWEST, FRAMES = 10, 20  # from frame to frame
TRAVELS = "Travels from A to B"
ACROSS = 5  # groups
SOME = 3  # other runs that are offered
BOARD = "interpolate-discrete"
ORDERS = {"raster": "Row by row", "kl": "By KL", "random": "At random"}
POINTS = (
    "One line for each step: which cell or group gave way, its code before and after, and where the prior is "
    "learned what all codes cost then, in nats."
)


@dataclass(frozen=True, eq=False)
class Between:
    """a, b: the ends. order: one of ORDERS; seed: of a random one. told: as chosen, the class of models that
    are told it."""

    run: Run
    a: Picked
    b: Picked
    order: str
    seed: int
    told: str

    @property
    def shape(self) -> tuple[int, int]:
        """In how many rows and columns the places are shown: cells of the grid, or groups."""
        groups = self.run.spec.latent
        return self.run.spec.grid if _of_grid(self.run) else (-(-groups // ACROSS), min(groups, ACROSS))

    @property
    def name(self) -> str:
        return "cells" if _of_grid(self.run) else "groups"


def _of_grid(run: Run) -> bool:
    return "grid" in capabilities.of(run)


def show(run: Run, pixels: Pixels) -> None:
    between = controls(run)
    if between is not None:
        path, z = walk(between)
        fragment(lambda: board(between, path, z, pixels))
        away(between, path, z, pixels)
    st.caption(
        "Grids between four images, and sums of codes, are of runs whose codes are vectors of numbers:"
    )
    capabilities.offer("interpolate", capabilities.NEEDS["interpolate"][:1], SOME)


def controls(run: Run) -> Between | None:
    """None where an image is still to come."""
    first = surprise.begin_with(run)
    url_widgets.choice(links.TAB, ["path"])
    url_widgets.choice(links.WAY, ["linear"])
    with st.container(horizontal=True, gap="small", vertical_alignment="top", key="interpolate-strip"):
        with st.container(width=PICKER):
            a = picker.pick(links.IMAGE, run, label="A", default=first[0])
        with st.container(width=PICKER):
            b = picker.pick(links.END, run, label="B", default=first[1])
        orders = ["raster" if _of_grid(run) else "kl", "random"]
        order = st.segmented_control(
            "Order",
            orders,
            format_func=ORDERS.__getitem__,
            **url_widgets.choice(links.ORDER, orders, orders[0], ORDERS.__getitem__, by="default"),
            required=True,
            help="In which order what is A's gives way to B's: cells row by row, as the prior writes them, "
            "groups by their KL, largest first; or at random.",
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


def codes(run: Run, picked: Picked) -> np.ndarray:
    """Of an image, int [N]: one for each cell, or for each group its most probable category."""
    if _of_grid(run):
        return grid_codes.encode(run, Subject.of(run, picked)).codes.astype(np.int64).ravel()
    return group_codes.probabilities(run, picked).argmax(1)


def walk(between: Between) -> tuple[DiscretePath, Tensor]:
    """The path, and what the decoder takes of its codes [T, D]."""
    import torch

    from vae_core.analysis.discrete_path import giving_way

    run = between.run
    a, b = (torch.from_numpy(codes(run, each)) for each in (between.a, between.b))
    if between.order == "random":
        order = np.random.default_rng(between.seed).permutation(len(a))
    elif between.order == "kl":
        order = group_codes.use(usage.codes(run)).order
    else:
        order = np.arange(len(a))
    path = giving_way(a, b, torch.from_numpy(order))
    return path, decoded_of(between, path.codes)


def decoded_of(between: Between, codes: Tensor) -> Tensor:
    """What the decoder takes of codes [T, N]: [T, D]."""
    import torch
    import torch.nn.functional as F

    if not _of_grid(between.run):
        return F.one_hot(codes, between.run.spec.posterior.width).float().flatten(-2)
    from vae_core.analysis import code_map

    codebook, _ = code_map.parts(between.run.model)
    with torch.inference_mode():
        return codebook.embed(codes.unflatten(-1, between.shape))


def log_prior(between: Between, path: DiscretePath) -> Tensor | None:
    """log p(z) of the path's codes [T], nats; None where all cost the same."""
    import torch

    from vae_core.analysis import code_map

    if not _of_grid(between.run) or isinstance(between.run.spec.prior, UniformPrior):
        return None
    _, prior = code_map.parts(between.run.model)
    y = weights(between, len(path.codes))
    with torch.inference_mode():
        return prior.log_prob_of(path.codes.unflatten(-1, between.shape), y)


def weights(between: Between, count: int) -> Tensor | None:
    """Those of the classes that the path is decoded under, at `count` even steps [T, C]; None of a model that
    is told none."""
    import torch

    from vae_core.analysis import interpolate as paths

    images = (between.a, between.b)
    classes = told_class.classes(between.run, between.told, images, *images)
    each = path_codes.mixture(between.run, classes)
    return None if each is None else paths.along(each, torch.linspace(0, 1, count, dtype=torch.float64))


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
            between.name, between.shape, path.codes.shape[1], path.places, where(between)
        ),
    )
    slider_state.show(BOARD, links.T, [view], pixels, "Path from A to B")


def where(between: Between) -> str:
    """What the map of places shows."""
    if _of_grid(between.run):
        return "Cells: B’s in colour, A’s in grey; of the others both have the same code."
    return f"Groups z1 to z{between.run.spec.latent}, row by row: B’s in colour, A’s in grey."


def facts(between: Between, path: DiscretePath, log_p: Tensor | None) -> list[tuple[str, str, str]]:
    """The numbers beside the image."""
    differ, all_places = len(path.places), path.codes.shape[1]
    rows = [
        (
            f"{between.name.capitalize()} that differ",
            f"{differ} of {all_places}",
            f"The {between.name} in which the codes of A and B are not the same.",
        )
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


# --- to take away ---------------------------------------------------------------------------------


def away(between: Between, path: DiscretePath, z: Tensor, pixels: Pixels) -> None:
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
    return f"From {between.a.name} to {between.b.name}, {between.name} {ORDERS[between.order].lower()}"


def rows(between: Between, z: Tensor, steps: np.ndarray, pixels: Pixels) -> np.ndarray:
    """Decoded images at some steps of the path, and pixels faded over: uint8 [2, M, C, H, W]."""
    import torch

    from vae_core.analysis.decode import decode

    model, y = between.run.model, weights(between, len(z))
    generator = torch.Generator(model.device).manual_seed(0)
    images = decode(model, z[steps], None if y is None else y[steps].float(), pixels, generator).cpu()
    ends = [unit(torch.from_numpy(np.ascontiguousarray(each.image))) for each in (between.a, between.b)]
    share = torch.from_numpy(steps / max(1, len(z) - 1)).float()[:, None, None, None]
    return np.stack([to_uint8(each).numpy() for each in (images, torch.lerp(ends[0], ends[1], share))])


def film(between: Between, z: Tensor, pixels: Pixels) -> bytes:
    there = np.arange(len(z))
    shown = rows(between, z, np.concatenate([there, there[-2:0:-1]]), pixels)
    return strips.film(shown, ["decoded", "pixels faded"], title(between))


def sheet(between: Between, z: Tensor, pixels: Pixels, times: int = 1) -> bytes:
    steps = np.unique(np.linspace(0, len(z) - 1, downloads.TILES).round().astype(int))
    ticks = [f"{step}" for step in steps]
    ticks[0], ticks[-1] = "A", "B"
    names = [library.title(between.run), "Pixels faded over"]
    notes = [f"{between.name} that are B's", "no model"]
    return strips.sheet(rows(between, z, steps, pixels), names, notes, ticks, title(between), times)


def table(between: Between, path: DiscretePath) -> str:
    log_p = log_prior(between, path)
    lines = [[0, "", "", "", *([] if log_p is None else [f"{-float(log_p[0]):.6g}"])]]
    for step, place in enumerate(path.places.tolist()):
        before, after = path.codes[step, place], path.codes[step + 1, place]
        nats = [] if log_p is None else [f"{-float(log_p[step + 1]):.6g}"]
        lines.append([step + 1, place + 1, int(before), int(after), *nats])
    head = ["step", between.name.removesuffix("s"), "code_before", "code_after"]
    return csv_table(head if log_p is None else [*head, "code_nats"], lines)

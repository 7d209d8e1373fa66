"""A grid between four images: the code goes from corner to corner, and so does a class that is told."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

import streamlit as st

from pages.sections.interpolate import path_codes, surprise, told_class
from pages.sections.interpolate.path import PICKER
from pages.sections.interpolate.path_codes import KINDS, mixture
from vae_core.pixels import to_uint8
from vae_core.runs.run import Run
from widgets.components import picker, take_away
from widgets.components.interpolate.grid import image_grid
from widgets.components.take_away import File
from widgets.run_data import library, usage
from widgets.run_data.subject import Picked
from widgets.shell import links, strips, url_widgets

if TYPE_CHECKING:
    from torch import Tensor

    from vae_core.analysis.decode import Pixels

SIDE = 9  # images
FLAT = {name: KINDS[name] for name in ("linear", "spherical")}
CORNERS = {"A": links.IMAGE, "B": links.END, "C": links.LOWER_LEFT, "D": links.LOWER_RIGHT}


@dataclass(frozen=True, eq=False)
class GridChoice:
    """images: upper left, upper right, lower left, lower right. classes: as in `told_class.classes`."""

    images: tuple[Picked, ...]
    kind: str
    classes: tuple[int | None, ...]


def show(run: Run, pixels: Pixels) -> None:
    chosen = controls(run)
    if chosen is None:
        return
    codes, weights = between(run, chosen)
    image_grid(
        "image-grid",
        decoder=usage.decoder(run, None),
        codes=codes,
        classes=weights,
        pixels=pixels,
        label="Images between A, B, C and D",
    )
    take_away.menu(
        "grid",
        f"{run.name} grid {chosen.kind}",
        {"run": library.title(run), "images": "; ".join(image.name for image in chosen.images)},
        [File("png", partial(sheet, run, chosen, pixels), help="All images of the grid in one picture.")],
    )


def controls(run: Run) -> GridChoice | None:
    first = surprise.begin_with(run)
    with st.container(horizontal=True, gap="medium", vertical_alignment="top", key="grid-strip"):
        with st.container(horizontal=True, gap="small", width=2 * PICKER + 16):
            images = []
            for k, (name, field) in enumerate(CORNERS.items()):
                with st.container(width=PICKER):
                    images.append(picker.pick(field, run, label=name, default=first[k]))
        kinds = [name for name in FLAT if name in path_codes.kinds(run)]
        kind = st.segmented_control(
            "Codes",
            kinds,
            format_func=FLAT.__getitem__,
            **url_widgets.choice(links.GRID_WAY, kinds, label=FLAT.__getitem__, by="default"),
            required=True,
            help="Linear: weighed by how near each corner is. Spherical: the upper and the lower edge turn "
            "on the shell where most of N(0, I) lies, and columns turn from one to the other; under another "
            "prior there is no such grid.",
        )
        there = tuple(image for image in images if image is not None)
        if len(there) == len(CORNERS):
            told = told_class.choose([run], there[0], there[1], "Travels with the code")
            return GridChoice(there, str(kind), told_class.classes(run, told, there, there[0], there[1]))
    if not run.status.active:
        st.caption("A grid needs four images: choose, draw or upload them with Change.")
    return None


def between(run: Run, chosen: GridChoice) -> tuple[Tensor, Tensor | None]:
    """Codes [SIDE, SIDE, D], and under a condition the weights of the classes [SIDE, SIDE, K]."""
    import torch

    from vae_core.analysis import interpolate as paths

    steps = paths.times(SIDE)
    corners = torch.tensor([usage.code(run, image) for image in chosen.images])
    codes = paths.bilinear(
        corners, steps, steps, paths.spherical if chosen.kind == "spherical" else paths.linear
    )
    weights = mixture(run, chosen.classes)
    return codes, None if weights is None else paths.bilinear(weights, steps, steps)


def sheet(run: Run, chosen: GridChoice, pixels: Pixels = "means", times: int = 1) -> bytes:
    import torch

    from vae_core.analysis import decode

    codes, weights = between(run, chosen)
    y = None if weights is None else weights.flatten(0, 1)
    generator = torch.Generator(run.model.device).manual_seed(0)
    images = decode.decode(run.model, codes.flatten(0, 1), y, pixels, generator).cpu()
    tiles = to_uint8(images).unflatten(0, (SIDE, SIDE)).numpy()
    edge = [""] * (SIDE - 2)
    note = f"{FLAT[chosen.kind].lower()} codes"
    if chosen.classes:
        note += f", as {told_class.in_words(run, chosen.classes)}"
    labels, notes = ["A to B", *edge, "C to D"], [note, *edge, ""]
    names = "; ".join(image.name for image in chosen.images)
    return strips.sheet(tiles, labels, notes, [""] * SIDE, f"{library.title(run)}, between {names}", times)

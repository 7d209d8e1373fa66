"""Codes of two levels, in the place of the code map: what each level alone says of two images, what it costs,
and the top of one with the bottom of the other."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import streamlit as st

from pages.sections.code_map.stage import LIVE
from vae_core.pixels import to_uint8
from vae_core.runs.run import Run
from vae_core.spec import UniformPrior
from widgets.run_data import capabilities
from widgets.run_data.codes import weights
from widgets.run_data.library import open_run
from widgets.run_data.subject import Subject
from widgets.shell import sheets
from widgets.shell.fragments import fragment
from widgets.shell.units import Unit

if TYPE_CHECKING:
    from vae_core.analysis.decode import Pixels

NOTICE = (
    "**Notice.** How much of the image is left where one level stands alone, and whose image it is where the "
    "levels are of two. The nats say which level tells more."
)
SIZE = 150  # pixels on screen
NAMES = ("A", "B")


def show(run: Run, pair: tuple[Subject, Subject], y: int | None, pixels: Pixels, unit: Unit) -> None:
    """y: the class under which codes are decoded and priced. pixels: what is shown of p(x|z)."""

    def part() -> None:
        found = views(str(run.path), weights(run), pair, y, pixels)
        for k, (name, other) in enumerate(zip(NAMES, reversed(NAMES), strict=True)):
            sheets.row(
                [
                    (name, pair[k].image, f"Image {name}, as the encoder sees it"),
                    ("Both levels", found.full[k], f"{name}’s own codes, decoded"),
                    ("Top only", found.top[k], f"{name}’s top, and a bottom drawn given it"),
                    ("Bottom only", found.bottom[k], f"{name}’s bottom under the most probable top"),
                    (f"Top of {name}, bottom of {other}", found.swapped[k], "Neither is encoded anew"),
                ],
                SIZE,
                across=5,
            )
        costs(run, found, unit)
        st.caption(missing(run))

    fragment(part, run_every=LIVE if run.status.active else None)


def missing(run: Run) -> str:
    """What stands for the level that is left out, and what this page cannot do."""
    usual = "the most probable one under the prior, the same for every image"
    if isinstance(run.spec.prior, UniformPrior):
        usual = "code 0 in every cell, as a uniform prior finds all alike"
    return (
        "Top only: its bottom is drawn from the prior, given the top. Bottom only: its top is "
        f"{usual}. Single cells cannot be changed here: that needs codes of one level, such as the recipe vq."
    )


def costs(run: Run, found: Views, unit: Unit) -> None:
    """log p(x|z), what both levels cost and the ELBO, of A with B's beside."""
    uniform = [unit.text(value) for value in run.spec.uniform_nats_of_levels]
    name = unit.name.capitalize()
    lines = [
        (f"{name} of the top", found.nats[:, 0], f"−log p(top); {uniform[0]} under a uniform prior"),
        (
            f"{name} of the bottom",
            found.nats[:, 1],
            f"−log p(bottom | top); {uniform[1]} under a uniform prior",
        ),
    ]
    if "likelihood" in capabilities.of(run):
        elbo = found.log_px - found.nats.sum(1)
        lines = [("log p(x|z)", found.log_px, "of all pixels, by both levels"), *lines]
        lines.append(("ELBO", elbo, "log p(x|z) less what both levels cost"))
    st.html(
        '<dl class="elbo-compared elbo-costs">'
        + "".join(
            f"<div><dt>{title}</dt><dd><b>{unit.text(float(a))}</b><small>B’s {unit.text(float(b))}</small>"
            f"<small>{note}</small></dd></div>"
            for title, (a, b), note in lines
        )
        + "</dl>"
    )


@dataclass(frozen=True, eq=False)
class Views:
    """Of A and B: images uint8 [2, C, H, W] by both levels, by either alone, and with the other's bottom;
    log_px [2] and nats [2, 2], of the top and of the bottom, of their own codes."""

    full: np.ndarray
    top: np.ndarray
    bottom: np.ndarray
    swapped: np.ndarray
    log_px: np.ndarray
    nats: np.ndarray


@st.cache_data(max_entries=64, show_spinner=False)
def views(path: str, version: Any, pair: tuple[Subject, Subject], y: int | None, pixels: Pixels) -> Views:
    """version: that of the weights."""
    import torch

    from vae_core.analysis import decode, two_levels

    model = open_run(path).model
    images = torch.stack([subject.tensor() for subject in pair])
    y_of_both = None if y is None else torch.full((2,), y)
    known = [y if subject.label is None else subject.label for subject in pair]
    own = two_levels.encode(model, images, torch.tensor(known) if model.classes and y is not None else None)

    def decoded(codes: two_levels.Levels) -> np.ndarray:
        noise = torch.Generator(model.device).manual_seed(0)
        shown = decode.decode(model, codes.z(model), y_of_both, pixels, noise)
        return np.asarray(to_uint8(shown.cpu()).numpy())

    return Views(
        decoded(own),
        decoded(two_levels.of_top(model, own.top, y_of_both)),
        decoded(two_levels.of_bottom(model, own.bottom, y_of_both)),
        decoded(two_levels.Levels(own.top, own.bottom.flip(0))),
        two_levels.log_px(model, images, own, y_of_both).numpy(),
        two_levels.nats(model, own, y_of_both).numpy(),
    )

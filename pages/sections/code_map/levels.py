"""What each of two levels of codes says by itself: the codes on the map decoded, with one level left out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import streamlit as st

from vae_core.pixels import to_uint8
from vae_core.runs.run import Run
from vae_core.spec import UniformPrior
from widgets.components.code_map.state import CodeMapState, Pairs
from widgets.run_data import grid_codes
from widgets.run_data.codes import weights
from widgets.run_data.library import open_run
from widgets.run_data.subject import Subject
from widgets.shell import sheets

if TYPE_CHECKING:
    from vae_core.analysis.decode import Pixels

SIZE = 150  # pixels on screen


def show(run: Run, subject: Subject, changed: Pairs, y: int | None, pixels: Pixels) -> None:
    """Of the encoder's codes with these changes; y: the class under which they are decoded."""
    st.markdown("**What each level says by itself**")
    full, top, bottom = views(str(run.path), weights(run), subject, changed, y, pixels)
    sheets.row(
        [
            ("Both levels", full, "The codes on the map, decoded"),
            ("Top only", top, "The top, and a bottom drawn given it"),
            ("Bottom only", bottom, "The bottom, under the most probable top"),
        ],
        SIZE,
        across=3,
    )
    st.caption(missing(run))


def missing(run: Run) -> str:
    """What stands for the level that is left out."""
    usual = "the most probable one under the prior, the same for every image"
    if isinstance(run.spec.prior, UniformPrior):
        usual = "code 0 in every cell, as a uniform prior finds all alike"
    return f"Top only: its bottom is drawn from the prior, given the top. Bottom only: its top is {usual}."


@st.cache_data(max_entries=128, show_spinner=False)
def views(
    path: str, version: Any, subject: Subject, changed: Pairs, y: int | None, pixels: Pixels
) -> np.ndarray:
    """uint8 [3, C, H, W]: both levels, the top only, the bottom only. version: that of the weights."""
    import torch

    from vae_core.analysis import cells, decode, two_levels
    from vae_core.training.process import quick_arithmetic

    run = open_run(path)
    model, codes = run.model, CodeMapState(changed).codes(grid_codes.encode(run, subject).codes)
    row = torch.from_numpy(codes).long()[None]
    given = None if y is None else model.weights(torch.tensor([y]))
    noise = torch.Generator(model.device).manual_seed(0)
    with quick_arithmetic():
        shown = [
            row,
            two_levels.of_top(model, row, given).cpu(),
            two_levels.of_bottom(model, row, given).cpu(),
        ]
        z = cells.embed(model, torch.cat(shown).to(model.device))
        images = decode.decode(model, z, None if y is None else torch.full((3,), y), pixels, noise)
    return np.asarray(to_uint8(images.cpu()).numpy())

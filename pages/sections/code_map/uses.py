"""Where the code of the chosen cell is used: in which cells of the test images, and by which of them most."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import streamlit as st

from vae_core.runs.run import Run
from widgets.components.picker import source
from widgets.run_data import grid_codes, usage
from widgets.run_data.codes import Codes
from widgets.shell import sheets, tasks, words

if TYPE_CHECKING:
    from torch import Tensor

MOST = 7  # images
DIMMED = 0.3  # of the brightness, where an image has other codes
SIZE = 96  # pixels on screen


def show(run: Run, code: int, level: int = 0) -> None:
    """level: the code's, 0 being the top."""
    codes = usage.codes(run)
    share, images, cells, having = of_code(codes, code, level)
    of = ("", " of the top", " of the bottom")[level + 1 if run.spec.posterior.levels == 2 else 0]
    all_cells, most = float(share.mean()), float(share.max())
    st.markdown(
        f"**Where code {code}{of} is used**: in {100 * all_cells:.1f} % of all cells, by "
        f"{100 * having:.1f} % of "
        f"{words.count(len(grid_codes.of_images(codes)))} test images"
    )
    if not most:
        st.caption("No test image has it anywhere.")
        return
    heat = (255 * share / share.max()).round().byte().numpy()[None]
    pictures = [
        (
            f"0 to {100 * most:.0f} %",
            heat,
            "Of each cell the share of the test images that have the code there",
        )
    ]
    found = source.of(run)
    if not isinstance(found, tasks.Task) and found.kind == "test" and codes.whole:
        for number, count in zip(images.tolist(), cells.tolist(), strict=True):
            where = of_level(codes, level)[number] == code
            note = f"Test image {number}: bright where it has the code"
            pictures.append(
                (f"{count} cells" if count > 1 else "1 cell", lit(found.images[number], where), note)
            )
    sheets.row(pictures, SIZE)
    st.caption(
        "Left: the share of images that have it in each cell. Beside: the test images that have it most."
    )


@st.cache_data(max_entries=128, show_spinner=False)
def of_code(codes: Codes, code: int, level: int) -> tuple[Tensor, Tensor, Tensor, float]:
    """Of each cell the share of images that have the code there; the images that have it most, and in how
    many cells; the share of images that have it anywhere."""
    from vae_core.analysis import code_map

    indices = of_level(codes, level)
    images, cells = code_map.most_using(indices, code, MOST)
    having = float((indices == code).flatten(1).any(1).float().mean())
    return code_map.use(indices, code), images, cells, having


def of_level(codes: Codes, level: int) -> Tensor:
    """The codes of images at one level [B, h, w]."""
    found = grid_codes.of_images(codes)
    indices = found.bottom if level else found.indices
    assert indices is not None
    return indices


def lit(image: np.ndarray, where: Tensor) -> np.ndarray:
    """uint8 [C, H, W], dimmed but in cells [h, w] that are true."""
    _, height, width = image.shape
    rows, columns = where.shape
    bright = where.numpy().repeat(height // rows, 0).repeat(width // columns, 1)
    return np.where(bright, image, (DIMMED * image + (1 - DIMMED) * 40).astype(np.uint8))

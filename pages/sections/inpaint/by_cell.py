"""Completions of a run whose codes are grids: the prior writes the cells that hidden pixels leave open."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from pages.sections.inpaint import condition_picker, mask_canvas
from pages.sections.inpaint.by_pixel import FEW, controls
from vae_core.pixels import to_uint8, unit
from vae_core.runs.run import Run
from widgets.components import pixels_switch, take_away
from widgets.components.take_away import File
from widgets.run_data import grid_codes, library
from widgets.run_data.codes import weights
from widgets.run_data.subject import Subject
from widgets.shell import links, sheets, url_state, words
from widgets.shell.downloads import csv_table

if TYPE_CHECKING:
    from vae_core.analysis.decode import Pixels
    from vae_core.analysis.inpaint import ByCell

SIZE = 88  # pixels on screen
TOLD = "What decoder and prior are told: at first the image's own class."
HIDDEN = (
    "A cell is hidden where any of its pixels is. The encoder sees hidden pixels as black, and gives the "
    "codes of the other cells."
)
EXACT = (
    "Hidden cells all come after the kept ones, row by row: completions are exact draws of p(hidden | kept)."
)
WEIGHED_TOP_FIRST = (
    "The prior writes the top and then the bottom, row by row, each cell given those before it, and some "
    "kept cells come after hidden ones. Its grids are weighed by how well they lead to these; completions "
    "are right as far as enough count."
)
WEIGHED = (
    "The prior writes row by row, each cell given those before it, and some kept cells come after hidden "
    "ones. Its grids are weighed by how well they lead to these; completions are right as far as enough "
    "count."
)


def show(run: Run, subject: Subject, left: DeltaGenerator, right: DeltaGenerator) -> None:
    with left:
        above = st.container()
        observed = mask_canvas.canvas(subject)
    with above:
        y = condition_picker.chosen(run, subject, unit(subject.image) * observed, TOLD)
    with right:
        with st.container(horizontal=True, gap="medium", vertical_alignment="bottom"):
            count, seed = controls()
            pixels = pixels_switch.choose(run)
        if observed.all():
            st.info("Nothing is hidden yet. Paint over the image, or choose a mask.", icon=":material/brush:")
            return
        found = complete(str(run.path), weights(run), subject, observed.tobytes(), count, seed, y)
        result(run, subject, observed, found, y, seed, pixels)


@st.cache_data(max_entries=32, show_spinner="The prior is writing")
def complete(
    path: str, version: Any, subject: Subject, observed: bytes, count: int, seed: int, y: int | None
) -> ByCell:
    """observed: bool [H, W] as bytes. version: of the weights."""
    import torch

    from pages.sections.inpaint.compute import mask_of
    from vae_core.analysis import inpaint
    from vae_core.training.process import quick_arithmetic

    model, mask = library.open_run(path).model, mask_of(subject, observed)[0]
    given = grid_codes.condition(model.classes, y)
    generator = torch.Generator(model.device).manual_seed(seed)
    with quick_arithmetic():
        return inpaint.by_cell(model, subject.tensor(), mask, count, generator=generator, y=given)


def result(
    run: Run,
    subject: Subject,
    observed: np.ndarray,
    found: ByCell,
    y: int | None,
    seed: int,
    pixels: Pixels,
) -> None:
    images = decoded(run, found, y, pixels)
    levels = grid_codes.split(run, found.kept.numpy())
    truth = "The whole image" + (", binarised once." if subject.binarised else ".")
    sheets.row(
        [
            ("observed", sheets.covered(subject.image, observed), "What is given."),
            *(
                (title, sheets.covered(subject.image, pixels_of_cells(kept, subject.shape)), HIDDEN)
                for title, kept in zip(titles(levels), levels, strict=True)
            ),
            ("truth", subject.image, truth),
            ("mean", to_uint8(images.mean(0) / 255), "The mean of the completions."),
        ]
    )
    weighed = WEIGHED if len(levels) == 1 else WEIGHED_TOP_FIRST
    nats = [words.nats(each) for each in found.nats.tolist()]
    note = "Decoded, kept cells too; nats: minus the log p of the written cells"
    sheets.row([(f"{each} nats", image, note) for each, image in zip(nats, images, strict=True)], SIZE)
    st.caption(
        "Below each completion: what its written cells cost, minus their log p under the run’s prior. "
        f"{HIDDEN} {EXACT if found.exact else weighed} Of {words.count(found.draws)} grids, worth "
        f"{found.ess:,.0f} by their weights."
    )
    if found.ess < FEW:
        st.warning(
            f"Few grids carry all the weight ({found.ess:.1f} of {words.count(found.draws)}), so completions "
            "repeat and do not tell what else was possible.",
            icon=":material/warning:",
        )
    hides = url_state.read(links.HIDE) or str(links.HIDE.default)
    about = {"run": library.title(run), "image": subject.name, "seed": str(seed), "pixels": pixels}
    about["hidden"] = hides if hides in mask_canvas.PRESETS else mask_canvas.PAINTED
    files = [
        File("png", lambda times: sheets.tile(images, times=2 * times), help="The completions."),
        File(
            "csv", partial(table, run, found), help="Of each completion its nats, and the code of every cell."
        ),
    ]
    take_away.menu("by-cell", f"{run.name} completions seed {seed}", about, files)


def titles(levels: Sequence[np.ndarray]) -> list[str]:
    """Of kept cells at every level [h, w], how many are hidden."""
    names = ["cells"] if len(levels) == 1 else ["cells of the top", "of the bottom"]
    return [
        f"{int((~kept).sum())} of {kept.size} {name} hidden" for name, kept in zip(names, levels, strict=True)
    ]


def pixels_of_cells(kept: np.ndarray, shape: tuple[int, int, int]) -> np.ndarray:
    """Of cells [h, w] those of an image [C, H, W] as pixels [H, W]."""
    (_, height, width), (rows, columns) = shape, kept.shape
    return kept.repeat(height // rows, 0).repeat(width // columns, 1)


def decoded(run: Run, found: ByCell, y: int | None, pixels: Pixels) -> np.ndarray:
    """uint8 [K, C, H, W]."""
    import torch

    from vae_core.analysis import cells, decode

    given = None if y is None else torch.full((len(found.codes),), y)
    noise = torch.Generator(run.model.device).manual_seed(0)
    images = decode.decode(run.model, cells.embed(run.model, found.codes), given, pixels, noise)
    return to_uint8(images.cpu()).numpy()


def table(run: Run, found: ByCell) -> str:
    """Of two levels, a column's name begins with that of its level."""
    levels = grid_codes.split(run, found.kept.numpy())
    head = ["completion", "nats_of_written_cells"]
    for name, kept in zip(("top_", "bottom_") if len(levels) == 2 else ("",), levels, strict=True):
        head += [
            f"{name}row_{row + 1}_column_{column + 1}{'' if is_kept else '_written'}"
            for (row, column), is_kept in np.ndenumerate(kept)
        ]
    lines = [
        [k + 1, f"{float(nats):.6g}", *codes.tolist()]
        for k, (nats, codes) in enumerate(zip(found.nats, found.codes, strict=True))
    ]
    return csv_table(head, lines)

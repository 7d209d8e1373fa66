"""The map itself and what it says in nats, in a fragment of their own: the hand is answered without the rest
of the page."""

from __future__ import annotations

from dataclasses import replace
from math import prod
from typing import TYPE_CHECKING, Any

import streamlit as st

from pages.sections.code_map import levels, state, uses
from vae_core.runs.run import Run
from widgets.components.code_map import CodeMapState, code_map, parcels
from widgets.components.code_map.state import Pairs
from widgets.run_data import capabilities, grid_codes, library, usage
from widgets.run_data.codes import weights
from widgets.run_data.library import open_run
from widgets.run_data.subject import Subject
from widgets.shell.error_boundary import callback
from widgets.shell.fragments import fragment
from widgets.shell.units import Unit

if TYPE_CHECKING:
    from vae_core.analysis.code_map import Cost
    from vae_core.analysis.decode import Pixels

LIVE = 1.5  # seconds between two looks at a run in training
OF_ONE = (("codes", "−log p(z) under the run’s prior"),)
OF_LEVELS = (("top", "−log p(top) under the run’s prior"), ("bottom", "−log p(bottom | top)"))
WRITES = "code_map_writes"  # in the session: how often the prior has written, which is its seed


def show(run: Run, subject: Subject, y: int | None, pixels: Pixels, unit: Unit) -> None:
    """y: the class under which codes are decoded and priced. pixels: what is shown of p(x|z)."""

    def part() -> None:
        one_map(run, subject, y, pixels, unit)

    fragment(part, run_every=LIVE if run.status.active else None)


def one_map(run: Run, subject: Subject, y: int | None, pixels: Pixels, unit: Unit) -> None:
    encoded, now = grid_codes.encode(run, subject), state.read(run)
    books = [grid_codes.codebook(run, level) for level in range(run.spec.posterior.levels)]
    cell = now.chosen(run.spec.grid)
    vectors = encoded.vectors if encoded.vectors.shape[1] == 2 else None
    code_map(
        state.MAP.key,
        decoder=usage.decoder(run, None),
        codebooks=[parcels.codebook(book.tiles, book.vectors, book.uses) for book in books],
        coded=parcels.coded(subject.image, grid_codes.split(run, encoded.codes), vectors),
        state=replace(now, cell=cell),
        revision=state.MAP.revision,
        y=y,
        pixels=pixels,
        label=f"Code map of {library.title(run)}",
        on_change=callback(lambda: state.receive(run)),
        on_write=callback(lambda: write(run, subject, y)),
    )
    numbers(run, subject, y, now, unit)
    if len(books) == 2:
        levels.show(run, subject, now.changed, y, pixels)
    level = int(cell >= prod(run.spec.grid))
    uses.show(run, int(now.codes(encoded.codes)[cell]), level)


def write(run: Run, subject: Subject, y: int | None) -> None:
    """The prior writes what is hidden; pressed again it writes something else."""
    import torch

    from vae_core.analysis import cells
    from vae_core.training.process import quick_arithmetic

    now = state.receive(run, "write")
    if now is None or not now.hidden:
        return
    seed = st.session_state[WRITES] = st.session_state.get(WRITES, 0) + 1
    encoder = grid_codes.encode(run, subject).codes
    kept = torch.ones(encoder.size, dtype=torch.bool)
    kept[list(now.hidden)] = False
    codes = torch.from_numpy(now.codes(encoder)).long()[None]
    given = None if y is None else run.model.weights(torch.tensor([y]))
    with quick_arithmetic():
        (written,) = cells.write(run.model, codes, kept, torch.Generator().manual_seed(seed), given)
    state.MAP.move(now.with_codes(written.numpy(), encoder))


# --- numbers --------------------------------------------------------------------------------------


def numbers(run: Run, subject: Subject, y: int | None, now: CodeMapState, unit: Unit) -> None:
    """log p(x|z) and what the codes on the map cost, of each level by itself, beside those of the encoder's;
    of hidden cells there are none."""
    own, here = (
        cost(str(run.path), weights(run), subject, each.changed, y) for each in (CodeMapState(), now)
    )
    uniform, name = run.spec.uniform_nats, unit.name.capitalize()
    log = "log" if unit.name == "nats" else "log₂"
    of_books = zip(run.spec.grids, run.spec.posterior.codebooks, strict=True)
    sizes = " + ".join(f"{prod(grid)} {log} {codes}" for grid, codes in of_books)
    of_levels = OF_LEVELS if len(here.of_levels) == 2 else OF_ONE
    lines = [
        (f"{name} of the {level}", -cost, -usual, note)
        for (level, note), cost, usual in zip(of_levels, here.of_levels, own.of_levels, strict=True)
    ]
    lines.append(("Under a uniform prior", uniform, uniform, f"{sizes}, of any codes"))
    if "likelihood" in capabilities.of(run):
        lines.insert(0, ("log p(x|z)", here.log_px, own.log_px, "of the image, all its pixels"))
        lines.append(("log p(x, z)", here.joint, own.joint, "of the encoder’s codes it is the ELBO"))
    st.html(
        '<dl class="elbo-compared elbo-costs">'
        + "".join(
            f"<div><dt>{title}</dt><dd><b>{'–' if now.hidden and value != uniform else unit.text(value)}</b>"
            f"<small>{f'encoder’s {unit.text(usual)}' if value != usual else ''}</small>"
            f"<small>{note}</small></dd></div>"
            for title, value, usual, note in lines
        )
        + "</dl>"
    )


@st.cache_data(max_entries=512, show_spinner=False)
def cost(path: str, version: Any, subject: Subject, changed: Pairs, y: int | None) -> Cost:
    """Of the encoder's codes with these changes; version: that of the weights."""
    import torch

    from vae_core.analysis import code_map as analysis

    run = open_run(path)
    codes = torch.from_numpy(CodeMapState(changed).codes(grid_codes.encode(run, subject).codes)).long()
    return analysis.cost(run.model, subject.tensor(), codes, grid_codes.condition(run.spec.classes, y))

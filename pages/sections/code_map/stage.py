"""The map itself and what it says in nats, in a fragment of their own: the hand is answered without the rest
of the page."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import streamlit as st

from pages.sections.code_map import state, uses
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

LIVE = 1.5  # seconds between two looks at a run in training
WRITES = "code_map_writes"  # in the session: how often the prior has written, which is its seed


def show(run: Run, subject: Subject, y: int | None, pixels: str, unit: Unit) -> None:
    """y: the class under which codes are decoded and priced. pixels: what is shown of p(x|z)."""

    def part() -> None:
        one_map(run, subject, y, pixels, unit)

    fragment(part, run_every=LIVE if run.status.active else None)


def one_map(run: Run, subject: Subject, y: int | None, pixels: str, unit: Unit) -> None:
    codebook, encoded, now = grid_codes.codebook(run), grid_codes.encode(run, subject), state.read(run)
    cell = now.chosen(run.spec.grid)
    in_plane = encoded.vectors.shape[1] == 2
    code_map(
        state.MAP.key,
        decoder=usage.decoder(run, None),
        codebook=parcels.codebook(codebook.tiles, codebook.vectors, codebook.uses),
        coded=parcels.coded(subject.image, encoded.codes, encoded.vectors if in_plane else None),
        state=replace(now, cell=cell),
        revision=state.MAP.revision,
        y=y,
        pixels=pixels,
        label=f"Code map of {library.title(run)}",
        on_change=callback(lambda: state.receive(run)),
        on_write=callback(lambda: write(run, subject, y)),
    )
    numbers(run, subject, y, now, unit)
    uses.show(run, int(now.codes(encoded.codes).flat[cell]))


def write(run: Run, subject: Subject, y: int | None) -> None:
    """The prior writes what is hidden; pressed again it writes something else."""
    import torch

    from vae_core.analysis import code_map as analysis

    now = state.receive(run, "write")
    if now is None or not now.hidden:
        return
    seed = st.session_state[WRITES] = st.session_state.get(WRITES, 0) + 1
    encoder = grid_codes.encode(run, subject).codes
    hidden = torch.zeros(encoder.size, dtype=torch.bool)
    hidden[list(now.hidden)] = True
    written = analysis.write(
        run.model,
        torch.from_numpy(now.codes(encoder)).long(),
        hidden.reshape(encoder.shape),
        torch.Generator().manual_seed(seed),
        grid_codes.condition(run.spec.classes, y),
    )
    state.MAP.move(now.with_codes(written.numpy(), encoder))


# --- numbers --------------------------------------------------------------------------------------


def numbers(run: Run, subject: Subject, y: int | None, now: CodeMapState, unit: Unit) -> None:
    """log p(x|z) and what the codes on the map cost, beside those of the encoder's; of hidden cells there are
    none."""
    own, here = (
        cost(str(run.path), weights(run), subject, each.changed, y) for each in (CodeMapState(), now)
    )
    uniform = run.spec.uniform_nats
    (rows, columns), log = run.spec.grid, "log" if unit.name == "nats" else "log₂"
    lines = [
        (
            f"{unit.name.capitalize()} of the codes",
            -here.log_pz,
            -own.log_pz,
            "−log p(z) under the run’s prior",
        ),
        ("Under a uniform prior", uniform, uniform, f"{rows * columns} {log} {run.spec.codes}, of any codes"),
    ]
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

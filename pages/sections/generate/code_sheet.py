"""Samples of a run whose codes are grids: what its own prior writes, beside codes drawn uniformly."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
import streamlit as st

from pages.sections.generate.seed import next_seed
from vae_core.pixels import to_uint8
from vae_core.runs.run import Run
from vae_core.spec import UniformPrior
from widgets.components import pixels_switch, take_away
from widgets.components.code_map import parcels
from widgets.components.code_sheet import code_sheet
from widgets.components.take_away import File
from widgets.run_data import classes, grid_codes, library, usage
from widgets.run_data.codes import weights
from widgets.run_data.library import open_run
from widgets.shell import links, sheets, url_widgets, words

if TYPE_CHECKING:
    from vae_core.analysis.code_map import Samples
    from vae_core.analysis.decode import Pixels

COUNT, ACROSS = 16, 4
FROM = {"both": "Both", "prior": "p(z)", "uniform": "Uniform"}
TITLES = {
    "prior": "**From the prior**, cell by cell, each given those before it",
    "uniform": "**Uniform**: any code in any cell",
}
TOP_FIRST = "**From the prior**, cell by cell: the top, then the bottom given it"


def show(run: Run) -> None:
    names = classes.names(run)
    with st.container(horizontal=True, gap="medium", vertical_alignment="bottom"):
        kinds = chosen_kinds(run)
        told: tuple[int, ...] = ()
        if names:
            told = tuple(
                st.pills(
                    "Classes",
                    range(len(names)),
                    format_func=names.__getitem__,
                    selection_mode="multi",
                    **url_widgets.several(links.CLASSES, range(len(names)), names.__getitem__),
                    help="Those of the samples, in turn; none chosen means classes drawn from p(y).",
                )
            )
        percent = int(
            st.slider(
                "Temperature, %",
                0,
                150,
                **url_widgets.whole(links.TEMPERATURE),
                width=180,
                help="What the logits of the prior are divided by. At 0 each cell takes its most probable "
                "code. Uniform draws have none.",
            )
        )
        pixels = pixels_switch.choose_in_browser(run)
        seed = next_seed()
    books = [grid_codes.codebook(run, level) for level in range(run.spec.posterior.levels)]
    version, written = weights(run), [parcels.codebook(book.tiles, book.vectors, book.uses) for book in books]
    drawn = {
        kind: samples(str(run.path), version, kind == "uniform", percent / 100, seed, tuple(sorted(told)))
        for kind in kinds
    }
    for column, (kind, found) in zip(st.columns(2, gap="large"), drawn.items(), strict=False):
        with column:
            st.markdown(TOP_FIRST if kind == "prior" and len(written) == 2 else TITLES[kind])
            y, bottom = found.y, found.bottom
            code_sheet(
                f"code-sheet-{kind}",
                decoder=usage.decoder(run, None),
                codebook=written[0],
                sheet=parcels.sheet(
                    found.codes.numpy(),
                    None if y is None else y.numpy(),
                    None if bottom is None else bottom.numpy(),
                ),
                bottom=written[1] if len(written) == 2 else None,
                pixels=pixels,
                label=f"{COUNT} samples, {FROM[kind]}",
            )
            st.caption(price(run, kind, found))
    _take_away(run, drawn, percent, seed, pixels)


def chosen_kinds(run: Run) -> list[str]:
    """Which samples are shown; of a run whose prior is uniform there is but one kind."""
    if isinstance(run.spec.prior, UniformPrior):
        url_widgets.choice(links.CODES_FROM, ("uniform",), "uniform", label=FROM.__getitem__)
        return ["uniform"]
    chosen = st.segmented_control(
        "Codes from",
        list(FROM),
        format_func=FROM.__getitem__,
        **url_widgets.choice(links.CODES_FROM, list(FROM), label=FROM.__getitem__, by="default"),
        required=True,
        help="The run's own prior over codes, or every code as likely as any other.",
    )
    return ["prior", "uniform"] if chosen == "both" else [str(chosen)]


def price(run: Run, kind: str, found: Samples) -> str:
    """What the samples' codes cost under the run's own prior."""
    uniform = words.nats(run.spec.uniform_nats)
    here = f"On average these codes cost **{words.nats(float(found.nats.mean()))}** nats"
    if isinstance(run.spec.prior, UniformPrior):
        return f"{here}, as all do under a uniform prior."
    if kind == "uniform":
        return f"{here} under the run's prior, and {uniform} under the uniform one."
    return f"{here} under the run's prior; any cost {uniform} under a uniform one."


@st.cache_data(max_entries=64, show_spinner=False)
def samples(
    path: str, version: Any, uniform: bool, temperature: float, seed: int, told: tuple[int, ...]
) -> Samples:
    import torch

    from vae_core.analysis import code_map

    model = open_run(path).model
    generator = torch.Generator(model.device).manual_seed(seed)
    return code_map.sample(model, COUNT, temperature, generator, told, uniform)


def _take_away(run: Run, drawn: dict[str, Samples], percent: int, seed: int, pixels: Pixels) -> None:
    files = [
        File(
            "png",
            partial(_picture, run, found, pixels),
            "PNG, p(z)" if kind == "prior" else "PNG, uniform",
            f"samples {kind}",
        )
        for kind, found in drawn.items()
    ]
    about = {"run": library.title(run), "temperature": f"{percent} %", "seed": str(seed), "pixels": pixels}
    take_away.menu("code-sheet", f"{run.name} seed {seed}", about, files)


def _picture(run: Run, found: Samples, pixels: Pixels, times: int) -> bytes:
    import torch

    from vae_core.analysis import cells, decode

    noise = torch.Generator(run.model.device).manual_seed(0)
    images = decode.decode(
        run.model, cells.embed(run.model, cells.joined(found.levels)), found.y, pixels, noise
    )
    return sheets.tile(np.asarray(to_uint8(images.cpu().numpy())), ACROSS, 2 * times)

"""The holes of the map, largest first, and how their mass depends on where the threshold is."""

from __future__ import annotations

import base64
import io
from typing import TYPE_CHECKING, Any

import numpy as np
import streamlit as st

from pages.sections.latent_map import charts, pins
from vae_core.pixels import to_uint8
from vae_core.runs.run import Run
from widgets.components.latent_map import densities
from widgets.components.latent_map.densities import Found
from widgets.components.latent_map.map_view import View
from widgets.components.latent_map.measures import percent
from widgets.run_data import classes
from widgets.run_data.codes import Codes, weights
from widgets.run_data.library import open_run
from widgets.shell import palette
from widgets.shell.error_boundary import callback

if TYPE_CHECKING:
    from torch import Tensor

ROWS = 8
RATIOS = tuple(float(r) for r in np.geomspace(1, 1000, 61))


def show(run: Run, codes: Codes, view: View) -> None:
    found = densities.holes(codes, view)
    with st.container(horizontal=True, gap="large"):
        with st.container(width="stretch", key="holes"):
            if found.holes:
                table(run, found, view)
            else:
                st.markdown(f"**No hole on this map** at a ratio of {view.ratio:g}.")
            notes(run, codes, view, found)
        with st.container(width=400):
            curve(codes, view, found)


def table(run: Run, found: Found, view: View) -> None:
    centres = tuple(map(tuple, found.codes[:ROWS]))
    pictures = thumbnails(str(run.path), weights(run), centres, classes.decoded_class(run))
    head = ["", "", "Mass", "Depth", f"Centre ({', '.join(view.axes)})"]
    st.html(row(*(f"<span>{name}</span>" for name in head), kind="head"))
    for k, hole in enumerate(found.holes[:ROWS]):
        x, y = hole.center.tolist()
        depth = f"{'≥ ' if found.least[k] else ''}{hole.depth:.1f} nats"
        cells = [
            f"<b>{k + 1}</b>",
            f'<img alt="Decoded centre of hole {k + 1}" src="{pictures[k]}">' if pictures else "",
            f"{100 * hole.prior_mass:.2f} %",
            depth,
            f"{x:.2f}, {y:.2f}".replace("-", "−"),
        ]
        with st.container(horizontal=True, vertical_alignment="center", gap="small", key=f"hole-{k + 1}"):
            with st.container(width="stretch"):
                st.html(row(*(f"<span>{cell}</span>" for cell in cells)))
            st.button(
                "Go to",
                key=f"go-to-{k + 1}",
                on_click=callback(pins.go_to),
                args=(found.codes[k],),
                help=f"Pins the centre of hole {k + 1}.",
            )
    rest = found.holes[ROWS:]
    if rest:
        mass = sum(hole.prior_mass for hole in rest)
        st.caption(f"And {len(rest)} smaller ones, {100 * mass:.2f} % together.")


def row(*cells: str, kind: str = "") -> str:
    return f'<div class="elbo-hole {kind}">{"".join(cells)}</div>'


@st.cache_data(max_entries=64, show_spinner=False)
def thumbnails(
    path: str, version: Any, codes: tuple[tuple[float, ...], ...], y: int | None = None
) -> list[str]:
    """Codes decoded, under class y, as addresses for HTML; none where there are no weights yet."""
    import torch

    if version is None or not codes:
        return []
    classes = None if y is None else torch.full((len(codes),), y)
    return [address_of(image) for image in open_run(path).model.decode_mean(torch.tensor(codes), classes)]


def address_of(image: Tensor) -> str:
    """A mean image [C, H, W] in [0, 1] as a PNG, which HTML shows."""
    from PIL import Image

    pixels = to_uint8(image.permute(1, 2, 0)).numpy()
    file = io.BytesIO()
    Image.fromarray(pixels[..., 0] if pixels.shape[2] < 3 else pixels[..., :3]).save(file, "PNG")
    return "data:image/png;base64," + base64.b64encode(file.getvalue()).decode()


def notes(run: Run, codes: Codes, view: View, found: Found) -> None:
    sentences = [
        "Mass is what the prior puts into the hole; depth is the largest log p − log q in it. "
        "Inside the region that holds 95 % of the prior."
    ]
    if densities.field(codes, view.place).grid.floored:
        sentences.append("Of the exact density: posteriors are drawn wider than they are, but fill no hole.")
    if any(found.least):
        sentences.append("≥: the density there is below what can be told from zero.")
    if run.spec.latent > 2 and view.kind != "slice":
        sentences.append(
            f"This is a marginal: what is empty in all {run.spec.latent} dimensions together may be covered "
            "here. The hole mass beside the map speaks of all of them."
        )
    st.caption(" ".join(sentences))


def curve(codes: Codes, view: View, found: Found) -> None:
    masses = curve_of(codes, view.place)
    st.markdown(
        f"**Hole mass against the threshold**: on this map {percent(found.mass)} at {view.ratio:g}.",
        help="Share of the prior in holes, where a hole is wherever p / q is above the threshold. The "
        "steeper it falls, the shallower the holes.",
    )
    st.plotly_chart(
        charts.threshold(RATIOS, masses, view.ratio, found.mass), key="hole-curve", config=palette.PLAIN
    )


@st.cache_data(max_entries=64, show_spinner=False)
def curve_of(codes: Codes, view: View) -> list[float]:
    from vae_core.analysis import aggregate

    masses: list[float] = aggregate.hole_curve(
        densities.field(codes, view).grid, RATIOS, densities.MASS
    ).tolist()
    return masses

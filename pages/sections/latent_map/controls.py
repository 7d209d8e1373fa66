"""The controls of the map; each of them is in the address bar."""

from __future__ import annotations

from typing import Any

import numpy as np
import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from pages.sections.latent_map import pins, which_prior
from vae_core.runs.run import Run
from widgets.components.latent_map import controls as map_controls
from widgets.components.latent_map import densities
from widgets.components.latent_map.map_view import EXTENTS, KINDS, View
from widgets.run_data import usage
from widgets.run_data.codes import Codes
from widgets.shell import links, url_state, url_widgets

FITTING = 0.9  # of the codes, within the range that a map begins with
PRIOR_FITTING = 0.98  # of a learned prior: contours of what lies beyond the map are none
DRAWS = 4000  # of the prior, that tell how far it reaches


def show(run: Run, above: DeltaGenerator, beside: DeltaGenerator) -> View:
    """above: the place between title and map, which stays empty for a run whose latent space is a plane; what
    is left for it stands beside the map."""
    latent = run.spec.latent
    kind, dims = "marginal", (0, 1)
    row = beside
    if latent > 2 or run.spec.classes:
        row = above.container(horizontal=True, gap="medium", vertical_alignment="bottom", key="map-strip")
    with row:
        if latent > 2:
            kind = st.segmented_control(
                "Plane",
                list(KINDS),
                format_func=KINDS.__getitem__,
                **url_widgets.choice(links.PLANE, list(KINDS), label=KINDS.__getitem__, by="default"),
                required=True,
                help="Two coordinates, the others integrated out; the plane in which the codes vary most; or "
                "two coordinates with all others held where the pin is.",
            )
            if kind != "pca":
                dims = _dimensions(run)
        else:
            for field in (links.PLANE, links.ACROSS, links.UP):
                url_state.without_control(field, "this latent space is a plane itself")
        through: tuple[float, ...] = ()
        if kind == "slice":
            pin = pins.state(run).pin or (0.0,) * latent
            through = tuple(0.0 if d in dims else round(v, 3) for d, v in enumerate(pin))
        extent, ratio = map_controls.range_and_holes(
            fitting(run, View(str(kind), dims, through=through)),
            f"At first as far as {FITTING:.0%} of this run's codes or a learned prior reach, and no less "
            f"than ± {EXTENTS[0]}; maps of two runs compare at the same range.",
        )
        which_prior.choose(run)
        if run.spec.classes:
            map_controls.decoded_class(
                run.spec.data.classes or (),
                "This decoder is told the class: the one under which codes on the map are decoded.",
            )
        else:
            url_state.without_control(links.CLASS, "this model knows no classes")
    return View(str(kind), dims, extent, ratio, through)


def fitting(run: Run, view: View) -> int:
    """The smallest range that holds most of the codes on this view, and nearly all of a learned prior; the
    usual one where there are none."""
    codes = which_prior.codes(run)
    return EXTENTS[0] if codes is None else _fitting(codes, view)


@st.cache_data(max_entries=64, show_spinner=False)
def _fitting(codes: Codes, view: View) -> int:
    import torch

    from vae_core.analysis import aggregate, prior_density

    plane = aggregate.pca_plane(codes.posteriors) if view.kind == "pca" else None
    far = densities.project(codes.posteriors.mean, view, plane).abs().amax(1).float()
    # Of a million numbers NumPy finds it by a partition; torch sorts them all.
    wanted = float(np.quantile(far.numpy(), FITTING))
    if codes.prior is not None and view.kind != "slice":
        seeded = torch.Generator().manual_seed(0)
        drawn = prior_density.samples(DRAWS, codes.run.spec.latent, seeded, codes.prior).detach()
        far = densities.project(drawn, view, plane).abs().amax(1)
        wanted = max(wanted, float(torch.quantile(far, PRIOR_FITTING)))
    return next((extent for extent in EXTENTS if extent >= wanted), EXTENTS[-1])


def _dimensions(run: Run) -> tuple[int, int]:
    latent, best = run.spec.latent, usage.most_informative(run)
    chosen: list[Any] = []
    for field, label, k in zip((links.ACROSS, links.UP), ("Across", "Up"), best, strict=True):
        chosen.append(
            st.number_input(
                label,
                1,
                latent,
                **url_widgets.whole(field, k + 1, latent),
                width=88,
                help="The number of a latent dimension. At first the two with most KL.",
            )
        )
    first, second = (int(value) - 1 for value in chosen)
    if first == second:
        # Two different dimensions make a map; the axes say which are shown.
        second = first + 1 if first + 1 < latent else first - 1
    return first, second

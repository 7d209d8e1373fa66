"""The strip of controls above the map; each of them is in the address bar."""

from __future__ import annotations

from typing import Any

import streamlit as st

from pages.sections.latent_map import pins
from vae_core.runs.run import Run
from widgets.components.latent_map import densities
from widgets.components.latent_map.map_view import EXTENTS, KINDS, RATIOS, View
from widgets.run_data import usage
from widgets.run_data.codes import Codes, newest
from widgets.shell import links, url_state, url_widgets
from widgets.shell.error_boundary import callback

FITTING = 0.9  # of the codes, within the range that a map begins with


def strip(run: Run) -> View:
    latent = run.spec.latent
    kind, dims = "marginal", (0, 1)
    with st.container(horizontal=True, gap="medium", vertical_alignment="bottom", key="map-strip"):
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
        usual = fitting(run, View(str(kind), dims, through=through))
        extent = st.select_slider(
            "Range",
            EXTENTS,
            **url_widgets.choice_over(links.RANGE, EXTENTS, usual, by="value"),
            format_func=lambda e: f"± {e}",
            width=130,
            help="How far the density is computed, in standard deviations of the prior. At first as far as "
            f"{FITTING:.0%} of this run's codes lie, and no less than ± {EXTENTS[0]}; maps of two runs "
            "compare at the same range.",
        )
        if usual != EXTENTS[0]:
            st.button(
                f"± {EXTENTS[0]}" if extent != EXTENTS[0] else "Fit",
                key="map-range",
                type="tertiary",
                on_click=callback(url_state.write),
                args=(links.RANGE, str(EXTENTS[0]) if extent != EXTENTS[0] else None),
                help="The range of most runs, to compare this one with them, or the one that fits its codes.",
            )
        ratio = st.select_slider(
            "Hole: p / q above",
            RATIOS,
            **url_widgets.choice(links.RATIO, RATIOS, by="value"),
            width=190,
            help="A hole lies inside the region that holds 95 % of the prior, where the prior p(z) is more "
            "than so many times the aggregated posterior q(z).",
        )
        if run.spec.classes:
            st.selectbox(
                "Decoded as",
                range(run.spec.classes),
                format_func=(run.spec.data.classes or ()).__getitem__,
                **url_widgets.whole(links.CLASS, most=run.spec.classes - 1, by="index"),
                width=130,
                help="This decoder is told the class: the one under which codes on the map are decoded.",
            )
        else:
            url_state.without_control(links.CLASS, "this model knows no classes")
    return View(str(kind), dims, float(extent), float(ratio), through)


def fitting(run: Run, view: View) -> int:
    """The smallest range that holds most of the codes on this view; the usual one where there are none."""
    codes = newest(run)
    return EXTENTS[0] if codes is None else _fitting(codes, view)


@st.cache_data(max_entries=64, show_spinner=False)
def _fitting(codes: Codes, view: View) -> int:
    import torch

    from vae_core.analysis import aggregate

    plane = aggregate.pca_plane(codes.posteriors) if view.kind == "pca" else None
    far = densities.project(codes.posteriors.mean, view, plane).abs().amax(1).float()
    wanted = float(torch.quantile(far, FITTING))
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

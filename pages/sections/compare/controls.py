"""The strip of controls above the maps; each of them holds for all maps, and is in the address bar."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import streamlit as st

from pages.sections.compare import choosing
from vae_core.runs.run import Run
from widgets.components import picker
from widgets.components.latent_map import controls as map_controls
from widgets.components.latent_map.map_view import EXTENTS
from widgets.components.latent_map.map_view import View as MapView
from widgets.run_data import usage
from widgets.run_data.subject import Picked
from widgets.shell import links, url_state, url_widgets
from widgets.shell.units import Unit

SAME = {"place": "Place", "image": "Image"}
USUAL = EXTENTS[0]  # the same for all runs, or maps would not compare


@dataclass(frozen=True, eq=False)
class CompareView:
    """by_image: whether the maps show the same image; picked: which, None while images are being read.
    images: those among which it was picked. pixels: what is shown of p(x|z).
    unit: of the numbers above the maps."""

    extent: float
    ratio: float
    by_image: bool
    picked: Picked | None
    images: str
    pixels: str
    unit: Unit

    def of(self, run: Run) -> MapView:
        dims = (0, 1) if run.spec.latent == 2 else usage.most_informative(run)
        return MapView(dims=dims, extent=self.extent, ratio=self.ratio)


def test_images(run: Run) -> str:
    """Names them: runs of the same ones know an image by the same number."""
    source = run.spec.data
    return f"{source.name} {source.path or ''} {source.shape}"


def strip(runs: Sequence[Run], offered: Sequence[Run], pixels: str, unit: Unit) -> CompareView:
    with st.container(horizontal=True, gap="medium", vertical_alignment="bottom", key="compare-strip"):
        choosing.count(runs, offered)
        same = st.segmented_control(
            "The same",
            list(SAME),
            format_func=SAME.__getitem__,
            **url_widgets.choice(links.SAME, list(SAME), label=SAME.__getitem__, by="default"),
            required=True,
            help="Place: each map decodes the z under the pointer. Image: each encodes the same image, and "
            "shows its code and its reconstruction; the pointer takes the nearest image.",
        )
        picked = None
        if same == "image":
            with st.container(width=258):
                picked = picker.pick(links.IMAGE, runs[0], label="Image")
        extent, ratio = map_controls.range_and_holes(
            USUAL, "The same on all maps. An autoencoder's codes lie farther out."
        )
        _decoded_class(runs)
        with st.container(horizontal=True, gap="small", width="content"):
            choosing.preset_buttons()
    return CompareView(extent, ratio, same == "image", picked, test_images(runs[0]), pixels, unit)


def _decoded_class(runs: Sequence[Run]) -> None:
    """The class under which decoders that are told one decode."""
    conditional = max(runs, key=lambda run: run.spec.classes)
    if not conditional.spec.classes:
        url_state.without_control(links.CLASS, "these models know no classes")
        return
    map_controls.decoded_class(
        conditional.spec.data.classes or (),
        "A decoder that is told the class decodes codes on its map under this one.",
    )

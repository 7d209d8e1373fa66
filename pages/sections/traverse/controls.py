"""The strip of controls above the board: where to start, how far to go, which run to hold beside it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from vae_core.runs.run import Run
from widgets.components import picker, pixels_switch
from widgets.run_data import library
from widgets.run_data.capabilities import fits
from widgets.run_data.subject import Picked
from widgets.run_data.usage import QUANTILES
from widgets.shell import links, url_widgets

if TYPE_CHECKING:
    from vae_core.analysis.decode import Pixels

STARTS = {"image": "Image", "prior": "Prior mean"}
RANGES = {"2": "±2σ", "3": "±3σ", "4": "±4σ", QUANTILES: "Quantiles"}
ALONE = "none"
PICKER = 258  # pixels
HEIGHT = "clamp(300px, 100vh - 372px, 900px)"  # of the rows, so that the board fits the window


@dataclass(frozen=True, eq=False)
class TraverseView:
    """runs: one, or two to compare. picked: the image that sliders start from; None for the prior's mean.
    pixels: what is shown of p(x|z)."""

    runs: tuple[Run, ...]
    picked: Picked | None
    reach: str
    pixels: Pixels


def strip(run: Run, title: DeltaGenerator) -> TraverseView:
    """title: the line of the page's title, in which there is room for one control."""
    with st.container(horizontal=True, gap="small", vertical_alignment="top", key="traverse-strip"):
        start = st.segmented_control(
            "Start from",
            list(STARTS),
            format_func=STARTS.__getitem__,
            **url_widgets.choice(links.START_FROM, list(STARTS), label=STARTS.__getitem__, by="default"),
            required=True,
            help="All dimensions but the one that moves stay where the encoder puts this image, its "
            "posterior mean; or at 0, the mean of the prior.",
        )
        picked = None
        if start == "image":
            with st.container(width=PICKER):
                picked = picker.pick(links.START, run, label="Image")
        reach = st.segmented_control(
            "Range",
            list(RANGES),
            format_func=RANGES.__getitem__,
            **url_widgets.choice(links.REACH, list(RANGES), label=RANGES.__getitem__, by="default"),
            required=True,
            help="How far each dimension moves: in standard deviations σ of the prior, or between quantiles "
            "of the aggregated posterior q(z), where the codes of the test images are.",
        )
        second = _second(run)
    runs = (run,) if second is None else (run, second)
    with title:
        pixels = pixels_switch.choose_in_browser(*runs)
    return TraverseView(runs, picked, str(reach), pixels)


def _second(run: Run) -> Run | None:
    """The run to hold beside it."""
    others = {each.name: each for each in library.runs() if each.name != run.name and fits(each, run)}
    names = [ALONE, *others]

    def called(name: str) -> str:
        return "no other run" if name not in others else library.title(others[name])

    chosen = st.selectbox(
        "Compare with",
        names,
        format_func=called,
        **url_widgets.choice(links.WITH, names, label=called),
        width=196,
        help="Another run on images of the same size. It encodes the same image, and its sliders move along, "
        "row by row.",
    )
    return others.get(str(chosen))

"""Which pixels are hidden: a canvas with brush and eraser, and masks by name."""

from __future__ import annotations

from typing import Any

import numpy as np
import streamlit as st

from widgets.components import paint
from widgets.run_data.subject import Subject
from widgets.shell import url_state

PRESETS = (
    "right half", "left half", "upper half", "lower half", "centre", "stripes",
    "random 25 %", "random 50 %", "random 75 %",
)  # fmt: skip
TURN, START = "inpaint_turn", "inpaint_start"  # in the session: a count, and the mask it stands for


def canvas(subject: Subject) -> np.ndarray:
    """bool [H, W], True where observed."""
    height, width = subject.shape[1:]
    chosen = str(
        st.selectbox(
            "Hide",
            PRESETS,
            **url_state.choice("hide", PRESETS, PRESETS[0]),
            help="A mask to start from; then hide more with the brush, or uncover with the eraser.",
        )
    )
    start = _start(chosen, height, width)
    revision = st.session_state.setdefault(TURN, 0)
    observed: np.ndarray = paint.mask("inpaint-mask", subject.image, mask=start, revision=revision, size=300)
    return observed


def _start(name: str, height: int, width: int) -> np.ndarray:
    """The mask that the canvas begins with: the one by this name, and no other."""
    kept: dict[str, Any] = st.session_state.get(START, {})
    if kept.get("name") != name or kept["mask"].shape != (height, width):
        from vae_core.analysis import inpaint

        _put(name, inpaint.preset(name, height, width)[0].numpy() > 0)
    mask: np.ndarray = st.session_state[START]["mask"]
    return mask


def _put(name: str, mask: np.ndarray) -> None:
    st.session_state[START] = {"name": name, "mask": mask}
    st.session_state[TURN] = st.session_state.get(TURN, 0) + 1

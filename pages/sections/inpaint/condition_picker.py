"""The class that a model of classes is told while it completes or denoises an image."""

from __future__ import annotations

from typing import Any

import numpy as np
import streamlit as st

from vae_core.runs.run import Run
from widgets.run_data.codes import weights
from widgets.run_data.library import open_run
from widgets.run_data.subject import Subject
from widgets.shell import links, url_state, url_widgets


def chosen(run: Run, subject: Subject, seen: np.ndarray, help: str) -> int | None:
    """The class; None where the model is told none. seen: float [C, H, W], what the model has of the image.

    At first what its classifier reads in that, else the image's label, else the first class.
    """
    if not run.spec.classes:
        url_state.without_control(links.CONDITION, "this model knows no classes")
        return None
    read = _read(str(run.path), weights(run), seen)
    known = (y for y in (read, subject.label, 0) if y is not None and y < run.spec.classes)
    names, options = run.spec.data.classes or (), range(run.spec.classes)
    return int(
        st.selectbox(
            "Class",
            options,
            format_func=names.__getitem__,
            **url_widgets.choice_over(links.CONDITION, options, next(known), label=names.__getitem__),
            help=help,
        )
    )


@st.cache_data(max_entries=256, show_spinner=False)
def _read(path: str, version: Any, seen: np.ndarray) -> int | None:
    """The most probable class under q(y|x); None without a classifier."""
    import torch

    model = open_run(path).model
    if model.classifier is None:
        return None
    return int(model.classify(torch.from_numpy(seen)[None]).argmax())

"""Where completions lie among the codes of the test images."""

from __future__ import annotations

import numpy as np
import streamlit as st

from vae_core.runs.run import Run
from widgets.run_data.classes import dataset_classes
from widgets.run_data.codes import Codes, newest
from widgets.run_data.usage import most_informative
from widgets.shell.palette import CLASSES, GREY, PLAIN

POINTS = 2000


def show(run: Run, z: np.ndarray) -> None:
    """z [K, D]: codes of the completions."""
    codes = newest(run)
    if codes is None:
        return
    across, up = (0, 1) if run.spec.latent == 2 else most_informative(run)
    figure = _points(codes, across, up)
    mark = {
        "type": "scatter",
        "x": z[:, across].tolist(),
        "y": z[:, up].tolist(),
        "mode": "markers",
        "name": "completions",
        "marker": {
            "symbol": "diamond",
            "size": 11,
            "color": "#d0405c",
            "line": {"color": "#fff", "width": 1.5},
        },
        "hovertemplate": "a completion at %{x:.2f}, %{y:.2f}<extra></extra>",
    }
    axis = {"range": [-4, 4], "zeroline": False}
    layout = {
        "height": 400,
        "margin": {"l": 48, "r": 8, "t": 8, "b": 40},
        "xaxis": {**axis, "title": {"text": f"z{across + 1}"}},
        "yaxis": {**axis, "title": {"text": f"z{up + 1}"}, "scaleanchor": "x"},
        "legend": {"itemsizing": "constant", "tracegroupgap": 0},
    }
    st.plotly_chart(
        {"data": [*figure, mark], "layout": layout}, config=PLAIN, key="inpaint-places", width=500
    )
    q = "q(z|x, y)" if run.spec.encoder_sees_class else "q(z|x)"
    which = "" if run.spec.latent == 2 else ", the two dimensions with most KL"
    st.caption(f"Diamonds: the completions. Dots: means of {q} of test images{which}.")


@st.cache_data(max_entries=8, show_spinner=False)
def _points(codes: Codes, across: int, up: int) -> list[dict[str, object]]:
    found = codes.posteriors
    mean = found.mean[:POINTS].numpy()
    labels = None if found.labels is None else found.labels[:POINTS].numpy()
    names = dataset_classes(codes.run)
    data: list[dict[str, object]] = []
    for c in [None] if labels is None else np.unique(labels).tolist():
        mine = mean if c is None else mean[labels == c]
        name = "test images" if c is None else names[c] if c < len(names) else str(c)
        data.append(
            {
                "type": "scattergl",
                "x": mine[:, across].tolist(),
                "y": mine[:, up].tolist(),
                "mode": "markers",
                "name": name,
                "marker": {"size": 4, "opacity": 0.6, "color": GREY if c is None else CLASSES[c % 10]},
                "hovertemplate": f"{name}<extra></extra>",
            }
        )
    return data

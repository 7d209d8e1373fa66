"""A group of codes, drawn around with a lasso: the link holds its corners, not the points in it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import streamlit as st

from vae_core.runs.run import Run
from widgets.run_data import usage
from widgets.run_data.codes import Codes
from widgets.shell import url_state, words
from widgets.shell.error_boundary import callback
from widgets.shell.link_types import Misfit, Text
from widgets.shell.palette import CLASSES, GREY, HOLE

CORNERS, FAR = 48, 1000.0  # of a lasso at most; of a corner from 0
POINTS, SIDE = 1200, 380  # codes on the map, and its pixels

Corners = list[tuple[float, float]]


def choose(field: Text, run: Run, codes: Codes) -> tuple[tuple[float, ...] | None, int]:
    """The mean code [D] of a group and how many it holds; None where there is none yet. field: of it."""
    dims = _dims(codes)
    text = url_state.read(field)
    corners = parse(text)
    if text is not None and corners is None:
        url_state.misfit(field, text, Misfit("a group has three corners or more"))
    url_state.accepted(field, "no group" if corners is None else "the group")
    key = f"lasso-{field.name}-{run.name}"

    def drawn() -> None:
        found = corners_of(st.session_state[key])
        if found is not None:  # what was drawn goes when the map is made anew; the link keeps it
            url_state.write(field, to_link(found))

    with st.popover("Draw around codes" if corners is None else "Change", icon=":material/lasso_select:"):
        st.plotly_chart(
            figure(codes, dims, corners),
            key=key,
            width=SIDE,
            height=SIDE,
            on_select=callback(drawn),
            selection_mode=("lasso", "box"),
            config={"displayModeBar": False},
        )
        st.caption(
            f"Draw around a group of codes. On the axes z{dims[0] + 1} and z{dims[1] + 1}"
            + (", those with most KL." if run.spec.latent > 2 else ".")
        )
    if corners is None:
        return None, 0
    group = members(codes, dims, tuple(corners))
    count = int(group.sum())
    st.caption(f"{words.count(count)} codes" if count else "No code lies inside it: draw another.")
    if not count:
        return None, 0
    return tuple(codes.posteriors.mean[group].mean(0).tolist()), count


def members(codes: Codes, dims: tuple[int, int], corners: tuple[tuple[float, float], ...]) -> Any:
    """Which codes lie inside, bool [N]."""
    import torch

    from vae_core.analysis import arithmetic

    return arithmetic.inside(codes.posteriors.mean[:, list(dims)], torch.tensor(corners))


def _dims(codes: Codes) -> tuple[int, int]:
    first, second = sorted(usage.usage(codes).order[:2].tolist())
    return first, second


# --- the lasso in browser and link -------------------------------------------------------------------


def corners_of(event: Any) -> Corners | None:
    """What plotly says was drawn, a lasso or a box; None where that is nothing."""
    selection = event.get("selection") if event is not None else None
    for kind in ("lasso", "box"):
        for shape in (selection or {}).get(kind) or []:
            x, y = list(shape.get("x") or []), list(shape.get("y") or [])
            if kind == "box" and len(x) == len(y) == 2:
                x, y = [x[0], x[1], x[1], x[0]], [y[0], y[0], y[1], y[1]]
            step = max(1, -(-len(x) // CORNERS))
            return _checked(list(zip(x, y, strict=False))[::step])
    return None


def to_link(corners: Corners) -> str:
    return ";".join(f"{x:.3g},{y:.3g}" for x, y in corners)


def parse(text: str | None) -> Corners | None:
    """From a link that anybody may have typed."""
    pairs = [part.split(",") for part in (text or "").split(";")[:CORNERS]]
    return _checked([(pair[0], pair[1]) if len(pair) == 2 else (None, None) for pair in pairs])


def _checked(pairs: Sequence[tuple[Any, Any]]) -> Corners | None:
    """Three corners or more, all finite; else None."""
    found: Corners = []
    for pair in pairs:
        try:
            x, y = float(pair[0]), float(pair[1])
        except (TypeError, ValueError):
            return None
        if not (math.isfinite(x) and math.isfinite(y)):
            return None
        found.append((min(max(x, -FAR), FAR), min(max(y, -FAR), FAR)))
    return found if len(found) > 2 else None


# --- the map --------------------------------------------------------------------------------------


def figure(codes: Codes, dims: tuple[int, int], corners: Corners | None) -> dict[str, Any]:
    posteriors = codes.posteriors
    at = posteriors.mean[:POINTS, list(dims)].numpy()
    labels = None if posteriors.labels is None else posteriors.labels[:POINTS].numpy()
    colours = GREY if labels is None else [CLASSES[int(k) % 10] for k in labels]
    reach = max(4.0, float(np.quantile(np.abs(at), 0.99)) if len(at) else 0.0)
    points = {
        "type": "scattergl",
        "mode": "markers",
        "x": at[:, 0].tolist(),
        "y": at[:, 1].tolist(),
        "marker": {"size": 4, "color": colours, "opacity": 0.75},
        "hoverinfo": "skip",
    }
    traces = [points]
    if corners is not None:
        x, y = zip(*corners, corners[0], strict=True)
        line = {"color": HOLE, "width": 2}
        traces.append({"type": "scatter", "mode": "lines", "x": x, "y": y, "line": line, "hoverinfo": "skip"})
    axis = {"range": [-reach, reach], "zeroline": False, "fixedrange": True, "constrain": "domain"}
    layout = {
        "dragmode": "lasso",
        "showlegend": False,
        "margin": {"l": 34, "r": 6, "t": 6, "b": 34},
        "xaxis": axis | {"title": {"text": f"z{dims[0] + 1}"}},
        "yaxis": axis | {"title": {"text": f"z{dims[1] + 1}"}, "scaleanchor": "x"},
    }
    return {"data": traces, "layout": layout}

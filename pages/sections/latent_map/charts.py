"""Figures below the map, as plain dicts for plotly: far quicker to make than its own objects."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from widgets.shell.palette import CLASSES, GREY, HOLE, KL, PRIOR, RECONSTRUCTION, SCALE

if TYPE_CHECKING:
    from vae_core.analysis.aggregate import DensityGrid


def _layout(height: int, x: dict[str, Any], y: dict[str, Any], **more: Any) -> dict[str, Any]:
    margin = {"l": 52, "r": 12, "t": 10, "b": 44}
    return {"height": height, "margin": margin, "xaxis": x, "yaxis": y, "showlegend": False, **more}


def threshold(ratios: Sequence[float], masses: Sequence[float], ratio: float, mass: float) -> dict[str, Any]:
    """Hole mass against the ratio above which a place counts as a hole."""
    line = {
        "type": "scatter",
        "x": list(ratios),
        "y": list(masses),
        "mode": "lines",
        "line": {"color": HOLE, "width": 2},
        "hovertemplate": "p / q above %{x:.3g}: %{y:.2%} of the prior<extra></extra>",
    }
    here = {
        "type": "scatter",
        "x": [ratio],
        "y": [mass],
        "mode": "markers",
        "marker": {"color": HOLE, "size": 10},
        "hovertemplate": "The holes listed here: %{y:.2%} of the prior<extra></extra>",
    }
    x = {"type": "log", "title": {"text": "p(z) / q(z) above"}, "tickvals": [1, 3, 10, 30, 100, 300, 1000]}
    y = {"title": {"text": "prior mass in holes"}, "tickformat": ".0%", "rangemode": "tozero"}
    return {"data": [line, here], "layout": _layout(300, x, y)}


def dimensions(kl: Sequence[float], collapsed: Sequence[bool]) -> dict[str, Any]:
    """KL of each latent dimension in nats; collapsed ones grey."""
    bars = {
        "type": "bar",
        "x": [f"z{d + 1}" for d in range(len(kl))],
        "y": list(kl),
        "marker": {"color": [GREY if dead else KL for dead in collapsed]},
        "customdata": ["collapsed" if dead else "in use" for dead in collapsed],
        "hovertemplate": "%{x}: %{y:.3f} nats, %{customdata}<extra></extra>",
    }
    y = {"title": {"text": "KL, nats per image"}, "rangemode": "tozero"}
    return {"data": [bars], "layout": _layout(260, {"tickfont": {"size": 11}}, y, bargap=0.25)}


def collapse(epsilons: Sequence[float], fractions: Mapping[float, Sequence[float]]) -> dict[str, Any]:
    """The share of collapsed dimensions against epsilon, a line for each delta."""
    lines = [
        {
            "type": "scatter",
            "x": list(epsilons),
            "y": list(values),
            "mode": "lines",
            "name": f"δ = {delta:g}",
            "line": {"color": KL, "width": 2, "dash": dash, "shape": "hv"},
            "hovertemplate": f"ε = %{{x:.3g}} nats, δ = {delta:g}: %{{y:.0%}}<extra></extra>",
        }
        for (delta, values), dash in zip(fractions.items(), ("solid", "dash", "dot"), strict=True)
    ]
    x = {"type": "log", "title": {"text": "ε, nats"}, "tickvals": [0.001, 0.01, 0.1, 1]}
    y = {"title": {"text": "collapsed dimensions"}, "tickformat": ".0%", "range": [-0.02, 1.05]}
    legend = {"orientation": "h", "y": 1.12, "x": 0}
    return {"data": lines, "layout": _layout(250, x, y, showlegend=True, legend=legend)}


def against_k(
    counts: Sequence[int],
    values: Sequence[float],
    errors: Sequence[float],
    log_px: float,
    of: str,
    own: int,
) -> dict[str, Any]:
    """The bound in nats against k with its standard errors; log p(x), called `of`, as a level line; the k of
    the run's objective, `own`, as an upright one."""
    line = {
        "type": "scatter",
        "x": list(counts),
        "y": list(values),
        "error_y": {"array": list(errors), "thickness": 1.2, "width": 3},
        "mode": "lines+markers",
        "line": {"color": KL, "width": 2},
        "marker": {"color": KL, "size": 6},
        "hovertemplate": "k = %{x}: %{y:.2f} ± %{error_y.array:.2f} nats<extra></extra>",
    }
    x = {"type": "log", "title": {"text": "codes k"}, "tickvals": [1, 10, 100, 1000, 5000]}
    y = {"title": {"text": "bound, nats"}, "tickformat": "~g"}
    marks = [
        {"type": "line", "xref": "paper", "x0": 0, "x1": 1, "y0": log_px, "y1": log_px,
         "line": {"color": PRIOR, "width": 1.5, "dash": "dash"},
         "label": {"text": of, "textposition": "end"}},
        {"type": "line", "yref": "paper", "y0": 0, "y1": 1, "x0": own, "x1": own,
         "line": {"color": GREY, "width": 1, "dash": "dot"}},
    ]  # fmt: skip
    return {"data": [line], "layout": _layout(320, x, y, shapes=marks)}


def log_weights(log_weight: np.ndarray, log_px: float, of: str) -> dict[str, Any]:
    """How often each log-weight [M] in nats was drawn; their mean, the ELBO, and log p(x), called `of`."""
    counts, edges = np.histogram(log_weight, bins=60)
    bars = {
        "type": "bar",
        "x": ((edges[1:] + edges[:-1]) / 2).tolist(),
        "y": counts.tolist(),
        "width": float(edges[1] - edges[0]),
        "marker": {"color": RECONSTRUCTION},
        "hovertemplate": "log w about %{x:.1f}: %{y} codes<extra></extra>",
    }
    marks, names = [], []
    for row, (name, at, colour) in enumerate((("ELBO", float(log_weight.mean()), KL), (of, log_px, PRIOR))):
        ends = {"x0": at, "x1": at, "y0": 0, "y1": 1 + 0.07 * row}
        line = {"color": colour, "width": 1.5, "dash": "dash"}
        marks.append({"type": "line", "yref": "paper", **ends, "line": line})
        place = {"x": at, "y": ends["y1"], "yref": "paper", "xanchor": "right", "yanchor": "bottom"}
        names.append({"text": name, **place, "showarrow": False, "font": {"color": colour}})
    x = {"title": {"text": "log w, nats"}, "tickformat": "~g"}
    y = {"title": {"text": "codes"}, "type": "log", "dtick": 1}
    above = {"l": 52, "r": 12, "t": 44, "b": 44}  # room for the names
    layout = _layout(320, x, y, margin=above, bargap=0, shapes=marks, annotations=names)
    return {"data": [bars], "layout": layout}


def scatter(xy: np.ndarray, labels: np.ndarray | None, classes: Sequence[str]) -> dict[str, Any]:
    """Points [N, 2] by class, with the classes' names at their centres (medians)."""
    groups = (
        [np.arange(len(xy))] if labels is None else [np.flatnonzero(labels == c) for c in np.unique(labels)]
    )
    data, notes = [], []
    for mine in groups:
        c = 0 if labels is None else int(labels[mine[0]])
        name = classes[c] if c < len(classes) else str(c)
        data.append(
            {
                "type": "scattergl",
                "x": xy[mine, 0].tolist(),
                "y": xy[mine, 1].tolist(),
                "mode": "markers",
                "name": name,
                "marker": {
                    "size": 3,
                    "opacity": 0.75,
                    "color": CLASSES[c % 10] if labels is not None else GREY,
                },
                "hovertemplate": (f"{name}" if labels is not None else "an image") + "<extra></extra>",
            }
        )
        if labels is not None:
            x, y = np.median(xy[mine], axis=0)
            notes.append(
                {
                    "x": float(x), "y": float(y), "text": f"<b>{name}</b>", "showarrow": False,
                    "bgcolor": "rgba(252,251,248,.8)", "borderpad": 1,
                    "font": {"size": 14, "color": "#20242b"},
                }
            )  # fmt: skip
    bare = {"showgrid": False, "zeroline": False, "showticklabels": False}
    layout = _layout(
        560, {**bare, "title": {"text": "UMAP 1"}}, {**bare, "scaleanchor": "x", "title": {"text": "UMAP 2"}}
    )
    return {"data": data, "layout": {**layout, "annotations": notes, "dragmode": "pan"}}


EVERY = 4  # cells of a map to one of a figure
LOW, HIGH = -8.0, -0.5  # log q at no colour and at full colour, as on the map
Force = tuple[np.ndarray, np.ndarray, str]  # [C, 2] in nats per unit, [C, 2] as drawn, colour


def forces(
    grid: DensityGrid,
    levels: Sequence[float],
    centers: tuple[Sequence[str], np.ndarray],
    both: tuple[Force, Force],
    axes: tuple[str, str],
) -> dict[str, Any]:
    """q(z) of a grid, the prior's contours at levels of log p, and two arrows on each centre: pull and push.

    centers: names, and places [C, 2].
    """
    x = grid.x[::EVERY].tolist()
    log_q, log_p = (value[::EVERY, ::EVERY].T.numpy() for value in (grid.log_q, grid.log_p))
    ground = {
        "type": "heatmap",
        "x": x,
        "y": x,
        "z": np.round(np.clip((log_q - LOW) / (HIGH - LOW), 0, 1), 3).tolist(),
        "zmin": 0,
        "zmax": 1,
        "colorscale": SCALE,
        "showscale": False,
        "zsmooth": "best",
        "hoverinfo": "skip",
    }
    shape = np.round(np.maximum(log_p, min(levels) - 10), 3).tolist()
    contours = [
        {
            "type": "contour",
            "x": x,
            "y": x,
            "z": shape,
            "contours": {"coloring": "none", "start": level, "end": level, "size": 1},
            "line": {"color": PRIOR, "width": 1.5},
            "showscale": False,
            "hoverinfo": "skip",
        }
        for level in levels
    ]
    (names, places), (pull, push) = centers, both
    points = {
        "type": "scatter",
        "x": places[:, 0].tolist(),
        "y": places[:, 1].tolist(),
        "mode": "markers+text",
        "text": list(names),
        "textposition": "bottom center",
        "textfont": {"size": 14},
        "marker": {"size": 7, "color": GREY},
        "customdata": np.round(np.concatenate([pull[0], push[0]], 1), 3).tolist(),
        "hovertemplate": "%{text}: pull (%{customdata[0]:.2f}, %{customdata[1]:.2f}), push "
        "(%{customdata[2]:.2f}, %{customdata[3]:.2f}) nats per unit<extra></extra>",
    }
    arrows = [
        {
            "x": float(at[0] + along[0]), "y": float(at[1] + along[1]), "xref": "x", "yref": "y",
            "ax": float(at[0]), "ay": float(at[1]), "axref": "x", "ayref": "y", "text": "", "showarrow": True,
            "arrowhead": 2, "arrowsize": 0.9, "arrowwidth": 2.2, "arrowcolor": colour,
        }
        for _, drawn, colour in both
        for at, along in zip(places, drawn, strict=True)
    ]  # fmt: skip
    plain = {"showgrid": False, "zeroline": False, "range": [x[0], -x[0]]}
    across = {**plain, "title": {"text": axes[0]}, "constrain": "domain"}
    up = {**plain, "title": {"text": axes[1]}, "scaleanchor": "x"}
    return {"data": [ground, *contours, points], "layout": _layout(600, across, up, annotations=arrows)}

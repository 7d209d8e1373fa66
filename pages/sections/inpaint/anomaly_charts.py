"""Figures of what a model makes of its own and of foreign images, as plain dicts for plotly."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from widgets.shell.palette import GREY, HOLE, KL, RECONSTRUCTION

if TYPE_CHECKING:
    from torch import Tensor

Figure = dict[str, Any]
POINTS = 400  # of a curve or of a cloud that travel to the browser
MARGIN = {"l": 52, "r": 8, "t": 24, "b": 44}
ABOVE = {"orientation": "h", "x": 0, "y": 1, "yanchor": "bottom"}


def histogram(own: Tensor, foreign: Tensor, title: str, elbo: float) -> Figure:
    """The ELBOs of both sets [N], and where this image stands."""
    low, high = (float(f(f(values) for values in (own, foreign))) for f in (min, max))
    # The same for both, so that heights compare.
    bins = {"start": low, "end": high, "size": max((high - low) / 60, 1e-3)}
    bars = [
        {
            "type": "histogram", "x": values.tolist(), "name": name, "opacity": 0.65, "xbins": bins,
            "marker": {"color": colour}, "hovertemplate": f"{name}: %{{y}} images at %{{x}}<extra></extra>",
        }
        for values, name, colour in ((own, "test images", RECONSTRUCTION), (foreign, title, HOLE))
    ]  # fmt: skip
    line = {"type": "line", "x0": elbo, "x1": elbo, "y0": 0, "y1": 1, "yref": "paper"}
    note = {"x": elbo, "y": 1, "yref": "paper", "text": "this image", "showarrow": False, "yanchor": "bottom"}
    layout = {
        "height": 260, "margin": MARGIN, "barmode": "overlay", "bargap": 0,
        "xaxis": {"title": {"text": "ELBO, nats per image"}}, "yaxis": {"title": {"text": "images"}},
        "shapes": [line | {"line": {"width": 2, "color": GREY}}], "annotations": [note],
        "legend": {"x": 0, "y": 1},
    }  # fmt: skip
    return {"data": bars, "layout": layout}


def roc(curves: dict[str, tuple[Tensor, Tensor]]) -> Figure:
    """By what images are told apart: the shares of own and of foreign images up to every threshold."""
    lines: list[Figure] = [
        {
            "type": "scatter", "mode": "lines", "x": [0, 1], "y": [0, 1], "showlegend": False,
            "line": {"color": GREY, "dash": "dot", "width": 1}, "hoverinfo": "skip",
        }
    ]  # fmt: skip
    for (name, (own, foreign)), colour in zip(curves.items(), (RECONSTRUCTION, KL), strict=True):
        every = max(1, len(own) // POINTS)
        kept = sorted({*range(0, len(own), every), len(own) - 1})
        lines.append(
            {
                "type": "scatter", "mode": "lines", "name": name, "line": {"color": colour, "width": 2},
                "x": own[kept].tolist(), "y": foreign[kept].tolist(),
                "hovertemplate": f"{name}: %{{y:.0%}} of the foreign images found at %{{x:.0%}} false alarms"
                "<extra></extra>",
            }
        )  # fmt: skip
    share = {"range": [-0.02, 1.02], "tickformat": ".0%"}
    layout = {
        "height": 300, "margin": MARGIN, "legend": ABOVE,
        "xaxis": {**share, "title": {"text": "test images taken for foreign"}},
        "yaxis": {**share, "title": {"text": "foreign images found"}},
    }  # fmt: skip
    return {"data": lines, "layout": layout}


def scatter(sets: dict[str, tuple[Tensor, Tensor]]) -> Figure:
    """Complexity and ELBO of each image, nats [N] each, of the test images and of a foreign set."""
    dots = [
        {
            "type": "scattergl", "mode": "markers", "name": name,
            "x": complexity[:POINTS].tolist(), "y": elbo[:POINTS].tolist(),
            "marker": {"color": colour, "size": 4, "opacity": 0.6},
            "hovertemplate": f"{name}: complexity %{{x:.0f}}, ELBO %{{y:.0f}} nats<extra></extra>",
        }
        for (name, (elbo, complexity)), colour in zip(sets.items(), (RECONSTRUCTION, HOLE), strict=True)
    ]  # fmt: skip
    layout = {
        "height": 300, "margin": MARGIN, "legend": ABOVE,
        "xaxis": {"title": {"text": "complexity, nats"}}, "yaxis": {"title": {"text": "ELBO, nats"}},
    }  # fmt: skip
    return {"data": dots, "layout": layout}

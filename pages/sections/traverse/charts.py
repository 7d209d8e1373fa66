"""The matrix of mutual information as a plain dict for plotly."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from widgets.shell.palette import SCALE

PLAIN = {"displayModeBar": False}
ROW, FRAME = 38, 44  # pixels
FULL = 2.5  # nats, of the deepest colour: the same for all runs, so that their matrices compare


def matrix(
    values: Sequence[Sequence[float]],
    factors: Sequence[str],
    entropy: Sequence[float],
    dimensions: Sequence[str],
    dead: Sequence[bool],
) -> dict[str, Any]:
    """I(v_f; z_d) in nats, F rows of D, with the factors' entropies beside their names."""
    few = len(dimensions) <= 16
    names = [
        f"<span style='opacity:.55'>{_plain(name)}</span>" if gone else _plain(name)
        for name, gone in zip(dimensions, dead, strict=True)
    ]
    cells = {
        "type": "heatmap",
        "z": [list(row) for row in values],
        "x": list(range(len(dimensions))),
        "y": list(range(len(factors))),
        "zmin": 0,
        "zmax": FULL,
        "colorscale": SCALE,
        "showscale": False,
        "xgap": 2,
        "ygap": 2,
        "customdata": [
            [
                f"I({_plain(factor)}; {_plain(name)}) = {value:.3f} nats"
                for name, value in zip(dimensions, row, strict=True)
            ]
            for factor, row in zip(factors, values, strict=True)
        ],
        "hovertemplate": "%{customdata}<extra></extra>",
    }
    # Not as the cells' own text, which plotly would colour as if they were opaque.
    numbers = {
        "type": "scatter",
        "mode": "text",
        "x": [d for _ in values for d in range(len(dimensions))],
        "y": [f for f, row in enumerate(values) for _ in row],
        "text": [f"{value:.2f}" for row in values for value in row],
        "textfont": {"size": 12},
        "hoverinfo": "skip",
        "showlegend": False,
    }
    x = {
        "tickvals": list(range(len(dimensions))),
        "ticktext": names,
        "side": "top",
        "ticks": "",
        "showgrid": False,
        "zeroline": False,
        "tickfont": {"size": 12},
        "fixedrange": True,
    }
    y = {
        "tickvals": list(range(len(factors))),
        "ticktext": [
            f"{_plain(name)}  <span style='opacity:.6'>H {h:.2f}</span>"
            for name, h in zip(factors, entropy, strict=True)
        ],
        "autorange": "reversed",
        "ticks": "",
        "showgrid": False,
        "zeroline": False,
        "fixedrange": True,
        "automargin": True,
    }
    margin = {"l": 130, "r": 8, "t": 36, "b": 8}
    layout = {"height": ROW * len(factors) + FRAME, "margin": margin, "xaxis": x, "yaxis": y}
    return {"data": [cells, numbers] if few else [cells], "layout": layout}


def _plain(text: str) -> str:
    """A name that a user typed, with no markup in it."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")

"""Thumbnails in rows, one of them chosen: a page of them is one picture."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import streamlit as st

from widgets.components import scripts
from widgets.components.picker.source import Source
from widgets.shell import data_url
from widgets.shell.error_boundary import callback

HERE = Path(__file__).parent
COLUMNS, ROWS = 10, 6
PAGE = COLUMNS * ROWS
MOST_SIDE = 48  # pixels of a thumbnail: larger images are shrunk

Choice = Callable[[int], None]


def sheet(
    key: str,
    source: Source,
    numbers: np.ndarray,
    page: int,
    chosen: int | None,
    choose: Choice,
    turn: Choice,
    columns: int = COLUMNS,
) -> None:
    """A page of the images with these numbers [N]. `choose` is told a number, `turn` by how many pages."""
    pages = max(1, -(-len(numbers) // PAGE))
    page = min(max(page, 0), pages - 1)
    shown = numbers[page * PAGE : (page + 1) * PAGE]
    place = np.flatnonzero(shown == chosen) if chosen is not None else np.zeros(0, int)

    def listener(name: str, act: Choice) -> Callable[[], None]:
        def hear() -> None:
            value = (st.session_state.get(key) or {}).get(name)
            if isinstance(value, int) and not isinstance(value, bool):
                act(value)

        return hear

    mount = scripts.component(
        "thumbnail_sheet",
        css=scripts.text(HERE / "sheet.css"),
        js=script(),
    )
    mount(
        key=key,
        data={
            "png": data_url.address(picture(source.images[shown], columns)),
            "shape": source.images.shape[2:],
            "columns": columns,
            "rows": max(1, -(-len(shown) // columns)),
            "indices": shown.tolist(),
            "captions": [source.name(int(index)) for index in shown],
            "selected": int(place[0]) if len(place) else None,
            "where": "" if source.names else _where(page, len(shown), len(numbers)),
            "first": page == 0,
            "last": page == pages - 1,
            "label": "Your pictures" if source.names else f"Images of the {source.kind} set",
        },
        on_choice_change=callback(listener("choice", choose)),
        on_turn_change=callback(listener("turn", turn)),
    )


def script() -> str:
    return scripts.module(HERE / "sheet.js")


def _where(page: int, shown: int, count: int) -> str:
    return f"{page * PAGE + 1:,} to {page * PAGE + shown:,} of {count:,}" if shown else "None of this class"


def picture(images: np.ndarray, columns: int = COLUMNS) -> np.ndarray:
    """Images uint8 [N, C, H, W] side by side: uint8 [C, rows * h, columns * w], no pixel between them."""
    step = -(-max(images.shape[2:]) // MOST_SIDE)
    images = images[:, :, ::step, ::step]
    count, channels, height, width = images.shape
    rows = max(1, -(-count // columns))
    tiles = np.zeros((rows * columns, channels, height, width), np.uint8)
    tiles[:count] = images
    tiles = tiles.reshape(rows, columns, channels, height, width)
    whole: np.ndarray = tiles.transpose(2, 0, 3, 1, 4).reshape(channels, rows * height, columns * width)
    return whole

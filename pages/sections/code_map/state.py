"""What the hand has done on the code map: between browser, page and address bar."""

from __future__ import annotations

from math import prod

import streamlit as st

from vae_core.runs.run import Run
from widgets.components.code_map import CodeMapState
from widgets.shell import links
from widgets.shell.component_state import ComponentState

MAP: ComponentState[CodeMapState] = ComponentState(
    "code-map", {"changed": links.CHANGED_CODES, "hidden": links.HIDDEN_CELLS, "cell": links.CELL}
)


def read(run: Run) -> CodeMapState:
    """Where the map is to stand. Another run and another image begin with the encoder's codes: the table of
    links says which parameters reset them."""
    return MAP.read(lambda link: CodeMapState.from_link(link, _codes(run)))


def receive(run: Run, name: str = "state") -> CodeMapState | None:
    """What the browser says under this name; None where it has said nothing. What it says of the state the
    hand has done."""
    found = CodeMapState.from_browser((st.session_state.get(MAP.key) or {}).get(name), _codes(run))
    if found is not None:
        MAP.hear(found)
    return found


def _codes(run: Run) -> tuple[int, ...]:
    """Of every cell, how many codes its codebook has."""
    of_levels = zip(run.spec.grids, run.spec.posterior.codebooks, strict=True)
    return tuple(codes for grid, codes in of_levels for _ in range(prod(grid)))

"""Where a board's slider stands: between board, page and address bar."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import streamlit as st

from widgets.components.interpolate import PathView, interpolate
from widgets.components.interpolate import place as reported
from widgets.shell.component_state import ComponentState
from widgets.shell.error_boundary import callback
from widgets.shell.link_types import Number


@dataclass(frozen=True)
class Slide:
    """t: where the slider stands. field: of the link."""

    t: float
    field: Number

    def to_link(self) -> dict[str, str]:
        return {} if self.t == self.field.default else {"t": self.field.text(self.t)}

    @classmethod
    def from_link(cls, link: Mapping[str, str], field: Number) -> Slide:
        return cls(field.parse(link["t"]) if "t" in link else field.default, field)


def show(key: str, field: Number, ways: Sequence[PathView], pixels: str, label: str) -> float:
    """key: of the board. pixels: what is shown of p(x|z)."""
    slider: ComponentState[Slide] = ComponentState(key, {"t": field})
    t = slider.read(lambda link: Slide.from_link(link, field)).t

    def heard() -> None:
        now = reported(st.session_state[key])
        if now is not None:
            slider.hear(Slide(min(max(now, field.least), field.most), field))

    return interpolate(
        key,
        ways=ways,
        t=t,
        revision=slider.revision,
        pixels=pixels,
        label=label,
        on_change=callback(heard),
    )

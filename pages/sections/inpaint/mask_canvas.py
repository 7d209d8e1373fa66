"""Which pixels are hidden: a canvas with brush and eraser, and masks by name."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import streamlit as st

from widgets.components import paint
from widgets.run_data.subject import Subject
from widgets.shell import link_pictures, links, url_state
from widgets.shell.component_state import ComponentState
from widgets.shell.error_boundary import callback

PAINTED = "painted by hand"
PRESETS: tuple[str, ...] = links.HIDE.options or ()


@dataclass(frozen=True, eq=False)
class Mask:
    """observed: bool [H, W]. name: of a preset, or PAINTED."""

    name: str
    observed: np.ndarray

    def to_link(self) -> dict[str, str]:
        if self.name == PAINTED:
            return {"hide": f"{link_pictures.PAINT}.{link_pictures.encode(self.observed)}"}
        return {} if self.name == links.HIDE.default else {"hide": self.name}

    @classmethod
    def preset(cls, name: str, shape: tuple[int, int]) -> Mask:
        from vae_core.analysis import inpaint

        return cls(name, inpaint.preset(name, *shape)[0].numpy() > 0)

    @classmethod
    def from_link(cls, link: Mapping[str, str], shape: tuple[int, int]) -> Mask:
        """From a value that the table has checked. A mask of another size is brought to this one."""
        text = link.get("hide", links.HIDE.default)
        if text in PRESETS:
            return cls.preset(text, shape)
        pixels = link_pictures.decode(text.removeprefix(f"{link_pictures.PAINT}."))
        return cls(PAINTED, link_pictures.resized(pixels, shape))


MASK: ComponentState[Mask] = ComponentState("inpaint-mask", {"hide": links.HIDE})


def canvas(subject: Subject) -> np.ndarray:
    """bool [H, W], True where observed."""
    shape = (subject.shape[1], subject.shape[2])
    mask = MASK.read(lambda link: Mask.from_link(link, shape))
    if mask.observed.shape != shape:
        mask = Mask.from_link(mask.to_link(), shape)
        MASK.move(mask)
    key = url_state.key_showing("at:hide", mask.name)

    def choose(name: str) -> None:
        MASK.move(Mask(PAINTED, mask.observed) if name == PAINTED else Mask.preset(name, shape))

    names = [*PRESETS, PAINTED]
    st.selectbox(
        "Hide",
        names,
        url_state.place(names, mask.name),
        key=key,
        on_change=url_state.heard(key, choose),
        help="A mask to start from; then hide more with the brush, or uncover with the eraser. The link "
        "holds what is hidden.",
    )
    paint.mask(
        MASK.key,
        subject.image,
        mask=mask.observed,
        revision=MASK.revision,
        size=300,
        on_change=callback(lambda observed: MASK.hear(Mask(PAINTED, observed))),
    )
    return mask.observed

"""What all maps have in common, pin, image, layers, view, replay: between maps, page and address bar."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import streamlit as st

from widgets.components.latent_map import MapState
from widgets.components.latent_map.map_view import View
from widgets.shell import links
from widgets.shell.component_state import ComponentState

ABOUT = "compare-about"  # in the session


@dataclass(frozen=True)
class Shared:
    """state: with its pin at (x, y) of the plane. image: as the link names the one that all encode."""

    state: MapState
    image: str | None = None

    def to_link(self) -> dict[str, str]:
        link = self.state.to_link()
        return link if self.image is None else {**link, "image": self.image}

    @classmethod
    def from_link(cls, link: Mapping[str, str]) -> Shared:
        return cls(replace(MapState.from_link(link, latent=2), image=None), link.get("image"))


SHARED: ComponentState[Shared] = ComponentState(
    "compare",
    {
        "z": links.PLACE,
        "image": links.IMAGE,
        "layers": links.LAYERS,
        "view": links.VIEW,
        "spacing": links.SPACING,
        "frame": links.FRAME,
    },
)


def shared() -> Shared:
    return SHARED.read(Shared.from_link)


def about(*shown: object) -> None:
    """Where the maps are of other runs or of another image than before, they take up the state anew."""
    if st.session_state.get(ABOUT) != shown:
        st.session_state[ABOUT] = shown
        SHARED.move(shared())


def heard(latent: int, view: View, by_image: bool) -> None:
    """The callback of the controls, which tell for all maps. latent, view: of the run that they are given."""
    now = MapState.from_browser(st.session_state[SHARED.key].get("state"), latent)
    if now is None:
        return
    before = SHARED.holder().state or Shared(MapState())
    pin, image = before.state.pin, before.image
    if by_image:
        image = image if now.image is None else str(now.image)
    else:
        pin = None if now.pin is None else tuple(now.pin[d] for d in view.dims)
    SHARED.hear(Shared(replace(now, pin=pin, image=None), image))

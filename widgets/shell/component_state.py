"""The state of a component between hand, session and link.

The link is the truth, in few digits; the session keeps the same state with all digits. Where the link says
something else than the hand did last, the component moves: its `revision` rises. What the hand does goes to
the link, and moves nothing.

    PINS = ComponentState("latent-map", {"z": links.Z, "view": links.VIEW})
    state = PINS.read(lambda link: MapState.from_link(link, latent))
    latent_map(PINS.key, state=state, revision=PINS.revision, on_change=...)      # which calls PINS.hear
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar

import streamlit as st

from widgets.shell import url_state
from widgets.shell.link_types import Misfit, Parameter


class Linked(Protocol):
    def to_link(self) -> dict[str, str]:
        """By the state's own names of its values; what is at its default has none."""
        ...


S = TypeVar("S", bound=Linked)


@dataclass
class Holder(Generic[S]):
    """One object for a session, so that what is made after the page has run, a download, finds the newest."""

    state: S | None = None
    revision: int = 0


@dataclass(frozen=True)
class ComponentState(Generic[S]):
    """key: of the component. fields: of the table, by the state's own names."""

    key: str
    fields: Mapping[str, Parameter]

    def holder(self) -> Holder[S]:
        found: Holder[S] = st.session_state.setdefault(f"state:{self.key}", Holder())
        return found

    @property
    def revision(self) -> int:
        return self.holder().revision

    def read(self, parse: Callable[[Mapping[str, str]], S]) -> S:
        """The state that the link asks for. parse: leaves out what makes no sense; that is said."""
        link = {
            name: text for name, each in self.fields.items() if (text := url_state.read(each)) is not None
        }
        state = self.holder().state
        if state is None or state.to_link() != link:
            state = parse(link)
            shown = state.to_link()
            for name, text in link.items():
                if not _same(text, shown.get(name)):
                    url_state.misfit(
                        self.fields[name], text, Misfit("that does not fit this run", shown.get(name))
                    )
            self.move(state)
        for name, each in self.fields.items():
            usual = "the default" if each.default is None else str(each.default)
            url_state.accepted(each, state.to_link().get(name, usual))
        return state

    def hear(self, state: S) -> None:
        """The hand has led it there."""
        self.holder().state = state
        link = state.to_link()
        url_state.write_all({each: link.get(name) for name, each in self.fields.items()})

    def move(self, state: S) -> None:
        """The page leads it there."""
        self.hear(state)
        self.holder().revision += 1


def _same(requested: str, shown: str | None) -> bool:
    """Whether two texts say the same, but for digits and order."""
    if shown is None:
        return False
    one, other = (sorted(text.replace(";", ",").split(",")) for text in (requested, shown))
    return len(one) == len(other) and all(map(_alike, one, other))


def _alike(requested: str, shown: str) -> bool:
    one, other = requested.split(":"), shown.split(":")
    try:
        return len(one) == len(other) and all(
            math.isclose(float(a), float(b), rel_tol=1e-2, abs_tol=1e-3)
            for a, b in zip(one, other, strict=True)
        )
    except ValueError:
        return requested == shown

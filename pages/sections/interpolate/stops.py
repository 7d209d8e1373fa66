"""Images that a path passes on its way from A to B: added, taken away, and in which order."""

from __future__ import annotations

import streamlit as st

from vae_core.runs.run import Run
from widgets.components import picker
from widgets.run_data.subject import Picked
from widgets.shell import links, url_state
from widgets.shell.error_boundary import callback
from widgets.shell.link_types import Parameter

WIDTH = 290  # pixels
FIRST = 2  # of the images that a path begins with: A and B are those before


def choose(run: Run, begin_with: list[int]) -> list[Picked | None]:
    """Shows each stop, with a button that takes it away. begin_with: the images to choose from at first."""
    count = number()
    url_state.accepted(links.STOPS, str(count))
    for field in links.STOP[count:]:
        url_state.without_control(field, f"the path has {count or 'no'} stop{'s' * (count != 1)}")
    found = []
    for k in range(count):
        with st.container(horizontal=True, vertical_alignment="center", gap=None, width=WIDTH):
            with st.container(width="stretch"):
                found.append(
                    picker.pick(links.STOP[k], run, label=f"Stop {k + 1}", default=begin_with[FIRST + k])
                )
            st.button(
                f"Take stop {k + 1} away",
                key=f"remove-stop-{k}",
                icon=":material/close:",
                type="tertiary",
                on_click=callback(remove),
                args=(k, begin_with),
                help="The path leads from the image before it to the one after it.",
            )
    return found


def button() -> None:
    st.button(
        "Add a stop",
        key="add-stop",
        icon=":material/add:",
        type="tertiary",
        on_click=callback(add),
        disabled=number() == links.STOPS.most,
        help="The path leads from A through it to B.",
    )


def number() -> int:
    return links.STOPS.parse(url_state.read(links.STOPS) or "0")


def add() -> None:
    """For a callback."""
    url_state.write(links.STOPS, str(number() + 1))


def remove(k: int, begin_with: list[int]) -> None:
    """For a callback. Those after it move up."""
    count = number()
    changes: dict[Parameter, str | tuple[str, ...] | None] = {
        links.STOP[j]: url_state.read(links.STOP[j + 1]) or str(begin_with[FIRST + j + 1])
        for j in range(k, count - 1)
    }
    changes |= {links.STOP[count - 1]: None, links.STOPS: str(count - 1) if count > 1 else None}
    url_state.write_all(changes)

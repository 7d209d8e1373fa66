"""Parts of a page that run again by themselves: every so many seconds, or when something in them is used."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Literal, ParamSpec

import streamlit as st

from vae_core.runs import memo
from widgets.server import capacity
from widgets.shell import error_boundary, links, url_state

P = ParamSpec("P")
A_FEW = 10  # visitors for whom a part comes again as often as it asks to


def whole_page(show: Callable[[], object]) -> None:
    """Runs the script of a page. What it, or a fragment, reads of the runs is of one moment."""
    with memo.scope():
        show()


def fragment(show: Callable[[], object], run_every: float | None = None) -> None:
    """Shows the part, and again every so many seconds, or less often where many look on. What fails in it is
    a sentence in its place.

    Where a widget in it brought another run into use, or the run in use is gone, or a callback failed, the
    whole page follows.
    """
    run, fault = url_state.read(links.RUN), error_boundary.fault()

    @wraps(show)  # Streamlit tells fragments apart by their function's name
    @memo.scope()
    def part() -> None:
        if url_state.read(links.RUN) != run or error_boundary.fault() not in (None, fault):
            st.rerun()
        if error_boundary.gone():
            st.session_state.pop(error_boundary.FOLDER)
            st.rerun()
        with error_boundary.error_boundary():
            show()

    st.fragment(part, run_every=None if run_every is None else run_every * interval_factor())()


def interval_factor() -> float:
    """How many times longer than alone a part waits before it comes again: 2 for a class of 40, 4.5 for 200.

    The root shares the cost: of the server, which answers only twice as many polls, and of each visitor.
    """
    return max(1.0, (capacity.visitors() / A_FEW) ** 0.5)


def dialog(
    title: str,
    width: Literal["small", "medium", "large"] = "small",
    on_dismiss: Callable[[], None] | Literal["ignore"] = "ignore",
) -> Callable[[Callable[P, object]], Callable[P, None]]:
    """As `st.dialog`: what fails in it is a sentence there."""

    def decorate(show: Callable[P, object]) -> Callable[P, None]:
        @wraps(show)
        @memo.scope()
        def part(*args: P.args, **kwargs: P.kwargs) -> None:
            with error_boundary.error_boundary():
                show(*args, **kwargs)

        return st.dialog(title, width=width, on_dismiss=on_dismiss)(part)

    return decorate

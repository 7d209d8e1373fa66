"""Whatever fails on a page is a sentence there, and the rest of the page stays.

Around a part of a page stands `error_boundary`, inside every fragment one that `fragments.fragment` puts
there, around every callback `callback`; `show` is the server's last resort for what is in none of them.
"""

from __future__ import annotations

import logging
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from typing import Any

import streamlit as st

from vae_core.data import Unavailable
from vae_core.data.dataset import Refusal
from vae_core.runs.run import RunError
from vae_core.spec import SpecError
from widgets.shell import words

FAULT = "callback_fault"  # in the session: (a sentence, when)
FOLDER = "run_folder"  # in the session: of the run in use
READ = 15.0  # seconds that a passing sentence is there to be read

log = logging.getLogger(__name__)


def sentence(error: BaseException, what: str = "This part of the page") -> str:
    """What to tell a user of the error, as Markdown."""
    if isinstance(error, RunError | SpecError | Unavailable | Refusal):
        return words.literal(str(error))
    if isinstance(error, OSError) and error.strerror:
        return f"A file could not be read or written: {words.literal(error.strerror)}."
    own = words.of_fault(error)
    why = f" ({words.literal(type(error).__name__)})." if own is None else f": {own.rstrip('.')}."
    return (
        f"{what} failed{why} Reload the page; if it happens again, the server's terminal shows the details."
    )


def gone() -> bool:
    """Whether the run in use was deleted or renamed since the page was drawn, as in another tab."""
    folder = st.session_state.get(FOLDER)
    # What lies there may be no folder: a link to nowhere is listed too, as unreadable.
    return folder is not None and not os.path.lexists(folder)


@contextmanager
def error_boundary() -> Iterator[None]:
    """Whatever goes wrong inside is said in a sentence, and the rest of the page stays.

    Where the run in use is gone, the page starts over: app.py says so, and shows another run.
    """
    try:
        yield
    except Exception as error:  # noqa: BLE001 (`show` logs it)
        if gone():
            st.session_state.pop(FOLDER)  # so that it starts over once
            st.rerun()
        show(error)


def show(error: Exception) -> bool:
    """Says the error on the page. True: Streamlit need not do so in its own way."""
    if not isinstance(error, RunError | SpecError):
        log.error("A page failed.", exc_info=error)
    st.error(sentence(error), icon=":material/error:")
    return True


def callback(act: Callable[..., object]) -> Callable[..., None]:
    """The callback of a widget, whose faults are said at the top of the page."""

    @wraps(act)
    def guarded(*args: Any, **kwargs: Any) -> None:
        st.session_state.pop(FAULT, None)
        try:
            act(*args, **kwargs)
        except Exception as error:
            if gone():
                return  # the page that comes now says so
            if not isinstance(error, RunError | SpecError):
                log.exception("A callback failed.")
            st.session_state[FAULT] = (sentence(error, "What you asked for"), time.monotonic())

    return guarded


def fault() -> str | None:
    """What the last callback failed with, as long as it is to be read."""
    sentence, when = st.session_state.get(FAULT, (None, 0.0))
    return sentence if time.monotonic() - when < READ else None


def show_fault() -> None:
    # Not for one run of the script only: a page that runs again while it loads would wipe it away unread.
    sentence = fault()
    if sentence is not None:
        st.error(sentence, icon=":material/error:")

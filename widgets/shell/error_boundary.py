"""Whatever fails on a page is a sentence there, and the rest of the page stays."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager

import streamlit as st

from vae_core.runs.run import RunError
from vae_core.spec import SpecError
from widgets.shell import words

log = logging.getLogger(__name__)


@contextmanager
def error_boundary() -> Iterator[None]:
    """Whatever goes wrong inside is said in a sentence, and the rest of the page stays."""
    try:
        yield
    except (RunError, SpecError) as error:
        st.error(str(error), icon=":material/error:")
    except Exception as error:
        if type(error).__module__.startswith("streamlit"):
            raise  # reruns and stops are exceptions too
        log.exception("A page failed.")
        what = words.of_fault(error) or f"{type(error).__name__}."
        st.error(
            f"This part of the page failed: {what} Reload the page; if it happens again, the server's "
            "terminal shows the details.",
            icon=":material/error:",
        )

"""What every page shares: the guard, the run in use in sidebar and address bar, and faults as sentences."""

from __future__ import annotations

import logging
import math
import time
import zlib
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import streamlit as st

from vae_core.data.catalogue import CATALOGUE
from vae_core.spec import SpecError
from vae_core.training.run import Run, RunError, all_runs
from widgets import address, objectives, words
from widgets.board import open_run

BROWSER = Path(__file__).parent / "browser"
ICON = BROWSER / "icon.png"
RUN = "run"  # in the address bar and in the session

SIDEBAR_POLL = 2.0
READ = 15.0  # seconds that a passing sentence is there to be read

log = logging.getLogger(__name__)


def guard() -> None:
    """The first line of every page: sends its visitor through app.py.

    A folder named pages/ makes Streamlit run its files without app.py for the very first visitor of a server.
    `PagesManager` is private; Streamlit is pinned.
    """
    from streamlit.runtime.pages_manager import PagesManager

    if PagesManager.uses_pages_directory:
        set_up()  # or the sidebar keeps another width
        PagesManager.uses_pages_directory = False
        st.rerun()


def set_up() -> None:
    st.set_page_config(page_title="Elbo Room", page_icon=ICON, layout="wide", initial_sidebar_state=276)


@contextmanager
def sentences() -> Iterator[None]:
    """Whatever goes wrong inside is said in a sentence, and the rest of the page stays."""
    try:
        yield
    except (RunError, SpecError) as error:
        st.error(str(error), icon=":material/error:")
    except Exception as error:
        if type(error).__module__.startswith("streamlit"):
            raise  # reruns and stops are exceptions too
        log.exception("A page failed.")
        st.error(
            f"This part of the page failed ({type(error).__name__}). Reload the page; if it happens again, "
            "the server's terminal shows the details.",
            icon=":material/error:",
        )


def library() -> list[Run]:
    """The gallery in its order, then own runs, newest first."""
    runs = [open_run(str(run.path)) for run in all_runs()]
    gallery = sorted(
        (run for run in runs if run.is_gallery), key=lambda run: ((run.card or {}).get("order", 99), run.name)
    )
    return gallery + [run for run in runs if not run.is_gallery]


def title(run: Run) -> str:
    return str((run.card or {}).get("title") or run.name)


def use(run: Run | str | None) -> None:
    """Makes it the run in use; for callbacks, and before the sidebar is drawn."""
    address.write(RUN, run.name if isinstance(run, Run) else run)


def choose_run(runs: list[Run]) -> Run | None:
    """The run in use: the link's, else the session's, else one in training, else the first."""
    names = {run.name: run for run in runs}
    asked = address.read(RUN)
    if asked is not None and asked not in names:
        st.session_state["unknown_run"] = (asked[:80], time.monotonic())
    first = next((run.name for run in runs if run.status.active), runs[0].name if runs else None)
    name = asked if asked in names else first
    use(name)
    st.session_state[RUN] = name
    return names.get(name) if name is not None else None


def current() -> Run | None:
    """The run in use, for the pages."""
    name = st.session_state.get(RUN)
    return next((run for run in library() if run.name == name), None)


def nothing_yet() -> None:
    st.info("There is no run to look at yet.", icon=":material/hourglass_empty:")
    st.page_link("pages/train.py", label="Train a model", icon=":material/play_circle:")


def style() -> None:
    st.html(BROWSER / "app.css")


def sidebar(runs: list[Run], run: Run | None) -> None:
    """The run in use and its state, on every page."""
    if not runs:
        st.caption("No runs yet. Train one: it appears here.")
        return
    names = {each.name: each for each in runs}

    short = Counter(words.short_name(name) for name in names)

    def label(name: str) -> str:
        each = names.get(name)
        if each is None:
            return name
        if each.is_gallery:
            return title(each)
        shown = words.short_name(name)
        return f"{words.SIGNS[each.status.state]} {shown if short[shown] == 1 else name}"

    # The browser knows options by their labels: where a state changed a label, it is another widget.
    labels = zlib.crc32("\n".join(label(name) for name in names).encode())
    key = address.key_showing(f"run_picker:{labels}", run.name if run else None)
    st.selectbox(
        "Run in use",
        list(names),
        format_func=label,
        key=key,
        on_change=address.heard(key, use),
        help="The model that the pages show. It is in the address bar too: a copied link opens the same one.",
    )
    if run is not None:
        seen = run.status.state

        def show() -> None:
            if run.status.state != seen:
                st.rerun()
            summary(run)

        st.fragment(show, run_every=SIDEBAR_POLL if run.status.active else None)()


def summary(run: Run) -> None:
    now = run.status
    word, colour = words.STATES[now.state]
    if run.is_gallery:
        st.markdown(":blue-badge[gallery]")
    else:
        st.markdown(f":{colour}-badge[{word}]")
    if now.state == "unreadable":
        st.caption(now.message)
        return
    spec = run.spec
    parts = (CATALOGUE[spec.data.name].title, words.dimensions(spec.latent), objectives.short(spec))
    st.caption(" · ".join(part.replace(" ", "\u00a0") for part in parts))  # a line ends between two of them


def say_unknown_run() -> None:
    # Not for one run of the script only: a page that runs again while it loads would wipe it away unread.
    asked, since = st.session_state.get("unknown_run", ("", -math.inf))
    if time.monotonic() - since < READ:
        st.warning(
            f"There is no run named “{words.literal(asked)}” here; it may have been renamed or deleted. "
            "Shown instead: the run in the sidebar.",
            icon=":material/link_off:",
        )


def equation(sentence: str, *latex: str) -> None:
    """The folded equation of a page."""
    with st.expander("The equation", icon=":material/function:"):
        st.caption(sentence)
        for line in latex:
            st.latex(line)

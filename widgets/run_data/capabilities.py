"""What each page needs of a run, and what is said where a run lacks that."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeGuard

import streamlit as st

from vae_core.runs import files
from vae_core.runs.run import Run, RunError
from vae_core.spec.capabilities import LACKS, Capability, capabilities
from widgets.run_data import library
from widgets.run_data.codes import newest
from widgets.shell import links, url_state
from widgets.shell.fragments import fragment
from widgets.shell.menu import MENU

Needs = tuple[Capability, ...]

# What the pages that show one run need of it, beside codes of the test images: all of one of these.
NEEDS: dict[str, tuple[Needs, ...]] = {
    "latent_map": (
        ("vector", "continuous", "plane", "independent_pixels"),
        ("grid",),
        ("levels",),
        ("categories", "independent_pixels"),
    ),
    "compare": (("vector", "continuous", "plane", "independent_pixels"),),
    "traverse": (("vector", "continuous", "independent_pixels"), ("categories", "independent_pixels")),
    "interpolate": (
        ("vector", "continuous", "independent_pixels"),
        ("categories", "independent_pixels"),
        ("grid",),
        ("levels",),
    ),
    "inpaint": (
        ("vector", "continuous", "likelihood"),
        ("categories", "likelihood", "independent_pixels"),
        ("grid",),
        ("levels",),
    ),
    "generate": (("vector", "continuous"), ("categories",), ("grid",), ("levels",)),
}
WITHOUT_WEIGHTS: dict[str, Capability] = {"latent_map": "continuous"}  # of such runs; all others are decoded
MOST = 6  # runs that are offered instead


def shows(run: Run | None, page: str) -> TypeGuard[Run]:
    """Whether the page can show the run. Where it cannot, it says why, and what could be seen instead.

    Raises RunError where the run cannot be read.
    """
    if run is None:
        st.info("There is no run to look at yet.", icon=":material/hourglass_empty:")
        url_state.page_link("train", label="Train a model", icon=":material/play_circle:")
        return False
    if not _ready(run, page):
        _wait(run, page)
        return False
    lacking = _lacking(run, page)
    if lacking is not None:
        _offer_others(run, page, lacking)
    return lacking is None


def of(run: Run | None) -> frozenset[Capability]:
    """What the run can show; nothing where there is none, or where it cannot be read."""
    return capabilities(run.spec) if run is not None and run.status.state != "unreadable" else frozenset()


def has_codes(run: Run) -> bool:
    """Whether it has weights, and codes of test images."""
    there = run.stamp(files.WEIGHTS) is not None
    return there and run.status.state != "unreadable" and newest(run) is not None


def _ready(run: Run, page: str) -> bool:
    if WITHOUT_WEIGHTS.get(page) not in of(run):
        return has_codes(run)
    return run.status.state != "unreadable" and newest(run) is not None


def fits(other: Run, run: Run) -> bool:
    """Whether the other one takes the same images."""
    return has_codes(other) and other.spec.data.shape == run.spec.data.shape


def why_not(run: Run, page: str) -> str | None:
    """Why the page cannot show the run, in a sentence without its full stop; None where it can."""
    if run.status.state == "unreadable":
        return f"{library.title(run)} cannot be read"
    if not has_codes(run):
        return f"{library.title(run)} has no weights and latent codes yet"
    lacking = _lacking(run, page)
    return None if lacking is None else f"{library.title(run)} {LACKS[lacking]}"


def _lacking(run: Run, page: str) -> Capability | None:
    """The first that it lacks of what most runs on this page have, one of categories of what those have; None
    where the page shows it."""
    has = capabilities(run.spec)
    if any(has.issuperset(needs) for needs in NEEDS[page]):
        return None
    of_categories = [needs for needs in NEEDS[page] if "categories" in has.intersection(needs)]
    return next(need for need in (*of_categories, NEEDS[page][0])[0] if need not in has)


def _wait(run: Run, page: str) -> None:
    """What the run does not have yet, until it has."""
    if run.status.state == "unreadable":
        raise RunError(run.status.message)
    what = (
        "latent codes of the test images"
        if WITHOUT_WEIGHTS.get(page) in of(run)
        else "weights and latent codes"
    )
    st.info(
        f"{library.title(run)} has no {what} yet. They come while it trains.",
        icon=":material/hourglass_empty:",
    )
    url_state.page_link("train", {links.RUN: run.name}, label="Watch it train", icon=":material/monitoring:")
    if run.status.active:
        fragment(lambda: st.rerun() if _ready(run, page) else None, run_every=1.0)


def offer(page: str, ways: Sequence[Needs], most: int = MOST) -> None:
    """The page with some of the runs that have all of one of these."""
    has = ((run, capabilities(run.spec)) for run in library.runs() if has_codes(run))
    others = [run for run, there in has if any(there.issuperset(needs) for needs in ways)]
    with st.container(horizontal=True, gap="small"):
        for other in others[:most]:
            label = library.title(other)
            url_state.page_link(page, {links.RUN: other.name}, label=label, icon=":material/category:")
        url_state.page_link("train", label="Train one", icon=":material/play_circle:")


def _offer_others(run: Run, page: str, lacking: Capability) -> None:
    """Why not this run on this page; the pages that show it, and the runs that this page shows."""
    st.info(f"{library.title(run)} {LACKS[lacking]}.", icon=":material/block:")
    there = [other for other in NEEDS if other != page and _lacking(run, other) is None]
    offer(page, NEEDS[page])
    if there:
        st.caption(f"{library.title(run)} on other pages:")
        with st.container(horizontal=True, gap="small"):
            for other_page in there:
                title, icon = MENU[other_page]
                url_state.page_link(other_page, {links.RUN: run.name}, label=title, icon=icon)

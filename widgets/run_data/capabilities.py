"""What a run must have for a page to show it, and what is said where it lacks that."""

from __future__ import annotations

import streamlit as st

from vae_core.runs import files
from vae_core.runs.run import Run, RunError
from widgets.run_data.codes import newest
from widgets.shell import links, url_state
from widgets.shell.fragments import fragment


def nothing_yet() -> None:
    st.info("There is no run to look at yet.", icon=":material/hourglass_empty:")
    url_state.page_link("train", label="Train a model", icon=":material/play_circle:")


def showable(run: Run) -> bool:
    there = files.stamp(run.path / files.WEIGHTS) is not None
    return there and run.status.state != "unreadable" and newest(run) is not None


def say_why(run: Run) -> None:
    if run.status.state == "unreadable":
        raise RunError(run.status.message)
    st.info(
        f"{run.name} has no weights and latent codes yet. They come while it trains.",
        icon=":material/hourglass_empty:",
    )
    url_state.page_link("train", {links.RUN: run.name}, label="Watch it train", icon=":material/monitoring:")
    if run.status.active:
        fragment(lambda: st.rerun() if showable(run) else None, run_every=1.0)


def fits(other: Run, run: Run) -> bool:
    """Whether the other one takes the same images."""
    return showable(other) and other.spec.data.shape == run.spec.data.shape

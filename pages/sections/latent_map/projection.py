"""UMAP of the codes: all dimensions at once as points. Computed by another process, kept with the run."""

from __future__ import annotations

from typing import Any

import numpy as np
import streamlit as st

from pages.sections.latent_map import charts
from vae_core.analysis import umap_plane
from vae_core.runs import files
from vae_core.runs.run import Run
from vae_core.workers import umap_job
from widgets.components import take_away
from widgets.components.latent_map.map_view import View
from widgets.components.take_away import File
from widgets.run_data import library
from widgets.run_data.classes import dataset_classes
from widgets.run_data.codes import Codes
from widgets.run_data.library import open_run
from widgets.shell import words
from widgets.shell.downloads import csv_table
from widgets.shell.error_boundary import callback
from widgets.shell.fragments import fragment

POLL = 0.5  # seconds


def show(run: Run, codes: Codes, view: View) -> None:
    st.caption(
        f"UMAP lays the {run.spec.latent}-dimensional codes out in a plane; neighbours stay neighbours. "
        "Distances, areas and gaps in it mean nothing: it shows points, never a density, and no hole can be "
        "read off it."
    )
    going = umap_job.reported(run.path)
    if going is not None and not going[2]:
        follow(run)
        return
    fault = going[1] if going is not None else st.session_state.pop("umap_fault", None)
    if fault:
        st.warning(fault, icon=":material/error:")
    stamp = run.stamp(files.UMAP)
    if stamp is not None:
        points(run, stamp)
    if run.codes is None:
        st.info("The codes of all test images come when the run rests.", icon=":material/hourglass_empty:")
        return
    old = stamp is not None and step_of(run, stamp) != int(run.codes.get("step", np.zeros(1))[0])
    if stamp is None or old:
        if old:
            st.caption("The model has been trained on since.")
        st.button(
            "Compute it again" if old else "Compute UMAP",
            key="umap",
            icon=":material/bubble_chart:",
            on_click=callback(begin),
            args=(run,),
            help="Takes a minute or so in a process of its own, and is kept with the run.",
        )


def begin(run: Run) -> None:
    try:
        umap_job.start(run.path)
    except OSError as error:
        st.session_state["umap_fault"] = f"UMAP cannot be kept with the run: {error.strerror or error}."


def follow(run: Run) -> None:
    def look() -> None:
        going = umap_job.reported(run.path)
        if going is None or going[2]:
            st.rerun()
        st.progress(going[0], f"{going[1]} …")

    fragment(look, run_every=POLL)


def points(run: Run, stamp: files.Stamp) -> None:
    figure = figure_of(str(run.path), stamp)
    if figure is None:
        st.warning("The kept UMAP cannot be read; compute it again.", icon=":material/error:")
        return
    st.plotly_chart(figure, key="umap-plane", config={"scrollZoom": True, "displaylogo": False})
    count = sum(len(trace["x"]) for trace in figure["data"])
    st.caption(
        f"{words.count(count)} test images by class; {umap_plane.NEIGHBOURS} neighbours, least distance "
        f"{umap_plane.NEAR:g}, seed 0. McInnes, Healy and Melville 2018."
    )
    take_away.menu(
        "umap",
        f"{run.name} UMAP",
        {"run": library.title(run)},
        [File("csv", lambda: table(figure), help="The place of each test image.")],
    )


def table(figure: dict[str, Any]) -> str:
    traces = [(trace["name"], zip(trace["x"], trace["y"], strict=True)) for trace in figure["data"]]
    return csv_table(["class", "x", "y"], [[name, x, y] for name, places in traces for x, y in places])


@st.cache_resource(max_entries=8, show_spinner=False)
def figure_of(path: str, stamp: files.Stamp) -> dict[str, Any] | None:
    run = open_run(path)
    found = run.umap
    if found is None:
        return None
    return charts.scatter(found["xy"].astype(np.float32), found.get("labels"), dataset_classes(run))


@st.cache_data(max_entries=32, show_spinner=False)
def _step(path: str, stamp: files.Stamp) -> int:
    found = open_run(path).umap or {}
    return int(found.get("step", np.zeros(1))[0])


def step_of(run: Run, stamp: files.Stamp) -> int:
    return _step(str(run.path), stamp)

"""The classifier q(y|x): of one image, of all test images, and with how many labels it learned."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import streamlit as st

from vae_core.data.catalogue import CATALOGUE
from vae_core.runs.run import Run
from widgets.components import picker, take_away
from widgets.components.take_away import File
from widgets.run_data import library
from widgets.run_data.capabilities import has_codes
from widgets.run_data.classes import names
from widgets.run_data.codes import weights
from widgets.run_data.dataset import absent, dataset
from widgets.run_data.library import open_run
from widgets.run_data.subject import Subject
from widgets.shell import links, sheets, tasks, url_state
from widgets.shell.downloads import csv_table
from widgets.shell.palette import GREY, PLAIN, RECONSTRUCTION, SCALE

if TYPE_CHECKING:
    from torch import Tensor

    from vae_core.analysis.progress import Progress

MISTAKES, ACROSS = 16, 8
OFFERED = 3  # runs that have a classifier, in place of one that has none


@dataclass(frozen=True, eq=False)
class Read:
    """confusion [K, K]: of class i, how many as j. mistakes: image, true class, class said, how sure."""

    confusion: Tensor
    mistakes: list[tuple[np.ndarray, int, int, float]]

    @property
    def accuracy(self) -> float:
        return float(self.confusion.diagonal().sum() / self.confusion.sum())


def _classifies(run: Run) -> bool:
    condition = run.spec.condition
    return condition.kind == "class" and condition.classifier is not None


def show(run: Run) -> None:
    if run.model.classifier is None:
        st.info(
            "This model is told the class and has no classifier q(y|x). Joint VAE and M2 have one.",
            icon=":material/label:",
        )
        with st.container(horizontal=True, gap="small"):
            for other in [each for each in library.runs() if has_codes(each) and _classifies(each)][:OFFERED]:
                url_state.page_link(
                    "generate",
                    {links.RUN: other.name, links.GENERATE_DO: "classifier"},
                    label=library.title(other),
                    icon=":material/category:",
                )
        return
    called = names(run)
    with st.container(horizontal=True, gap="large"):
        left, right = st.container(width=360), st.container(width="stretch")
    with left:
        picked = picker.pick(links.IMAGE, run, label="Image")
        if picked is not None:
            sure = reading(str(run.path), weights(run), Subject.of(run, picked))
            st.plotly_chart(_bars(sure, called), config=PLAIN, key="generate-bars")
        _by_labels(run)
    with right:
        if (reason := absent(run.spec.data)) is not None:
            st.info(reason, icon=":material/folder_off:")
            return
        task = tasks.start(read, str(run.path), weights(run), lane="reading-classes", tracked=True)
        tasks.when_done(
            task, "Reading the test images", lambda found: _all(run, found, called), "generate-read"
        )


def _all(run: Run, found: Read, called: list[str]) -> None:
    total = int(found.confusion.sum())
    st.markdown(f"**{found.accuracy:.2%}** of {total:,} test images are read right.")
    st.plotly_chart(
        _matrix(found.confusion.tolist(), called), config=PLAIN, key="generate-confusion", width=560
    )
    st.caption("Rows: the true class; columns: the class read. The diagonal is left out of the colours.")
    if found.mistakes:
        st.markdown("**The surest mistakes**")
        shown = [
            (f"{called[true]} read {called[read]}", image, f"q(y|x) = {sure:.3f} for {called[read]}.")
            for image, true, read, sure in found.mistakes
        ]
        for start in range(0, len(shown), ACROSS):
            sheets.row(shown[start : start + ACROSS], 64, ACROSS)
    counts = [[called[true], *line] for true, line in enumerate(found.confusion.tolist())]
    files = [File("csv", lambda: csv_table(["class", *called], counts), "Matrix, CSV", "confusion")]
    if found.mistakes:
        wrong = np.stack([image for image, *_ in found.mistakes])
        files.insert(
            0, File("png", lambda times: sheets.tile(wrong, ACROSS, 2 * times), "Mistakes, PNG", "mistakes")
        )
    take_away.menu("classifier", run.name, {"run": library.title(run)}, files)


def _bars(sure: list[float], called: list[str]) -> dict[str, Any]:
    best = int(np.argmax(sure))
    bars = {
        "type": "bar",
        "orientation": "h",
        "x": sure,
        "y": called,
        "marker": {"color": [RECONSTRUCTION if c == best else GREY for c in range(len(called))]},
        "hovertemplate": "%{y}: %{x:.4f}<extra></extra>",
    }
    layout = {
        "height": 24 * len(called) + 60,
        "margin": {"l": 70, "r": 8, "t": 6, "b": 40},
        "xaxis": {"range": [0, 1], "title": {"text": "q(y|x)"}},
        "yaxis": {"autorange": "reversed", "type": "category"},
    }
    return {"data": [bars], "layout": layout}


def _matrix(counts: list[list[int]], called: list[str]) -> dict[str, Any]:
    off = [[0 if i == j else n for j, n in enumerate(row)] for i, row in enumerate(counts)]
    cells = {
        "type": "heatmap",
        "z": off,
        "x": called,
        "y": called,
        "colorscale": SCALE,
        "showscale": False,
        "xgap": 2,
        "ygap": 2,
        "text": [[str(n) for n in row] for row in counts],
        "hovertemplate": "%{y} read %{x}: %{text}<extra></extra>",
    }
    # Not as the cells' own text, which plotly would colour as if they were opaque.
    numbers = {
        "type": "scatter",
        "mode": "text",
        "x": [name for _ in called for name in called],
        "y": [name for name in called for _ in called],
        "text": [str(n) if n else "" for row in counts for n in row],
        "textfont": {"size": 12},
        "hoverinfo": "skip",
        "showlegend": False,
    }
    axis = {"type": "category", "showgrid": False}
    layout = {
        "height": 420,
        "margin": {"l": 70, "r": 8, "t": 30, "b": 8},
        "xaxis": {**axis, "side": "top"},
        "yaxis": {**axis, "autorange": "reversed"},
    }
    return {"data": [cells, numbers], "layout": layout}


def _by_labels(run: Run) -> None:
    """Accuracy against the number of labels: of points of this dataset, and of their classifier alone."""
    alone: dict[int, list[float]] = {}
    points: list[tuple[int, float, str]] = []
    for other in library.runs():
        if other.status.state == "unreadable" or other.spec.data.name != run.spec.data.name:
            continue
        whole = CATALOGUE[other.spec.data.name].train or 0
        evaluated = other.evaluation or {}
        if isinstance(evaluated.get("accuracy"), int | float):
            points.append((evaluated.get("labels") or whole, evaluated["accuracy"], library.title(other)))
        for line in other.labels:
            count = line.get("labels") or whole
            if line.get("kind") == "supervised":
                alone.setdefault(count, []).append(line["accuracy"])
            elif line.get("kind") == other.spec.objective.kind:
                points.append((count, line["accuracy"], f"{library.title(other)}, seed {line.get('seed')}"))
    if points:
        st.markdown("**With how many labels**")
        st.plotly_chart(_curve(alone, points), config=PLAIN, key="generate-labels")
        st.caption(
            "Line: a classifier that learns from the labelled images alone. Points: runs of this dataset. On "
            "test images as they are evaluated."
        )


def _curve(alone: dict[int, list[float]], runs: list[tuple[int, float, str]]) -> dict[str, Any]:
    counts = sorted(alone)
    line = {
        "type": "scatter",
        "x": counts,
        "y": [1 - float(np.median(alone[count])) for count in counts],
        "mode": "lines+markers",
        "line": {"color": GREY, "width": 2},
        "hovertemplate": "labels alone, %{x:,}: %{y:.2%} wrong<extra></extra>",
    }
    points = {
        "type": "scatter",
        "x": [count for count, _, _ in runs],
        "y": [1 - accuracy for _, accuracy, _ in runs],
        "text": [name for _, _, name in runs],
        "mode": "markers",
        "marker": {"color": RECONSTRUCTION, "size": 10, "symbol": "diamond"},
        "hovertemplate": "%{text}, %{x:,} labels: %{y:.2%} wrong<extra></extra>",
    }
    layout = {
        "height": 260,
        "margin": {"l": 56, "r": 8, "t": 6, "b": 44},
        "xaxis": {"type": "log", "title": {"text": "labels"}, "tickvals": [10, 100, 1000, 10_000, 60_000]},
        "yaxis": {"title": {"text": "test error"}, "tickformat": ".0%", "rangemode": "tozero"},
        "showlegend": False,
    }
    return {"data": [line, points], "layout": layout}


@st.cache_data(max_entries=64, show_spinner=False)
def reading(path: str, version: Any, subject: Subject) -> list[float]:
    """q(y|x) of one image."""
    found: list[float] = open_run(path).model.classify(subject.tensor()[None])[0].tolist()
    return found


def read(path: str, version: Any, progress: Progress, cancelled: Callable[[], bool]) -> Read:
    """The classifier before all test images, as they are evaluated."""
    import torch

    from vae_core import data
    from vae_core.analysis import generate
    from vae_core.analysis.progress import Reporter

    run, reporter = open_run(path), Reporter(progress, cancelled)
    test = dataset(run.spec.data, "test").result()
    images, parts = data.binarised_once(test, run.spec.data.binarisation), []
    for place, block in enumerate(images.split(500)):
        reporter.report(500 * place / len(images), "Reading the test images")
        parts.append(run.model.classify(block))
    sure = torch.cat(parts)
    wrong = generate.mistakes(sure, test.labels, MISTAKES).tolist()
    labels_read = sure.argmax(1)
    return Read(
        generate.confusion(sure, test.labels),
        [
            (test.images[i].numpy(), int(test.labels[i]), int(labels_read[i]), float(sure[i].max()))
            for i in wrong
        ],
    )

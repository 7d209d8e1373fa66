"""The classifier q(y|x): of one image, of all test images, and with how many labels it learned."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import streamlit as st

from vae_core.training import folder
from vae_core.training.run import Run
from widgets import later, picker, pictures, shell
from widgets.board import open_run
from widgets.generate_page.classes import names
from widgets.inpaint_page.subject import Subject
from widgets.map_page.charts import GREY, PLAIN, RECONSTRUCTION
from widgets.map_page.codes import weights
from widgets.map_page.training_images import absent, dataset
from widgets.traverse_page.charts import SCALE

if TYPE_CHECKING:
    from torch import Tensor

    from vae_core.analysis.progress import Progress

MISTAKES = 16


@dataclass(frozen=True, eq=False)
class Read:
    """confusion [K, K]: of class i, how many as j. mistakes: image, true class, class said, how sure."""

    confusion: Tensor
    mistakes: list[tuple[np.ndarray, int, int, float]]

    @property
    def accuracy(self) -> float:
        return float(self.confusion.diagonal().sum() / self.confusion.sum())


def show(run: Run) -> None:
    if run.model.classifier is None:
        st.info(
            "This model is told the class and has no classifier q(y|x). Joint VAE and M2 have one.",
            icon=":material/label:",
        )
        return
    called = names(run)
    with st.container(horizontal=True, gap="large"):
        left, right = st.container(width=360), st.container(width="stretch")
    with left:
        picked = picker.pick("a", run, label="Image")
        if picked is not None:
            sure = reading(str(run.path), weights(run), Subject.of(run, picked))
            st.plotly_chart(_bars(sure, called), config=PLAIN, key="generate-bars")
        _by_labels(run)
    with right:
        if (reason := absent(run.spec.data)) is not None:
            st.info(reason, icon=":material/folder_off:")
            return
        task = later.start(read, str(run.path), weights(run), lane="reading-classes", tracked=True)
        later.when_done(task, "Reading the test images", lambda found: _all(found, called), "generate-read")


def _all(found: Read, called: list[str]) -> None:
    total = int(found.confusion.sum())
    st.markdown(f"**{found.accuracy:.2%}** of {total:,} test images are read right.")
    st.plotly_chart(
        _matrix(found.confusion.tolist(), called), config=PLAIN, key="generate-confusion", width=560
    )
    st.caption("Rows: the true class; columns: the class read. The diagonal is left out of the colours.")
    if found.mistakes:
        st.markdown("**The surest mistakes**")
        pictures.row(
            [
                (f"{called[true]} read {called[said]}", image, f"q(y|x) = {sure:.3f} for {called[said]}.")
                for image, true, said, sure in found.mistakes
            ],
            64,
        )


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
        "text": [[str(n) if n else "" for n in row] for row in counts],
        "texttemplate": "%{text}",
        "hovertemplate": "%{y} read %{x}: %{text}<extra></extra>",
    }
    axis = {"type": "category", "showgrid": False}
    layout = {
        "height": 420,
        "margin": {"l": 70, "r": 8, "t": 30, "b": 8},
        "xaxis": {**axis, "side": "top"},
        "yaxis": {**axis, "autorange": "reversed"},
    }
    return {"data": [cells], "layout": layout}


def _by_labels(run: Run) -> None:
    """What runs of this dataset reached with how many labels, and what their labels alone reach."""
    rows = []
    for other in shell.library():
        if other.status.state == "unreadable" or other.spec.data.name != run.spec.data.name:
            continue
        told = other.evaluation or {}
        if isinstance(told.get("accuracy"), int | float):
            rows.append(
                {
                    "Run": shell.title(other),
                    "Labels": told.get("labels"),
                    "Accuracy": told["accuracy"],
                    "Labels alone": _alone(other),
                }
            )
    if rows:
        st.markdown("**With how many labels**")
        percent = st.column_config.NumberColumn(format="percent")
        st.dataframe(rows, hide_index=True, column_config={"Accuracy": percent, "Labels alone": percent})
        st.caption("Labels alone: the same classifier, learned from the run's labelled images and no others.")


def _alone(run: Run) -> float | None:
    """Kept beside gallery runs by the script that made them; None where it is not known."""
    try:
        value = json.loads((run.path / folder.CARD).read_text()).get("supervised_accuracy")
    except (OSError, ValueError, AttributeError):
        return None
    return float(value) if isinstance(value, int | float) else None


@st.cache_data(max_entries=64, show_spinner=False)
def reading(path: str, version: Any, subject: Subject) -> list[float]:
    """q(y|x) of one image."""
    found: list[float] = open_run(path).model.classify(subject.tensor()[None])[0].tolist()
    return found


def read(path: str, version: Any, progress: Progress, cancelled: Callable[[], bool]) -> Read:
    """The classifier before all test images, as they are evaluated."""
    import torch

    from vae_core.analysis import generate
    from vae_core.analysis.progress import Watch
    from vae_core.training.loop import drawn

    run, watch = open_run(path), Watch(progress, cancelled)
    test = dataset(run.spec.data, "test").result()
    images, parts = drawn(test, run.spec), []
    for place, block in enumerate(images.split(500)):
        watch.tell(500 * place / len(images), "Reading the test images")
        parts.append(run.model.classify(block))
    sure = torch.cat(parts)
    wrong = generate.mistakes(sure, test.labels, MISTAKES).tolist()
    said = sure.argmax(1)
    return Read(
        generate.confusion(sure, test.labels),
        [(test.images[i].numpy(), int(test.labels[i]), int(said[i]), float(sure[i].max())) for i in wrong],
    )

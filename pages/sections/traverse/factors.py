"""Which dimension tells about which factor: the matrix of mutual information, and the metrics made of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import streamlit as st

from pages.sections.traverse import charts, naming, scores
from pages.sections.traverse.controls import TraverseView
from vae_core.data.catalogue import WITH_FACTORS, title
from vae_core.runs import files
from vae_core.runs.run import Run, RunError
from vae_core.workers.disentanglement_job import step_of, suggestion
from widgets.run_data import library, usage
from widgets.run_data.dataset import absent, dataset
from widgets.run_data.library import open_run
from widgets.shell import tasks, url_state, words
from widgets.shell.error_boundary import error_boundary

HONESTY = (
    "**What these numbers cannot say.** Without supervision or an inductive bias disentanglement cannot be "
    "identified: for every model that looks disentangled there is one that fits the images as well and is "
    "entangled (Locatello et al. 2019), and seeds of one recipe differ."
)

SMALL_PRINT = (
    "Nats, from the posterior means of the test images. Each dimension is cut into 20 equal bins, so nothing "
    "exceeds log 20 = 3.00, nor a factor's entropy H; a few hundredths are chance. Sorted by KL, as above."
)


@dataclass(frozen=True, eq=False)
class Information:
    """names: of the F factors. matrix: I(v_f; z_d) [F][D] nats. entropy [F] nats. images: how many."""

    names: list[str]
    matrix: list[list[float]]
    entropy: list[float]
    images: int


def show(view: TraverseView) -> None:
    known = [run for run in view.runs if run.spec.data.name in WITH_FACTORS]
    if not known:
        run = view.runs[0]
        images = words.literal(title(run.spec.data.name, run.spec.data.path))
        st.info(
            f"Nobody knows from which factors the images of {images} were made, so "
            f"there is nothing to compare the dimensions with. {suggestion()}",
            icon=":material/grid_off:",
        )
        url_state.page_link("train", label="Train on one of them", icon=":material/play_circle:")
        return
    st.markdown(
        "##### Mutual information of factors and dimensions",
        help="In nats: how much a dimension's posterior mean tells about a factor. Disentangled is a matrix "
        "with one bright cell in each row, and at most one in each column.",
    )
    for column, run in zip(st.columns(len(view.runs), gap="large"), view.runs, strict=True):
        with column, error_boundary():
            matrix(run, view)
    st.caption(SMALL_PRINT)
    scores.table(known)
    st.markdown(HONESTY)
    for run in known:
        scores.seeds(run)


def matrix(run: Run, view: TraverseView) -> None:
    if len(view.runs) > 1:
        st.markdown(f"**{words.literal(library.title(run))}**")
    if run.spec.data.name not in WITH_FACTORS:
        st.caption(f"{words.literal(title(run.spec.data.name, run.spec.data.path))} comes without factors.")
        return
    if run.codes is None:
        st.caption(
            "The matrix comes with the codes of all test images, when the run rests for the first time."
        )
        return
    record = scores.stored(run)
    if record is not None and not scores.stale(run, record):
        draw(run, view, of_record(record))
        return
    if (reason := absent(run.spec.data)) is not None:
        st.caption(reason)
        return
    task = tasks.start(measure, str(run.path), run.stamp(files.POSTERIORS))
    tasks.when_done(task, "Comparing dimensions with factors", lambda found: draw(run, view, found))


def of_record(record: dict[str, Any]) -> Information:
    return Information(
        record["factors"], record["mutual_information"], record["factor_entropy"], int(record["images"])
    )


def information(run: Run) -> Information | None:
    """The matrix where it is known already."""
    record = scores.stored(run)
    if record is not None and not scores.stale(run, record):
        return of_record(record)
    if run.codes is None or run.spec.data.name not in WITH_FACTORS or absent(run.spec.data):
        return None
    task = tasks.start(measure, str(run.path), run.stamp(files.POSTERIORS))
    return task.result() if task.done() and task.exception() is None else None


def measure(path: str, version: Any) -> Information:
    """In a thread of its own, in a tenth of a second once the images are there."""
    from vae_core.analysis.disentangle import mutual_information
    from vae_core.analysis.disentangle.mig import factor_entropy

    run = open_run(path)
    codes = run.codes
    split = dataset(run.spec.data, "test").result()
    if codes is None or step_of(codes) is None or split.factors is None:
        raise RunError(f"{run.name} has no codes of images with factors.")
    mean = codes["mean"].astype("float64")
    if len(mean) != len(split.factors):
        raise RunError(f"The codes of {run.name} are of other images than today's test images.")
    found = mutual_information(mean, split.factors).T.tolist()
    return Information(list(split.factor_names), found, factor_entropy(split.factors).tolist(), len(mean))


def draw(run: Run, view: TraverseView, found: Information) -> None:
    used = usage.usage(usage.codes(run))
    order = used.order.tolist()
    if len(found.matrix[0]) != len(order):
        raise RunError("The kept matrix is of another model; compute the metrics again.")
    called = naming.of(run, view.runs.index(run))
    st.plotly_chart(
        charts.matrix(
            [[row[d] for d in order] for row in found.matrix],
            found.names,
            found.entropy,
            [naming.label(d, called[d]) for d in order],
            [bool(used.dead[d]) for d in order],
        ),
        key=f"matrix-{run.name}",
        config=charts.PLAIN,
    )

"""The table of metrics, computed by a process beside the app and kept with the run; and other seeds'."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from typing import Any

import streamlit as st

from vae_core.runs import disentanglement
from vae_core.runs.run import Run
from vae_core.workers import disentanglement_job
from widgets.run_data import library
from widgets.shell import words
from widgets.shell.error_boundary import callback, error_boundary
from widgets.shell.fragments import fragment

POLL = 0.5  # seconds


@dataclass(frozen=True)
class Metric:
    title: str
    sentence: str
    paper: str


# From 0 to 1, more is better; as in disentanglement_lib, so that they can be held against published ones.
METRICS = {
    "mig": Metric(
        "MIG",
        "By how much the dimension that tells most about a factor tells more than the second, as a share of "
        "the factor's entropy. Bins keep it below 1; on sprites a perfect code has 0.9.",
        "Chen et al. 2018",
    ),
    "sap": Metric(
        "SAP",
        "By how much the best single dimension predicts a factor better than the second; always small.",
        "Kumar et al. 2018",
    ),
    "dci_disentanglement": Metric(
        "DCI disentanglement",
        "Whether each dimension is of use for one factor only, by boosted trees' importances.",
        "Eastwood and Williams 2018",
    ),
    "dci_completeness": Metric(
        "DCI completeness", "Whether each factor needs one dimension only.", "Eastwood and Williams 2018"
    ),
    "dci_informativeness": Metric(
        "DCI informativeness",
        "How well all dimensions together predict the factors: accuracy on unseen images.",
        "Eastwood and Williams 2018",
    ),
    "factor_vae_score": Metric(
        "FactorVAE score",
        "With one factor held fixed, whether the dimension that varies least gives that factor away.",
        "Kim and Mnih 2018",
    ),
    "beta_vae_score": Metric(
        "BetaVAE score",
        "Of pairs with one factor in common, whether a linear classifier tells which; forgives a rotation.",
        "Higgins et al. 2017",
    ),
    "modularity": Metric(
        "Modularity",
        "Whether each dimension tells about one factor only; dead ones count, by what chance makes of them.",
        "Ridgeway and Mozer 2018",
    ),
}


def stored(run: Run) -> disentanglement.Record | None:
    """What was computed for the run, at whatever step."""
    return run.disentanglement


def stale(run: Run, found: disentanglement.Record) -> bool:
    """Whether the model has been trained on since."""
    return run.codes is not None and found["step"] != disentanglement_job.step_of(run.codes)


# --- the table ------------------------------------------------------------------------------------


def table(runs: Sequence[Run]) -> None:
    st.markdown(
        "##### Metrics",
        help="Each from 0 to 1, more is better, on the posterior means of the test images with the settings "
        "of disentanglement_lib (Locatello et al. 2019).",
    )
    found = [stored(run) for run in runs]
    with st.container(horizontal=True, vertical_alignment="center"):
        for run, mine in zip(runs, found, strict=True):
            with error_boundary():
                state(run, mine, several=len(runs) > 1)
    st.html(rows(runs, found))


def rows(runs: Sequence[Run], found: Sequence[disentanglement.Record | None]) -> str:
    """One line for each metric, one column for each run."""
    head = (
        "".join(f"<th>{escape(library.title(run))}</th>" for run in runs)
        if len(runs) > 1
        else "<th>Score</th>"
    )
    lines = []
    for name, metric in METRICS.items():
        cells = "".join(f"<td>{number(mine, name)}</td>" for mine in found)
        lines.append(
            f"<tr><th>{metric.title}</th>{cells}"
            f"<td>{escape(metric.sentence)} <em>{metric.paper}</em></td></tr>"
        )
    return (
        f'<div class="elbo-wide" tabindex="0" role="region" aria-label="Scores">'
        f'<table class="elbo-scores"><thead><tr><th>Metric</th>{head}<th>What it asks</th></tr></thead>'
        f"<tbody>{''.join(lines)}</tbody></table></div>"
    )


def number(found: disentanglement.Record | None, name: str) -> str:
    value = (found or {}).get("metrics", {}).get(name)
    return f"{value:.3f}".replace("-", "−") if isinstance(value, int | float) else "–"


def state(run: Run, found: disentanglement.Record | None, several: bool) -> None:
    """What there is to do: compute, wait, compute again."""
    going = disentanglement_job.JOB.reported(run.path)
    name = f" of {words.literal(library.title(run))}" if several else ""
    if going is not None and not going[2]:
        follow(run, name)
        return
    fault = going[1] if going is not None else st.session_state.pop(f"metrics_fault:{run.name}", None)
    if fault:
        st.warning(fault, icon=":material/error:")
    if run.codes is None or run.status.active:
        if found is None or stale(run, found):
            st.caption(f"The metrics{name} can be computed when the run rests.")
        return
    if found is not None and not stale(run, found):
        st.caption(
            f"Metrics{name}: {words.count(found['images'])} test images at step {words.count(found['step'])}."
        )
        return
    with st.container(gap="xxsmall"):
        st.button(
            f"Compute the metrics{name}" + (" again" if found else ""),
            key=f"metrics-{run.name}",
            icon=":material/calculate:",
            on_click=callback(begin),
            args=(run,),
            help="Takes about half a minute in a process of its own, and is kept with the run.",
        )
        if found is not None:
            at = words.count(found["step"])
            st.caption(
                f"The model has been trained on since step {at}, where these were measured.", width="content"
            )


def begin(run: Run) -> None:
    try:
        disentanglement_job.JOB.start(run.path)
    except OSError as error:
        fault = f"The metrics cannot be kept with {run.name}: {error.strerror or error}."
        st.session_state[f"metrics_fault:{run.name}"] = fault


def cancel(run: Run) -> None:
    try:
        disentanglement_job.JOB.cancel(run.path)
    except OSError as error:
        fault = f"The metrics of {run.name} cannot be stopped: {error.strerror or error}."
        st.session_state[f"metrics_fault:{run.name}"] = fault


def follow(run: Run, name: str) -> None:
    def look() -> None:
        going = disentanglement_job.JOB.reported(run.path)
        if going is None or going[2]:
            st.rerun()
        with st.container(horizontal=True, vertical_alignment="center"):
            st.progress(going[0], f"Metrics{name}: {going[1]} …")
            st.button(
                "Cancel",
                key=f"metrics-cancel-{run.name}",
                icon=":material/close:",
                on_click=callback(cancel),
                args=(run,),
                help="Stops it; nothing is kept.",
            )

    fragment(look, run_every=POLL)


# --- other seeds ----------------------------------------------------------------------------------

SHOWN = ("mig", "dci_disentanglement", "factor_vae_score", "beta_vae_score")


def seeds(run: Run) -> None:
    """How the run's recipe scored from other seeds, where somebody measured it."""
    found = run.seeds
    if found is None or not found["seeds"]:
        return
    st.html(seed_table(found, library.title(run)))


def seed_table(found: dict[str, Any], title: str) -> str:
    names = [name for name in SHOWN if any(name in row["metrics"] for row in found["seeds"])]
    head = "".join(f"<th>{METRICS[name].title}</th>" for name in names)
    columns = {name: [row["metrics"].get(name) for row in found["seeds"]] for name in names}
    elbos = [row["elbo"] for row in found["seeds"]]
    lines = [
        f"<tr><th>{row['seed']}</th><td>{words.nats(row['elbo'])}</td>"
        + "".join(f"<td>{_score(columns[name][k])}</td>" for name in names)
        + "</tr>"
        for k, row in enumerate(found["seeds"])
    ]
    middle = "".join(f"<td>{_score(_median(columns[name]))}</td>" for name in names)
    lines.append(
        f"<tr class='sum'><th>median</th><td>{words.nats(statistics.median(elbos))}</td>{middle}</tr>"
    )
    return (
        f"<h5>Seeds differ: {escape(title)}, trained again</h5>"
        '<div class="elbo-wide" tabindex="0" role="region" aria-label="Scores of every seed">'
        '<table class="elbo-scores seeds"><thead><tr><th>Seed</th><th>ELBO, nats</th>'
        f"{head}</tr></thead><tbody>{''.join(lines)}</tbody></table></div>"
    )


def _median(values: Sequence[float | None]) -> float | None:
    there = [value for value in values if value is not None]
    return statistics.median(there) if there else None


def _score(value: float | None) -> str:
    return "–" if value is None else f"{value:.3f}"

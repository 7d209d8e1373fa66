"""A linear VAE beside probabilistic PCA, whose optimum has a closed form: numbers, curves and images below
the board."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import streamlit as st

from vae_core.pixels import to_uint8
from vae_core.runs.run import Run
from vae_core.spec.capabilities import capabilities
from widgets.components import take_away
from widgets.components.take_away import File
from widgets.run_data import library
from widgets.run_data.codes import weights
from widgets.run_data.dataset import absent, dataset
from widgets.run_data.library import open_run
from widgets.shell import sheets, tasks, words
from widgets.shell.downloads import csv_table
from widgets.shell.fragments import fragment
from widgets.shell.palette import PLAIN, SYMBOLS

if TYPE_CHECKING:
    from torch import Tensor

    from vae_core.analysis.ppca import PPCA
    from vae_core.analysis.prior_density import Estimate

POLL, LOOK = 2.0, 4.0  # seconds between numbers, and between images, while it trains
COLUMNS = 12  # of W that are shown
IMAGES, DRAWS = 1000, 16  # test images and draws of z for each, of the Monte Carlo estimate
ELBO = SYMBOLS["elbo"][0]


@dataclass(frozen=True, eq=False)
class Known:
    """What does not change while a run trains: the closed form of its training images, and test images uint8
    [N, C, H, W]."""

    best: PPCA
    test: Tensor


@dataclass(frozen=True, eq=False)
class Beside:
    """Of each principal component the column of W that stands for it: column [K], angle [K] in degrees, and
    both as images, uint8 [K, C, H, W]. exact, sampled: the ELBO of the test images."""

    column: list[int]
    angle: list[float]
    components: np.ndarray
    columns: np.ndarray
    exact: float
    sampled: Estimate


def show(run: Run | None) -> None:
    if run is None or run.status.state == "unreadable" or "ppca" not in capabilities(run.spec):
        return
    active = run.status.active
    with st.container(key="below-board", gap="small"):
        st.markdown(
            "**Beside probabilistic PCA.** This model's optimum has a closed form (Tipping and Bishop 1999): "
            "W spans the first principal components, σ² is the mean variance of all others, and the ELBO is "
            "log p(x) itself."
        )
        fragment(lambda: numbers(run), run_every=POLL if active else None)
        if (reason := absent(run.spec.data)) is not None:
            st.info(reason, icon=":material/folder_off:")
            return
        task = tasks.start(optimum, str(run.path), lane="principal-components")
        if task.done() and task.exception() is None:
            fragment(lambda: images(run, task.result()), run_every=LOOK if active else None)
        else:
            tasks.when_done(task, "Taking the principal components", lambda _: None)


# --- numbers --------------------------------------------------------------------------------------


def curves(run: Run) -> dict[str, list[float]]:
    """What was reported so far: step, elbo, log_likelihood, gap, angle, variance_ratio."""
    known = [
        (report["step"], report["ppca"]) for report in run.metrics if isinstance(report.get("ppca"), dict)
    ]
    names = ("elbo", "log_likelihood", "angle", "variance_ratio")
    known = [(step, each) for step, each in known if all(isinstance(each.get(n), int | float) for n in names)]
    found = {name: [float(each[name]) for _, each in known] for name in names}
    gap = [best - elbo for best, elbo in zip(found["log_likelihood"], found["elbo"], strict=True)]
    return {"step": [step for step, _ in known], "gap": gap, **found}


def numbers(run: Run) -> None:
    found = curves(run)
    if not found["step"]:
        st.caption(":material/hourglass_top: The first numbers come with the first report.")
        return
    best, gap = found["log_likelihood"][-1], found["gap"][-1]
    tiles = (
        (
            "Largest principal angle",
            f"{found['angle'][-1]:.2f}°",
            "Between the span of W's columns and that of as many principal components: 0 where they are one.",
        ),
        (
            "ELBO less log p(x) of PPCA",
            f"{-gap:.2f} nats".replace("-", "−"),
            f"{-100 * gap / abs(best):.2f} % of {words.nats(best)} nats per training image. Both in closed "
            "form, of all training images.".replace("-", "−"),
        ),
        (
            "σ² over its optimum",
            f"{found['variance_ratio'][-1]:.4f}",
            "The likelihood's variance over the mean of the eigenvalues that W leaves out.",
        ),
    )
    with st.container(horizontal=True, gap="large"):
        for name, value, help in tiles:
            st.metric(name, value, help=help, width="content")
    charts = (
        ("gap", "nats below the optimum"),
        ("angle", "degrees"),
        ("variance_ratio", "σ² over its optimum"),
    )
    with st.container(horizontal=True, gap="small", key="ppca-charts"):
        for name, title in charts:
            st.plotly_chart(_curve(found["step"], found[name], title), config=PLAIN, key=f"ppca-{name}")


def _curve(steps: list[float], values: list[float], title: str) -> dict[str, Any]:
    line = {
        "type": "scatter",
        "x": steps,
        "y": values,
        "mode": "lines",
        "line": {"color": ELBO, "width": 2},
        "hovertemplate": "step %{x:,}: %{y:.3g}<extra></extra>",
    }
    layout = {
        "height": 210,
        "margin": {"l": 56, "r": 8, "t": 6, "b": 40},
        "xaxis": {"title": {"text": "step"}, "rangemode": "tozero"},
        "yaxis": {"type": "log", "title": {"text": title}, "exponentformat": "power", "dtick": 1},
        "showlegend": False,
    }
    return {"data": [line], "layout": layout}


# --- images ---------------------------------------------------------------------------------------


def optimum(path: str) -> Known | None:
    """Of a run; some seconds. None where its images are too large for a closed form."""
    from vae_core import data
    from vae_core.analysis import ppca
    from vae_core.training.loop import prepare

    run = open_run(path)
    found = ppca.reference(run.spec, prepare(dataset(run.spec.data).result(), run.spec))
    if found is None:
        return None
    test = data.binarised_once(dataset(run.spec.data, "test").result(), run.spec.data.binarisation)
    return Known(found.optimum, test[:IMAGES])


def images(run: Run, known: Known | None) -> None:
    if known is None or (version := weights(run)) is None:
        return
    found = beside(str(run.path), version, known)
    pairs = len(found.column)
    eigenvalues = known.best.eigenvalues.tolist()
    st.markdown(
        "**Principal components**, and below each the column of W that is nearest to it, sign and all"
    )
    sheets.row(
        [
            (f"{k + 1} · λ {eigenvalues[k]:.2f}", image, f"Principal component {k + 1}")
            for k, image in enumerate(found.components)
        ],
        72,
        pairs,
    )
    sheets.row(
        [
            (
                f"z{column + 1} · {angle:.0f}°",
                image,
                f"Column {column + 1} of W, {angle:.1f}° off the component",
            )
            for column, angle, image in zip(found.column, found.angle, found.columns, strict=True)
        ],
        72,
        pairs,
    )
    st.caption(
        "Grey is 0. λ: the variance along the component. The likelihood fixes only the span of W. Its "
        "columns turn to the components themselves because q(z|x) has independent dimensions, which is exact "
        "only where WᵀW is diagonal. They turn slowly: between two components of nearly the same λ it saves "
        "hundredths of a nat (Bao et al. 2020)."
    )
    st.markdown(
        f"ELBO of {words.count(len(known.test))} test images: **{found.exact:.2f}** nats by the trace trick, "
        f"**{found.sampled.value:.2f} ± {found.sampled.error:.2f}** by Monte Carlo with {DRAWS} draws of z "
        "for each.".replace("-", "−")
    )
    series = curves(run)
    take_away.menu(
        "ppca",
        f"{run.name} beside PPCA",
        {"run": library.title(run), "step": words.count(run.status.step)},
        [
            File(
                "png",
                lambda times: sheets.tile(
                    np.concatenate([found.components, found.columns]), pairs, 2 * times
                ),
                help="Principal components above, columns of W below.",
            ),
            File(
                "csv", lambda: csv_table(list(series), zip(*series.values(), strict=True)), help="The curves."
            ),
        ],
    )


@st.cache_data(max_entries=16, show_spinner=False)
def beside(path: str, version: Any, _known: Known) -> Beside:
    import torch

    from vae_core.analysis import ppca

    model, components = open_run(path).model, _known.best.components[:, :COLUMNS]
    weight = ppca.Decoder.of(model).weight
    column, cosine = ppca.matched(weight, components)
    chosen = weight[:, column] * torch.where(cosine < 0, -1.0, 1.0)
    return Beside(
        column.tolist(),
        cosine.abs().clamp(max=1).acos().rad2deg().tolist(),
        signed(components.T.numpy(), model.image_shape),
        signed(chosen.T.numpy(), model.image_shape),
        ppca.exact_elbo(model, _known.test),
        ppca.sampled_elbo(model, _known.test, DRAWS),
    )


def signed(rows: np.ndarray, shape: tuple[int, int, int]) -> np.ndarray:
    """Rows [K, P] of numbers of both signs as images uint8 [K, C, H, W]: 0 is grey, the largest black or
    white."""
    largest = np.abs(rows).max(1, keepdims=True)
    return to_uint8(0.5 + 0.5 * rows / np.where(largest > 0, largest, 1)).reshape(-1, *shape)

"""What surprises a model: pixels of one image, and images of another set."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np
import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from vae_core import data
from vae_core.data.catalogue import CATALOGUE
from vae_core.pixels import to_uint8
from vae_core.runs.run import Run
from vae_core.spec import Spec
from widgets.run_data.codes import weights
from widgets.run_data.dataset import absent, dataset
from widgets.run_data.library import open_run
from widgets.run_data.subject import Subject
from widgets.shell import links, sheets, tasks, url_widgets, words
from widgets.shell.palette import HOLE, PLAIN, RECONSTRUCTION

if TYPE_CHECKING:
    from torch import Tensor

    from vae_core.analysis.progress import Progress

COUNT, SAMPLES = 1000, 8  # of each set's test images, and of each image's posterior
SUMMED = (
    " It bounds log p(x): the class of an image may be unknown here, and is summed out. The run's test ELBO, "
    "elsewhere, is of {}."
)
MOST = 2.0  # nats: a pixel as white as can be


def show(run: Run, subject: Subject, left: DeltaGenerator, right: DeltaGenerator) -> None:
    others = foreign(run)
    with left:
        other = None
        if others:
            other = st.selectbox(
                "Against",
                others,
                format_func=lambda name: CATALOGUE[name].title,
                **url_widgets.choice(links.AGAINST, others, others[0], lambda name: CATALOGUE[name].title),
                help="A set of images of the same size that the model never saw.",
            )
    with right:
        found, elbo = surprise_of(str(run.path), weights(run), subject)
        sheets.row(
            [
                (
                    "image",
                    subject.image,
                    "As the likelihood takes it" + (", binarised once." if subject.binarised else "."),
                ),
                (
                    "surprise",
                    to_uint8(found / MOST),
                    f"−log p of each pixel; white is {MOST:g} nats or more.",
                ),
            ],
            160,
        )

        if (reason := absent(run.spec.data)) is not None:
            st.info(reason, icon=":material/folder_off:")
            return

        def reference(sets: tuple[Tensor, Tensor | None]) -> None:
            _compare(sets, elbo, other, run.spec)

        task = tasks.start(elbos, str(run.path), weights(run), other, lane="completing", tracked=True)
        tasks.when_done(task, "Measuring the test images", reference, cancel="anomaly-cancel")


def _compare(sets: tuple[Tensor, Tensor | None], elbo: float, other: str | None, spec: Spec) -> None:
    from vae_core.analysis import anomaly

    own, foreign_elbos = sets
    share = anomaly.quantile(elbo, own)
    st.markdown(
        f"ELBO of this image: **{words.nats(elbo)} nats**, above that of **{share:.0%}** of "
        f"{len(own):,} test images.{'' if spec.bound_of == 'log p(x)' else SUMMED.format(spec.bound_of)}"
    )
    bins = _bins([own] if foreign_elbos is None else [own, foreign_elbos])
    bars = [_histogram(own, bins, "test images", RECONSTRUCTION)]
    if foreign_elbos is not None and other is not None:
        bars.append(_histogram(foreign_elbos, bins, CATALOGUE[other].title, HOLE))
    line = {
        "type": "line",
        "x0": elbo,
        "x1": elbo,
        "y0": 0,
        "y1": 1,
        "yref": "paper",
        "line": {"width": 2, "color": "#8d939c"},
    }
    note = {
        "x": elbo,
        "y": 1,
        "yref": "paper",
        "text": "this image",
        "showarrow": False,
        "yanchor": "bottom",
    }
    layout = {
        "height": 300, "margin": {"l": 48, "r": 8, "t": 24, "b": 44}, "barmode": "overlay", "bargap": 0,
        "xaxis": {"title": {"text": "ELBO, nats per image"}}, "yaxis": {"title": {"text": "images"}},
        "shapes": [line], "annotations": [note], "legend": {"x": 0, "y": 1},
    }  # fmt: skip
    st.plotly_chart({"data": bars, "layout": layout}, config=PLAIN, key="anomaly-elbos")
    if foreign_elbos is not None and other is not None:
        area = anomaly.auroc(own, foreign_elbos)
        st.caption(
            f"AUROC **{area:.3f}**: with that probability an image of {CATALOGUE[other].title} has a lower "
            f"ELBO than a test image. {len(own):,} images each, {SAMPLES} posterior samples, binarised once "
            "where the run binarises."
        )


def _bins(sets: list[Tensor]) -> dict[str, float]:
    """Sixty, the same for all sets, so that heights compare."""
    low, high = (float(f(f(values) for values in sets)) for f in (min, max))
    return {"start": low, "end": high, "size": max((high - low) / 60, 1e-3)}


def _histogram(values: Tensor, bins: dict[str, float], name: str, colour: str) -> dict[str, Any]:
    return {
        "type": "histogram",
        "x": values.tolist(),
        "name": name,
        "opacity": 0.65,
        "xbins": bins,
        "marker": {"color": colour},
        "hovertemplate": f"{name}: %{{y}} images at %{{x}}<extra></extra>",
    }


def foreign(run: Run) -> list[str]:
    """Sets with images of the run's shape that are on this machine."""
    mine = run.spec.data
    return [
        name
        for name, info in CATALOGUE.items()
        if name != mine.name
        and info.image_shape == mine.shape
        and (not info.needs or data.thumbnail(name) is not None)
    ]


def elbos(
    path: str, version: Any, other: str | None, progress: Progress, cancelled: Callable[[], bool]
) -> tuple[Tensor, Tensor | None]:
    """ELBOs of test images of the run's own set and of the other, [N] nats each."""
    from vae_core.analysis import anomaly
    from vae_core.analysis.progress import Reporter

    run, reporter = open_run(path), Reporter(progress, cancelled)

    def of(split: Any) -> Tensor:
        images = split.images[:COUNT]
        if run.spec.data.binarisation != "none":
            images = data.binarise_static(images, "test")
        return anomaly.elbo(run.model, images, SAMPLES)

    reporter.report(0.0, "Its own test images")
    own = of(dataset(run.spec.data, "test").result())
    if other is None:
        return own, None
    reporter.report(0.5, f"Images of {CATALOGUE[other].title}")
    return own, of(data.load(other, "test"))


@st.cache_data(max_entries=64, show_spinner=False)
def surprise_of(path: str, version: Any, subject: Subject) -> tuple[np.ndarray, float]:
    """-log p per pixel [C, H, W], and the ELBO, in nats."""
    from vae_core.analysis import anomaly

    model, x = open_run(path).model, subject.tensor()
    return anomaly.per_pixel(model, x, SAMPLES).numpy(), float(anomaly.elbo(model, x[None], SAMPLES))

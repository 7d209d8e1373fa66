"""What surprises a model: pixels of one image, test images, and images of another set."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from pages.sections.inpaint import anomaly_charts, foreign_sets
from pages.sections.inpaint.foreign_sets import OWN, SAMPLES, Measured
from vae_core.pixels import to_uint8
from vae_core.runs.run import Run
from vae_core.spec import Spec
from widgets.components import take_away
from widgets.components.picker import choice, sheet, source
from widgets.components.take_away import File
from widgets.run_data import library
from widgets.run_data.codes import weights
from widgets.run_data.dataset import absent
from widgets.run_data.library import open_run
from widgets.run_data.subject import Subject
from widgets.shell import links, sheets, tasks, url_widgets, words
from widgets.shell.downloads import csv_table
from widgets.shell.palette import PLAIN

SHOWN = 20  # of the most and of the least surprising test images
SUMMED = (
    " It bounds log p(x): the class of an image may be unknown here, and is summed out. The run's test ELBO, "
    "elsewhere, is of {}."
)
MOST = 2.0  # nats: a pixel as white as can be


def show(run: Run, subject: Subject, left: DeltaGenerator, right: DeltaGenerator) -> None:
    titles = foreign_sets.titles(run)
    with left:
        against = str(
            st.selectbox(
                "Against",
                list(titles),
                format_func=titles.__getitem__,
                **url_widgets.choice(links.AGAINST, list(titles), label=titles.__getitem__),
                help="Images that the model never saw: made of its own test images, or of another dataset.",
            )
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

        def result(sets: dict[str, Measured]) -> None:
            _compare(sets, elbo, against, titles, run.spec)
            head, help = (
                ["set", "image", "elbo", "complexity"],
                "ELBO and complexity of every image, in nats.",
            )
            take_away.menu(
                "anomaly",
                f"{run.name} anomaly",
                {"run": library.title(run)},
                [File("csv", lambda: csv_table(head, _rows(sets)), help=help)],
            )
            _extremes(run, sets[OWN])

        task = tasks.start(
            foreign_sets.measured, str(run.path), weights(run), lane="completing", tracked=True
        )
        tasks.when_done(task, "Measuring test images and foreign ones", result, cancel="anomaly-cancel")


def _compare(
    sets: dict[str, Measured], elbo: float, against: str, titles: dict[str, str], spec: Spec
) -> None:
    from vae_core.analysis import anomaly, roc

    own, foreign, title = sets[OWN], sets[against], titles[against]
    share = anomaly.quantile(elbo, own.elbo)
    st.markdown(
        f"ELBO of this image: **{words.nats(elbo)} nats**, above that of **{share:.0%}** of "
        f"{len(own.elbo):,} test images.{'' if spec.bound_of == 'log p(x)' else SUMMED.format(spec.bound_of)}"
    )
    figure = anomaly_charts.histogram(own.elbo, foreign.elbo, title, elbo)
    st.plotly_chart(figure, config=PLAIN, key="anomaly-elbos")
    curves = {
        "ELBO": roc.curve(own.elbo, foreign.elbo),
        "ELBO + complexity": roc.curve(own.corrected, foreign.corrected),
    }
    clouds = {"test images": (own.elbo, own.complexity), title: (foreign.elbo, foreign.complexity)}
    one, other = st.columns(2)
    one.plotly_chart(anomaly_charts.roc(curves), config=PLAIN, key="anomaly-roc")
    other.plotly_chart(anomaly_charts.scatter(clouds), config=PLAIN, key="anomaly-complexity")
    _areas(sets, titles)


def _areas(sets: dict[str, Measured], titles: dict[str, str]) -> None:
    from vae_core.analysis import roc

    def text(area: roc.Area) -> str:
        return f"{area.value:.3f} ({area.low:.3f} to {area.high:.3f})"

    own = sets[OWN]
    rows = [
        {
            "Against": title,
            "AUC of the ELBO": text(roc.area(own.elbo, sets[name].elbo)),
            "AUC of ELBO + complexity": text(roc.area(own.corrected, sets[name].corrected)),
        }
        for name, title in titles.items()
    ]
    st.dataframe(rows, hide_index=True)
    st.caption(
        "AUC: the probability that a foreign image has the lower value, with its 95 % interval (DeLong). "
        "Below 0.5 the foreign are taken for the more usual: simple images cost few nats whatever they show. "
        "Complexity, what a lossless compressor needs that knows no model, gives these nats back (Serra et "
        f"al. 2020). {len(own.elbo):,} images each, {SAMPLES} posterior samples, binarised once where the "
        "run binarises."
    )


def _rows(sets: dict[str, Measured]) -> Iterator[tuple[str, int, float, float]]:
    for name, each in sets.items():
        values = zip(each.elbo.tolist(), each.complexity.tolist(), strict=True)
        yield from ((name, index, *pair) for index, pair in enumerate(values))


def _extremes(run: Run, own: Measured) -> None:
    images = source.of(run)
    if isinstance(images, tasks.Task) or images.kind != "test":
        return  # they are still being read
    ranked = own.elbo.argsort().numpy()
    picture = choice.picture(links.IMAGE)
    chosen = picture if isinstance(picture, int) else None

    def take(number: int) -> None:
        choice.take(links.IMAGE, number)

    for name, numbers in (("Most", ranked[:SHOWN]), ("Least", ranked[::-1][:SHOWN])):
        st.markdown(f"**{name} surprising test images**")
        sheet.sheet(f"anomaly-{name.lower()}", images, numbers, 0, chosen, take, _stay)
    st.caption(f"By the ELBO, of the first {len(own.elbo):,}. A press puts one in use.")


def _stay(pages: int) -> None:
    """There is one page."""


@st.cache_data(max_entries=64, show_spinner=False)
def surprise_of(path: str, version: Any, subject: Subject) -> tuple[np.ndarray, float]:
    """-log p per pixel [C, H, W], and the ELBO, in nats."""
    from vae_core.analysis import anomaly

    model, x = open_run(path).model, subject.tensor()
    return anomaly.per_pixel(model, x, SAMPLES).numpy(), float(anomaly.elbo(model, x[None], SAMPLES))

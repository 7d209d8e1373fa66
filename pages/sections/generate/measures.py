"""How conditional a model is: what z still knows of the class, and what an independent classifier reads."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import streamlit as st

from pages.sections.generate import by_class
from vae_core.runs.run import Run
from widgets.components import take_away
from widgets.components.take_away import File
from widgets.run_data import library
from widgets.run_data.classes import names
from widgets.run_data.codes import newest, weights
from widgets.run_data.dataset import absent, dataset
from widgets.run_data.library import open_run
from widgets.shell import tasks, words
from widgets.shell.downloads import csv_table
from widgets.shell.sheets import sheet

if TYPE_CHECKING:
    from torch import Tensor

    from vae_core.analysis.generate import Agreement, Probe
    from vae_core.analysis.progress import Progress
    from vae_core.model.oracle_classifier import OracleClassifier


@dataclass(frozen=True, eq=False)
class Measures:
    """agreement, of means, drawn, and oracle are None where no independent classifier knows the data.

    elbo, None without data: of each class's test images, in nats; total: of all `images` of them.
    """

    probe: Probe | None
    agreement: Agreement | None
    drawn: Agreement | None
    oracle: OracleClassifier | None
    elbo: Tensor | None
    total: float
    images: int


def show(run: Run) -> None:
    task = tasks.start(measure, str(run.path), weights(run), lane="measuring-classes", tracked=True)
    tasks.when_done(task, "Measuring", lambda found: _found(run, found), "generate-measure")


def _found(run: Run, found: Measures) -> None:
    called = names(run)
    with st.container(horizontal=True, gap="large"):
        left, right = st.container(width=380), st.container(width="stretch")
    with left:
        if found.probe is not None:
            st.metric("z tells the class", f"{found.probe.accuracy:.1%}")
            st.caption(
                f"A logistic regression from z to y, fitted to {found.probe.fitted:,} codes and tested on "
                f"{found.probe.tested:,} others; always saying one class reaches {found.probe.chance:.1%}. "
                "High: z holds the class as well, so y need not have been listened to. Whether it was, the "
                "samples below say."
            )
        if found.agreement is not None and found.drawn is not None and found.oracle is not None:
            st.markdown("Samples read as asked")
            with st.container(horizontal=True, gap="large"):
                quiet: dict[str, Any] = {"delta_color": "off", "delta_arrow": "off"}
                for name, read in (("means", found.agreement), ("pixels drawn", found.drawn)):
                    st.metric(name, f"{read.total:.1%}", f"± {read.error:.1%}", **quiet)
            st.caption(
                f"By an independent classifier, of {found.agreement.samples:,} samples of each class at "
                "temperature 1: of the decoder's means, which no pixel noise blurs, and of images with every "
                "pixel drawn from p(x|z, y). ± is the standard error of so many samples. Of real test images "
                f"the classifier is right on {found.oracle.accuracy:.1%}, and on "
                f"{found.oracle.accuracy_binarised:.1%} with every pixel drawn once."
            )
        else:
            st.caption("No independent classifier of this dataset comes with the app.")
        rows = []
        for c, name in enumerate(called):
            row: dict[str, Any] = {"Class": name}
            if found.agreement is not None:
                row["Read as asked"] = float(found.agreement.share[c])
            if found.drawn is not None:
                row["Drawn"] = float(found.drawn.share[c])
            if found.elbo is not None:
                row["ELBO, nats"] = float(found.elbo[c])
            rows.append(row)
        st.dataframe(
            rows,
            hide_index=True,
            column_config={
                "Read as asked": st.column_config.NumberColumn(format="percent", help="Means of p(x|z, y)."),
                "Drawn": st.column_config.NumberColumn(
                    format="percent", help="Read as asked, with every pixel drawn from p(x|z, y)."
                ),
                "ELBO, nats": st.column_config.NumberColumn(
                    format="%.1f", help=f"A bound of {run.spec.bound_of}, the mean over the class's images."
                ),
            },
        )
        head = list(rows[0])
        take_away.menu(
            "measures",
            f"{run.name} by class",
            {"run": library.title(run)},
            [File("csv", lambda: csv_table(head, [list(row.values()) for row in rows]), help="The table.")],
        )
        if found.elbo is not None:
            st.caption(
                f"ELBO of all {words.count(found.images)} test images, of {run.spec.bound_of}: "
                f"**{words.nats(found.total)}** nats."
            )
    with right:
        st.markdown("**Beside it, samples of every class**")
        for c, row_ in enumerate(
            by_class.sheet(str(run.path), weights(run), tuple(range(len(called))), 1.0, 0)
        ):
            with st.container(horizontal=True, gap="small", vertical_alignment="center"):
                st.markdown(words.literal(called[c]), width=60)
                sheet(row_[:8], 40)


def measure(path: str, version: Any, progress: Progress, cancelled: Callable[[], bool]) -> Measures:
    """All of it; some seconds."""
    import torch

    from vae_core import data
    from vae_core.analysis import evaluation, generate
    from vae_core.analysis.progress import Reporter
    from vae_core.model import oracle_classifier
    from vae_core.training.process import quick_arithmetic

    run, reporter = open_run(path), Reporter(progress, cancelled)
    codes, name = newest(run), run.spec.data.name
    with quick_arithmetic():
        reporter.report(0.0, "Asking z for the class")
        probe = None
        if codes is not None and codes.posteriors.labels is not None:
            probe = generate.probe(codes.posteriors)
        reporter.report(0.4, "Having samples read")
        known = oracle_classifier.load(name) if oracle_classifier.there_is(name) else None
        agreement = None if known is None else generate.agreement(run.model, known)
        drawn = None if known is None else generate.agreement(run.model, known, drawn=True)
        reporter.report(0.7, "The ELBO of each class")
        elbo, total, images = None, math.nan, 0
        if absent(run.spec.data) is None:
            test = dataset(run.spec.data, "test").result()
            if test.labels is not None:
                pixels = data.binarised_once(test, run.spec.data.binarisation)
                blocks = [bound.value.cpu() for bound in evaluation.bounds(run.model, pixels, test.labels)]
                each = torch.cat(blocks).double()
                elbo = generate.mean_by_class(each, test.labels, run.spec.classes)
                total, images = float(each.mean()), len(each)
    return Measures(probe, agreement, drawn, known, elbo, total, images)

"""How conditional a model is: what z still knows of the class, and what an independent classifier reads."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import streamlit as st

from pages.sections.conditional import samples
from vae_core.runs.run import Run
from widgets.run_data.classes import names
from widgets.run_data.codes import newest, weights
from widgets.run_data.dataset import absent, dataset
from widgets.run_data.library import open_run
from widgets.shell import tasks, words
from widgets.shell.sheets import sheet

if TYPE_CHECKING:
    from torch import Tensor

    from vae_core.analysis.generate import Agreement, Probe
    from vae_core.analysis.oracle_classifier import OracleClassifier
    from vae_core.analysis.progress import Progress

IMAGES = 2000  # test images whose ELBO is taken


@dataclass(frozen=True, eq=False)
class Found:
    """agreement and oracle are None where no independent classifier knows the data; elbo [K] without data."""

    probe: Probe | None
    agreement: Agreement | None
    oracle: OracleClassifier | None
    elbo: Tensor | None


def show(run: Run) -> None:
    task = tasks.start(measure, str(run.path), weights(run), lane="measuring-classes", tracked=True)
    tasks.when_done(task, "Measuring", lambda found: _found(run, found), "conditional-measure")


def _found(run: Run, found: Found) -> None:
    called = names(run)
    with st.container(horizontal=True, gap="large"):
        left, right = st.container(width=380), st.container(width="stretch")
    with left:
        if found.probe is not None:
            st.metric("z tells the class", f"{found.probe.accuracy:.1%}")
            st.caption(
                f"A logistic regression from z to y, fitted to {found.probe.fitted:,} codes and tested on "
                f"{found.probe.tested:,} others; always saying one class reaches {found.probe.chance:.1%}. "
                "High means that the model ignores y."
            )
        if found.agreement is not None and found.oracle is not None:
            st.metric("Samples read as asked", f"{found.agreement.total:.1%}")
            st.caption(
                f"By an independent classifier, right on {found.oracle.accuracy:.1%} of real test images; "
                f"{found.agreement.samples:,} samples of each class at temperature 1."
            )
        else:
            st.caption("No independent classifier of this dataset comes with the app.")
        rows = []
        for c, name in enumerate(called):
            row: dict[str, Any] = {"Class": name}
            if found.agreement is not None:
                row["Read as asked"] = float(found.agreement.share[c])
            if found.elbo is not None:
                row["ELBO, nats"] = float(found.elbo[c])
            rows.append(row)
        st.dataframe(
            rows,
            hide_index=True,
            column_config={
                "Read as asked": st.column_config.NumberColumn(format="percent"),
                "ELBO, nats": st.column_config.NumberColumn(
                    format="%.1f", help=f"Of log p(x|y), the first {IMAGES:,} test images."
                ),
            },
        )
    with right:
        st.markdown("**Beside it, samples of every class**")
        for c, row_ in enumerate(
            samples.sheet(str(run.path), weights(run), tuple(range(len(called))), 1.0, 0)
        ):
            with st.container(horizontal=True, gap="small", vertical_alignment="center"):
                st.markdown(words.literal(called[c]), width=60)
                sheet(row_[:8], 40)


def measure(path: str, version: Any, progress: Progress, cancelled: Callable[[], bool]) -> Found:
    """All of it; some seconds."""
    import torch

    from vae_core import data
    from vae_core.analysis import generate, oracle_classifier
    from vae_core.analysis.progress import Watch
    from vae_core.training.process import quick_arithmetic

    run, watch = open_run(path), Watch(progress, cancelled)
    codes, name = newest(run), run.spec.data.name
    with quick_arithmetic():
        watch.tell(0.0, "Asking z for the class")
        probe = None
        if codes is not None and codes.posteriors.labels is not None:
            probe = generate.probe(codes.posteriors)
        watch.tell(0.4, "Having samples read")
        known = oracle_classifier.load(name) if oracle_classifier.there_is(name) else None
        generator = torch.Generator(run.model.device).manual_seed(0)
        agreement = None if known is None else generate.agreement(run.model, known, 200, generator=generator)
        watch.tell(0.7, "The ELBO of each class")
        elbo = None
        if absent(run.spec.data) is None:
            test = dataset(run.spec.data, "test").result()
            if test.labels is not None:
                images = data.binarised_once(test, run.spec.data.binarisation)[:IMAGES]
                elbo = generate.elbo_of_class(run.model, images, test.labels[:IMAGES])
    return Found(probe, agreement, known, elbo)

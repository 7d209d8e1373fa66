"""How noisy the encoder's gradient is by each estimator, of a run whose codes are categories, at rest."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import streamlit as st

from vae_core.runs.run import Run
from widgets.run_data.capabilities import has_codes
from widgets.run_data.codes import weights
from widgets.run_data.dataset import absent, dataset
from widgets.run_data.library import open_run
from widgets.shell import tasks, words

if TYPE_CHECKING:
    from vae_core.analysis.gradient_noise import Noise
    from vae_core.analysis.progress import Progress

IMAGES = 100  # of the test split, as one batch
TITLES = {"relaxed": "Relaxed", "straight_through": "Straight through", "score": "Score function"}


def show(run: Run | None) -> None:
    if run is None or run.status.active or run.status.state == "unreadable" or not has_codes(run):
        return
    if run.spec.posterior.form != "probabilities":
        return
    with st.container(key="below-board", gap="small"):
        st.markdown(
            "**The noise of the encoder's gradient**, with these weights, on one batch of test images"
        )
        if (reason := absent(run.spec.data)) is not None:
            st.info(reason, icon=":material/folder_off:")
            return
        task = tasks.start(measure, str(run.path), weights(run), lane="gradients", tracked=True)
        tasks.when_done(task, "Drawing gradients", _table, "gradients-cancel")


def _table(found: dict[str, Noise]) -> None:
    rows: list[dict[str, Any]] = [
        {
            "Estimator": TITLES[way],
            "Noise": noise.deviation,
            "Length": noise.length,
            "Noise / length": noise.ratio,
            "Cosine": noise.cosine,
        }
        for way, noise in found.items()
    ]
    st.dataframe(
        rows,
        hide_index=True,
        column_config={
            "Noise": st.column_config.NumberColumn(
                format="%.2f", help="The root of the variance of a draw, summed over the encoder's weights."
            ),
            "Length": st.column_config.NumberColumn(format="%.2f", help="Of the mean of all draws."),
            "Noise / length": st.column_config.NumberColumn(
                format="%.1f", help="Above 1, a step along one draw is mostly noise."
            ),
            "Cosine": st.column_config.NumberColumn(
                format="%.2f",
                help="Of the mean with that of the score function, which has no bias; but its own mean is "
                "known only up to its noise.",
            ),
        },
    )
    st.caption(
        f"Of {words.count(IMAGES)} images, one code of each a draw. The score function is compared with the "
        "mean of the batch's other images; several samples for each image make it far less noisy."
    )


def measure(path: str, version: Any, progress: Progress, cancelled: Callable[[], bool]) -> dict[str, Noise]:
    """version: of the weights, a part of the cache's key."""
    from vae_core import data
    from vae_core.analysis import gradient_noise
    from vae_core.training.process import quick_arithmetic

    run = open_run(path)
    images = data.binarised_once(dataset(run.spec.data, "test").result(), run.spec.data.binarisation)[:IMAGES]
    with quick_arithmetic():
        return gradient_noise.measure(run.model, images, progress=progress, cancelled=cancelled)

"""A word on an image of the user's own: is it like the data that the model has learned?"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import streamlit as st

from vae_core.runs.run import Run
from widgets.run_data import subject
from widgets.run_data.codes import weights
from widgets.run_data.dataset import dataset
from widgets.run_data.library import open_run
from widgets.shell import tasks, words

if TYPE_CHECKING:
    from torch import Tensor

COUNT, SAMPLES = 1000, 8  # of the test images, and of each image's posterior
RARE, UNUSUAL = 0.01, 0.1  # shares of the test images with a lower ELBO


def warn(run: Run, image: np.ndarray) -> None:
    """Where the ELBO of the image, uint8 [C, H, W], lies among the test images', in a sentence."""
    # Of a run in training the first weights are kept until it rests.
    version = "live" if run.status.active else weights(run)
    task = tasks.start(_reference, str(run.path), version)

    def show(reference: Tensor) -> None:
        st.caption(sentence(_elbo(str(run.path), version, subject.digest(image), image), reference))

    tasks.when_done(task, "Comparing it with the test images", show)


def sentence(elbo: float, reference: Tensor) -> str:
    """elbo and reference [N] in nats."""
    from vae_core.analysis import anomaly

    share = anomaly.quantile(elbo, reference)
    bound = f"its ELBO, {words.nats(elbo)} nats,"
    if share < RARE:
        how = "any" if share == 0 else f"{100 * (1 - share):.1f} %"
        return f":material/warning: Unlike the data: {bound} is lower than that of {how} of the test images."
    kind = "Unusual" if share < UNUSUAL else "Like the data"
    return f"{kind}: {bound} is above that of {100 * share:.0f} % of the test images."


def _reference(path: str, version: Any) -> Tensor:
    """ELBOs of the first test images [N], in nats."""
    from vae_core.analysis import anomaly

    run = open_run(path)
    return anomaly.elbo(run.model, dataset(run.spec.data, "test").result().images[:COUNT], SAMPLES)


@st.cache_data(max_entries=64, show_spinner=False)
def _elbo(path: str, version: Any, digest: str, _image: np.ndarray) -> float:
    import torch

    from vae_core.analysis import anomaly

    return float(anomaly.elbo(open_run(path).model, torch.from_numpy(_image)[None], SAMPLES))

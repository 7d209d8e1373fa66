"""What the forward pass on Home shows: a shipped model of two dimensions, and test images that lie with it.

All of it lies in the run's folder, so no data set has to be on the machine, and none of it takes torch.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import streamlit as st

from vae_core.browser import forward_pass
from vae_core.runs import dense, files, frames
from vae_core.runs.reading import RunError
from vae_core.runs.run import Run
from vae_core.spec import SpecError
from widgets.run_data import codes, library
from widgets.run_data.classes import dataset_classes

POINTS = 1500  # of the test images' means
SAME = 0.02  # a probe's q(z|x) and that of the test image it is differ by the rounding to float16 alone


def first(gallery: Sequence[Run]) -> tuple[Run, bytes] | None:
    """The first run of the gallery that can be shown so, and its parcel; None where there is none."""
    return next(((run, found) for run in gallery if (found := of(run)) is not None), None)


def of(run: Run) -> bytes | None:
    """The parcel of a run; None where it has other parts, or where something of it is missing or damaged."""
    try:
        spec = run.spec
    except SpecError:
        return None
    if spec.latent != 2 or not dense.fits(spec) or not codes.is_standard(run):
        return None
    needed = (files.WEIGHTS, files.POSTERIORS, f"{files.FRAMES}/{frames.PROBES}")
    stamps = tuple(run.stamp(name) for name in needed)
    return None if None in stamps else _parcel(run.path.as_posix(), stamps, library.title(run))


@st.cache_resource(max_entries=8, show_spinner=False)
def _parcel(path: str, stamps: tuple[files.Stamp | None, ...], title: str) -> bytes | None:
    run = library.open_run(path)
    images, stored, spec = run.probes, run.codes, run.spec
    if images is None or stored is None:
        return None
    try:
        networks = dense.networks(run.path, spec)
    except (FileNotFoundError, RunError):
        return None
    mean, log_var = (stored[name].astype(np.float32) for name in ("mean", "log_var"))
    known = _found_again(*networks.encode(images), mean, log_var)
    if known is None:
        return None
    labels, classes = stored.get("labels"), list(dataset_classes(run))
    if labels is None or labels.min() < 0 or labels.max() >= len(classes):
        labels, classes = None, []
    names = [
        f"{classes[labels[k]]}, test image {k}" if labels is not None else f"test image {k}" for k in known
    ]
    return forward_pass.parcel(
        networks.decoder,
        networks.activation,
        images,
        mean[known],
        log_var[known],
        names=names,
        points=mean[:POINTS],
        labels=None if labels is None else labels[:POINTS],
        classes=classes,
        title=title,
    )


def _found_again(
    mean: np.ndarray, log_var: np.ndarray, means: np.ndarray, log_vars: np.ndarray
) -> list[int] | None:
    """Which of the N test images the K are, by their q(z|x) [K, 2] among those [N, 2] that the run keeps.

    None where one is not among them, as the run has changed since."""
    found = []
    for one, spread in zip(mean, log_var, strict=True):
        away = np.abs(means - one).max(1) + np.abs(log_vars - spread).max(1)
        if away.min() > SAME * max(1.0, np.abs(one).max()):
            return None
        found.append(int(away.argmin()))
    return found

"""How the prior pulls the codes of each class and the entropy pushes them: arrows on class centres."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import streamlit as st

from pages.sections.latent_map import charts
from vae_core.model import variance_bound
from vae_core.runs.run import Run
from widgets.components.latent_map import densities
from widgets.components.latent_map.map_view import View
from widgets.run_data.classes import dataset_classes
from widgets.run_data.codes import Codes
from widgets.shell import palette, tasks

if TYPE_CHECKING:
    from torch import Tensor

    from vae_core.analysis.forces import Forces

LONGEST = 0.22  # of half the figure's side: the longest arrow
WIDTH = 640
REGIONS = (0.5, 0.95)  # of the prior, whose contours are drawn


def show(run: Run, codes: Codes, view: View) -> None:
    """Nothing in one dimension, which has no plane; nothing of a slice, on which no class centre lies; and
    nothing where variances stand on their bound, as q(z) is points then."""
    points = variance_bound.undefined_kl(codes.posteriors.log_var) is not None
    if run.spec.latent < 2 or view.kind == "slice" or points:
        return
    task = tasks.start(forces, codes)
    tasks.when_done(task, "Averaging gradients over the codes", lambda found: figure(codes, view, found))


def forces(codes: Codes) -> Forces:
    from vae_core.analysis import forces

    return forces.of_classes(codes.posteriors, codes.prior)


def figure(codes: Codes, view: View, found: Forces) -> None:
    st.markdown(
        "**Pull and push.** Arrows on class centres: where the prior pulls, ∇ log p(z), in its colour, and "
        "where the entropy of q(z) pushes, −∇ log q(z), in blue."
    )
    with st.container(width=WIDTH):
        st.plotly_chart(plotly(codes, view, found), key="pull-and-push", config=palette.PLAIN)
    st.caption(
        "Averages over the codes of each class, all arrows on one scale; contours hold 50 and 95 % of the "
        "prior. Along both together the KL of q(z) from p(z) falls fastest; where they cancel, the prior is "
        "the aggregated posterior, which is smoothed here: Scott's rule. Classes push each other; the "
        "entropy of a single q(z|x) has no direction, and grows with log σ wherever its mean lies."
    )


def plotly(codes: Codes, view: View, found: Forces) -> dict[str, Any]:
    """q(z) and contours of p(z), the class centres, and two arrows on each."""
    from vae_core.analysis.holes import level

    field = densities.field(codes, view.place)

    def on(code: Tensor) -> np.ndarray:
        placed: np.ndarray = field.on(code.float(), view).numpy()
        return placed

    center = on(found.center)
    pull, push = (on(found.center + force) - center for force in (found.pull, found.push))
    longest = max(float(np.linalg.norm(force, axis=1).max()) for force in (pull, push))
    times = LONGEST * float(field.grid.x[-1]) / max(longest, 1e-9)
    called = dataset_classes(codes.run)
    names = [called[k] if k < len(called) else str(k) for k in found.classes.tolist()]
    return charts.forces(
        field.grid,
        [level(field.grid, mass) for mass in REGIONS],
        (names if codes.posteriors.labels is not None else [""], center),
        ((pull, times * pull, palette.CROSS_ENTROPY), (push, times * push, palette.ENTROPY)),
        view.axes,
    )

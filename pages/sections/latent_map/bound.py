"""The bound of the pinned image against the number of codes k, and the log-weights of 5,000 codes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import streamlit as st

from pages.sections.latent_map import charts, pins
from vae_core.analysis.progress import Progress
from vae_core.model import variance_bound
from vae_core.runs.run import Run
from widgets.components import take_away
from widgets.components.latent_map.map_view import View
from widgets.components.take_away import File
from widgets.run_data import library
from widgets.run_data.classes import dataset_classes
from widgets.run_data.codes import Codes, weights
from widgets.run_data.dataset import absent, dataset
from widgets.run_data.library import open_run
from widgets.shell import palette, tasks, words
from widgets.shell.downloads import csv_table

if TYPE_CHECKING:
    from collections.abc import Callable

    from torch import Tensor

    from vae_core.analysis.importance_bound import BoundAgainstK
    from vae_core.analysis.likelihood import LogPx

SAMPLES = 2000  # of the estimate of log p(x)


def show(run: Run, codes: Codes, view: View) -> None:
    if (reason := absent(run.spec.data)) is not None:
        st.info(reason, icon=":material/image_not_supported:")
        return
    if (undefined := variance_bound.undefined_kl(codes.posteriors.log_var)) is not None:
        st.warning(f"**{undefined}** {variance_bound.WHY}", icon=":material/block:")
        return
    index = pinned(run)
    version = "live" if run.status.active else weights(run)
    task = tasks.start(measure, str(run.path), version, index, tracked=True)
    tasks.when_done(task, "Drawing 5,000 codes", lambda found: parts(run, found))


def pinned(run: Run) -> int:
    """The number in the test set of the image that is pinned; without one, the first."""
    return pins.state(run).image or 0


@dataclass(frozen=True, eq=False)
class Measured:
    """Of one image: log weights [M], the bound against k, log p(x), and its class where it is known."""

    log_weight: Tensor
    bound: BoundAgainstK
    log_px: LogPx
    label: int | None
    image: int  # its number: the last, where the one asked for is beyond

    @property
    def effective(self) -> float:
        from vae_core.analysis import importance_bound

        return importance_bound.effective_samples(self.log_weight)


def measure(
    path: str, version: Any, index: int, progress: Progress, cancelled: Callable[[], bool]
) -> Measured:
    from vae_core import data
    from vae_core.analysis import importance_bound, likelihood

    run = open_run(path)
    test = dataset(run.spec.data, "test").result()
    model, index = run.model, min(index, len(test.images) - 1)
    image = test.images[index : index + 1]
    if run.spec.data.binarisation != "none":
        image = data.binarise_one(image[0], "test", index)[None]
    labels = None if test.labels is None else test.labels[index : index + 1]
    given = labels if model.classes else None
    log_weight = importance_bound.log_weights(
        model, image, labels=given, progress=progress, cancelled=cancelled
    )[0]
    return Measured(
        log_weight,
        importance_bound.against_k(log_weight),
        likelihood.estimate(model, image, SAMPLES, labels=given),
        None if labels is None else int(labels[0]),
        index,
    )


def parts(run: Run, found: Measured) -> None:
    of = "log p(x|y)" if run.spec.classes else "log p(x)"
    bound, name = found.bound, name_of(run, found)
    log_px, error = float(found.log_px.value[0]), float(found.log_px.error[0])
    st.markdown(
        f"**{name}: the bound against k.** ELBO {nats(bound.value[0], bound.error[0])} nats at k = 1, "
        f"{nats(bound.value[-1], bound.error[-1])} at k = {words.count(bound.counts[-1])}; {of} = "
        f"{nats(log_px, error)}. The {words.count(len(found.log_weight))} codes are worth "
        f"{words.count(found.effective)} draws of the true posterior."
    )
    left, right = st.columns(2, gap="large")
    own = run.spec.objective.samples if run.spec.objective.weighs_samples else 1
    with left:
        st.plotly_chart(
            charts.against_k(bound.counts, bound.value.tolist(), bound.error.tolist(), log_px, of, own),
            key="bound-against-k",
            config=palette.PLAIN,
        )
        rows = zip(bound.counts, bound.value.tolist(), bound.error.tolist(), strict=True)
        taken(run, name, "bound against k", ["k", "bound_nats", "error_nats"], [list(row) for row in rows])
    with right:
        st.plotly_chart(
            charts.log_weights(found.log_weight.numpy(), log_px, of), key="log-weights", config=palette.PLAIN
        )
        taken(run, name, "log-weights", ["log_weight_nats"], [[each] for each in found.log_weight.tolist()])
    st.caption(
        "Pin an image on the map to see its own. log w = log p(x|z) + log p(z) − log q(z|x) of 5,000 codes z "
        "of q(z|x), weights of the model as they are; for each k the mean of log (w₁ + … + wₖ)/k over groups "
        f"that share no code, ± its standard error. It rises with k towards {of} (Burda et al. 2016), which "
        "is estimated with codes from elsewhere too. Were q(z|x) the true posterior, all weights would be "
        "equal, and the line level."
    )
    if run.spec.likelihood_note is not None:
        st.caption(f":orange[{run.spec.likelihood_note}]")


def name_of(run: Run, found: Measured) -> str:
    classes, number = dataset_classes(run), f"test image {words.count(found.image)}"
    if found.label is None or found.label >= len(classes):
        return number.capitalize()
    return f"{words.literal(classes[found.label])}, {number}"


def nats(value: Any, error: Any) -> str:
    return f"{float(value):.2f} ± {float(error):.2f}".replace("-", "−")


def taken(run: Run, image: str, what: str, head: list[str], rows: list[list[Any]]) -> None:
    about = {"run": library.title(run), "image": image}
    take_away.menu(what, f"{run.name} {what}", about, [File("csv", lambda: csv_table(head, rows))])

"""Does a hole really decode badly? Samples from holes beside samples from where the data are."""

from __future__ import annotations

from typing import Any

import numpy as np
import streamlit as st

from pages.sections.latent_map.hole_table import address_of
from vae_core.pixels import to_uint8, unit
from vae_core.runs.run import Run
from widgets.components import take_away
from widgets.components.latent_map.map_view import View
from widgets.components.take_away import File
from widgets.run_data import library
from widgets.run_data.codes import Codes, weights
from widgets.run_data.dataset import absent, dataset
from widgets.shell import sheets, tasks, words
from widgets.shell.downloads import csv_table

COUNT = 12
PICTURE = "Samples from holes with their nearest training images, then those from dense regions."
TABLE = "Of each sample: log q(z), log p(z), the distance to the nearest training image, and its code."


def show(run: Run, codes: Codes, view: View) -> None:
    if (reason := absent(run.spec.data)) is not None:
        st.info(reason, icon=":material/image_not_supported:")
        return
    version = None if run.status.active else weights(run)
    task = tasks.start(compare, codes, version, view.ratio)
    tasks.when_done(task, "Comparing samples with all training images", lambda both: rows(run, view, *both))


def compare(codes: Codes, version: Any, ratio: float) -> tuple[Any, Any]:
    from vae_core.analysis import hole_samples
    from vae_core.model.priors import StandardNormal
    from vae_core.spec import StandardNormalPrior

    training = dataset(codes.run.spec.data).result()
    prior = codes.prior or StandardNormal(StandardNormalPrior(), codes.run.spec.latent)
    return hole_samples.compare(codes.run.model, codes.posteriors, training.images, COUNT, ratio, prior=prior)


def rows(run: Run, view: View, holes: Any, dense: Any) -> None:
    st.markdown(
        "**Prior samples from holes, and from where the data are.** Under each image: log q(z) − log p(z) in "
        "nats, and its distance to the nearest training image, which stands beneath it."
    )
    for name, found in (("From holes", holes), ("From dense regions", dense)):
        st.html(strip(run, name, found))
    if len(holes.z) and len(dense.z):
        a, b = float(holes.distance.median()), float(dense.distance.median())
        st.markdown(
            f"Median distance {a:.3f} from holes against {b:.3f} from dense regions"
            + (f": {100 * (a / b - 1):+.0f} %.".replace("-", "−") if b > 0 else ".")
        )
    st.caption(
        f"A hole is where the prior is more than {view.ratio:g} times q(z); dense is where q(z) is at least "
        "the prior; both inside the prior's 95 % region, in all latent dimensions. Distance: root mean "
        "square difference per pixel between the mean of p(x|z) and the nearest training image; 0 is a copy. "
        "A blurred image is near to many, so a small distance alone proves little; the difference between "
        "the rows is what counts."
    )
    take_away.menu(
        "hole-samples",
        f"{run.name} samples from holes",
        {"run": library.title(run), "threshold": f"{view.ratio:g}"},
        [
            File("png", lambda times: picture(run, (holes, dense), 2 * times), help=PICTURE),
            File("csv", lambda: table({"holes": holes, "dense": dense}), help=TABLE),
        ],
    )


def picture(run: Run, both: tuple[Any, Any], times: int) -> bytes:
    """Samples and below them their nearest training images, of holes and then of dense regions."""
    training = dataset(run.spec.data).result().images
    lines = []
    for found in both:
        images = [to_uint8(found.images).numpy(), training[found.nearest].numpy()]
        empty = np.zeros((COUNT - len(found.z), *training.shape[1:]), np.uint8)
        lines += [np.concatenate([each, empty]) for each in images]
    return sheets.tile(np.concatenate(lines), COUNT, times)


def table(both: dict[str, Any]) -> str:
    rows = [
        [name, float(found.log_q[k]), float(found.log_p[k]), float(found.distance[k]), *found.z[k].tolist()]
        for name, found in both.items()
        for k in range(len(found.z))
    ]
    latent = max((len(row) - 4 for row in rows), default=0)
    head = ["from", "log_q_nats", "log_p_nats", "distance", *(f"z{d + 1}" for d in range(latent))]
    return csv_table(head, rows)


def strip(run: Run, name: str, found: Any) -> str:
    if not len(found.z):
        return f"<h5>{name}</h5><p class='elbo-sum'>None among 20,000 samples of the prior.</p>"
    training = dataset(run.spec.data).result().images
    cells = []
    for k in range(len(found.z)):
        ratio = words.nats(float(found.log_q[k] - found.log_p[k]))
        near = address_of(unit(training[found.nearest[k]]))
        cells.append(
            f'<figure><img alt="Decoded sample" src="{address_of(found.images[k])}">'
            f"<figcaption>{ratio} nats<br>{float(found.distance[k]):.3f}</figcaption>"
            f'<img class="near" alt="Nearest training image" src="{near}"></figure>'
        )
    return f'<h5>{name}</h5><div class="elbo-samples">{"".join(cells)}</div>'

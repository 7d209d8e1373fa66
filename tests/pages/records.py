"""A record of disentanglement, as the process beside the app keeps it with a run."""

import math
from typing import Any

from pages.sections.traverse import scores
from vae_core.runs import disentanglement
from vae_core.runs.run import Run
from vae_core.workers import disentanglement_job


def a_record(run: Run, step: int | None = None) -> dict[str, Any]:
    latent = run.spec.latent
    found = {
        "step": disentanglement_job.step_of(run.codes) if step is None else step,
        "images": 10_000,
        "factors": ["shape", "x"],
        "metrics": {name: 0.1 + k / 100 for k, name in enumerate(scores.METRICS)},
        "mutual_information": [[0.25 + d for d in range(latent)], [0.5] * latent],
        "factor_entropy": [math.log(3), math.log(32)],
    }
    disentanglement.write(run.path, found)
    return found

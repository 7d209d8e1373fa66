"""What the page computes: completions by one method, or by all of them, and what they are worth."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from widgets.run_data.library import open_run
from widgets.run_data.subject import Subject

if TYPE_CHECKING:
    from vae_core.analysis.inpaint import Completions, Scores
    from vae_core.analysis.progress import Progress

METHODS = {
    "hmc": (
        "Hamiltonian Monte Carlo",
        "Chains that follow the gradient of log p(x_observed, z): exact in time.",
    ),
    "langevin": ("Langevin", "The same with single steps, each accepted or refused (MALA)."),
    "importance": (
        "Importance sampling",
        "2,000 codes from prior and encoder, weighed by how well they fit.",
    ),
    "metropolis_within_gibbs": (
        "Metropolis within Gibbs",
        "Code and hidden pixels in turns, each step accepted or refused (Mattei and Frellsen 2018).",
    ),
    "pseudo_gibbs": (
        "Pseudo-Gibbs",
        "Code from the encoder and hidden pixels in turns (Rezende et al. 2014).",
    ),
    "encoder": (
        "Encoder",
        "One pass of the encoder, hidden pixels black: right only where it was trained so.",
    ),
}


@dataclass(frozen=True)
class Found:
    """Completions of one image, their scores against the truth, and the seconds they took."""

    completions: Completions
    scores: Scores
    seconds: float


def complete(
    path: str,
    version: Any,
    subject: Subject,
    observed: bytes,
    y: int | None,
    method: str,
    count: int,
    seed: int,
    progress: Progress | None = None,
    cancelled: Callable[[], bool] | None = None,
) -> Found:
    """observed: bool [H, W] as bytes. y: the class that the model is told, where it is told one. version: of
    the weights, a part of the cache's key."""
    import torch

    from vae_core.analysis import inpaint
    from vae_core.training.process import quick_arithmetic

    vae, x, mask = open_run(path).model, subject.tensor(), _mask(subject, observed)
    model = vae if y is None else inpaint.Told(vae, y)
    generator = torch.Generator(model.device).manual_seed(seed)
    start = time.perf_counter()
    with quick_arithmetic():  # many small products: more threads would wait for each other
        found = inpaint.METHODS[method](
            model, x, mask, count, generator=generator, progress=progress, cancelled=cancelled
        )
    seconds = time.perf_counter() - start
    return Found(found, inpaint.scores(found, x, mask, model), seconds)


def compare(
    path: str,
    version: Any,
    subject: Subject,
    observed: bytes,
    y: int | None,
    seed: int,
    progress: Progress,
    cancelled: Callable[[], bool],
) -> list[dict[str, Any]]:
    """A line for each method, of 64 completions."""
    rows = []
    for place, (method, (name, _)) in enumerate(METHODS.items()):

        def tell(fraction: float, sentence: str, place: int = place, name: str = name) -> None:
            progress((place + fraction) / len(METHODS), f"{name}: {sentence.lower()}")

        found = complete(path, version, subject, observed, y, method, 64, seed, tell, cancelled)
        rows.append({"Method": name, **numbers(found), "Seconds": found.seconds})
    return rows


def numbers(found: Found) -> dict[str, float | None]:
    """What is worth telling of completions; None where the method has none."""
    done = found.completions
    return {
        "Error": float(found.scores.squared),
        "log p, nats": float(found.scores.log_lik),
        "Accepted": None if done.acceptance is None else float(done.acceptance),
        "ESS": None if done.ess is None else float(done.ess.min()),
    }


def _mask(subject: Subject, observed: bytes) -> Any:
    import torch

    mask = np.frombuffer(observed, bool).reshape(subject.shape[1:])
    return torch.from_numpy(mask.astype(np.float32))[None]

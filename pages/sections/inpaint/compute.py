"""What the page computes: completions by one method, or by all of them, and what they are worth."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from vae_core.runs.run import Run
from vae_core.spec.capabilities import capabilities
from widgets.run_data.library import open_run
from widgets.run_data.subject import Subject

if TYPE_CHECKING:
    from torch import Tensor

    from vae_core.analysis.inpaint import Completions, HiddenLikelihood, Problem, Scores
    from vae_core.analysis.progress import Progress

METHODS = {
    "gibbs": (
        "Gibbs sampling",
        "One group after another, drawn given the others: all its categories are decoded and weighed. Exact "
        "in time (Geman and Geman 1984).",
    ),
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
NUMBERS = ("Error", "log p, nats", "±", "Accepted", "ESS", "R̂")
# Whose distribution log p(hidden | observed) is of, where that is not the model's own.
OWN = {
    "encoder": "under the codes that the encoder draws, not the model's own",
    "pseudo_gibbs": "under the codes where encoder and decoder settle, not the model's own",
}


GRADIENT = ("hmc", "langevin")  # follow that of log p(x_observed, z)
NO_GRADIENT = "follows a gradient, and a choice of categories has none"

# Draws of a chain that are counted, and those before that are not, of each method that has chains.
LENGTHS = (50, 100, 200, 400, 800, 1600, 3200)
WARM_UP = {"gibbs": 50, "hmc": 100, "langevin": 150}
CHAINS = ("gibbs", "hmc", "langevin", "metropolis_within_gibbs", "pseudo_gibbs")
NEWS = 0.15  # seconds between two looks at a chain, at least
MOMENTS = 61  # of a film


def methods(run: Run) -> tuple[str, ...]:
    """Those that serve the run's codes, the page's first choice first."""
    of_categories = "categories" in capabilities(run.spec)
    return tuple(name for name in METHODS if name not in (GRADIENT if of_categories else ("gibbs",)))


def listed(run: Run) -> tuple[str, ...]:
    """Those that serve, and those that a choice of categories leaves out."""
    return tuple(name for name in METHODS if name in methods(run) or name in GRADIENT)


@dataclass(frozen=True, eq=False)
class Film:
    """Where the completions were on the way: codes [F, K, D] float32 at steps [F] of `total`.

    The first `warm_up` steps are not counted. Methods without chains have one moment, of step 0.
    """

    codes: np.ndarray
    steps: tuple[int, ...]
    total: int
    warm_up: int

    def thinned(self, most: int) -> Film:
        """At most so many moments at even distances, the first and the last among them."""
        count = len(self.steps)
        chosen = np.unique(np.linspace(0, count - 1, max(2, min(count, most))).round().astype(int))
        steps = tuple(self.steps[k] for k in chosen)
        return Film(self.codes[chosen], steps, self.total, self.warm_up)


@dataclass(frozen=True)
class Completed:
    """Completions of one image, their scores against the truth, and the seconds they took.

    likelihood: of the hidden pixels, from codes whose number the completions' does not change. drawn uint8
    [K, C, H, W]: with hidden pixels drawn from p(x|z), in place of its means.
    """

    completions: Completions
    scores: Scores
    likelihood: HiddenLikelihood
    seconds: float
    film: Film
    drawn: np.ndarray


def complete(
    path: str,
    version: Any,
    subject: Subject,
    observed: bytes,
    y: int | None,
    method: str,
    count: int,
    seed: int,
    length: int,
    progress: Progress | None = None,
    cancelled: Callable[[], bool] | None = None,
    publish: Callable[[Film], None] | None = None,
) -> Completed:
    """observed: bool [H, W] as bytes. y: the class that the model is told, where it is told one. version: of
    the weights, a part of the cache's key. length: draws of each chain. publish: gets the film so far."""
    import torch

    from vae_core.analysis import inpaint
    from vae_core.training.process import quick_arithmetic

    vae, x, mask = open_run(path).model, subject.tensor(), mask_of(subject, observed)
    model = vae if y is None else inpaint.Told(vae, y)
    generator = torch.Generator(model.device).manual_seed(seed)
    warm_up = WARM_UP.get(method, length)
    codes: list[np.ndarray] = []
    last = 0.0

    def film() -> Film:
        return Film(np.stack(codes), tuple(range(len(codes))), warm_up + length, warm_up)

    def step(z: torch.Tensor) -> None:
        nonlocal last
        codes.append(z[:count, 0].cpu().numpy())
        if publish is not None and time.perf_counter() > last + NEWS:
            publish(film())
            last = time.perf_counter()

    more: dict[str, Any] = {}
    if method in CHAINS:
        more = {"on_step": step} | ({"steps": length} if method in WARM_UP else {"iterations": 2 * length})
    start = time.perf_counter()
    with quick_arithmetic():  # many small products: more threads would wait for each other
        found = (inpaint.METHODS | inpaint.OF_CATEGORIES)[method](
            model, x, mask, count, generator=generator, progress=progress, cancelled=cancelled, **more
        )
    seconds = time.perf_counter() - start
    likelihood = inpaint.log_likelihood(found, x, mask, model)
    whole = film() if codes else Film(found.z[None].numpy(), (0,), 0, 0)
    return Completed(
        found,
        inpaint.scores(found, x, mask, model),
        likelihood,
        seconds,
        whole.thinned(max(12, min(MOMENTS, 1000 // count))),
        _drawn(inpaint.Problem(model, x, mask, generator), found.z),
    )


def _drawn(problem: Problem, z: Tensor) -> np.ndarray:
    """Completions of codes z [K, D] with their hidden pixels drawn: uint8 [K, C, H, W]."""
    import torch

    from vae_core.pixels import to_uint8

    with torch.inference_mode():
        params = problem.model.decode(z[:, None].to(problem.x))
        pixels = problem.model.likelihood.sample(params, problem.generator)
        return to_uint8(problem.filled(pixels.clamp(0, 1))[:, 0].cpu()).numpy()


def compare(
    path: str,
    version: Any,
    subject: Subject,
    observed: bytes,
    y: int | None,
    count: int,
    seed: int,
    length: int,
    progress: Progress,
    cancelled: Callable[[], bool],
) -> list[dict[str, Any]]:
    """A line for each method, of as many completions as the page shows: the same numbers as there. Of one
    that does not serve such codes, why not."""
    rows: list[dict[str, Any]] = []
    served, shown = methods(open_run(path)), listed(open_run(path))
    for place, method in enumerate(shown):
        name = METHODS[method][0]
        if method not in served:
            rows.append({"Method": name, **dict.fromkeys(NUMBERS), "Verdict": NO_GRADIENT, "Seconds": None})
            continue

        def tell(fraction: float, sentence: str, place: int = place, name: str = name) -> None:
            progress((place + fraction) / len(shown), f"{name}: {sentence.lower()}")

        found = complete(path, version, subject, observed, y, method, count, seed, length, tell, cancelled)
        rows.append({"Method": name, **numbers(found), "Seconds": found.seconds})
    return rows


def numbers(found: Completed) -> dict[str, Any]:
    """What is worth telling of completions; None where the method has none."""
    from vae_core.analysis import inpaint

    done = found.completions
    return {
        "Error": float(found.scores.squared),
        "log p, nats": float(found.likelihood.value),
        "±": float(found.likelihood.error),
        "Accepted": None if done.acceptance is None else float(done.acceptance),
        "ESS": None if done.ess is None else inpaint.least(done.ess) or None,
        "R̂": worst(done.r_hat),
        "Verdict": verdict(done),
    }


def worst(r_hat: Any) -> float | None:
    """The largest R-hat of all dimensions; None where the method has none, or no chain moved."""
    known = [] if r_hat is None else r_hat[~r_hat.isnan()].tolist()
    return max(known) if known else None


def verdict(done: Completions) -> str:
    """What the chains' numbers mean, in words; of importance sampling, what its weights do."""
    from vae_core.analysis import inpaint

    if done.ess is None:
        return ""
    if done.r_hat is None:
        few = float(done.ess.min()) < 100
        return "few codes carry all the weight" if few else "enough codes count"
    return inpaint.verdict(done.r_hat, done.ess, steps_taken(done))[1]


def steps_taken(done: Completions) -> bool:
    """Of chains: whether steps were accepted; a method without acceptance takes each."""
    return done.acceptance is None or bool(done.acceptance > 0)


def problem(run: Run, subject: Subject, observed: bytes, y: int | None) -> Problem:
    """What is asked of the run's model, under the class that it is told."""
    from vae_core.analysis import inpaint

    model = run.model if y is None else inpaint.Told(run.model, y)
    return inpaint.Problem(model, subject.tensor(), mask_of(subject, observed))


def mask_of(subject: Subject, observed: bytes) -> Any:
    import torch

    mask = np.frombuffer(observed, bool).reshape(subject.shape[1:])
    return torch.from_numpy(mask.astype(np.float32))[None]

"""Where completions are seen: a plane, with codes of test images and, in two dimensions, the posterior."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from pages.sections.inpaint.reading import Readings
from vae_core.runs.run import Run
from vae_core.spec.capabilities import capabilities
from widgets.components.completions import Scene
from widgets.run_data.codes import newest
from widgets.shell import words

if TYPE_CHECKING:
    from torch import Tensor

    from vae_core.analysis.inpaint import Plane, Problem

POINTS = 1500  # codes of test images
CELLS = 101  # a side, of the posterior's grid
LEAST_HALF, MOST_HALF = 0.3, 16.0  # of the plane's side


def of(run: Run, problem: Problem, draws: Tensor, readings: Readings | None) -> Scene | None:
    """draws [S, D]: codes that the method drew. None where there is one dimension only."""
    from vae_core.analysis import inpaint

    if draws.shape[1] < 2:
        return None
    shaded = run.spec.latent == 2 and "continuous" in capabilities(run.spec)
    plane = inpaint.separating(draws, None if readings is None else readings.groups, _use(run))
    rest, labels = _rest(run, plane)
    view = _view(plane.place(draws).numpy())
    field = None
    if shaded:
        field = inpaint.posterior(problem, view[:2], view[2], CELLS).clamp(min=-60).numpy()
    names, caption = _words(run, plane, shaded)
    return Scene(plane.axes.numpy(), plane.centre.numpy(), rest, labels, view, names, caption, field, view)


def together(first: Scene, second: Scene, draws: Tensor) -> tuple[Scene, Scene]:
    """Both on the plane and in the view of both, for two methods of one run. draws [S, D]: of the second."""
    other = _view((draws.numpy() - first.centre) @ first.axes)
    corners = np.array(
        [[view[k] + side * view[2] for k in (0, 1)] for view in (first.view, other) for side in (-1, 1)]
    )
    low, high = corners.min(0), corners.max(0)
    middle, half = (low + high) / 2, float((high - low).max() / 2)
    view = (float(middle[0]), float(middle[1]), half)
    both = replace(first, view=view)
    return both, replace(both, log_posterior=second.log_posterior, field=second.field)


def _use(run: Run) -> Tensor | None:
    """How far the means of test images' codes spread along each dimension [D], at most 1."""
    means, _ = _means(run)
    return means.std(0).clamp(max=1) if len(means) else None


def _rest(run: Run, plane: Plane) -> tuple[np.ndarray, np.ndarray | None]:
    means, labels = _means(run)
    if not len(means):
        return np.zeros((0, 2), np.float32), None
    return plane.place(means[:POINTS]).numpy(), None if labels is None else labels[:POINTS].numpy()


def _means(run: Run) -> tuple[Tensor, Tensor | None]:
    """The mean of q(z|x) of test images [N, D], of categories their probabilities, and labels; none where a
    frame does not hold them."""
    import torch

    codes = newest(run)
    if codes is None or ("categories" in capabilities(run.spec) and not codes.whole):
        return torch.zeros(0, 2), None
    if "categories" in capabilities(run.spec):
        groups = codes.run.group_codes
        return groups.probabilities.flatten(1), groups.labels
    return codes.posteriors.mean.float(), codes.posteriors.labels


def _view(places: np.ndarray) -> tuple[float, float, float]:
    """The middle of the draws, and room for nearly all of them to half a side."""
    x, y = np.median(places, axis=0).tolist()
    far = np.quantile(np.abs(places - (x, y)).max(1), 0.99)
    return x, y, float(np.clip(1.25 * far, LEAST_HALF, MOST_HALF))


def _words(run: Run, plane: Plane, shaded: bool) -> tuple[tuple[str, str], str]:
    given = ", y" if run.spec.classes else ""
    dots = "Dots: test images."
    if shaded:
        return ("z1", "z2"), f"Shaded: the posterior p(z | observed{given}), exact. {dots}"
    size = (
        words.code_size(run.spec)
        if "categories" in capabilities(run.spec)
        else f"{run.spec.latent} dimensions"
    )
    if plane.groups >= 2:
        second = "what separates them next" if plane.groups > 2 else "most variance beside it"
        return ("what separates the readings", second), (
            f"Of {size}, the plane on which what the completions are read as lies farthest apart. {dots}"
        )
    return ("most variance", "second most"), (
        f"Of {size}, the plane on which the completions vary most. {dots}"
    )

"""What tests of Interpolate share: the board's data, ends and lines of a run."""

import numpy as np
import torch

from pages.sections.interpolate.path import PathChoice
from pages.sections.interpolate.path_codes import Line
from vae_core import data
from vae_core.runs.run import Run
from widgets.run_data.codes import weights
from widgets.run_data.subject import Picked

T = torch.linspace(-0.5, 1.5, 201, dtype=torch.float64)


def ends(run: Run, a: int = 0, b: int = 1) -> tuple[torch.Tensor, torch.Tensor]:
    mean = run.model.posteriors(data.load("digits", "test").images).mean
    return mean[a], mean[b]


def a_line(run: Run, kind: str = "linear") -> Line:
    a, b = ends(run, 3, 7)
    return Line(str(run.path), weights(run), (), (tuple(a.tolist()), tuple(b.tolist())), kind)


def a_view(run: Run, kind: str = "linear") -> PathChoice:
    images = data.load("digits", "test").images.numpy()
    a, b = (Picked(images[k], None, k, False, f"test image {k}") for k in (3, 7))
    return PathChoice((run,), a, b, kind)


def reconstruction(run: Run, k: int) -> torch.Tensor:
    """Of a test image, under its own class."""
    split = data.load("digits", "test")
    assert split.labels is not None
    y = split.labels[[k]]
    return run.model.decode_mean(run.model.posteriors(split.images[[k]], y).mean, y)[0]


def decoded(run: Run, arrays: dict[str, np.ndarray], k: int) -> torch.Tensor:
    """At a point of the path that the board gets."""
    z, y = (torch.tensor(arrays[name][[k]]) for name in ("codes", "classes"))
    return run.model.decode_mean(z, y)[0]

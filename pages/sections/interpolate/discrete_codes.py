"""The codes of a path between two images whose codes are discrete, and what they cost."""

from __future__ import annotations

from dataclasses import dataclass
from math import prod
from typing import TYPE_CHECKING

import numpy as np

from pages.sections.interpolate import path_codes, told_class
from vae_core.runs.run import Run
from vae_core.spec import UniformPrior
from widgets.run_data import capabilities, grid_codes, group_codes, usage
from widgets.run_data.subject import Picked, Subject

if TYPE_CHECKING:
    from torch import Tensor

    from vae_core.analysis.discrete_path import DiscretePath

ORDERS = {
    "top": "Top first",
    "bottom": "Bottom first",
    "raster": "Row by row",
    "kl": "By KL",
    "difference": "By difference",
    "random": "At random",
}
ACROSS = 5  # groups


@dataclass(frozen=True, eq=False)
class Between:
    """a, b: the ends. order: one of ORDERS; seed: of a random one. told: as chosen, the class of models that
    are told it."""

    run: Run
    a: Picked
    b: Picked
    order: str
    seed: int
    told: str

    @property
    def grids(self) -> tuple[tuple[int, int], ...]:
        """In how many rows and columns the places are shown: cells of every level, or groups."""
        groups = self.run.spec.latent
        return self.run.spec.grids if of_grid(self.run) else ((-(-groups // ACROSS), min(groups, ACROSS)),)

    @property
    def name(self) -> str:
        return "cells" if of_grid(self.run) else "groups"


def of_grid(run: Run) -> bool:
    """Whether places are cells of one grid or two; else they are groups of categories."""
    return not capabilities.of(run).isdisjoint(("grid", "levels"))


def orders(run: Run) -> list[str]:
    """Those of ORDERS in which its places can give way, the usual one first."""
    if "levels" in capabilities.of(run):
        return ["top", "bottom", "raster", "difference", "random"]
    return ["raster" if of_grid(run) else "kl", "difference", "random"]


def codes(run: Run, picked: Picked) -> np.ndarray:
    """Of an image, int [N]: one for each cell, those of the top level first, or for each group its most
    probable category."""
    if of_grid(run):
        return grid_codes.encode(run, Subject.of(run, picked)).codes.astype(np.int64)
    return group_codes.probabilities(run, picked).argmax(1)


def walk(between: Between) -> tuple[DiscretePath, Tensor]:
    """The path, and what the decoder takes of its codes [T, D]."""
    import torch

    from vae_core.analysis.discrete_path import by_difference, by_place, giving_way

    run = between.run
    a, b = (torch.from_numpy(codes(run, each)) for each in (between.a, between.b))
    if between.order == "difference":
        y = weights(between, 1)
        order = by_difference(lambda each: run.model.decode_mean(decoded_of(between, each), y), a, b).numpy()
    elif between.order == "random":
        order = np.random.default_rng(between.seed).permutation(len(a))
    elif between.order == "kl":
        order = group_codes.use(usage.codes(run)).order
    elif between.order == "raster":
        order = by_place(between.grids).numpy()
    else:
        order = np.roll(np.arange(len(a)), -prod(between.grids[0]) if between.order == "bottom" else 0)
    path = giving_way(a, b, torch.from_numpy(order))
    return path, decoded_of(between, path.codes)


def decoded_of(between: Between, codes: Tensor) -> Tensor:
    """What the decoder takes of codes [T, N]: [T, D]."""
    import torch
    import torch.nn.functional as F

    if not of_grid(between.run):
        return F.one_hot(codes, between.run.spec.posterior.width).float().flatten(-2)
    from vae_core.analysis import cells

    with torch.inference_mode():
        return cells.embed(between.run.model, codes)


def log_prior(between: Between, path: DiscretePath) -> Tensor | None:
    """log p(z) of the path's codes [T], nats; None where all cost the same."""
    from vae_core.analysis import cells

    if not of_grid(between.run) or isinstance(between.run.spec.prior, UniformPrior):
        return None
    y = weights(between, len(path.codes))
    return cells.log_prob(between.run.model, path.codes, y).sum(-1)


def weights(between: Between, count: int) -> Tensor | None:
    """Those of the classes that the path is decoded under, at `count` even steps [T, C]; None of a model that
    is told none."""
    import torch

    from vae_core.analysis import interpolate as paths

    images = (between.a, between.b)
    classes = told_class.classes(between.run, between.told, images, *images)
    each = path_codes.mixture(between.run, classes)
    return None if each is None else paths.along(each, torch.linspace(0, 1, count, dtype=torch.float64))

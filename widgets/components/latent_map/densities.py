"""What is computed for the map, once for all sessions: grid, holes, replay."""

from __future__ import annotations

import math
from dataclasses import dataclass
from dataclasses import field as field_of
from typing import TYPE_CHECKING, Any

import streamlit as st

from widgets.components import latent_map
from widgets.components.latent_map import map_view as views
from widgets.components.latent_map import points
from widgets.components.latent_map.map_view import View
from widgets.run_data.classes import dataset_classes
from widgets.run_data.codes import Codes, cached, of_frame, prior_moves, prior_of_frame
from widgets.run_data.library import open_run
from widgets.shell import words

if TYPE_CHECKING:
    from torch import Tensor

    from vae_core.analysis.aggregate import DensityGrid
    from vae_core.analysis.holes import Hole
    from vae_core.model.priors import Prior

# Posteriors that travel to the browser, which adds all of them up wherever the pointer is.
MOST_IN_BROWSER = 20_000
MOST_ON_FINE_GRID = 200_000  # posteriors: beyond, the first picture would take seconds
MOST_FRAMES = 32
MASS = 0.95


@dataclass(frozen=True, eq=False)
class Field:
    grid: DensityGrid
    plane: tuple[Tensor, Tensor, Tensor] | None
    picture: bytes
    images: int
    outside: int  # codes beyond the map's range
    meaning: str  # which density this is, in words
    held: tuple[float, ...]  # what coordinates are that the map does not show, where no pin says

    def on(self, mean: Tensor, view: View) -> Tensor:
        """Codes [N, D] on the map [N, 2]."""
        return project(mean, view, self.plane)

    def z(self, x: float, y: float, view: View, latent: int) -> list[float]:
        """The code at a place of the map."""
        if self.plane is not None:
            origin, u, v = self.plane
            return (origin + x * u + y * v).tolist()
        z = list(view.through or self.held)
        z[view.dims[0]], z[view.dims[1]] = x, y
        return z


def unshown(prior: Prior | None, latent: int) -> tuple[float, ...]:
    """Where coordinates [D] that a map does not show are held while it decodes: at the prior's mean."""
    return (0.0,) * latent if prior is None else tuple(prior.moments()[0].detach().tolist())


@st.cache_resource(max_entries=16, show_spinner=False)
def unshown_of(path: str, version: Any) -> tuple[float, ...]:
    """The same of a run as its weights are."""
    model = open_run(path).model
    return unshown(None if model.prior.standard else model.prior, model.latent)


def project(mean: Tensor, view: View, plane: tuple[Tensor, Tensor, Tensor] | None) -> Tensor:
    """Codes [N, D] on the view's plane [N, 2]."""
    import torch

    if plane is None:
        return mean[:, list(view.dims)]
    origin, u, v = plane
    return (mean - origin) @ torch.stack([u, v], 1)


@cached(32)
def field(codes: Codes, view: View) -> Field:
    """The density on the view and the points; `view.place`, since holes do not matter here."""
    import torch

    from vae_core.analysis import aggregate

    posteriors = codes.posteriors
    plane = aggregate.pca_plane(posteriors) if view.kind == "pca" else None
    # Of a run in training a new one goes every second to all who watch.
    fine = codes.whole and len(posteriors) <= MOST_ON_FINE_GRID
    size = views.SIZE if fine else views.SLOW_SIZE
    prior = codes.prior
    grid = views.grid(posteriors, view, plane, size, prior)
    outside = int((project(posteriors.mean, view, plane).abs() > view.extent).any(dim=1).sum())
    held = unshown(prior, posteriors.dimensions)
    plain = posteriors.dimensions == 2 and view.kind == "marginal"
    meaning_of_map = (
        meaning(view, grid, len(posteriors), posteriors.dimensions, outside)
        + of_many(len(posteriors), plain)
        + of_posteriors(codes)
        + of_prior(codes)
        + replayed(codes, view)
    )
    picture = latent_map.picture(
        grid,
        posteriors,
        classes=dataset_classes(codes.run),
        dims=view.dims,
        plane=plane,
        origin=torch.tensor(view.through or held),
        axes=view.axes,
        symbol=view.symbol(posteriors.dimensions),
        prior=prior,
        mixture=plain and len(posteriors) <= MOST_IN_BROWSER,
        meaning=meaning_of_map,
    )
    return Field(grid, plane, picture, len(posteriors), outside, meaning_of_map, held)


def meaning(view: View, grid: DensityGrid, images: int, latent: int, outside: int) -> str:
    """Which density is on screen, in words."""
    count = words.count(images)
    if view.kind == "pca":
        sentence = (
            f"The exact marginal of q(z) on the plane in which the codes of {count} test images vary most; "
            "what is left is integrated out, and a marginal can hide a hole."
        )
    elif view.kind == "slice":
        sentence = (
            f"The exact q({', '.join(view.axes)} | all others as in the pin), from {count} test images; "
            "points are projected, few lie on the slice. A click on an image moves the slice there. "
            f"Along the held coordinates log q − log p is {_signed(grid.rest)} nats, which counts for holes."
        )
    elif latent > 2:
        sentence = (
            f"The exact marginal of {' and '.join(view.axes)}, from {count} test images: the other "
            f"{latent - 2} dimensions are integrated out, and a marginal can hide a hole."
        )
    else:
        sentence = f"The exact aggregated posterior of {count} test images."
    if grid.floored:
        sentence += (
            f" {words.count(grid.floored)} posteriors are narrower than a cell of the map and drawn one cell "
            "wide, or they would not be seen. Holes and all numbers are those of the exact density."
        )
    if outside:
        sentence += (
            f" {words.count(outside)} codes lie beyond ± {view.extent:g}: widen the range to see them."
        )
    return sentence


def of_many(images: int, plain: bool) -> str:
    """What is not shown of all of them, where they are many."""
    sentence = ""
    if images > points.MOST_DRAWN:
        at_once = words.count(points.MOST_DRAWN)
        sentence += f" Points are up to {at_once} codes of those in view, spread evenly over the images"
        if images > points.MOST_POINTS:
            sentence += f", out of {words.count(points.MOST_POINTS)} of them"
        sentence += ": zoom in to see others."
    if images > MOST_ON_FINE_GRID:
        sentence += f" The density is computed on a grid of {views.SLOW_SIZE} x {views.SLOW_SIZE} points."
    if images > MOST_IN_BROWSER and plain:
        sentence += " Under the pointer log q is read between the points of the grid, where it is exact."
    return sentence


def of_posteriors(codes: Codes) -> str:
    """What stands for each q(z|x) on the map, where it is not itself."""
    if codes.gaussian:
        return ""
    return " Each q(z|x) is drawn as the Gaussian of the same mean and variances, which it is not itself."


def of_prior(codes: Codes) -> str:
    """What the map's prior is, where the run's own is not N(0, I)."""
    prior = codes.prior
    if prior is None:
        return "" if codes.own_prior else " The prior is N(0, I) here, and not the run's own."
    if prior.conditional:
        return " The prior is the run's own: those of its classes, weighed by how common they are."
    return " The prior is the run's own."


def replayed(codes: Codes, view: View) -> str:
    """What the replay's frames hold: fewer images, which leave more holes between them."""
    newest = codes.run.frame()
    if not codes.whole or view.kind == "slice" or newest is None or "mean" not in newest:
        return ""
    today = codes.prior is not None and not prior_moves(codes.run)
    learned = " Its prior is today's in every frame." if today else ""
    return (
        f" The replay follows {words.count(len(newest['mean']))} of them: fewer images leave more holes, "
        f"so only its frames compare with one another.{learned}"
    )


def _signed(value: float) -> str:
    return f"{value:.1f}".replace("-", "−") if math.isfinite(value) else "−∞"


@dataclass(frozen=True, eq=False)
class Found:
    """The holes of a view, largest first, and the parcel that shows them.

    codes: the code at each centre; least: whether a depth is only the least it may be.
    """

    holes: list[Hole]
    parcel: bytes
    codes: list[list[float]]
    least: list[bool]

    @property
    def mass(self) -> float:
        return sum(hole.prior_mass for hole in self.holes)


@cached(32)
def holes(codes: Codes, view: View) -> Found:
    from vae_core.analysis import aggregate

    there = field(codes, view.place)
    found = aggregate.holes(there.grid, MASS, view.ratio)
    latent = codes.run.spec.latent
    least = [bool((there.grid.exact[hole.mask] <= there.grid.exact_floor + 1e-6).any()) for hole in found]
    places = [there.z(float(hole.center[0]), float(hole.center[1]), view, latent) for hole in found]
    return Found(found, latent_map.hole_parcel(there.grid, found, MASS, view.ratio), places, least)


@dataclass(frozen=True, eq=False)
class Film:
    """The replay: steps, the density at each, the parcel, and how many images it follows."""

    steps: list[int]
    grids: list[DensityGrid]
    means: list[Tensor]
    on: list[Any]  # [N, 2] each: the means on the map
    labels: Tensor | None
    parcel: bytes
    _masses: dict[float, list[float]] = field_of(default_factory=dict, repr=False)

    @property
    def images(self) -> int:
        return len(self.means[0])

    def hole_mass(self, ratio: float) -> list[float]:
        """Of each step."""
        from vae_core.analysis import aggregate

        if ratio not in self._masses:
            curves = (aggregate.hole_curve(grid, [ratio], MASS) for grid in self.grids)
            self._masses[ratio] = [float(curve[0]) for curve in curves]
        return self._masses[ratio]


@cached(8)
def film(codes: Codes, view: View, pictures: tuple[str, ...]) -> Film | None:
    """None where fewer than two frames can be shown. view: a place, as it does not matter from which ratio on
    there is a hole. pictures: the names of the frames there are."""
    if len(pictures) < 2:
        return None
    run, there = codes.run, field(codes, view.place)
    every = -(-len(pictures) // MOST_FRAMES)
    chosen = pictures[::-1][::every][::-1]  # the newest is one of them
    steps = [int(name.split(".")[0]) for name in chosen]
    shots = [(step, shot) for step in steps if (shot := run.frame(step)) is not None]
    # A copied or resumed run has frames of one and the same model only.
    shots = [(step, shot) for step, shot in shots if shot["mean"].shape == shots[-1][1]["mean"].shape]
    if len(shots) < 2:
        return None
    steps, seen = [step for step, _ in shots], [of_frame(shot) for _, shot in shots]
    priors = [prior_of_frame(run, shot) if codes.own_prior else None for _, shot in shots]
    grids = [
        views.grid(posteriors, view, there.plane, views.SLOW_SIZE, prior)
        for posteriors, prior in zip(seen, priors, strict=True)
    ]
    means, labels = [each.mean for each in seen], seen[-1].labels
    on = [there.on(mean, view).numpy() for mean in means]
    moves = codes.own_prior and prior_moves(run)
    parcel = latent_map.frames(steps, means, labels, grids, prior_moves=moves)
    return Film(steps, grids, means, on, labels, parcel)


@st.cache_resource(max_entries=16, show_spinner=False)
def decoder(path: str, version: Any, y: int | None = None) -> bytes | None:
    """The decoder for the browser, under class y; None where the run has no weights yet, or where the
    browser cannot compute it."""
    from vae_core.browser import wire
    from vae_core.runs.reading import RunError

    try:
        return wire.decoder(open_run(path).model, y=y)
    except (RunError, TypeError):
        return None


def pictures(codes: Codes) -> tuple[str, ...]:
    return tuple(file.name for file in codes.run.frames)

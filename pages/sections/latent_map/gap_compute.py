"""What the section of the true posterior computes beside the page, once for all sessions."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import streamlit as st

from vae_core.runs.run import Run
from vae_core.spec.capabilities import capabilities
from widgets.components.latent_map import MapState, posterior_regions
from widgets.components.latent_map.map_view import View
from widgets.components.picker import source as pictures
from widgets.components.true_posterior import Grid, Shown
from widgets.run_data.codes import newest, weights
from widgets.run_data.library import open_run
from widgets.run_data.subject import Picked, Subject, digest
from widgets.shell import tasks

if TYPE_CHECKING:
    from torch import Tensor

    from vae_core.analysis.posterior_gap import Gap, Gaussian, Survey
    from vae_core.analysis.progress import Progress
    from vae_core.analysis.quadrature import Integral, Lattice

EXTENT = 5.0  # of the lattice at least, in standard deviations of N(0, I)
FAR = 1.15  # how far beyond the farthest code it reaches
FINE = {1: 512, 2: 128}  # points of the fine grid along each dimension
ROOM = 1.25  # around what is to be seen
SURVEYED = 200  # test images
PATIENCE = 0.6  # seconds that a page waits for the first picture
COARSER = 2  # of the fine grid's points the map takes one in so many, along each dimension


def plane(run: Run) -> bool:
    """Whether this is by quadrature: the latent space has one or two dimensions."""
    return run.spec.latent <= 2


def label_of(run: Run, subject: Subject) -> int | None:
    """The class that the model is told; where it is not known, the one its classifier reads, or the first."""
    if not run.spec.classes:
        return None
    if subject.label is not None:
        return subject.label
    model = run.model
    if model.classifier is None:
        return 0
    return int(model.classify(subject.tensor()[None])[0].argmax())


@st.cache_resource(max_entries=12, show_spinner=False)
def lattice(path: str, version: Any, label: int | None) -> Lattice:
    """The decoder on a lattice that holds all codes; version: of the weights."""
    from vae_core.analysis.quadrature import Lattice

    run = open_run(path)
    codes = newest(run)
    far = 0.0 if codes is None else FAR * float(codes.posteriors.mean.abs().max())
    return Lattice.of(run.model, max(EXTENT, far), weights_of(run, label))


def weights_of(run: Run, label: int | None) -> Tensor | None:
    import torch

    return None if label is None else run.model.weights(torch.tensor([label]))[0]


def of_image(path: str, version: Any, subject: Subject, *, publish: Callable[[Shown], None]) -> Shown:
    """What is shown of an image; published first without the best q."""
    from vae_core.analysis import posterior_gap

    run = open_run(path)
    label, x = label_of(run, subject), subject.tensor()
    y = weights_of(run, label)
    if not plane(run):
        gap = posterior_gap.of_samples(run.model, x, y, label)
        return _shown(subject, version, gap)
    cells = lattice(path, version, label)
    integral = posterior_gap.integral_of(run.model, cells, x, y)
    encoder = posterior_gap.encoder_of(run.model, x, y)
    first = _on_grids(subject, version, run, cells, integral, encoder, label)
    publish(first)
    gap = posterior_gap.of_plane(run.model, x, integral, y)
    return replace(first, best=_gaussian(gap.best))


def on_map(run: Run, state: MapState, view: View) -> tuple[dict[str, Any] | None, bool]:
    """The true posterior of the pinned image as the map takes it, None where there is none to draw; and
    whether it is on its way."""
    drawn = run.spec.latent == 2 and view.kind == "marginal" and "ellipse" in state.layers
    drawn = drawn and "likelihood" in capabilities(run.spec)
    if not drawn or state.image is None or run.status.active:
        return None, False
    found = pictures.of(run)
    if isinstance(found, tasks.Task):
        return None, True
    if found.kind != "test" or state.image >= len(found):
        return None, False
    label = None if found.labels is None else int(found.labels[state.image])
    picked = Picked(found.images[state.image], label, state.image, False, found.name(state.image))
    task = tasks.start(of_image, str(run.path), weights(run), Subject.of(run, picked), streamed=True)
    task.begun.wait(PATIENCE)
    shown = task.partial
    if shown is None or shown.fine is None:
        return None, not task.done()
    fine = shown.fine
    values = fine.values.reshape(fine.size, fine.size)[::COARSER, ::COARSER]
    drawn_regions = posterior_regions(fine.start, COARSER * fine.side, values, shown.levels)
    if shown.own is not None:
        own = shown.own.reshape(fine.size, fine.size)[::COARSER, ::COARSER]
        drawn_regions["own"] = posterior_regions(fine.start, COARSER * fine.side, own, shown.own_levels)
    return drawn_regions, False


def survey(path: str, version: Any, *, progress: Progress, cancelled: Callable[[], bool]) -> Survey:
    """The gaps of the first test images, or of the probes where there are no others."""
    import torch

    from vae_core import data
    from vae_core.analysis import posterior_gap
    from vae_core.analysis.progress import Reporter
    from vae_core.pixels import unit

    run = open_run(path)
    found = pictures.of(run)
    assert isinstance(found, pictures.Source)
    images = torch.from_numpy(np.ascontiguousarray(found.images[:SURVEYED]))
    if run.spec.data.binarisation != "none":
        images = data.binarise_static(images, "test")
    labels = None if found.labels is None else torch.from_numpy(found.labels[:SURVEYED])
    of_class = (lambda label: lattice(path, version, label)) if plane(run) else None
    return posterior_gap.survey(run.model, unit(images), labels, of_class, Reporter(progress, cancelled))


def _gaussian(q: Gaussian) -> tuple[list[float], list[float], float]:
    return q.mean.tolist(), (0.5 * q.log_var).exp().tolist(), q.elbo


def _shown(subject: Subject, version: Any, gap: Gap) -> Shown:
    return Shown(
        subject.image,
        _about(subject, version),
        subject.name,
        gap.log_px,
        gap.error,
        _gaussian(gap.encoder),
        _gaussian(gap.best),
        tuple(gap.way),
    )


def _about(subject: Subject, version: Any) -> str:
    return f"{digest(subject.image)} {subject.label} {version}"


def _own_shape(
    run: Run, x: Tensor, label: int | None, axes: list[Tensor]
) -> tuple[np.ndarray | None, tuple[float, ...]]:
    """log q(z|x) on the fine grid and its levels, where q is no Gaussian and there are two dimensions."""
    from vae_core.analysis.posterior_contours import contours
    from vae_core.model.posteriors import DiagonalGaussian

    if len(axes) != 2 or isinstance(run.model.posterior, DiagonalGaussian):
        return None, ()
    found = contours(run.model, x, axes[0], axes[1], label=label)
    return found.log_q.T.flatten().numpy(), tuple(found.level.values())


def _on_grids(
    subject: Subject,
    version: Any,
    run: Run,
    cells: Lattice,
    integral: Integral,
    encoder: Gaussian,
    label: int | None,
) -> Shown:
    """p(z|x) of an image with a fine grid around it and the encoder's q."""
    import torch

    from vae_core.analysis.quadrature import joint_of

    latent, x, y = run.spec.latent, subject.tensor(), weights_of(run, label)
    inside = integral.z[integral.log_joint >= integral.level(0.98)]
    spread = 2.3 * (0.5 * encoder.log_var).exp()
    low = torch.minimum(inside.min(0).values, encoder.mean - spread)
    high = torch.maximum(inside.max(0).values, encoder.mean + spread)
    centre, half = (low + high) / 2, ROOM * float((high - low).max()) / 2
    size = FINE[latent]
    side = 2 * half / (size - 1)
    axes = [c - half + side * torch.arange(size).double() for c in centre]
    z = torch.cartesian_prod(*axes).reshape(-1, latent)
    with torch.inference_mode():
        log_joint = joint_of(run.model, x, y)
        fine = torch.cat([log_joint(block) for block in z.split(2048)])
        coarse = cells.log_joint(run.model, x)
    own, own_levels = _own_shape(run, x, label, axes)
    return Shown(
        subject.image,
        _about(subject, version),
        subject.name,
        integral.log_px,
        0.0,
        _gaussian(encoder),
        fine=Grid(tuple((centre - half).tolist()), side, size, fine.numpy()),
        coarse=Grid(
            tuple(cells.z[0].tolist()), cells.side, round(len(cells.z) ** (1 / latent)), coarse.numpy()
        ),
        levels=(integral.level(0.5), integral.level(0.9)),
        own=own,
        own_levels=own_levels,
        view=(centre.tolist(), half),
    )

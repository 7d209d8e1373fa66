"""What a run with a codebook makes of an image, and what its codebook looks like."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import streamlit as st

from vae_core.runs.run import Run, RunError
from widgets.run_data.codes import LATEST, Codes, weights
from widgets.run_data.library import open_run
from widgets.run_data.subject import Subject

if TYPE_CHECKING:
    from torch import Tensor

    from vae_core.model.posteriors import GridCodes


@dataclass(frozen=True, eq=False)
class Codebook:
    """Of K codes: tiles uint8 [K, C, h, w], the mean of the images about the cells that chose each; vectors
    [K, D]; uses [K], how many cells of the training images chose each in the last whole epoch."""

    tiles: np.ndarray
    vectors: np.ndarray
    uses: np.ndarray


def codebook(run: Run, level: int = 0) -> Codebook:
    """That of a level, 0 being the top. Raises RunError where the newest frame, which holds the tiles, is
    missing or cannot be read."""
    return _codebook(str(run.path), weights(run), run.stamp(LATEST), level)


@st.cache_resource(max_entries=16, show_spinner=False)
def _codebook(path: str, version: Any, stamp: Any, level: int) -> Codebook:
    from vae_core.model.vq_vae_2 import BOTTOM

    run = open_run(path)
    frame = run.frame()
    if frame is None:
        raise RunError(f"The newest frame of {run.name}, with the tiles of its codebook, cannot be read.")
    vectors, of = run.model.posterior.codebooks[level].codebook, BOTTOM if level else ""
    return Codebook(frame[f"{of}tiles"], vectors.detach().numpy(), frame[f"{of}uses"])


@dataclass(frozen=True, eq=False)
class Encoded:
    """Of all N cells in one row, those of the top level first: codes int16 [N]; vectors [N, D] of the
    encoder."""

    codes: np.ndarray
    vectors: np.ndarray


def encode(run: Run, subject: Subject) -> Encoded:
    """The encoder's codes of an image."""
    return _encode(str(run.path), weights(run), subject)


@st.cache_data(max_entries=256, show_spinner=False)
def _encode(path: str, version: Any, subject: Subject) -> Encoded:
    from vae_core.analysis import code_map

    model = open_run(path).model
    found = code_map.encode(model, subject.tensor(), condition(model.classes, subject.label))
    return Encoded(found.codes.numpy().astype(np.int16), found.vectors.numpy())


def split(run: Run, row: np.ndarray) -> list[np.ndarray]:
    """Of all cells in one row, [N], those of every level [h, w]."""
    ends = np.cumsum([rows * columns for rows, columns in run.spec.grids])
    return [of.reshape(grid) for of, grid in zip(np.split(row, ends[:-1]), run.spec.grids, strict=True)]


def of_images(codes: Codes) -> GridCodes:
    """The codes of the test images; of a run in training, of the few of its newest frame."""
    if codes.whole:
        return codes.run.grid_codes
    from vae_core.model.posteriors import GridCodes

    frame = codes.run.frame()
    if frame is None:
        raise RunError(f"The newest latent codes of {codes.run.name} cannot be read.")
    return GridCodes.of(frame)


def condition(classes: int, y: int | None) -> Tensor | None:
    """A class as a model of so many takes it, int64 [1]; None where it takes none, or none is known."""
    import torch

    return torch.tensor([y]) if classes and y is not None else None

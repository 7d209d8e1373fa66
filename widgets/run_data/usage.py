"""What a run has learned, as the board wants it: decoder, use of each dimension, ranges, an image's code."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import streamlit as st

from vae_core.model import variance_bound
from vae_core.runs.run import Run, RunError
from widgets.run_data.codes import Codes, newest, weights
from widgets.run_data.library import open_run
from widgets.run_data.subject import Picked

if TYPE_CHECKING:
    from torch import Tensor

    from vae_core.analysis.traverse import Usage

QUANTILES = "quantiles"
REACHES = {"2": (2.0, 9), "3": (3.0, 7), "4": (4.0, 9)}  # standard deviations, and how many stops


def codes(run: Run) -> Codes:
    found = newest(run)
    if found is None:
        raise RunError(f"{run.name} has no latent codes of the test images yet.")
    return found


@st.cache_resource(max_entries=32, show_spinner=False)
def usage(codes: Codes) -> Usage:
    from vae_core.analysis import traverse

    return traverse.usage(codes.posteriors)


def kl_note(codes: Codes) -> str | None:
    """Why the KL of these codes says nothing of the model; None where it does."""
    return variance_bound.undefined_kl(codes.posteriors.log_var)


def stops(codes: Codes, reach: str) -> tuple[np.ndarray, list[str]]:
    """z of each stop [D, K] of every dimension, and what the stops are called."""
    if reach == QUANTILES:
        from vae_core.analysis.traverse import LEVELS

        return quantiles(codes), [f"{100 * level:g} %" for level in LEVELS]
    from vae_core.analysis.traverse import sigmas

    values = sigmas(codes.run.spec.latent, *REACHES[reach]).numpy()
    return values, [f"{v:g}σ".replace("-", "−") if v else "0" for v in values[0]]


@st.cache_resource(max_entries=32, show_spinner=False)
def quantiles(codes: Codes) -> np.ndarray:
    from vae_core.analysis import traverse

    found: np.ndarray = traverse.quantiles(codes.posteriors).numpy()
    return found


def condition(run: Run, picked: Picked | None) -> int | None:
    """The class that a model which is told classes decodes under: that of the image."""
    return picked.label if picked is not None and run.model.classes else None


def decoder(run: Run, y: int | None) -> bytes:
    return _decoder(str(run.path), weights(run), y)


@st.cache_resource(max_entries=16, show_spinner=False)
def _decoder(path: str, version: Any, y: int | None) -> bytes:
    from vae_core.browser import wire

    try:
        return wire.decoder(open_run(path).model, y=y)
    except TypeError as error:
        raise RunError(f"The decoder cannot run in the browser: {error}.") from None


def code(run: Run, picked: Picked) -> tuple[float, ...]:
    """The mean of q(z|x) [D] of the image; of q(z|x, y) where the encoder is told the class."""
    return _code(str(run.path), weights(run), picked.digest, picked.label, picked.image)


@st.cache_data(max_entries=256, show_spinner=False)
def _code(path: str, version: Any, digest: str, label: int | None, _image: np.ndarray) -> tuple[float, ...]:
    import torch

    y = None if label is None else torch.tensor([label])
    image = torch.from_numpy(np.ascontiguousarray(_image))[None]
    mean = open_run(path).model.posteriors(image, y).mean[0]
    return tuple(mean.tolist())


def decode(run: Run, y: int | None) -> Any:
    """z [M, D] -> images [M, C, H, W] within [0, 1], as the board's decoder does."""
    import torch

    def images(z: Tensor) -> Tensor:
        classes = None if y is None else torch.full((len(z),), y)
        return run.model.decode_mean(z, classes)

    return images


def information(run: Run) -> np.ndarray:
    """KL of each latent dimension over the test images, in nats [D]. Only for a run that has codes."""
    codes = run.codes
    assert codes is not None
    mean, log_var = codes["mean"].astype(np.float32), codes["log_var"].astype(np.float32)
    return 0.5 * (mean**2 + np.exp(log_var) - 1 - log_var).mean(axis=0)


def most_informative(run: Run) -> tuple[int, int]:
    """The two dimensions with most KL."""
    if run.codes is not None:
        kl = information(run)
    else:
        codes = newest(run)
        assert codes is not None
        from vae_core.analysis import kl_divergence

        kl = kl_divergence.dimensions(codes.posteriors).mean(0).numpy()
    first, second = sorted(int(k) for k in np.argsort(-kl)[:2])
    return first, second

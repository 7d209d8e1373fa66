"""What a run has learned, as the board wants it: decoder, use of each dimension, ranges, an image's code."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import streamlit as st

from vae_core.model import variance_bound
from vae_core.runs import files
from vae_core.runs.run import Run, RunError
from widgets.run_data.codes import Codes, cached, is_standard, newest, weights
from widgets.run_data.library import open_run
from widgets.run_data.subject import Picked, Subject

if TYPE_CHECKING:
    from torch import Tensor

    from vae_core.analysis.decode import Pixels
    from vae_core.analysis.traverse import Usage

QUANTILES = "quantiles"
ROWS = 2**15  # of codes at a time: what fits the cache
DRAWS = 100  # of the prior, for the sliders' button
REACHES = {"2": (2.0, 9), "3": (3.0, 7), "4": (4.0, 9)}  # standard deviations, and how many stops


def codes(run: Run) -> Codes:
    found = newest(run)
    if found is None:
        raise RunError(f"{run.name} has no latent codes of the test images yet.")
    return found


@cached(32)
def usage(codes: Codes) -> Usage:
    """kl is nan where `kl_note` says why; dimensions that depend on each other are sorted by activity."""
    import torch

    from vae_core.analysis import traverse

    found = traverse.usage(codes.posteriors, prior=codes.prior)
    if kl_note(codes) is None:
        return found
    order = found.order if codes.gaussian else traverse.order(found.activity)
    return replace(found, kl=torch.full_like(found.kl, torch.nan), order=order)


def kl_note(codes: Codes) -> str | None:
    """Why the KL of single dimensions says nothing of the model, in sentences; None where it does."""
    if not codes.gaussian:
        return (
            "The KL of single dimensions is not known: under its posterior they depend on each other. They "
            "are sorted by how far images move their means."
        )
    undefined = variance_bound.undefined_kl(codes.posteriors.log_var)
    return None if undefined is None else f"{undefined} {variance_bound.WHY}"


@dataclass(frozen=True, eq=False)
class OfPrior:
    """p(z|y) as sliders need it, or p(z) where no class is known: its mean [D], and draws of it [M, D], the
    same every time; no draws are those of N(0, I)."""

    mean: tuple[float, ...]
    draws: np.ndarray | None


@cached(32)
def of_prior(codes: Codes, y: int | None = None) -> OfPrior:
    import torch

    prior = codes.prior
    if prior is None:
        return OfPrior((0.0,) * codes.run.spec.latent, None)
    given = _condition(codes.run, y)
    draws = prior.sample(DRAWS, torch.Generator().manual_seed(0), given)
    return OfPrior(tuple(prior.moments(given)[0].tolist()), draws.detach().numpy())


def _condition(run: Run, y: int | None) -> Tensor | None:
    """The condition [K] of class y, where the model has classes."""
    import torch

    return None if y is None or not run.model.classes else run.model.weights(torch.tensor([y]))[0]


def stops(codes: Codes, reach: str, y: int | None = None) -> tuple[np.ndarray, list[str]]:
    """z of each stop [D, K] of every dimension, and what the stops are called. y: the class of the prior."""
    if reach == QUANTILES:
        from vae_core.analysis.traverse import LEVELS

        return quantiles(codes), [f"{100 * level:g} %" for level in LEVELS]
    from vae_core.analysis.traverse import sigmas

    far, count = REACHES[reach]
    prior = codes.prior
    given = None if prior is None else _condition(codes.run, y)
    values = sigmas(codes.run.spec.latent, far, count, prior, given).numpy()
    return values, [f"{v:g}σ".replace("-", "−") if v else "0" for v in np.linspace(-far, far, count)]


@cached(32)
def quantiles(codes: Codes) -> np.ndarray:
    from vae_core.analysis import traverse

    found: np.ndarray = traverse.quantiles(codes.posteriors).numpy()
    return found


def condition(run: Run, picked: Picked | Subject | None) -> int | None:
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


def decode(run: Run, y: int | None, pixels: Pixels = "means") -> Any:
    """z [M, D] -> images [M, C, H, W] within [0, 1], as the board's decoder does; drawn pixels have other
    noise than there."""
    import torch

    from vae_core.analysis import decode

    generator = torch.Generator(run.model.device).manual_seed(0)

    def images(z: Tensor) -> Tensor:
        classes = None if y is None else torch.full((len(z),), y)
        return decode.decode(run.model, z, classes, pixels, generator)

    return images


def information(run: Run) -> np.ndarray:
    """KL of each latent dimension over the test images, in nats [D]. Only for a run that has codes."""
    if not is_standard(run):
        used: np.ndarray = usage(codes(run)).kl.numpy()
        return used
    return _information(str(run.path), run.stamp(files.POSTERIORS))


@st.cache_data(max_entries=64, show_spinner=False)
def _information(path: str, version: Any) -> np.ndarray:
    """Under N(0, I), without torch: the board of a run at rest needs none. version: that of the codes."""
    stored = open_run(path).codes
    assert stored is not None
    mean, log_var = stored["mean"], stored["log_var"]
    total = np.zeros(mean.shape[1])
    for start in range(0, len(mean), ROWS):
        m, v = (values[start : start + ROWS].astype(np.float32) for values in (mean, log_var))
        total += (m * m + np.exp(v) - 1 - v).sum(axis=0, dtype=np.float64)
    found: np.ndarray = 0.5 * total / len(mean)
    return found


def most_informative(run: Run) -> tuple[int, int]:
    """The two dimensions with most KL."""
    kl = information(run) if run.codes is not None else usage(codes(run)).kl.numpy()
    first, second = sorted(int(k) for k in np.argsort(-kl)[:2])
    return first, second

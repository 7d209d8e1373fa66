"""The codes that the page is about: q(z|x) of the test images, the newest there are.

Of a run in training these are the few images of its newest frame, which comes twice a second; at rest, all
test images.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import streamlit as st

from vae_core.runs import files, frames
from vae_core.runs.run import Run, RunError
from vae_core.runs.tensors import OF_PRIOR
from vae_core.spec import StandardNormalPrior
from widgets.run_data.library import open_run

if TYPE_CHECKING:
    from vae_core.model.posteriors import Posteriors
    from vae_core.model.priors import Prior


@dataclass(frozen=True)
class Codes:
    """Where codes are found, and which version of them: small, and can be a key of what is computed.

    prior_version: that of the weights, which hold the prior's own; None where the prior is N(0, I).
    own_prior: whether they are held against the run's own prior; else against N(0, I).
    """

    path: str
    file: str
    stamp: files.Stamp
    prior_version: files.Stamp | None = None
    own_prior: bool = True

    @property
    def run(self) -> Run:
        return open_run(self.path)

    @property
    def posteriors(self) -> Posteriors:
        return _posteriors(self)

    @property
    def prior(self) -> Prior | None:
        """p(z) against which they are held; None is N(0, I). RunError where a learned one has no weights."""
        return None if is_standard(self.run) or not self.own_prior else self.run.model.prior

    @property
    def gaussian(self) -> bool:
        """Whether each q(z|x) is a diagonal Gaussian: mean and variances say all of it."""
        return self.run.spec.posterior.form == "gaussian"

    @property
    def whole(self) -> bool:
        """Whether these are all test images."""
        return self.file == files.POSTERIORS


LATEST = f"{files.FRAMES}/{frames.LATEST}"


def newest(run: Run) -> Codes | None:
    candidates = (LATEST, files.POSTERIORS) if run.status.active else (files.POSTERIORS, LATEST)
    for file in candidates:
        stamp = run.stamp(file)
        if stamp is not None and run.has(file):
            return Codes(str(run.path), file, stamp, None if is_standard(run) else weights(run))
    return None


@st.cache_resource(max_entries=12, show_spinner=False)
def _posteriors(codes: Codes) -> Posteriors:
    if codes.whole:
        return codes.run.posteriors
    frame = codes.run.frame()
    if frame is None:
        raise RunError(f"The newest latent codes of {codes.run.name} cannot be read.")
    return of_frame(frame)


def of_frame(frame: frames.Arrays) -> Posteriors:
    """The posteriors of a frame."""
    from vae_core.model.posteriors import Posteriors

    return Posteriors.of(frame)


def prior_of_frame(run: Run, frame: frames.Arrays) -> Prior | None:
    """p(z) at the moment of a frame; None is N(0, I). Today's where the frame does not hold it."""
    import torch

    from vae_core.model import priors

    if is_standard(run):
        return None
    if not (learned := {name: value for name, value in frame.items() if name.startswith(OF_PRIOR)}):
        return run.model.prior
    return priors.of_state(run.spec, {name: torch.from_numpy(value) for name, value in learned.items()})


def prior_moves(run: Run) -> bool:
    """Whether the run's frames hold the prior of their moment."""
    newest = run.frame()
    return newest is not None and any(name.startswith(OF_PRIOR) for name in newest)


def is_standard(run: Run) -> bool:
    """Whether the run's prior is N(0, I), without a look at its weights."""
    return isinstance(run.spec.prior, StandardNormalPrior)


def weights(run: Run) -> Any:
    """The version of the decoder."""
    return run.stamp(files.WEIGHTS)

"""The codes that the page is about: q(z|x) of the test images, the newest there are.

Of a run in training these are the few images of its newest frame, which comes twice a second; at rest, all
test images.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from typing import TYPE_CHECKING, Any, Concatenate, ParamSpec, TypeVar

import streamlit as st

from vae_core.runs import files, frames
from vae_core.runs.run import Run, RunError
from vae_core.runs.tensors import OF_PRIOR
from vae_core.spec import StandardNormalPrior
from widgets.run_data.library import open_run

if TYPE_CHECKING:
    from vae_core.model.posteriors import Posteriors
    from vae_core.model.priors import Prior


P = ParamSpec("P")
T = TypeVar("T")

# Seconds for which all sessions are shown one frame of a run in training: what is computed of it is computed
# once, and not for each of those who look at it a moment apart.
TOGETHER = 1.0
IN_TRAINING = 8


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


def cached(
    at_rest: int,
) -> Callable[[Callable[Concatenate[Codes, P], T]], Callable[Concatenate[Codes, P], T]]:
    """Keeps what is computed of codes, for all sessions; at_rest: how many answers.

    Those of runs in training, new every second, have places of their own: they would push out all others.
    """

    def decorate(compute: Callable[Concatenate[Codes, P], T]) -> Callable[Concatenate[Codes, P], T]:
        @wraps(compute)
        def passing(codes: Codes, *args: P.args, **kwargs: P.kwargs) -> T:
            return compute(codes, *args, **kwargs)

        passing.__qualname__ += " in training"  # by which Streamlit tells caches apart
        kept = st.cache_resource(max_entries=at_rest, show_spinner=False)(compute)
        newest_ones = st.cache_resource(max_entries=IN_TRAINING, show_spinner=False)(passing)

        @wraps(compute)
        def found(codes: Codes, *args: P.args, **kwargs: P.kwargs) -> T:
            return (kept if codes.whole else newest_ones)(codes, *args, **kwargs)

        return found

    return decorate


LATEST = f"{files.FRAMES}/{frames.LATEST}"


def newest(run: Run) -> Codes | None:
    """None where there are none yet."""
    return _of_training(str(run.path)) if run.status.active else _found(run, (files.POSTERIORS, LATEST))


@st.cache_resource(ttl=TOGETHER, max_entries=64, show_spinner=False)
def _of_training(path: str) -> Codes | None:
    return _found(open_run(path), (LATEST, files.POSTERIORS))


def _found(run: Run, candidates: tuple[str, ...]) -> Codes | None:
    for file in candidates:
        stamp = run.stamp(file)
        if stamp is not None and run.has(file):
            return Codes(str(run.path), file, stamp, None if is_standard(run) else weights(run))
    return None


@cached(12)
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

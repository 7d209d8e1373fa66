"""What a run whose codes are categories makes of an image, and how test images use its categories."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import streamlit as st

from vae_core.runs.run import Run, RunError
from widgets.run_data.codes import Codes, cached, weights
from widgets.run_data.library import open_run
from widgets.run_data.subject import Picked, Subject, digest

if TYPE_CHECKING:
    from torch import Tensor


@dataclass(frozen=True, eq=False)
class Use:
    """Of M groups of K categories: shares [M, K], each category's part of q(z) over the test images; kl [M],
    the mean over images of each group's KL to the uniform prior, and marginal_kl [M], that of q(z), nats.
    holes: bool [M, K], the categories that q(z) hardly has; prior_in_holes: how often the prior takes any.
    """

    shares: np.ndarray
    kl: np.ndarray
    marginal_kl: np.ndarray
    holes: np.ndarray
    prior_in_holes: float

    @property
    def order(self) -> np.ndarray:
        """The groups, those of most KL first."""
        return np.argsort(-self.kl, kind="stable")


@cached(16)
def use(codes: Codes) -> Use:
    """Of all test images; of a run in training, of the few of its newest frame."""
    if codes.whole:
        found = codes.run.group_codes
        return _use(found.probabilities.mean(0), found.kl.mean(0).numpy())
    frame = codes.run.frame()
    if frame is None:
        raise RunError(f"The newest latent codes of {codes.run.name} cannot be read.")
    import torch

    return _use(torch.from_numpy(frame["shares"].astype(np.float32)), frame["kl"].astype(np.float32))


def _use(shares: Tensor, kl: np.ndarray) -> Use:
    from vae_core.analysis import category_map

    holes = category_map.holes(shares)
    of_marginals = category_map.marginal_kl(shares).numpy()
    return Use(shares.numpy(), kl, of_marginals, holes.numpy(), category_map.prior_in_holes(holes))


def kl(probabilities: np.ndarray) -> np.ndarray:
    """Of each group of q(z|x) [M, K] to the uniform prior, nats [M]."""
    import torch

    from vae_core.model.gumbel_softmax import GroupCodes

    found: np.ndarray = GroupCodes(torch.from_numpy(probabilities)[None]).kl[0].numpy()
    return found


def probabilities(run: Run, picked: Picked | Subject) -> np.ndarray:
    """q(z|x) of an image, [M, K]; of an encoder that is told the class, under that of the image."""
    return _probabilities(str(run.path), weights(run), digest(picked.image), picked.label, picked.image)


@st.cache_data(max_entries=256, show_spinner=False)
def _probabilities(path: str, version: Any, key: str, label: int | None, _image: np.ndarray) -> np.ndarray:
    import torch

    y = None if label is None else torch.tensor([label])
    image = torch.from_numpy(_image.copy())[None]
    found: np.ndarray = open_run(path).model.group_codes(image, y).probabilities[0].float().numpy()
    return found

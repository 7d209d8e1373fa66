"""A distance between features in the place of log p(x|z): a reconstruction that is no likelihood."""

from __future__ import annotations

import copy

import torch
from torch import Tensor

from vae_core.model import nets, oracle_classifier
from vae_core.model.likelihoods import LIKELIHOODS, Likelihood


class FeatureDistance(Likelihood):
    """Half the squared distance between what a classifier's layers make of an image and of its
    reconstruction, sigmoid(params), summed over all layers (Hou et al. 2017, where it is a mean over each).
    The classifier is the one that comes with the app.

    exp of minus a distance between features integrates to nothing known: there is no p(x|z), no ELBO and no
    log p(x). `log_prob` is minus the distance, so that everything else of training stays as it is.
    """

    browser_mean = "sigmoid"

    def __init__(self, weight: float) -> None:
        super().__init__()
        self.weight = weight
        self._dataset = ""
        self._networks: dict[torch.device, nets.Net] = {}  # frozen, and no part of what a run saves

    def of(self, dataset: str) -> None:
        """Whose classifier it is. One of images that none ships for cannot be told a distance."""
        self._dataset = dataset

    def log_prob(self, params: Tensor, x: Tensor, mask: Tensor | None = None) -> Tensor:
        """Minus the distance, [S, B]; it is of whole images. Raises ValueError under a mask."""
        if mask is not None:
            raise ValueError("A distance between features is of whole images, and cannot leave pixels out.")
        network = self._network(params.device)
        with torch.no_grad():
            wanted = oracle_classifier.features(network, x)
        found = oracle_classifier.features(network, self.mean(params).flatten(0, 1))
        off = [
            (one.unflatten(0, params.shape[:2]) - other).square().flatten(2).sum(-1)
            for one, other in zip(found, wanted, strict=True)
        ]
        return -0.5 * self.weight * torch.stack(off).sum(0)

    def mean(self, params: Tensor) -> Tensor:
        """The decoded image: no expectation, for there is no distribution."""
        return torch.sigmoid(params)

    def _network(self, device: torch.device) -> nets.Net:
        if device not in self._networks:
            with torch.inference_mode(False):  # a look may ask before the first step does
                shipped = oracle_classifier.load(self._dataset).network
                self._networks[device] = copy.deepcopy(shipped).to(device)
        return self._networks[device]


LIKELIHOODS["perceptual"] = FeatureDistance

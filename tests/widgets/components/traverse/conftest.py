"""Models of random weights: one of four dimensions, and a pair whose ranks are other dimensions."""

import pytest

from tests.widgets.components.traverse.models import described, network
from vae_core.model.vae import VAE
from widgets.components import traverse as tr


@pytest.fixture(scope="module")
def vae() -> VAE:
    return network(4)


@pytest.fixture(scope="module")
def model(vae: VAE) -> tr.Model:
    return described(vae)


@pytest.fixture
def pair() -> tuple[VAE, VAE, list[tr.Model]]:
    """Two models of 4 and 3 dimensions, whose ranks are other dimensions."""
    one, two = network(4), network(3, seed=5)
    kls = [0.5, 2.25, 0.1, 1.0], [0.2, 0.1, 3.0]  # ranks: z2 z4 z1 z3, and z3 z1 z2
    models = [described(one, "a", kl=kls[0], origin=None), described(two, "b", kl=kls[1], origin=None)]
    return one, two, models

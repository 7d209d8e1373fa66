"""What a map does not show is held at the prior's mean."""

from __future__ import annotations

import pytest
import torch

from vae_core.model.vae import VAE
from vae_core.spec import Spec
from widgets.components.latent_map.densities import Field, unshown
from widgets.components.latent_map.map_view import View


def test_of_n01_it_is_0_and_of_a_learned_prior_its_mean() -> None:
    assert unshown(None, 3) == (0, 0, 0)
    with torch.random.fork_rng():
        torch.manual_seed(0)
        spec = Spec().change(**{"data.name": "digits", "latent": 3, "prior.kind": "mixture"})
        prior = VAE(spec).prior
    drawn = prior.sample(100_000, torch.Generator().manual_seed(1))
    assert unshown(prior, 3) == pytest.approx(drawn.mean(0).tolist(), abs=0.03)


def test_a_place_of_the_map_is_there_and_a_slice_where_its_pin_is() -> None:
    field = Field(None, None, b"", 0, 0, "", (5.0, 6.0, 7.0))  # type: ignore[arg-type]
    assert field.z(1, 2, View(dims=(0, 2)), 3) == [1, 6, 2]
    assert field.z(1, 2, View("slice", (0, 2), through=(0.0, 9.0, 0.0)), 3) == [1, 9, 2]

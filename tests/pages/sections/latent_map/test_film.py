"""The replay as a GIF."""

import io

import numpy as np
import pytest
import torch
from PIL import Image

from pages.sections.latent_map import film
from vae_core.analysis import aggregate
from vae_core.model.posteriors import Posteriors
from widgets.components.latent_map.densities import Film


@pytest.fixture(scope="module")
def reel() -> Film:
    """Codes around the middle at first, then one cloud on the right alone."""
    spread = torch.randn(400, 2, generator=torch.Generator().manual_seed(0))
    means = [spread, spread * 0.2 + torch.tensor([2.0, 0.0])]
    grids = [aggregate.grid(Posteriors(mean, torch.full_like(mean, -1.5)), size=96) for mean in means]
    labels = torch.arange(400) % 2
    return Film([0, 100], grids, means, [mean.numpy() for mean in means], labels, b"")


def at(picture: Image.Image, x: float, y: float) -> np.ndarray:
    """The colour at a place of the map, of 8 units to a side."""
    pixels = np.asarray(picture.convert("RGB")).astype(int)
    return pixels[round((4 - y) / 8 * film.SIDE), round((x + 4) / 8 * film.SIDE)]


def test_every_step_is_a_frame_and_the_last_stays_longest(reel: Film) -> None:
    with Image.open(io.BytesIO(film.gif(reel, 10.0, "ab", "A run"))) as movie:
        assert movie.n_frames == 2
        assert movie.info["loop"] == 0
        movie.seek(1)
        assert movie.info["duration"] == film.LAST
        assert movie.size == (film.SIDE, film.SIDE + film.FOOT)


def test_a_hole_is_red_and_x_runs_to_the_right(reel: Film) -> None:
    assert reel.hole_mass(10.0)[1] > 0.5 > reel.hole_mass(10.0)[0]
    red, _, blue = at(film.picture(reel, 1, 10.0, "ab", "A run"), -1.0, 0.3)
    assert red > blue + 20
    red, _, blue = at(film.picture(reel, 1, 10.0, "ab", "A run"), 3.2, 0.6)  # beyond the prior's region
    assert red < blue + 20


def test_classes_without_names_are_numbered(reel: Film) -> None:
    assert film.picture(reel, 0, 10.0, (), "A run").size == (film.SIDE, film.SIDE + film.FOOT)

"""Home's filters: what sets a run apart."""

import pytest

from pages.sections.home import kinds
from vae_core import recipes


@pytest.mark.parametrize(
    "recipe, title",
    [("vae-2d", "2 dimensions"), ("vq", "Discrete codes"), ("gumbel", "Discrete codes")],
)
def test_groups_and_cells_are_no_dimensions(recipe: str, title: str) -> None:
    (size,) = (each for each in kinds.FILTERS if each.label == "Latent size")
    assert size.shown(size.value(recipes.get(recipe))) == title

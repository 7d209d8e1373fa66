"""The settings in a link are what a Spec changes of its recipe, no more and no less."""

import pytest

from pages.sections.train import draft
from vae_core import Spec, recipes


@pytest.mark.parametrize("name", list(recipes.RECIPES))
def test_a_recipe_differs_from_itself_in_nothing(name: str) -> None:
    assert draft.differences(recipes.get(name), recipes.get(name)) == []


@pytest.mark.parametrize(
    "changes",
    [
        {"objective.beta": 4.0},
        {"net.kind": "conv", "net.channels": [8, 16, 32], "latent": 20},
        {"net.kind": "mlp", "net.widths": [64, 32, 16]},
        {"likelihood.kind": "gaussian", "likelihood.variance": "fixed", "data.binarisation": "none"},
        {"objective.kind": "capacity", "objective.capacity": 12.5},
        {"data.name": "digits", "training.seconds": 30.0},
        {"training.steps": 77, "training.seed": 5},
    ],
)
@pytest.mark.parametrize("name", ["vae-2d", "linear", "capacity"])
def test_a_link_brings_back_the_same_settings(name: str, changes: dict[str, object]) -> None:
    before = recipes.get(name)
    after = before.change(**changes)
    assert before.change_text(draft.differences(before, after)) == after


def test_only_beta_and_the_learning_rate_leave_the_run_what_it_is() -> None:
    spec = Spec()
    assert (
        draft.same_but_live(spec, spec.change(**{"objective.beta": 9, "training.learning_rate": 0.1})) == []
    )
    assert draft.same_but_live(spec, spec.change(latent=3)) == ["latent"]
    assert "net.widths" in draft.same_but_live(spec, spec.change(**{"net.kind": "linear"}))

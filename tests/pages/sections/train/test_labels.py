"""The form's words for what a Spec says."""

import re

import pytest

from pages.sections.train import labels
from vae_core import recipes
from vae_core.spec import SpecError
from vae_core.spec.settings import kinds
from vae_core.spec.whole import PARTS


def refusal(recipe: str = "vae-2d", **changes: object) -> tuple[str | None, str]:
    with pytest.raises(SpecError) as refused:
        recipes.get(recipe).change(**changes)
    return labels.in_words(str(refused.value))


@pytest.mark.parametrize(
    "changes, field, sentence",
    [
        ({"net.widths": [64, 0]}, "net.widths", "0 is not allowed; it must be at least 1."),
        ({"net.widths": ["64", "x"]}, "net.widths", "'x' is not allowed; it must be a whole number."),
        ({"net.widths": []}, "net.widths", "There must be at least 1 of them."),
        ({"net.widths": [8] * 9}, "net.widths", "There must be at most 8 of them."),
        ({"latent": 0}, "latent", "0 is not allowed; it must be at least 1."),
        ({"training.seed": -1}, "training.seed", "-1 is not allowed; it must be at least 0."),
        ({"training.learning_rate": 0}, "training.learning_rate", "it must be more than 0."),
        ({"objective.warm_up": -1}, "objective.warm_up", "-1 is not allowed; it must be at least 0."),
        ({"objective.beta": 5000}, "objective.beta", "5000 is not allowed; it must be at most 1000."),
    ],
)
def test_a_refusal_names_its_field_and_says_why_plainly(
    changes: dict[str, object], field: str, sentence: str
) -> None:
    if "net.widths" in changes:
        changes = {"net.kind": "mlp", **changes}
    about, why = refusal(**changes)
    assert about == field
    assert why.endswith(sentence)


def test_other_settings_are_named_as_the_form_names_them() -> None:
    field, sentence = refusal(**{"objective.kind": "m2"})
    assert field == "objective.kind"
    assert sentence.endswith("it needs “What the model is told: The image and its class”.")


def test_what_the_form_does_not_show_is_left_as_it_is() -> None:
    for sentence in ("no.such: there is no such setting.", "the file /a.b/c.d: is gone"):
        assert labels.in_words(sentence) == (None, sentence)


@pytest.mark.parametrize("part", PARTS)
def test_no_two_fields_of_one_kind_share_a_label(part: str) -> None:
    for settings in kinds(PARTS[part]).values():
        titles = [field.title for field in settings.model_fields.values() if field.title is not None]
        assert len(set(titles)) == len(titles), settings


@pytest.mark.parametrize("part", PARTS)
def test_every_field_of_a_part_that_the_form_shows_says_what_it_is(part: str) -> None:
    unsaid = {"kind", "labels_seed", "batch_size"}  # the last two of the condition, which no control shows
    for settings in kinds(PARTS[part]).values():
        for name, field in settings.model_fields.items():
            assert name in unsaid or labels.title(f"{part}.{name}") or field.title, (settings, name)


@pytest.mark.parametrize("recipe", recipes.RECIPES)
def test_every_field_of_a_recipe_has_words(recipe: str) -> None:
    from pages.sections.train import draft

    for name in draft.flat(recipes.get(recipe)):
        assert re.fullmatch(r"[^._]+(\.[^._]+)?.*", labels.of(name))
        assert "_" not in labels.of(name).replace("z_d", "")

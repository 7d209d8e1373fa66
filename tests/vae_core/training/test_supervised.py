"""The baseline of labels alone: more labels teach more, the same seed the same, and no labels nothing."""

from __future__ import annotations

import pytest

from vae_core import data, recipes
from vae_core.spec import Spec
from vae_core.training import supervised


def spec(labels: int | None, **changes) -> Spec:
    settings = {"data.name": "digits", "net.widths": [64], "condition.classifier.widths": [64]}
    return recipes.get("m2-100").change(**{**settings, "condition.labels": labels, **changes})


def test_more_labels_teach_more_and_the_same_seed_the_same():
    train, test = data.load("digits"), data.load("digits", "test")
    few, again, all_of_them = (
        supervised.accuracy(spec(labels, **{"condition.shift": 0}), train, test, steps=150)
        for labels in (20, 20, None)
    )
    assert few == again
    assert few > 0.3  # three times chance
    assert all_of_them > few + 0.1


def test_a_run_without_a_classifier_is_refused_with_a_sentence():
    digits = data.load("digits")
    with pytest.raises(ValueError, match="no classifier"):
        supervised.accuracy(recipes.get("cvae").change(**{"data.name": "digits"}), digits, digits)

"""The pages have words for every objective that a Spec may name."""

from typing import get_args

import pytest

from vae_core import Spec, spec
from widgets.shell import objective_words

KINDS = {settings.model_fields["kind"].default for settings in get_args(get_args(spec.Objective)[0])}


def test_there_are_words_for_every_objective() -> None:
    assert objective_words.OBJECTIVES.keys() == KINDS


@pytest.mark.parametrize(
    "kind, short",
    [
        ("elbo", "β 1"),
        ("capacity", "capacity 25 nats"),
        ("free_bits", "0.25 free nats"),
        ("beta_tc", "β-TCVAE, β 6"),
        ("factor", "FactorVAE, γ 10"),
    ],
)
def test_a_run_is_told_apart_by_what_its_objective_is_about(kind: str, short: str) -> None:
    assert objective_words.short(Spec().change(**{"objective.kind": kind})) == short


def test_beta_is_the_weight_that_training_moves() -> None:
    of = {kind: objective_words.OBJECTIVES[kind].weighs for kind in ("elbo", "factor", "beta_tc")}
    assert of == {"elbo": "the KL", "factor": "the KL", "beta_tc": "total correlation"}

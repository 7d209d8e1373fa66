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
        ("iwae", "IWAE, k 5"),
    ],
)
def test_a_run_is_told_apart_by_what_its_objective_is_about(kind: str, short: str) -> None:
    assert objective_words.short(Spec().change(**{"objective.kind": kind})) == short


@pytest.mark.parametrize(
    "moves, words",
    [
        ([], "β 1"),
        ([(8500, 10.0)], "β 1 → 10 at step 8,500"),
        ([(20, 4.0), (300, 1.0)], "β 1 → 4 → 1 at step 300"),
        ([(20, 4.0), (300, 1.0), (301, 0.5), (302, 0.0)], "β 1 → … → 0 at step 302"),
    ],
)
def test_a_beta_that_training_moved_is_told_with_its_way(moves: list[tuple[int, float]], words: str) -> None:
    assert objective_words.short(Spec(), moves) == words
    factor = Spec().change(**{"objective.kind": "factor"})
    assert objective_words.short(factor, moves) == "FactorVAE, γ 10" + (f", {words}" if moves else "")


def test_beta_is_the_weight_that_training_moves() -> None:
    of = {kind: objective_words.OBJECTIVES[kind].weighs for kind in ("elbo", "factor", "beta_tc")}
    assert of == {"elbo": "the KL", "factor": "the KL", "beta_tc": "total correlation"}

"""Known answers: codes whose score follows from the definition, and scikit-learn as an independent oracle."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from vae_core.analysis import disentangle

SIZES = (2, 3, 4, 5)
_DCI: dict[tuple[object, ...], disentangle.DCI] = {}


def dci(codes: np.ndarray | torch.Tensor, factors: np.ndarray | torch.Tensor) -> disentangle.DCI:
    """Its three scores come of the same trees, which are grown once for each table."""
    key = (type(codes), np.shape(codes), str(codes.tolist()), str(factors.tolist()))
    if key not in _DCI:
        _DCI[key] = disentangle.dci(codes, factors)
    return _DCI[key]


METRICS: dict[str, Callable[..., float]] = {
    "mig": disentangle.mig,
    "sap": disentangle.sap,
    "modularity": disentangle.modularity,
    "disentanglement": lambda codes, factors: dci(codes, factors).disentanglement,
    "completeness": lambda codes, factors: dci(codes, factors).completeness,
    "informativeness": lambda codes, factors: dci(codes, factors).informativeness,
    "factor_vae_score": disentangle.factor_vae_score,
    "beta_vae_score": disentangle.beta_vae_score,
}


def grid(sizes: tuple[int, ...] = SIZES, repeats: int = 8) -> np.ndarray:
    """Every combination of factors equally often: factors are independent not only in expectation."""
    return np.array(list(itertools.product(*map(range, sizes))) * repeats)


def standardised(factors: np.ndarray) -> np.ndarray:
    return (factors - factors.mean(0)) / factors.std(0)


def rotated(codes: np.ndarray) -> np.ndarray:
    turn, _ = np.linalg.qr(np.random.default_rng(3).normal(size=(codes.shape[1],) * 2))
    return codes @ turn


FACTORS = grid()
IDENTITY = standardised(FACTORS)
NOISE = np.random.default_rng(1).normal(size=(len(FACTORS), 6))


# --- an identity code ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("metric", [name for name in METRICS if name != "sap"])
def test_a_code_that_is_the_factors_scores_one(metric: str) -> None:
    assert METRICS[metric](IDENTITY, FACTORS) == pytest.approx(1)


def test_of_a_code_that_is_the_factors_each_dimension_tells_one_factors_entropy_and_nothing_else() -> None:
    expected = np.diag(np.log(SIZES))
    np.testing.assert_allclose(disentangle.mutual_information(IDENTITY, FACTORS), expected, atol=1e-12)


def test_mig_of_the_factors_of_sprites_is_limited_by_twenty_bins() -> None:
    # 40 values fall into 20 bins in pairs, 32 into 12 pairs and 8 alone; 3 and 6 stay apart.
    of_40 = math.log(20) / math.log(40)
    of_32 = 1 - 24 / 32 * math.log(2) / math.log(32)
    values = [np.repeat(np.arange(count), 20)[:, None] for count in (3, 6, 40, 32)]
    mig = [disentangle.mig(column, column) for column in values]
    assert mig == pytest.approx([1, 1, of_40, of_32])
    assert np.mean([*mig, of_32]) == pytest.approx(0.9, abs=0.01)


def test_sap_of_two_coins_is_certainty_less_a_guess() -> None:
    factors = grid((2, 2), repeats=500)
    # The other dimension is right half of the time, give or take what 667 test rows leave to chance.
    assert disentangle.sap(standardised(factors), factors) == pytest.approx(0.5, abs=0.06)


def test_sap_by_correlation_is_one_for_any_number_of_values() -> None:
    assert disentangle.sap(IDENTITY, FACTORS, continuous=True) == pytest.approx(1, abs=0.01)


# --- codes that know nothing --------------------------------------------------------------------------------


def test_a_code_of_zeros_scores_zero_or_a_guess() -> None:
    zeros = np.zeros((len(FACTORS), 6))
    scores = disentangle.evaluate_all(zeros, FACTORS)
    for name in ("mig", "sap", "modularity", "dci_disentanglement", "dci_completeness", "factor_vae_score"):
        assert scores[name] == 0
    assert scores["beta_vae_score"] == pytest.approx(1 / len(SIZES), abs=0.02)
    assert scores["dci_informativeness"] <= np.mean([1 / size for size in SIZES]) + 0.05


def test_a_code_of_noise_scores_little_or_a_guess() -> None:
    scores = disentangle.evaluate_all(NOISE, FACTORS)
    for name in ("mig", "sap", "dci_disentanglement", "dci_completeness"):
        assert scores[name] < 0.1
    for name in ("factor_vae_score", "beta_vae_score"):
        # A table of fewer than a thousand rows has patterns of its own, which many batches bring out.
        assert scores[name] < 1 / len(SIZES) + 0.2


def test_dead_dimensions_do_not_answer_for_live_ones() -> None:
    # Standard deviation 0.01 is below 0.05, the least that counts.
    codes = np.column_stack([IDENTITY, 0.01 * NOISE])
    assert disentangle.factor_vae_score(codes, FACTORS) == 1
    assert disentangle.factor_vae_score(0.01 * NOISE, FACTORS) == 0


# --- codes that know, but mix or repeat ---------------------------------------------------------------------


def test_mutual_information_is_scikit_learns_and_that_of_a_constant_is_exactly_nothing() -> None:
    from sklearn.metrics import mutual_info_score

    rng = np.random.default_rng(0)
    rounded = 0
    for rows in range(50, 250):
        factors = np.column_stack([rng.integers(k, size=rows) for k in (2, 3, 7)]).astype(float)
        codes = np.column_stack([np.ones(rows), rng.integers(5, size=rows)]).astype(float)
        found = disentangle.mutual_information(codes, factors)
        for d in range(2):
            oracle = [mutual_info_score(codes[:, d], factors[:, f]) for f in range(3)]
            np.testing.assert_allclose(found[d], oracle, atol=1e-12)
        assert (found[0] == 0).all()
        # Rounding makes 2e-16 nats of some of these shares, and of that alone modularity made 1.
        shares = [np.bincount(column.astype(int)) / rows for column in factors.T]
        rounded += any(abs(share * np.log(share / (share.sum() * share))).sum() > 0 for share in shares)
        assert disentangle.modularity(np.ones((rows, 2)), factors) == 0
    assert rounded > 10


@pytest.mark.parametrize("metric", ["mig", "sap", "modularity", "disentanglement", "completeness"])
def test_a_rotated_code_scores_lower_than_the_factors(metric: str) -> None:
    whole = METRICS[metric](IDENTITY, FACTORS)
    assert METRICS[metric](rotated(IDENTITY), FACTORS) < 0.85 * whole


def test_a_duplicated_code_has_no_gap_but_is_as_modular() -> None:
    twice = np.column_stack([IDENTITY, IDENTITY])
    assert disentangle.mig(twice, FACTORS) == 0
    assert disentangle.sap(twice, FACTORS) == 0
    assert disentangle.modularity(twice, FACTORS) == pytest.approx(1)
    dci = disentangle.dci(twice, FACTORS)
    assert dci.disentanglement == pytest.approx(1)
    # Two of eight dimensions share a factor about equally.
    assert dci.completeness == pytest.approx(1 - math.log(2) / math.log(8), abs=0.05)


def test_a_dimension_that_tells_two_of_three_coins_is_half_as_modular() -> None:
    # Equation 2 with information (log 2, log 2, 0): one less 1 / (3 - 1).
    factors = grid((2, 2, 2), repeats=20)
    code = factors[:, [0]] + 2 * factors[:, [1]]
    assert disentangle.modularity(code, factors) == pytest.approx(0.5)


def test_two_factors_in_one_dimension_cost_the_factor_vae_score_one_of_them() -> None:
    # The dimension has to answer for both factors with one; it is asked for either equally often.
    factors = grid((4, 4), repeats=30)
    code = factors[:, [0]] + 4.0 * factors[:, [1]]
    assert disentangle.factor_vae_score(code, factors) == pytest.approx(0.5, abs=0.03)


# --- what must not matter -----------------------------------------------------------------------------------


@pytest.mark.parametrize("metric", METRICS)
def test_the_order_of_dimensions_does_not_matter(metric: str) -> None:
    codes = rotated(np.column_stack([IDENTITY, 0.3 * NOISE]))
    order = np.random.default_rng(0).permutation(codes.shape[1])
    score = METRICS[metric]
    # Chance decides where two dimensions split a few rows of a tree equally well.
    assert score(codes[:, order], FACTORS) == pytest.approx(score(codes, FACTORS), abs=0.01)


@pytest.mark.parametrize("metric", METRICS)
def test_a_factor_with_one_value_is_ignored(metric: str) -> None:
    codes = rotated(IDENTITY)
    more = np.insert(FACTORS, 1, 7, axis=1)
    assert METRICS[metric](codes, more) == METRICS[metric](codes, FACTORS)


@pytest.mark.parametrize("metric", METRICS)
def test_tensors_score_as_arrays_do(metric: str) -> None:
    codes = rotated(IDENTITY).astype(np.float32)
    tensors = torch.from_numpy(codes).requires_grad_(), torch.from_numpy(FACTORS)
    assert METRICS[metric](*tensors) == METRICS[metric](codes, FACTORS)


@pytest.mark.parametrize("metric", METRICS)
def test_the_values_of_a_factor_are_only_names(metric: str) -> None:
    codes = rotated(IDENTITY)
    assert METRICS[metric](codes, 10.0 * FACTORS - 3) == METRICS[metric](codes, FACTORS)


tables = st.integers(0, 2**32 - 1).map(
    lambda seed: (
        np.random.default_rng(seed).normal(size=(200, 3)).round(2),
        np.random.default_rng(seed + 1).integers(4, size=(200, 3)),
    )
)


@settings(max_examples=25)
@given(tables, st.permutations(range(3)), st.permutations(range(3)))
def test_information_follows_dimensions_and_factors_wherever_they_go(table, dimensions, factors) -> None:
    z, v = table
    information = disentangle.mutual_information(z, v)
    moved = disentangle.mutual_information(z[:, dimensions], v[:, factors])
    np.testing.assert_allclose(moved, information[np.ix_(dimensions, factors)])
    assert disentangle.mig(z[:, dimensions], v[:, factors]) == pytest.approx(disentangle.mig(z, v))


@settings(max_examples=25)
@given(tables, st.permutations(range(4)), st.integers(-8, 8), st.randoms(use_true_random=False))
def test_information_does_not_depend_on_scale_names_or_order_of_rows(table, names, power, random) -> None:
    z, v = table
    rows = list(range(len(z)))
    random.shuffle(rows)
    # A power of two scales without rounding, so that no code crosses the edge of a bin.
    other = disentangle.mutual_information(z[rows] * 2.0**power, np.array(names)[v[rows]])
    np.testing.assert_allclose(other, disentangle.mutual_information(z, v), atol=1e-12)


@settings(max_examples=25)
@given(tables)
def test_information_is_what_scikit_learn_says_of_a_histogram(table) -> None:
    from sklearn.metrics import mutual_info_score

    z, v = table
    information = disentangle.mutual_information(z, v)
    for d, f in np.ndindex(3, 3):
        binned = np.digitize(z[:, d], np.histogram(z[:, d], 20)[1][:-1])
        assert information[d, f] == pytest.approx(mutual_info_score(binned, v[:, f]), abs=1e-12)


@settings(max_examples=5)
@given(tables)
def test_scores_lie_between_zero_and_one(table) -> None:
    for score in disentangle.evaluate_all(*table).values():
        assert 0 <= score <= 1


# --- tables as they come ------------------------------------------------------------------------------------


def test_a_continuous_factor_is_cut_into_bins() -> None:
    rng = np.random.default_rng(0)
    factors = rng.uniform(size=(4000, 3))
    # Uniform over 20 bins: log 20 nats, all told by the dimension that is the factor.
    information = disentangle.mutual_information(factors, factors)
    np.testing.assert_allclose(information.diagonal(), math.log(20), atol=0.01)
    assert disentangle.mig(factors, factors) == pytest.approx(1, abs=0.03)
    assert disentangle.factor_vae_score(factors, factors) == 1


def test_a_single_dimension_has_no_rival() -> None:
    code = IDENTITY[:, [3]]
    assert disentangle.mig(code, FACTORS[:, [3]]) == pytest.approx(1)
    # Whatever helps to predict a factor is in that dimension, and for every factor it is the same one.
    disentanglement, completeness, _ = disentangle.dci(code, FACTORS)
    assert (disentanglement, completeness) == pytest.approx((0, 1))


def test_the_matrix_keeps_its_shape_where_a_factor_does_not_vary() -> None:
    factors = np.insert(FACTORS, 1, 7, axis=1)
    information = disentangle.mutual_information(IDENTITY, factors)
    assert information.shape == (4, 5)
    assert (information[:, 1] == 0).all()


@pytest.mark.parametrize(
    "codes, factors, sentence",
    [
        (np.zeros(10), np.zeros((10, 2)), r"not \[10\] and \[10, 2\]"),
        (np.zeros((10, 2)), np.zeros((9, 2)), "the same N"),
        (np.zeros((10, 0)), np.zeros((10, 2)), r"codes must be \[N, D\]"),
        (np.full((10, 2), np.nan), np.zeros((10, 2)), "codes hold numbers that are not finite"),
        (np.zeros((10, 2)), np.full((10, 2), np.inf), "factors hold numbers that are not finite"),
        (np.zeros((10, 2)), np.zeros((10, 2)), "must vary"),
    ],
)
@pytest.mark.parametrize("metric", METRICS)
def test_a_table_that_cannot_be_scored_is_refused_with_a_sentence(metric, codes, factors, sentence) -> None:
    with pytest.raises(ValueError, match=sentence) as refusal:
        METRICS[metric](codes, factors)
    assert str(refusal.value).endswith(".")


def test_batches_with_a_fixed_factor_need_a_value_that_occurs_twice() -> None:
    factors = np.column_stack([np.arange(12), np.arange(12) % 2])
    with pytest.raises(ValueError, match="a value that occurs in two rows"):
        disentangle.factor_vae_score(np.eye(12), factors)


@pytest.mark.parametrize("metric", [disentangle.sap, disentangle.dci, disentangle.factor_vae_score])
def test_a_seed_gives_the_same_score_again(metric) -> None:
    codes = rotated(np.column_stack([IDENTITY, NOISE]))
    assert metric(codes, FACTORS, seed=1) == metric(codes, FACTORS, seed=1)
    assert metric(codes, FACTORS, seed=1) != metric(codes, FACTORS, seed=2)


# --- all together -------------------------------------------------------------------------------------------


def test_progress_rises_from_zero_to_one_and_says_what_is_being_done() -> None:
    seen: list[tuple[float, str]] = []
    scores = disentangle.evaluate_all(IDENTITY, FACTORS, lambda *report: seen.append(report))
    fractions = [fraction for fraction, _ in seen]
    assert fractions == sorted(fractions)
    assert fractions[0] == 0
    assert fractions[-1] == pytest.approx(1)
    assert len({sentence for _, sentence in seen}) == 5
    assert scores["mig"] == disentangle.mig(IDENTITY, FACTORS)
    assert scores["dci_completeness"] == disentangle.dci(IDENTITY, FACTORS).completeness


@pytest.mark.parametrize("after", [0, 3, 50])
def test_it_stops_soon_after_being_cancelled(after: int) -> None:
    asked = itertools.count()
    with pytest.raises(disentangle.Cancelled):
        disentangle.evaluate_all(IDENTITY, FACTORS, cancelled=lambda: next(asked) >= after)
    assert next(asked) == after + 1


def test_factors_of_as_many_values_as_those_of_sprites_score_high() -> None:
    rng = np.random.default_rng(0)
    factors = rng.integers((3, 6, 40, 32, 32), size=(600, 5))
    codes = np.column_stack([standardised(factors), rng.normal(size=(600, 5))])
    codes += 0.1 * rng.normal(size=codes.shape)
    assert disentangle.mig(codes, factors) > 0.5
    assert disentangle.factor_vae_score(codes, factors) > 0.95

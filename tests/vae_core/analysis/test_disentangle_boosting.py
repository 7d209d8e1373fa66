"""Boosted trees beside scikit-learn's, which are the same wherever bins lose nothing."""

from __future__ import annotations

import numpy as np
import pytest

from vae_core.analysis.disentangle.boosting import ROUNDS, boost


def table(values: int, classes: int, rows: int = 3000) -> tuple[np.ndarray, np.ndarray]:
    """Four dimensions of that many values; the classes depend on the first, and on chance."""
    rng = np.random.default_rng(values * classes)
    codes = rng.integers(values, size=(rows, 4)).astype(float)
    noisy = (codes[:, 0] / values + 0.3 * rng.normal(size=rows)) * classes
    return codes, np.clip(noisy, 0, classes - 1).astype(int)


@pytest.mark.parametrize("classes", [2, 3, 5])
@pytest.mark.parametrize("values", [5, 8])
def test_trees_are_those_of_scikit_learn_where_values_are_few(values: int, classes: int) -> None:
    from sklearn.ensemble import GradientBoostingClassifier

    codes, target = table(values, classes)
    theirs = GradientBoostingClassifier(random_state=0).fit(codes[:2000], target[:2000])
    ours = boost(codes[:2000], target[:2000], codes[2000:])
    np.testing.assert_allclose(ours.importance, theirs.feature_importances_, atol=1e-9)
    np.testing.assert_array_equal(ours.predicted, theirs.predict(codes[2000:]))


def test_importances_are_near_scikit_learns_where_values_are_many() -> None:
    from sklearn.ensemble import GradientBoostingClassifier

    codes, target = table(200, 4)
    codes += 0.5 * np.random.default_rng(0).normal(size=codes.shape)
    theirs = GradientBoostingClassifier(random_state=0).fit(codes[:2000], target[:2000])
    ours = boost(codes[:2000], target[:2000], codes[2000:])
    np.testing.assert_allclose(ours.importance, theirs.feature_importances_, atol=0.01)
    agree = (ours.predicted == target[2000:]).mean() - theirs.score(codes[2000:], target[2000:])
    assert agree == pytest.approx(0, abs=0.01)


def test_dimensions_that_split_equally_well_share_the_importance() -> None:
    codes, target = table(8, 3, rows=300)
    twice = np.column_stack([codes, codes[:, 0]])
    # A few early trees matter most, so one run is far from even.
    importance = np.mean([boost(twice, target, twice[:1], seed).importance for seed in range(8)], axis=0)
    assert importance[0] == pytest.approx(importance[4], rel=0.5)


def test_constant_codes_have_no_importance_and_predict_the_commonest_class() -> None:
    target = np.array([3, 5, 5, 9] * 5)
    boosted = boost(np.ones((20, 2)), target, np.ones((4, 2)))
    assert (boosted.importance == 0).all()
    assert (boosted.predicted == 5).all()


def test_a_single_class_is_predicted() -> None:
    boosted = boost(np.random.default_rng(0).normal(size=(20, 2)), np.full(20, 7), np.zeros((3, 2)))
    assert (boosted.importance == 0).all()
    assert (boosted.predicted == 7).all()


def test_it_tells_its_progress_and_stops_where_that_raises() -> None:
    codes, target = table(5, 3, rows=100)
    fractions: list[float] = []
    boost(codes, target, codes, tick=fractions.append)
    assert fractions == [round_ / ROUNDS for round_ in range(1, ROUNDS + 1)]

    def stop(fraction: float) -> None:
        raise InterruptedError

    with pytest.raises(InterruptedError):
        boost(codes, target, codes, tick=stop)

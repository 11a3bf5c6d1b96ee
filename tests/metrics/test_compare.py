"""Paired comparisons and pooling over centres."""

from __future__ import annotations

import numpy as np
import pytest

from tabml.metrics import classification, regression
from tabml.metrics.compare import delong_test, holm, nadeau_bengio, paired_difference
from tabml.metrics.intervals import bootstrap_counts
from tabml.metrics.pooling import pool


def two_scores(n: int = 150) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    generator = np.random.default_rng(2)
    y = generator.integers(0, 2, n)
    return y, y + generator.normal(size=n), 0.3 * y + generator.normal(size=n)


def test_difference_of_auc_has_a_sign_an_interval_and_a_p() -> None:
    y, good, poor = two_scores()
    difference, z, p = delong_test(y, good, poor)
    expected = classification.auroc(y, good).value - classification.auroc(y, poor).value
    assert difference.value == pytest.approx(expected)
    assert difference.lower < expected < difference.upper
    assert z.value > 1.96 and p.value < 0.05
    assert delong_test(y, poor, good)[1].value == pytest.approx(-z.value)


def test_a_score_compared_with_itself_has_no_test() -> None:
    y, good, _ = two_scores()
    difference, z, p = delong_test(y, good, 2 * good)
    assert difference.value == 0 and z.reason == p.reason == "both scores rank the rows alike"
    assert delong_test([1, 1], [1, 2], [2, 1])[0].status == "not_estimable"


def test_paired_resamples_are_narrower_than_unpaired_ones() -> None:
    generator = np.random.default_rng(7)
    y = generator.normal(size=120)
    first = y + generator.normal(size=120)
    second = first + 0.05 * generator.normal(size=120)
    counts = bootstrap_counts(np.arange(120), resamples=200, seed=1)
    found = paired_difference(
        lambda w: regression.rmse(y, first, weight=w), lambda w: regression.rmse(y, second, weight=w), counts
    )
    assert found.upper - found.lower < 0.05
    alone = paired_difference(
        lambda w: regression.rmse(y, first, weight=w), lambda w: regression.rmse(y, first, weight=w), counts
    )
    assert alone.value == 0 and alone.lower is None


def test_fold_differences_need_two_different_ones() -> None:
    t, p = nadeau_bengio([0.02, 0.01, 0.03], 0.25)
    assert t.value == pytest.approx(0.02 / np.sqrt(1e-4 * (1 / 3 + 0.25)))
    assert 0 < p.value < 1
    assert nadeau_bengio([0.1, 0.1], 0.1)[0].status == "not_estimable"


def test_holm_never_falls_and_stays_below_one() -> None:
    assert holm([0.5, 0.001, 0.6]) == pytest.approx((1.0, 0.003, 1.0))


def test_equal_centres_pool_to_their_value_without_spread() -> None:
    found = pool([0.8] * 4, [0.02] * 4, scale="logit")
    assert found.value.value == pytest.approx(0.8) and found.tau2 == pytest.approx(0, abs=1e-9)


def test_two_centres_are_listed_not_pooled() -> None:
    assert pool([0.8, 0.7], [0.1, 0.1]).value.reason == "2 centres: listed, not pooled"
    assert pool([0.8, 0.7, 1.0], [0.1, 0.1, 0.0], scale="logit").value.status == "not_estimable"

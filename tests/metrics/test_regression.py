"""Errors of continuous predictions."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn import metrics as oracle

from tabml.metrics import regression as r

Y = np.array([1.0, 2, 4, 7, 7, 9])
P = np.array([1.5, 2, 3, 6, 9, 8])
ALL = [r.rmse, r.mae, r.median_absolute_error, r.r2, r.slope, r.intercept, r.concordance_correlation]


def test_errors_equal_scikit_learn() -> None:
    assert r.rmse(Y, P).value == pytest.approx(oracle.root_mean_squared_error(Y, P))
    assert r.mae(Y, P).value == pytest.approx(oracle.mean_absolute_error(Y, P))
    assert r.median_absolute_error(Y, P).value == pytest.approx(oracle.median_absolute_error(Y, P))
    assert r.r2(Y, P).value == pytest.approx(oracle.r2_score(Y, P))


def test_line_equals_least_squares() -> None:
    slope, intercept = np.polyfit(P, Y, 1)
    assert r.slope(Y, P).value == pytest.approx(slope)
    assert r.intercept(Y, P).value == pytest.approx(intercept)


@pytest.mark.parametrize("metric", ALL)
def test_weights_are_repetitions(metric: object) -> None:
    w = [2, 0, 1, 3, 1, 1]
    assert metric(Y, P, weight=w).value == pytest.approx(metric(np.repeat(Y, w), np.repeat(P, w)).value)


def test_r2_is_negative_for_predictions_worse_than_the_mean() -> None:
    assert r.r2([1, 2, 3], [3, 2, 1]).value == pytest.approx(-3)


def test_perfect_agreement_is_one_and_bias_lowers_it() -> None:
    assert r.concordance_correlation(Y, Y).value == pytest.approx(1)
    assert r.concordance_correlation(Y, Y + 5).value < 0.6


@pytest.mark.parametrize("metric", [r.r2, r.slope, r.intercept, r.concordance_correlation])
def test_a_constant_outcome_has_no_share_explained(metric: object) -> None:
    assert metric([0.1] * 3, [1, 2, 3]).reason == "every outcome is the same number"
    assert r.slope([1, 2], [3, 3]).reason == "every prediction is the same"

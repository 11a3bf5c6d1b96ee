"""Intervals, the shared patient bootstrap, and the record that holds a number or a reason."""

from __future__ import annotations

from statistics import NormalDist

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tabml.core.errors import DataError
from tabml.metrics import classification, regression
from tabml.metrics.intervals import (
    bootstrap,
    bootstrap_counts,
    expanded,
    percentile,
    recentred,
    shrunk_interval,
    wald,
    wilson,
)
from tabml.metrics.value import Value, known, unknown


@given(st.integers(0, 50), st.integers(1, 50))
def test_wilson_holds_the_share_and_stays_inside(k: int, extra: int) -> None:
    n = k + extra - 1 or 1
    low, high = wilson(min(k, n), n)
    assert 0 <= low <= min(k, n) / n <= high <= 1


def test_wald_on_three_scales() -> None:
    assert wald(0.5, 0.1) == pytest.approx((0.304, 0.696), abs=1e-3)
    low, high = wald(0.9, 0.05, scale="logit")
    assert 0.9 - low > high - 0.9 and high < 1
    assert wald(2.0, 0.2, scale="log") == pytest.approx((2 * np.exp(-0.196), 2 * np.exp(0.196)), rel=1e-3)


def test_all_rows_of_a_patient_share_one_count() -> None:
    patient = np.array([7, 3, 3, 9, 7, 7])
    counts = bootstrap_counts(patient, resamples=50, seed=1).counts
    assert (counts[:, 1] == counts[:, 2]).all()
    assert (counts[:, 0] == counts[:, 4]).all() and (counts[:, 0] == counts[:, 5]).all()
    assert (counts[:, [0, 1, 3]].sum(axis=1) == 3).all()


def test_strata_keep_their_number_of_patients() -> None:
    y = np.array([0] * 12 + [1] * 5)
    counts = bootstrap_counts(np.arange(17), resamples=40, seed=3, strata=y).counts
    assert (counts[:, 12:].sum(axis=1) == 5).all()


def test_the_seed_decides_the_resamples() -> None:
    first, second, other = (bootstrap_counts(np.arange(9), resamples=5, seed=s).counts for s in (1, 1, 2))
    assert np.array_equal(first, second) and not np.array_equal(first, other)


def test_resamples_of_one_class_are_drawn_again_and_counted() -> None:
    y = np.array([1, 0, 0, 0])
    drawn = bootstrap_counts(np.arange(4), resamples=100, seed=1, usable=lambda w: 0 < (w * y).sum() < w.sum())
    assert drawn.redrawn > 10
    assert ((drawn.counts * y).sum(axis=1) > 0).all()


def test_a_resample_that_never_suits_is_refused() -> None:
    with pytest.raises(DataError, match="no bootstrap resample"):
        bootstrap_counts([1, 2], resamples=2, seed=1, usable=lambda w: False)


def test_bootstrap_interval_of_a_mean_is_near_its_closed_form() -> None:
    error = np.abs(np.random.default_rng(5).normal(size=200))
    counts = bootstrap_counts(np.arange(200), resamples=600, seed=4)
    found = bootstrap(lambda w: regression.mae(error, np.zeros(200), weight=w), counts)
    se = error.std(ddof=1) / np.sqrt(200)
    assert found.method == "bootstrap_patient_percentile" and found.resamples == 600
    assert (found.lower, found.upper) == pytest.approx((error.mean() - 1.96 * se, error.mean() + 1.96 * se), abs=0.02)


def test_complete_separation_is_not_estimable_by_bootstrap_either() -> None:
    counts = bootstrap_counts(np.arange(6), resamples=20, seed=1, strata=[0, 0, 0, 1, 1, 1])
    found = bootstrap(lambda w: classification.auroc([0, 0, 0, 1, 1, 1], [1, 2, 3, 4, 5, 6], weight=w), counts)
    assert found.reason == "1 in every resample: complete separation has no interval"


def test_draws_without_number_are_left_out_and_counted() -> None:
    found = percentile(known(0.5), np.array([0.4, 0.6, np.nan, 0.5]), redrawn=2)
    assert (found.resamples, found.redrawn) == (3, 3)
    few = percentile(known(0.5), np.array([0.4, np.nan, np.nan]))
    assert few.lower is None and few.note == "no interval: too few usable resamples"
    same = percentile(known(0.5), np.array([0.5, 0.5]))
    assert same.note == "no interval: every resample gives the same number"
    assert percentile(unknown("no events"), np.ones(3)).reason == "no events"


def test_shrunk_interval_draws_the_quantiles_towards_the_mean() -> None:
    draws = np.linspace(0.6, 0.9, 101)
    middle, low, high = shrunk_interval(draws, factor=1.0)
    assert (middle, low, high) == pytest.approx((0.75, 0.6075, 0.8925))
    _, low, high = shrunk_interval(draws, factor=0.5)
    assert (low, high) == pytest.approx((0.67875, 0.82125))
    _, low, high = shrunk_interval([*draws, 1.0], factor=0.763, scale="logit")
    assert 0.6 < low < 0.75 < high < 1


def test_a_value_is_a_number_or_a_reason() -> None:
    assert known(0.5).status == "ok" and unknown("no events").status == "not_estimable"
    assert np.isnan(float(unknown("no events")))
    with pytest.raises(ValueError, match="finite"):
        known(float("nan"))
    with pytest.raises(ValueError, match="not both"):
        Value(None)


def test_few_patients_take_wider_quantiles() -> None:
    """For a mean, quantiles at the expanded level reach as far as the t interval: 2.776 s / 5^.5 at n = 5."""
    level = expanded(0.95, 5)
    z = NormalDist().inv_cdf(0.5 + level / 2)
    assert z * np.sqrt(4 / 5) == pytest.approx(2.776, abs=1e-3)  # the bootstrap's spread is (n - 1) / n too small
    assert expanded(0.95, 10_000) == pytest.approx(0.95, abs=1e-4)
    assert expanded(0.95, 1) == 0.95


def test_a_distance_is_moved_back_by_what_resampling_adds() -> None:
    found = recentred(known(0.05), np.linspace(0.06, 0.10, 101))
    assert (found.lower, found.upper) == pytest.approx((0.031, 0.069), abs=1e-3)
    low = recentred(known(0.01), np.linspace(0.0, 0.08, 101))
    assert low.lower == 0.0 and low.upper == pytest.approx(0.048, abs=1e-3)
    assert recentred(unknown("no"), np.zeros(3)).reason == "no"

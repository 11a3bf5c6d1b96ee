"""Calibration numbers and curves: closed forms, statsmodels, and the cases that have no number."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tabml.core.weighting import weighted_quantiles
from tabml.metrics import calibration as cal
from tabml.metrics.loess import loess
from tabml.metrics.value import expit


def sample(n: int = 300, slope: float = 1.0, shift: float = 0.0, seed: int = 3) -> tuple[np.ndarray, np.ndarray]:
    generator = np.random.default_rng(seed)
    z = generator.normal(-0.5, 1.2, n)
    return (generator.uniform(size=n) < expit(shift + slope * z)).astype(int), expit(z)


def test_line_equals_statsmodels_with_its_interval() -> None:
    import statsmodels.api as sm

    y, p = sample(slope=0.7)
    z = np.log(p / (1 - p))
    fit = sm.Logit(y, sm.add_constant(z)).fit(disp=0)
    found = cal.calibration_line(y, p)
    assert found.slope.value == pytest.approx(fit.params[1], abs=1e-7)
    assert found.intercept.value == pytest.approx(fit.params[0], abs=1e-7)
    assert (found.slope.lower, found.slope.upper) == pytest.approx(tuple(fit.conf_int()[1]), abs=1e-6)
    glm = sm.GLM(y, np.ones(len(y)), family=sm.families.Binomial(), offset=z).fit()
    assert cal.calibration_in_the_large(y, p).value == pytest.approx(glm.params[0], abs=1e-7)


def test_weights_are_repetitions() -> None:
    y, p = sample(80)
    weight = np.random.default_rng(1).integers(0, 3, 80)
    repeated = np.repeat(y, weight), np.repeat(p, weight)
    for metric in (
        cal.calibration_slope,
        cal.calibration_in_the_large,
        cal.observed_expected,
        cal.ici,
        cal.spiegelhalter_z,
    ):
        assert metric(y, p, weight=weight).value == pytest.approx(metric(*repeated).value, abs=1e-7)


@pytest.mark.parametrize(
    ("y", "p", "reason"),
    [
        ([1, 1, 1], [0.2, 0.5, 0.6], "all rows have the same outcome"),
        ([0, 1, 1], [0.3, 0.3, 0.3], "every row has the same probability"),
        ([0, 0, 1, 1], [0.1, 0.2, 0.3, 0.4], "the risks separate the outcomes completely"),
        ([1, 1, 0, 0], [0.1, 0.2, 0.2, 0.4], "the risks separate the outcomes completely"),
    ],
)
def test_a_line_that_does_not_exist_says_why(y: list[int], p: list[float], reason: str) -> None:
    found = cal.calibration_line(y, p)
    assert found.slope.reason == found.intercept.reason == reason


def test_calibration_in_the_large_exists_where_the_slope_does_not() -> None:
    assert cal.calibration_in_the_large([0, 0, 0, 1], [0.25] * 4).value == pytest.approx(0, abs=1e-9)
    assert cal.calibration_in_the_large([0, 0], [0.2, 0.3]).reason == "all rows have the same outcome"


def test_a_slope_below_one_means_risks_are_too_extreme() -> None:
    y, p = sample(20_000, slope=0.5)
    assert cal.calibration_slope(y, p).value == pytest.approx(0.5, abs=0.03)


def test_observed_over_expected_with_its_interval() -> None:
    y, p = np.array([1, 0, 0, 0, 1]), np.array([0.5, 0.1, 0.2, 0.1, 0.6])
    found = cal.observed_expected(y, p)
    ratio = 2 / 1.5
    se = np.sqrt(((y - ratio * p) ** 2).sum()) / 2
    assert found.value == pytest.approx(ratio)
    assert (found.lower, found.upper) == pytest.approx(
        (ratio * np.exp(-1.96 * se), ratio * np.exp(1.96 * se)), rel=1e-4
    )


def test_observed_over_expected_without_events_has_no_interval() -> None:
    found = cal.observed_expected([0, 0], [0.1, 0.2])
    assert (found.value, found.lower, found.note) == (0.0, None, "no interval: no row has the outcome")
    assert cal.observed_expected([0, 1], [0, 0]).reason == "every probability is 0"


def test_observed_over_expected_interval_covers_the_truth() -> None:
    generator = np.random.default_rng(4)
    covered = 0
    for _ in range(500):
        p = expit(generator.normal(-1, 2.5, 200))
        found = cal.observed_expected(generator.uniform(size=200) < p, p)
        covered += found.lower < 1 < found.upper
    assert 0.93 <= covered / 500 <= 0.97


def test_loess_of_a_parabola_is_the_parabola() -> None:
    x = np.linspace(0, 1, 40)
    assert np.allclose(loess(x, 1 - 2 * x + 3 * x**2, [0.0, 0.31, 1.0]), [1, 1 - 0.62 + 3 * 0.31**2, 2], atol=1e-9)


def test_loess_stands_ties_and_windows_of_one_value() -> None:
    x = np.array([0.2] * 30 + [0.5, 0.8])
    y = np.array([0, 1] * 15 + [1, 1])
    found = loess(x, y, [0.2, 0.5, 0.8])
    assert np.isfinite(found).all()
    assert found[0] == pytest.approx(0.5, abs=0.01)


def test_errors_are_ordered_and_small_for_the_true_risk() -> None:
    y, p = sample(5000)
    found = cal.calibration_errors(y, p)
    assert 0 <= found.e50.value <= found.e90.value <= found.emax.value
    assert found.ici.value < 0.02
    assert cal.ici(*sample(5000, shift=1.0)).value > 0.1
    assert cal.ici(y[:800], p[:800], grid=60).value == pytest.approx(cal.ici(y[:800], p[:800]).value, abs=5e-4)


def test_few_distinct_risks_are_grouped_and_noted() -> None:
    found = cal.ici([0, 1, 0, 1, 1, 0], [0.2, 0.2, 0.2, 0.6, 0.6, 0.6])
    assert found.value == pytest.approx((abs(1 / 3 - 0.2) + abs(2 / 3 - 0.6)) / 2)
    assert found.note == "2 distinct probabilities: quantile groups instead of a smooth curve"


def test_groups_hold_everybody_once_with_a_wilson_interval() -> None:
    y, p = sample(203)
    found = cal.calibration_groups(y, p)
    assert len(found) == 10
    assert sum(g.n for g in found) == 203 and sum(g.events for g in found) == y.sum()
    assert all(g.lower <= g.observed <= g.upper for g in found)
    assert [g.predicted for g in found] == sorted(g.predicted for g in found)


def test_groups_are_never_smaller_than_five_and_ties_stay_together() -> None:
    assert len(cal.calibration_groups([0, 1] * 6, np.linspace(0.1, 0.9, 12))) == 2
    assert [g.n for g in cal.calibration_groups([0, 1] * 20, [0.3] * 39 + [0.9])] == [40]


def test_the_smooth_curve_stays_inside_zero_and_one() -> None:
    y, p = sample(150)
    curve = cal.calibration_curve(y, p)
    assert ((curve.observed >= 0) & (curve.observed <= 1)).all()
    assert sum(curve.n) == 150
    assert cal.calibration_curve([0, 1], [0.2, 0.3]) is None


def test_hosmer_lemeshow_needs_enough_distinct_risks() -> None:
    assert cal.hosmer_lemeshow([0, 1] * 10, [0.2, 0.4] * 10).status == "not_estimable"
    assert cal.spiegelhalter_z([0, 1], [0.5, 0.5]).status == "not_estimable"


@given(st.lists(st.tuples(st.integers(-5, 5), st.integers(1, 3)), min_size=1, max_size=20))
@settings(max_examples=50, deadline=None)
def test_weighted_quantiles_are_those_of_repeated_values(rows: list[tuple[int, int]]) -> None:
    values, weight = (np.array(c, dtype=float) for c in zip(*rows, strict=True))
    at = [0.0, 0.1, 0.5, 0.9, 1.0]
    assert np.allclose(weighted_quantiles(values, weight, at), np.quantile(np.repeat(values, weight.astype(int)), at))

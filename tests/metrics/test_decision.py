"""Net benefit and its curve."""

from __future__ import annotations

import numpy as np
import pytest

from tabml.core.target import survival
from tabml.metrics import decision
from tabml.metrics.intervals import bootstrap_counts


def test_net_benefit_by_hand() -> None:
    y, p = [1, 1, 0, 0, 0], [0.9, 0.2, 0.2, 0.1, 0.6]
    assert decision.net_benefit(y, p, 0.2).value == pytest.approx(2 / 5 - 2 / 5 * 0.25)
    assert decision.net_benefit(y, p, 0.95).value == 0


def test_weights_are_repetitions() -> None:
    y, p, w = np.array([1, 0, 0, 1]), np.array([0.9, 0.4, 0.6, 0.3]), [1, 2, 0, 3]
    again = decision.net_benefit(np.repeat(y, w), np.repeat(p, w), 0.35).value
    assert decision.net_benefit(y, p, 0.35, weight=w).value == pytest.approx(again)


def test_the_curve_meets_treat_all_below_every_risk_and_has_a_band() -> None:
    generator = np.random.default_rng(1)
    p = generator.uniform(0.05, 0.6, 120)
    y = (generator.uniform(size=120) < p).astype(int)
    counts = bootstrap_counts(np.arange(120), resamples=100, seed=2, strata=y)
    curve = decision.decision_curve(y, p, [0.01, 0.2, 0.7], resamples=counts)
    assert curve.model[0] == pytest.approx(curve.treat_all[0])
    assert curve.model[2] == 0 and curve.treat_all[2] < 0
    assert (curve.lower <= curve.model + 1e-12).all() and (curve.model <= curve.upper + 1e-12).all()
    assert decision.decision_curve(y, p).lower is None


def test_survival_net_benefit_without_censoring_is_the_binary_one() -> None:
    time, risk = np.array([1.0, 2, 5, 6, 7]), np.array([0.9, 0.1, 0.5, 0.6, 0.1])
    y = survival(time, np.ones(5, dtype=int))
    binary = decision.net_benefit(time <= 4, risk, 0.3).value
    assert decision.survival_net_benefit(y, risk, 0.3, 4).value == pytest.approx(binary)
    assert decision.survival_net_benefit(y, risk, 0.95, 4).value == 0


def test_a_treated_group_nobody_follows_to_the_horizon_is_not_estimable() -> None:
    y = survival(np.array([1.0, 2, 9]), np.array([0, 0, 1]))
    found = decision.survival_net_benefit(y, [0.9, 0.9, 0.1], 0.5, 5)
    assert found.reason == "nobody at or above the threshold is followed for 5 days"

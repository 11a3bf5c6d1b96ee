"""Calibration measures come from cross-fitted predictions, with the interval that suits each."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest

from tabml.core.target import Target
from tabml.learn.evaluate.crossfit import point_of, value_of
from tabml.learn.judge import Ask, Judge
from tabml.learn.scored import Scored
from tabml.metrics.calibration import calibration_line, observed_expected


def _scored(link: np.ndarray, raw: np.ndarray | None = None, repeats: int = 1) -> tuple[Judge, Scored]:
    rng = np.random.default_rng(3)
    n = len(link)
    y = (rng.random(n) < 1 / (1 + np.exp(-link))).astype(int)
    target = Target("binary", y, np.arange(n), "y", ("0", "1"), ("no", "yes"), "1")
    judge = Judge.of(SimpleNamespace(target=target, grid=None, patients=SimpleNamespace(of_row=np.arange(n))))
    tiled = [np.tile(x, (repeats, 1)) for x in (link if raw is None else raw, link, np.arange(n) % 5)]
    return judge, Scored("final", tiled[0], tiled[1], tiled[2])


LINK = np.random.default_rng(1).normal(-0.5, 1.0, 200)


def test_slope_has_its_formula_on_the_log_scale() -> None:
    judge, scored = _scored(LINK)
    found = value_of(judge, Ask("calibration_slope"), scored, None, independent=True, events=70)
    line = calibration_line(judge.target.y, 1 / (1 + np.exp(-LINK))).slope
    se = (line.upper - line.lower) / 3.92
    assert found.value == pytest.approx(line.value) and found.method == "wald_log"
    assert found.upper == pytest.approx(line.value * np.exp(1.96 * se / line.value), rel=1e-3)


def test_rows_of_one_patient_take_the_patient_bootstrap() -> None:
    judge, scored = _scored(LINK)
    draws = np.linspace(0.5, 1.5, 201)
    found = value_of(judge, Ask("calibration_slope"), scored, draws, independent=False, events=10_000)
    assert found.method == "bootstrap_patient_percentile"
    assert (found.lower, found.upper) == pytest.approx((0.525, 1.475), abs=1e-3)
    few = value_of(judge, Ask("calibration_slope"), scored, draws, independent=False, events=10)
    assert few.lower < found.lower and few.upper > found.upper


def test_calibration_error_is_that_of_the_predictions_and_its_draws_are_recentred() -> None:
    judge, scored = _scored(LINK)
    point = point_of(judge, Ask("ici"), scored)
    draws = np.full(100, point.value) + np.linspace(0.0, 0.04, 100)
    found = value_of(judge, Ask("ici"), scored, draws, independent=True, events=10_000)
    assert found.value == point.value and found.method == "bootstrap_patient_recentred"
    assert found.lower < point.value < found.upper


def test_a_flattened_model_has_no_calibration_line() -> None:
    judge, scored = _scored(0.005 * LINK, raw=LINK)
    found = value_of(judge, Ask("calibration_slope"), scored, None, independent=True, events=70)
    assert found.reason == "calibration flattened the model: its predictions are nearly all alike"
    assert value_of(judge, Ask("observed_expected"), scored, None, independent=True, events=70).lower is not None


def test_repeats_share_one_interval_the_mean_of_theirs() -> None:
    judge, scored = _scored(LINK, repeats=3)
    found = value_of(judge, Ask("observed_expected"), scored, None, independent=True, events=70)
    truth = observed_expected(judge.target.y, 1 / (1 + np.exp(-LINK)))
    assert (found.lower, found.value, found.upper) == pytest.approx((truth.lower, truth.value, truth.upper))

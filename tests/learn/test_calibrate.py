"""Calibration finds the line it should, never turns a model around, and is learnt without the rows it serves."""

from __future__ import annotations

import numpy as np
import pytest

from tabml.core.target import Target, survival
from tabml.learn.calibrate import MIN_SLOPE, Calibrator, cross_fit, fit_lines, teacher
from tabml.learn.loss import study_grid, survival_of


def test_logistic_line_equals_unpenalised_regression() -> None:
    from sklearn.linear_model import LogisticRegression

    rng = np.random.default_rng(0)
    x = rng.normal(size=400)
    y = (rng.random(400) < 1 / (1 + np.exp(-(0.5 + 0.7 * x)))).astype(float)
    weight = rng.integers(0, 3, size=(2, 400)).astype(float)
    lines = fit_lines(x, y, weight, "logit", slope=True)
    for line, w in zip(lines, weight, strict=True):
        model = LogisticRegression(C=1e10, max_iter=1000, tol=1e-10).fit(x[:, None], y, sample_weight=w)
        assert line == pytest.approx([model.intercept_[0], model.coef_[0, 0]], abs=1e-3)


def test_regression_line_is_least_squares() -> None:
    rng = np.random.default_rng(1)
    x = rng.normal(50, 5, 60)
    y = 3 + 0.8 * x + rng.normal(size=60)
    slope, intercept = np.polyfit(x, y, 1)
    assert fit_lines(x, y, np.ones((1, 60)), "identity", slope=True)[0] == pytest.approx([intercept, slope], rel=1e-6)


@pytest.mark.parametrize("family", ["logit", "identity"])
def test_a_model_that_points_the_wrong_way_is_flattened_not_turned(family: str) -> None:
    rng = np.random.default_rng(2)
    y = rng.integers(0, 2, 200).astype(float)
    line = fit_lines(-(2 * y - 1) + rng.normal(size=200), y, np.ones((1, 200)), family, slope=True)[0]
    assert line[1] == pytest.approx(MIN_SLOPE)


def test_few_events_calibrate_the_intercept_only() -> None:
    y = (np.arange(100) < 30).astype(int)
    lesson = teacher(Target("binary", y, np.arange(100), "y"), 30, None)
    learnt = lesson.fit(np.zeros(100), np.ones(100))
    assert float(learnt.b) == 1.0
    assert float(learnt.a) == pytest.approx(np.log(30 / 70), abs=1e-3)


def test_cross_fitted_fold_ignores_its_own_outcomes() -> None:
    rng = np.random.default_rng(3)
    link, fold = rng.normal(size=120), np.arange(120) % 4
    y = (rng.random(120) < 1 / (1 + np.exp(-link))).astype(int)
    other = np.where(fold == 0, 1 - y, y)
    calibrated = [
        cross_fit(teacher(Target("binary", v, np.arange(120), "y"), 60, None), link, fold) for v in (y, other)
    ]
    assert np.array_equal(calibrated[0][fold == 0], calibrated[1][fold == 0])
    assert not np.array_equal(calibrated[0][fold == 1], calibrated[1][fold == 1])


def test_classes_with_too_sharp_probabilities_are_softened() -> None:
    rng = np.random.default_rng(4)
    z = rng.normal(size=(600, 3))
    p = np.exp(z) / np.exp(z).sum(axis=1, keepdims=True)
    y = np.array([rng.choice(3, p=row) for row in p])
    lesson = teacher(Target("multiclass", y, np.arange(600), "y", ("0", "1", "2"), ("a", "b", "c")), 150, None)
    assert float(lesson.fit(3 * z, np.ones(600)).b) == pytest.approx(1 / 3, abs=0.06)


def test_survival_risk_meets_the_observed_share_at_the_horizon() -> None:
    rng = np.random.default_rng(5)
    time = rng.exponential(200, 400)
    target = Target("survival", survival(time, np.ones(400, dtype=int)), np.arange(400), "dead", horizons=(90, 180))
    grid = study_grid(target)
    assert grid is not None
    wrong = np.tile(np.linspace(-4, -1, len(grid.times)), (400, 1)) + rng.normal(size=(400, 1)) * 0.01
    learnt = teacher(target, 400, grid).fit(wrong, np.ones(400))
    risk = 1 - survival_of(learnt.apply(wrong))[:, grid.horizons]
    assert risk.mean(axis=0) == pytest.approx([(time <= 90).mean(), (time <= 180).mean()], abs=0.01)


def test_calibrator_survives_its_dump() -> None:
    calibrator = Calibrator("line", np.array(0.25), np.array(1.5), "binary")
    again = Calibrator.restore(calibrator.dump())
    assert again.apply(np.array([2.0])).tolist() == calibrator.apply(np.array([2.0])).tolist() == [3.25]

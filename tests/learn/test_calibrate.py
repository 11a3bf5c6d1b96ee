"""Calibration finds the line it should, never turns a model around, and is learnt without the rows it serves."""

from __future__ import annotations

import numpy as np
import pytest

from tabml.core.errors import BundleError
from tabml.core.hazard import baseline_hazard, kaplan_meier
from tabml.core.spec import State
from tabml.core.target import Target, survival
from tabml.learn.calibrate import MIN_SLOPE, Calibrator, cross_fit, fit_lines, teacher
from tabml.learn.loss import TimeGrid, study_grid, survival_of


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


def weibull(n: int, seed: int, *, horizons: tuple[int, ...] = (90, 180, 360)) -> tuple[Target, np.ndarray, np.ndarray]:
    """Proportional hazards with shape 1.4: the target, the score, and cloglog S(t) at the horizons, which is exact."""
    rng = np.random.default_rng(seed)
    score = rng.normal(size=n)
    time, stop = 500 * (rng.exponential(size=n) * np.exp(-score)) ** (1 / 1.4), rng.uniform(50, 900, n)
    y = survival(np.minimum(time, stop), (time <= stop).astype(int))
    target = Target("survival", y, np.arange(n), "dead", horizons=horizons)
    return target, score, 1.4 * np.log(np.array(horizons) / 500)[None, :] + score[:, None]


def links_of(score: np.ndarray, grid: TimeGrid) -> np.ndarray:
    """Raw links: this score, on a baseline that is wrong at every time."""
    return np.linspace(-3, 0, len(grid.times))[None, :] + score[:, None]


def test_survival_curves_of_a_model_twice_too_sharp_come_back_to_the_truth() -> None:
    slopes, misses = [], []
    for seed in range(20):
        target, score, truth = weibull(500, seed)
        grid = study_grid(target)
        assert grid is not None
        raw = links_of(2 * score, grid)
        learnt = teacher(target, target.n_events, grid).fit(raw, np.ones(500))
        slopes.append(float(learnt.b))
        misses.append((survival_of(learnt.apply(raw)[:, grid.horizons]) - survival_of(truth)).mean(axis=0))
    assert np.mean(slopes) == pytest.approx(0.5, abs=0.02)
    assert np.mean(misses, axis=0) == pytest.approx(np.zeros(3), abs=0.01)


def test_survival_slope_and_baseline_are_those_of_cox_regression() -> None:
    from tabml.metrics.survival.cox import cox

    target, score, _ = weibull(300, 3)
    y = target.y
    y["time"] = np.ceil(y["time"] / 30) * 30  # many ties
    grid = study_grid(target)
    assert grid is not None
    weight = np.random.default_rng(1).integers(0, 3, 300).astype(float)
    raw = links_of(score, grid)
    learnt = teacher(target, 200, grid).fit(raw, weight)
    in_it = weight > 0
    fitted = cox(raw[in_it, -1:], y["time"][in_it], y["event"][in_it] == 1, weight[in_it])
    assert fitted is not None
    assert float(learnt.b) == pytest.approx(float(fitted.beta[0]), abs=1e-4)
    base = baseline_hazard(y["time"], y["event"] == 1, float(learnt.b) * raw[:, -1], weight=weight)
    seen = base.at(grid.times) > 0
    assert learnt.a[seen] == pytest.approx(np.log(base.at(grid.times[seen])), abs=1e-9)


@pytest.mark.parametrize("events", [20, 200])
def test_calibrated_survival_curves_never_rise_and_never_cross(events: int) -> None:
    target, score, _ = weibull(250, 4)
    grid = study_grid(target)
    assert grid is not None
    raw = links_of(score, grid)
    link = teacher(target, events, grid).fit(raw, np.ones(250)).apply(raw)
    order = np.argsort(score)
    assert (np.diff(link, axis=1) >= 0).all()
    assert (np.diff(link[order], axis=0) >= 0).all()
    assert survival_of(link)[:, 0] == pytest.approx(np.ones(250), abs=1e-6)


def test_a_flat_survival_score_gives_the_marginal_curve() -> None:
    target, _, _ = weibull(300, 5)
    grid = study_grid(target)
    assert grid is not None
    raw = links_of(np.zeros(300), grid)
    learnt = teacher(target, target.n_events, grid).fit(raw, np.ones(300))
    assert float(learnt.b) == 0.0 and learnt.is_flat
    marginal = kaplan_meier(target.y["time"], target.y["event"] == 1).at(grid.times)
    assert survival_of(learnt.apply(raw))[0] == pytest.approx(marginal, abs=0.003)


def test_a_survival_score_that_points_the_wrong_way_is_flattened_not_turned() -> None:
    target, score, _ = weibull(300, 6)
    grid = study_grid(target)
    assert grid is not None
    assert float(teacher(target, 200, grid).fit(links_of(-score, grid), np.ones(300)).b) == pytest.approx(MIN_SLOPE)


@pytest.mark.parametrize("events", [0, 1, 2])
@pytest.mark.parametrize("spread", [0.0, 1e-6, 1.0, 30.0])
def test_few_survival_events_neither_crash_nor_diverge(events: int, spread: float) -> None:
    target, score, _ = weibull(60, 7)
    target.y["event"] = 0
    target.y["event"][np.argsort(-score)[:events]] = 1
    grid = study_grid(target)
    assert grid is not None
    raw = links_of(spread * score, grid)
    for slope_events in (events, 60):
        learnt = teacher(target, slope_events, grid).fit(raw, np.ones(60))
        assert np.isfinite(learnt.a).all() and np.isfinite(float(learnt.b))
        assert (np.diff(learnt.apply(raw), axis=1) >= 0).all()


def test_scores_that_order_all_events_leave_the_survival_slope_finite() -> None:
    score = np.linspace(-1, 1, 100)
    target = Target("survival", survival(np.linspace(200, 10, 100), np.ones(100, dtype=int)), np.arange(100), "dead",
                    horizons=(90, 180))  # fmt: skip
    grid = study_grid(target)
    assert grid is not None
    assert 1 < float(teacher(target, 100, grid).fit(links_of(score, grid), np.ones(100)).b) < 1000


def test_calibrator_survives_its_dump() -> None:
    calibrator = Calibrator("line", np.array(0.25), np.array(1.5), "binary")
    again = Calibrator.restore(calibrator.dump())
    assert again.apply(np.array([2.0])).tolist() == calibrator.apply(np.array([2.0])).tolist() == [3.25]


def test_a_calibration_of_a_kind_that_is_not_known_is_refused() -> None:
    with pytest.raises(BundleError, match="calibration of kind 'curve'"):
        Calibrator.restore(State({"kind": "curve", "a": [0.0, 0.1], "b": [1.0, 1.0], "task": "survival"}))

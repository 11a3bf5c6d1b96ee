"""Every number of a report stays what it is when rows of patients are repeated and share their patient's weight."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from tabml.core.target import TASKS, survival
from tabml.metrics.calibration import calibration_curve, calibration_groups
from tabml.metrics.classification import risk_histogram
from tabml.metrics.decision import decision_curve
from tabml.metrics.intervals import Resamples
from tabml.metrics.registry import METRICS, Metric
from tabml.metrics.survival import calibration_groups_at, uno_c

N = 90
CASES = [(m, task) for m in METRICS.values() for task in TASKS if task in m.tasks]


def outcome_of(task: str, rng: np.random.Generator) -> Any:
    if task == "survival":
        time, stop = np.ceil(rng.exponential(300, N)), rng.uniform(50, 800, N)
        return survival(np.minimum(time, stop), (time <= stop).astype(int))
    return rng.normal(size=N) if task == "regression" else rng.integers(0, 3 if task == "multiclass" else 2, N)


def inputs(metric: Metric, task: str, rng: np.random.Generator) -> list[Any]:
    risk = rng.uniform(0.05, 0.9, N)
    times = np.linspace(0, 300, 7)
    shares = rng.dirichlet(np.ones(3), N)
    known = {
        "p": shares if task == "multiclass" else risk, "value": rng.normal(size=N), "log_hazard": rng.normal(size=N),
        "survival_at": 1 - risk, "risk_at": risk, "horizon": 180.0, "curves": np.exp(-times[None, :] * risk[:, None] / 300),
        "times": times, "tau": 300.0, "cls": 1, "threshold": 0.4,
    }  # fmt: skip
    return [known[need] for need in metric.needs]


@pytest.mark.parametrize(("metric", "task"), CASES, ids=[f"{m.key}-{t}" for m, t in CASES])
def test_a_metric_counts_patients(metric: Metric, task: str) -> None:
    rng = np.random.default_rng(1)
    y, given = outcome_of(task, rng), inputs(metric, task, rng)
    times = np.where(np.arange(N) % 9 == 0, 25, rng.integers(1, 5, N))
    again = np.repeat(np.arange(N), times)
    repeated = [g[again] if isinstance(g, np.ndarray) and len(g) == N else g for g in given]
    once, now = metric.function(y, *given), metric.function(y[again], *repeated, weight=1 / times[again])
    assert once.value is not None
    assert now.value == pytest.approx(once.value, rel=1e-6, abs=1e-9)
    by_rows = metric.function(y[again], *repeated)
    assert by_rows.value != pytest.approx(once.value, rel=1e-3)


def test_figures_count_patients() -> None:
    rng = np.random.default_rng(2)
    y, p = rng.integers(0, 2, N), rng.uniform(0.05, 0.9, N)
    times = rng.integers(1, 6, N)
    again = np.repeat(np.arange(N), times)
    share = 1 / times[again]
    once, now = calibration_groups(y, p), calibration_groups(y[again], p[again], weight=share)
    assert [(g.n, g.events) for g in now] == [(g.n, g.events) for g in once]
    assert [g.observed for g in now] == pytest.approx([g.observed for g in once])
    line, again_line = calibration_curve(y, p), calibration_curve(y[again], p[again], weight=share)
    assert line is not None and again_line is not None
    assert again_line.observed == pytest.approx(line.observed) and again_line.n == line.n
    assert np.allclose(risk_histogram(y[again], p[again], weight=share)[1], risk_histogram(y, p)[1])
    counts = rng.integers(0, 3, (20, N)).astype(np.int32)
    net = decision_curve(y, p, resamples=Resamples(counts))
    same = decision_curve(y[again], p[again], resamples=Resamples(counts[:, again]), weight=share)
    assert same.model == pytest.approx(net.model) and same.lower == pytest.approx(net.lower)


def test_survival_groups_count_patients() -> None:
    rng = np.random.default_rng(3)
    y, risk = outcome_of("survival", rng), rng.uniform(0.05, 0.9, N)
    times = rng.integers(1, 6, N)
    again = np.repeat(np.arange(N), times)
    once, now = (
        calibration_groups_at(y, risk, 180),
        calibration_groups_at(y[again], risk[again], 180, weight=1 / times[again]),
    )
    assert [(g.n, g.events, g.at_risk) for g in now] == [(g.n, g.events, g.at_risk) for g in once]
    assert [float(g.observed) for g in now] == pytest.approx([float(g.observed) for g in once])


def test_a_hundred_rows_of_five_patients_are_too_few_for_a_horizon() -> None:
    y = survival(np.tile([200.0, 300, 400, 500, 600], 20), np.tile([1, 1, 0, 1, 0], 20))
    risk = np.linspace(0, 1, 100)
    assert uno_c(y, risk, 250).value is not None
    assert uno_c(y, risk, 250, weight=np.full(100, 0.05)).reason == "fewer than 10 patients"

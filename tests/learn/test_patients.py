"""A study of repeated rows is the study of its patients: copies of rows change no fit, no calibration and no number."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from tabml.core.cohort import Cohort
from tabml.core.outcome import make_target
from tabml.learn.fit import LearnResult, learn
from tests.learn.learn_cohorts import quick_config, small_cohort

SETTINGS: dict[str, dict[str, Any]] = {
    "binary": {"search": {"models": ["ridge", "elastic_net"]}},
    "regression": {"search": {"models": ["ridge", "elastic_net"]}},
    "multiclass": {"search": {"models": ["ridge"]}},
    "survival": {
        "search": {"models": ["cox", "elastic_cox"]},
        "data": {"time": "days", "event": "dead"}, "target": {"horizons": ["90d", "180d"]},
    },
}  # fmt: skip


def repeated(cohort: Cohort) -> Cohort:
    """The same patients, every tenth with 30 copies of its row, the others with one to three."""
    n = len(cohort.frame)
    times = np.where(np.arange(n) % 10 == 0, 30, np.random.default_rng(0).integers(1, 4, n))
    again = np.repeat(np.arange(n), times)
    return replace(cohort, frame=cohort.frame.iloc[again].reset_index(drop=True),
                   rows=cohort.rows.iloc[again].reset_index(drop=True))  # fmt: skip


def study(cohort: Cohort, task: str) -> LearnResult:
    settings = quick_config(**SETTINGS[task])
    target, _ = make_target(cohort, settings)
    return learn(cohort, target, settings)


@pytest.mark.parametrize("task", sorted(SETTINGS))
def test_copies_of_rows_change_no_number_of_a_study(task: str) -> None:
    cohort = small_cohort(110, task=task)
    once, again = study(cohort, task), study(repeated(cohort), task)
    assert again.selection == once.selection and again.verdict == once.verdict
    numbers = [
        {(e.key, e.model, e.estimate_type, e.horizon, e.cls): e.value for e in s.estimates} for s in (once, again)
    ]
    assert numbers[0].keys() == numbers[1].keys()
    for key, value in numbers[0].items():
        assert numbers[1][key] == pytest.approx(value, rel=1e-5, abs=1e-6), key
    frame = once.material.frame
    for name in ("final", "simple"):
        models = [getattr(s, name) for s in (once, again)]
        assert np.allclose(models[0].calibrator.b, models[1].calibrator.b, atol=1e-5)
        assert np.allclose(models[0].calibrator.a, models[1].calibrator.a, atol=1e-5)
        assert np.allclose(models[0].predict(frame).link, models[1].predict(frame).link, atol=1e-5)


def test_a_patient_of_many_rows_does_not_outvote_the_others() -> None:
    """One patient of a hundred rows and an outcome of 1000: by rows the mean error would be about 600."""
    cohort = small_cohort(60, task="regression", signal=3.0)
    cohort.frame.loc[0, "y"] = 1000.0
    times = np.where(np.arange(60) == 0, 100, 1)
    again = np.repeat(np.arange(60), times)
    many = replace(cohort, frame=cohort.frame.iloc[again].reset_index(drop=True),
                   rows=cohort.rows.iloc[again].reset_index(drop=True))  # fmt: skip
    [mae] = [e.value for e in study(many, "regression").estimates
             if (e.key, e.model, e.estimate_type) == ("mae", "null", "cv_winner")]  # fmt: skip
    assert mae is not None and 1000 / 60 < mae < 50

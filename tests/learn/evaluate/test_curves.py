"""Lines of the figures: what a dot stands for."""

from __future__ import annotations

import pytest

from tabml.core.outcome import make_target
from tabml.learn.fit import learn
from tests.learn.learn_cohorts import quick_config, small_cohort


@pytest.mark.parametrize("task", ["binary", "regression", "survival"])
def test_no_dot_stands_for_fewer_patients_than_the_setting_allows(task: str) -> None:
    cohort = small_cohort(90, task=task)
    settings = quick_config(search={"models": ["ridge" if task != "survival" else "cox"]}, privacy={"small_cell": 25})
    result = learn(cohort, make_target(cohort, settings)[0], settings)
    dots = [c for c in result.curves if c.key in ("calibration", "km_risk_group")]
    assert dots and all(n >= 25 for c in dots for n in c.counts)


def test_forty_patients_of_many_rows_still_have_a_picture() -> None:
    cohort = small_cohort(42, task="regression", visits=5)
    settings = quick_config(search={"models": ["ridge"]})
    result = learn(cohort, make_target(cohort, settings)[0], settings)
    [dots] = [c for c in result.curves if (c.key, c.model) == ("calibration", "final")]
    assert len(dots.x) >= 6 and all(n >= 5 for n in dots.counts)

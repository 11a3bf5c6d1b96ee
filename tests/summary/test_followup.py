"""Follow-up: the reverse Kaplan-Meier median, and a curve that ends before single patients can be told apart."""

import numpy as np
import pytest

from tabml.core.target import Target, survival
from tabml.summary.columns import Group
from tabml.summary.followup import follow_up, km_curve


def test_median_follow_up_reads_events_as_watching_cut_short():
    y = survival(np.array([1.0, 2.0, 3.0, 4.0]), np.zeros(4, dtype=int))
    made = Target("survival", y, np.arange(4), "dead", horizons=(2,))
    described = follow_up(made, [Group("north", np.array([0, 1]))])
    assert described["median_days"] == 2.5  # the midpoint of the step at one half
    assert described["by_centre"] == [{"centre": "north", "n": 2, "events": 0, "median_days": 1.5}]


@pytest.mark.parametrize(("small_cell", "end"), [(5, 16.0), (10, 11.0)])
def test_curve_ends_where_too_few_are_at_risk(small_cell, end):
    y = survival(np.arange(1.0, 21.0), np.ones(20, dtype=int))
    curve = km_curve(y, small_cell)
    assert curve["end"] == end and curve["x"] == [0.0, *np.arange(1.0, end + 1)]
    assert curve["y"][:3] == [1.0, 0.95, 0.9] and curve["at_risk"][-1] == small_cell


def test_curve_steps_at_events_only():
    curve = km_curve(survival(np.arange(1.0, 11.0), np.array([0, 1] * 5)), 2)
    assert curve["x"] == [0.0, 2.0, 4.0, 6.0, 8.0]
    assert all(low <= s <= high for low, s, high in zip(curve["lower"], curve["y"], curve["upper"], strict=True))

"""Target: durations in days, event counts, usual horizons."""

import numpy as np
import pytest

from tabml.core.errors import ConfigError
from tabml.core.target import Target, days, horizon_text, survival, usual_horizons


@pytest.mark.parametrize(
    ("text", "expected"),
    [("1y", 365), ("5y", 1826), ("10 years", 3652), ("18m", 548), ("90d", 90), ("90", 90), ("2w", 14)],
)
def test_horizons_are_read_in_whole_days(text, expected):
    assert days(text) == expected


@pytest.mark.parametrize("text", ["", "soon", "-1y", "0d", "5 q", "1y6m", "y"])
def test_what_is_no_horizon_is_refused(text):
    with pytest.raises(ConfigError, match="is not a horizon"):
        days(text)


@pytest.mark.parametrize(("horizon", "text"), [(365, "1 year"), (1826, "5 years"), (90, "90 days"), (548, "548 days")])
def test_horizons_in_words(horizon, text):
    assert horizon_text(horizon) == text


def test_events_are_the_smaller_class_the_events_or_the_rows():
    rows = np.arange(5)
    assert Target("binary", np.array([0, 0, 0, 1, 1]), rows, "y", classes=("0", "1")).n_events == 2
    assert Target("multiclass", np.array([0, 0, 1, 1, 2]), rows, "y", classes=("a", "b", "c")).n_events == 1
    assert Target("regression", np.array([1.0, 2, 3, 4, 5]), rows, "y").n_events == 5
    y = survival(np.array([1.0, 2, 3, 4, 5]), np.array([1, 0, 2, 1, 0]))
    assert Target("survival", y, rows, "y").n_events == 2


def test_usual_horizons_leave_a_tenth_and_ten_at_risk():
    time = np.linspace(1, 400, 100)
    # 9 of 100 are followed for a year, 55 for 180 days
    assert usual_horizons(time) == (90, 180)


def test_short_follow_up_has_the_median_as_horizon():
    assert usual_horizons(np.array([3.0, 5, 7])) == (5,)


def test_tau_is_the_longest_horizon():
    y = survival(np.array([1.0]), np.array([1]))
    assert Target("survival", y, np.arange(1), "y", horizons=(365, 1826)).tau == 1826

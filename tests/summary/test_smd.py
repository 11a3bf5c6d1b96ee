"""Standardised differences by hand, for numbers, shares and levels."""

from __future__ import annotations

import numpy as np
import pytest

from tabml.summary.columns import column
from tabml.summary.smd import rest, smd
from tests.summary.cohorts import cohort


def of(values, kind="number"):
    made = cohort({"x": values}, kinds={"x": kind})
    return column(made.frame, made.variables["x"])


def test_smd_of_numbers_by_hand() -> None:
    """Means 2 and 0, both with variance 4: one standard deviation apart."""
    x = of([0.0, 4.0] * 5 + [-2.0, 2.0] * 5)
    assert smd(x, np.arange(10), np.arange(10, 20)) == pytest.approx(1.0)


def test_smd_of_shares_by_hand() -> None:
    """80 % against 50 %: 0.3 / sqrt((0.16 + 0.25) / 2)."""
    x = of([True] * 8 + [False] * 2 + [True] * 5 + [False] * 5, "boolean")
    assert smd(x, np.arange(10), np.arange(10, 20)) == pytest.approx(0.3 / np.sqrt(0.205))


def test_smd_of_levels_is_a_distance_and_zero_for_equal_shares() -> None:
    x = of(list("aabbc" * 4), "category")
    assert smd(x, np.arange(10), np.arange(10, 20)) == pytest.approx(0.0, abs=1e-9)
    y = of(list("aaaab" * 2) + list("bbccc" * 2), "category")
    assert smd(y, np.arange(10), np.arange(10, 20)) > 1.0


def test_smd_needs_five_values_a_side() -> None:
    assert smd(of(np.arange(8.0)), np.arange(4), np.arange(4, 8)) is None


def test_rest_is_the_complement() -> None:
    assert rest(np.array([0, 2]), 4).tolist() == [1, 3]

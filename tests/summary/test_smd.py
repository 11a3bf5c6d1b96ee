from __future__ import annotations

import numpy as np
import pytest

from tabml.summary.columns import column
from tabml.summary.sample_size import candidate_parameters, riley_binary
from tabml.summary.smd import rest, smd
from tabml.summary.table_one import number_text
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


def test_riley_criteria_of_the_published_example() -> None:
    """Riley et al. BMJ 2020: R2 0.288, 24 parameters, prevalence 0.174."""
    assert riley_binary(0.288, 24, 0.174) == (623, 662, 221)


def test_parameters_of_a_category_are_its_levels_less_one() -> None:
    assert candidate_parameters([0, 2, 4]) == 1 + 1 + 3


def test_numbers_print_with_three_figures() -> None:
    assert [number_text(v) for v in (136.4, 12.35, 1.183, 0.000123, -5.0)] == ["136", "12.3", "1.18", "0.000123", "-5"]

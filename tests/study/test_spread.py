"""The range of training: few patients of training lie outside, and no bound is a patient's value."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from tabml.study.spread import training_range

ROOT = Path(__file__).resolve().parents[2]
HEART4 = ROOT / "tests" / "data" / "heart4" / "truth.csv"
EXAMPLES = {
    "heart4": (HEART4, None),
    "heart_failure": (ROOT / "examples" / "heart_failure" / "S1Data.csv", None),
    "hcv": (ROOT / "examples" / "hcv" / "hcvdat0.csv", None),
    "parkinsons_updrs": (ROOT / "examples" / "parkinsons_updrs" / "parkinsons_updrs.data", "subject#"),
}


def columns(name: str) -> tuple[dict[str, np.ndarray], np.ndarray]:
    file, patient = EXAMPLES[name]
    table = pd.read_csv(file)
    who = np.arange(len(table)) if patient is None else table[patient].to_numpy()
    numbers = table.select_dtypes("number").drop(columns=[patient] if patient else [])
    return {c: numbers[c].to_numpy(dtype=float) for c in numbers}, who


@pytest.mark.parametrize("name", EXAMPLES)
def test_the_file_of_training_lies_inside_but_for_two_percent_per_variable(name: str) -> None:
    table, who = columns(name)
    assert len(table) > 5
    for column, values in table.items():
        known = ~np.isnan(values)
        low, _, high = training_range(values[known], who[known], small_cell=5)
        outside = ((values < low) | (values > high))[known]
        assert outside.mean() <= 0.021, column


@pytest.mark.parametrize("name", EXAMPLES)
def test_no_bound_is_a_value_that_only_few_patients_have(name: str) -> None:
    table, who = columns(name)
    for column, values in table.items():
        low, _, high = training_range(values[~np.isnan(values)], who[~np.isnan(values)], small_cell=5)
        for bound in (low, high):
            holders = len(np.unique(who[values == bound]))
            assert bound == 0 or holders == 0 or holders >= 5, column


def test_patients_count_and_not_their_rows() -> None:
    values = np.repeat(np.arange(40.0), 150)
    patient = np.repeat(np.arange(40), 150)
    once = training_range(np.arange(40.0), np.arange(40), small_cell=5)
    assert training_range(values, patient, small_cell=5) == pytest.approx(once)


def test_few_patients_get_a_bound_beyond_all_of_them_from_the_mean_of_five() -> None:
    ages = np.array([36.0, 49, 55, 56, 57, *range(58, 90)])  # five above 84 with a mean excess of 3
    _, _, high = training_range(ages, np.arange(len(ages)), small_cell=5)
    assert high == 84 + 2 * 3
    moved = np.where(ages == 89, 88.9, ages)  # less of one patient, more of another: the same mean, the same bound
    moved = np.where(ages == 88, 88.1, moved)
    assert training_range(moved, np.arange(len(ages)), small_cell=5)[2] == pytest.approx(90)


def test_many_patients_get_a_quantile_between_two_values() -> None:
    values = np.arange(1000.0)
    assert training_range(values, np.arange(1000), small_cell=5) == (9.5, 499.5, 989.5)


def test_one_far_value_does_not_become_the_bound() -> None:
    values = np.r_[np.zeros(41), 7.0]
    low, _, high = training_range(values, np.arange(42), small_cell=5)
    assert low == 0 and high == pytest.approx(8.4)  # six times 7/5


def test_a_value_that_many_hold_is_the_bound_itself() -> None:
    assert training_range(np.r_[np.zeros(20), np.ones(20)], np.arange(40), small_cell=5) == (0.0, 0.5, 1.0)


def test_fewer_than_ten_patients_have_no_range() -> None:
    assert training_range(np.arange(900.0), np.repeat(np.arange(9), 100), small_cell=5) is None

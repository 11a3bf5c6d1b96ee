"""Losses per patient: proper, bounded, one vote per patient, and weighted for censoring."""

from __future__ import annotations

import numpy as np
import pytest

from tabml.core.target import Target, survival
from tabml.learn.loss import by_patient, censoring_weights, cloglog, row_loss, study_grid, survival_of


def test_log_loss_is_that_of_the_probability_and_bounded() -> None:
    p = np.array([0.8, 0.3])
    link = np.log(p / (1 - p))
    assert row_loss("binary", np.array([1, 0]), link) == pytest.approx([-np.log(0.8), -np.log(0.7)])
    assert row_loss("binary", np.array([1]), np.array([-1e9])) == pytest.approx(-np.log(1e-6))
    several = np.log(np.array([[0.2, 0.5, 0.3]]))
    assert row_loss("multiclass", np.array([1]), several) == pytest.approx([-np.log(0.5)])


def test_a_row_without_prediction_has_no_loss() -> None:
    assert np.isnan(row_loss("binary", np.array([1]), np.array([np.nan]))).all()


def test_rows_of_a_patient_are_averaged() -> None:
    rows = np.array([[1.0, 3.0, 10.0]])
    assert by_patient(rows, np.array([0, 0, 1]), 2).tolist() == [[2.0, 10.0]]


def test_survival_and_its_link_are_inverse() -> None:
    s = np.array([0.999, 0.5, 0.01])
    assert survival_of(cloglog(s)) == pytest.approx(s)


def test_the_grid_holds_every_horizon_and_ends_at_the_longest() -> None:
    y = survival(np.linspace(10, 2000, 200), np.ones(200, dtype=int))
    grid = study_grid(Target("survival", y, np.arange(200), "dead", horizons=(365, 1000)))
    assert grid is not None
    assert grid.times[grid.horizons].tolist() == [365, 1000]
    assert grid.times[grid.last] == grid.times[-1] == 1000
    assert len(grid.steps) == 51


def test_without_censoring_every_row_weighs_one() -> None:
    y = survival(np.array([1.0, 2, 3, 4]), np.ones(4, dtype=int))
    assert (censoring_weights(y, y, np.array([0.5, 2.5])) == 1).all()


def test_a_censored_row_weighs_nothing_after_it_left_and_those_who_stayed_stand_in() -> None:
    y = survival(np.array([1.0, 2, 3, 4]), np.array([1, 0, 1, 1]))
    weights = censoring_weights(y, y, np.array([2.5]))[:, 0]
    assert weights == pytest.approx([1.0, 0.0, 1.5, 1.5])  # G(2.5) = 2/3
    assert weights.sum() == pytest.approx(4.0)

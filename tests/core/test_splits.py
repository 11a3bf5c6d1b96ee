"""Split plans: seeds without order, ids without key, and the checks that hold them honest."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tabml.core.errors import DataError
from tabml.core.splits import Fold, SplitPlan, check_plan, derive_seed


def positions(*values: int) -> np.ndarray:
    return np.array(values, dtype=np.int64)


def two_folds(**more) -> SplitPlan:
    folds = (
        Fold("r0f0", 0, positions(2, 3), positions(0, 1), positions()),
        Fold("r0f1", 0, positions(0, 1), positions(2, 3), positions()),
    )
    given_ = {"kind": "cv", "seed": 1, "strata": "y", "n_patients": 4, "cohort_sha256": "c", "folds": folds,
              "patient_of_row": positions(0, 1, 1, 2, 3)}  # fmt: skip
    return SplitPlan(**{**given_, **more})


SINGLE = positions(0, 1, 2, 3)


def test_lawful_plan_passes():
    check_plan(two_folds(), SINGLE)


def test_patient_in_two_parts_is_named():
    fold = Fold("r0f0", 0, positions(1, 2, 3), positions(0, 1), positions())
    with pytest.raises(DataError, match="fold r0f0: a patient stands in two parts"):
        check_plan(two_folds(folds=(fold,)), SINGLE)


def test_person_under_two_ids_may_not_straddle():
    with pytest.raises(DataError, match="fold r0f0: one person stands in training and test"):
        check_plan(two_folds(), positions(0, 1, 1, 2))


def test_person_may_not_straddle_training_and_validation():
    fold = Fold("n0", 0, positions(2, 3), positions(0), positions(1))
    with pytest.raises(DataError, match="fold n0: one person"):
        check_plan(two_folds(kind="nested", folds=(fold,)), positions(0, 1, 1, 2))


def test_leave_one_centre_out_ignores_links_between_centres():
    check_plan(two_folds(kind="centre"), positions(0, 1, 1, 2))


def test_empty_part_is_refused():
    fold = Fold("r0f0", 0, positions(0, 1), positions(), positions())
    with pytest.raises(DataError, match="fold r0f0 has an empty part"):
        check_plan(two_folds(folds=(fold,)), SINGLE)


@pytest.mark.parametrize("kind", ["cv", "repeated", "nested"])
def test_each_patient_tests_exactly_once_per_repeat(kind):
    plan = two_folds(kind=kind)
    with pytest.raises(DataError, match="repeat 0: not every patient tests exactly once"):
        check_plan(replace(plan, folds=plan.folds[:1]), SINGLE)
    twice = Fold("r0f2", 0, positions(2, 3), positions(0, 1), positions())
    with pytest.raises(DataError, match="repeat 0"):
        check_plan(replace(plan, folds=(*plan.folds, twice)), SINGLE)


def test_a_plan_among_some_patients_tests_each_of_them_once():
    folds = (
        Fold("c0f0", 0, positions(1, 2), positions(0), positions()),
        Fold("c0f1", 0, positions(0), positions(1, 2), positions()),
    )
    check_plan(two_folds(folds=folds), SINGLE, positions(0, 1, 2))
    with pytest.raises(DataError, match="repeat 0: not every patient tests exactly once"):
        check_plan(two_folds(folds=folds), SINGLE)


def test_rows_of_patients_in_row_order():
    assert two_folds().rows(positions(3, 1)).tolist() == [1, 2, 4]
    assert two_folds().rows(positions()).tolist() == []


def test_plan_id_names_the_folds_and_nothing_else():
    plan = two_folds()
    assert two_folds().plan_id == plan.plan_id
    assert two_folds(seed=2).plan_id != plan.plan_id
    assert two_folds(folds=plan.folds[::-1]).plan_id != plan.plan_id


@given(st.integers(0, 2**31), st.lists(st.text(), max_size=3))
def test_seeds_are_stable_and_fit_every_library(seed, path):
    made = derive_seed(seed, *path)
    assert made == derive_seed(seed, *path)
    assert 0 <= made < 2**31


def test_seeds_differ_by_step():
    made = {derive_seed(1, "fit", model, fold) for model in range(40) for fold in range(25)}
    assert len(made) == 1000


def test_seed_of_a_step_never_changes_between_releases():
    assert derive_seed(1, "fit") == 1243789194

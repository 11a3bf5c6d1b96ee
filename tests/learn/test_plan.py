"""Folds: nobody straddles them, everybody is tested once, and impossible wishes are refused."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tabml.core.cohort import Cohort
from tabml.core.config import Split
from tabml.core.errors import ConfigError, DataError
from tabml.core.outcome import make_target
from tabml.core.splits import SplitPlan
from tabml.core.target import Target
from tabml.learn.patients import usable_patients
from tabml.learn.plan import centre_plan, make_plan, plan_kind
from tests.learn.learn_cohorts import quick_config, small_cohort


def _target(cohort: Cohort, config) -> Target:
    return make_target(cohort, config())[0]


def _straddles(plan: SplitPlan, group: np.ndarray) -> bool:
    held_out = [(f.train, np.concatenate([f.test, f.validation])) for f in plan.folds]
    return any(set(group[train]) & set(group[out]) for train, out in held_out)


@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 1000), linked=st.integers(0, 12))
def test_linked_patients_never_straddle_folds(seed: int, linked: int) -> None:
    cohort = small_cohort(60, seed=seed, visits=2)
    group = cohort.rows["patient"].to_numpy().copy()
    group[group < linked] = 0
    cohort = replace(cohort, rows=cohort.rows.assign(group=group))
    target = _target(cohort, quick_config)
    plan, _ = make_plan(cohort, target, Split(), seed=seed)
    patients, _ = usable_patients(cohort, target)
    assert not _straddles(plan, patients.group)
    tested = np.sort(np.concatenate([f.test for f in plan.folds]))
    assert tested.tolist() == list(range(60))


def test_equal_seeds_give_equal_plans_and_other_seeds_others(make_cohort, config) -> None:
    cohort = make_cohort(80)
    target = _target(cohort, config)
    ids = [make_plan(cohort, target, Split(), seed=s)[0].plan_id for s in (1, 1, 2)]
    assert ids[0] == ids[1] != ids[2]


def test_folds_follow_the_number_of_events(make_cohort, config) -> None:
    cohort = make_cohort(60)
    sick = np.arange(60) < 17
    cohort = replace(cohort, frame=cohort.frame.assign(sick=pd.Series(sick, dtype="boolean")))
    plan, findings = make_plan(cohort, _target(cohort, config), Split(), seed=1)
    assert len(plan.folds) == 3
    assert any(f.code == "TB202" and "17 events" in f.evidence for f in findings)


def test_fewer_than_ten_events_get_two_folds_ten_times(make_cohort, config) -> None:
    cohort = make_cohort(60)
    cohort = replace(cohort, frame=cohort.frame.assign(sick=pd.Series(np.arange(60) < 6, dtype="boolean")))
    plan, findings = make_plan(cohort, _target(cohort, config), Split(), seed=1)
    assert (plan.kind, len(plan.folds)) == ("repeated", 20)
    assert [f.code for f in findings] == ["TB201"]


def test_more_folds_than_patients_is_refused(make_cohort, config) -> None:
    cohort = make_cohort(12)
    with pytest.raises(ConfigError, match=r"split\.outer_folds=40 but only 12 patients"):
        make_plan(cohort, _target(cohort, config), Split(outer_folds=40), seed=1)


def test_one_person_cannot_be_split(make_cohort, config) -> None:
    cohort = make_cohort(20)
    cohort = replace(cohort, rows=cohort.rows.assign(group=0))
    with pytest.raises(DataError, match="1 person cannot be split"):
        make_plan(cohort, _target(cohort, config), Split(), seed=1)


def test_nested_plan_pairs_every_test_fold_with_every_other(make_cohort, config) -> None:
    cohort = make_cohort(100)
    target = _target(cohort, config)
    plan, _ = make_plan(cohort, target, Split(), kind="nested", seed=1)
    assert len(plan.folds) == 20
    assert len({f.train.tobytes() for f in plan.folds}) == 10  # one fit serves both roles of a pair
    for repeat in range(4):
        tested = np.concatenate([f.test for f in plan.folds if f.repeat == repeat])
        assert np.sort(tested).tolist() == list(range(100))


def test_nested_needs_25_events() -> None:
    assert plan_kind("nested", 25) == ("nested", ())
    kind, findings = plan_kind("nested", 24)
    assert (kind, findings[0].code) == ("cv", "TB202")


def test_each_centre_is_left_out_and_never_trains_on_itself(make_cohort, config) -> None:
    cohort = make_cohort(90, centres=3)
    target = _target(cohort, config)
    plan, _ = centre_plan(cohort, target, seed=1)
    assert plan is not None
    assert [f.centre for f in plan.outer.folds] == ["C0", "C1", "C2"]
    for fold in plan.outer.folds:
        inner = plan.inner[str(fold.centre)]
        everyone = np.concatenate([f.test for f in inner])
        assert np.sort(everyone).tolist() == fold.train.tolist()
        assert not set(fold.test) & set(everyone)


def test_identical_rows_of_different_patients_are_counted_not_linked(make_cohort, config) -> None:
    cohort = make_cohort(40)
    frame = cohort.frame.copy()
    frame.loc[1, ["age", "sex", "x1", "x2", "site"]] = frame.loc[0, ["age", "sex", "x1", "x2", "site"]]
    cohort = replace(cohort, frame=frame)
    patients, findings = usable_patients(cohort, _target(cohort, config))
    assert len(np.unique(patients.group)) == 40
    assert [f.code for f in findings] == ["TB204"]

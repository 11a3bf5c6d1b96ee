"""From columns to the target: roles, coding of the event, what cannot be modelled."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from tabml.core.cohort import Cohort, Kind, Role, Variable
from tabml.core.config import Data, load_config
from tabml.core.errors import ConfigError, DataError
from tabml.core.outcome import make_target, with_roles


def make_cohort(**columns: tuple[Role, Kind, list[object]]) -> Cohort:
    dtypes = {"number": "Float64", "integer": "Int64", "boolean": "boolean", "category": "category"}
    frame = pd.DataFrame({n: pd.Series(v, dtype=dtypes[kind]) for n, (_, kind, v) in columns.items()})
    rows = pd.DataFrame({"patient": range(len(frame)), "centre": pd.NA})
    return Cohort(frame, {n: Variable(n, kind, role) for n, (role, kind, _) in columns.items()}, rows)


def target_of(cohort: Cohort, *assignments: str):  # type: ignore[no-untyped-def]
    return make_target(cohort, load_config(assignments=assignments, environment={}))


def test_yes_is_the_positive_class_and_rows_without_outcome_are_left_out() -> None:
    cohort = make_cohort(ill=("outcome", "category", ["nein", "ja", None, "ja", "nein"]))
    target, _ = target_of(cohort)
    assert target.task == "binary"
    assert target.classes == ("nein", "ja")
    assert target.y.tolist() == [0, 1, 1, 0]
    assert target.rows.tolist() == [0, 1, 3, 4]


def test_positive_level_can_be_stated() -> None:
    cohort = make_cohort(group=("outcome", "category", ["a", "b", "a", "b"]))
    target, _ = target_of(cohort, "data.positive=a")
    assert target.positive == "a"
    assert target.y.tolist() == [1, 0, 1, 0]


def test_undecided_polarity_is_an_error_that_says_what_to_type() -> None:
    cohort = make_cohort(group=("outcome", "category", ["a", "b", "a", "b"]))
    with pytest.raises(ConfigError, match="which level of 'group'") as caught:
        target_of(cohort)
    assert caught.value.hint == "--positive b"


def test_alive_column_is_not_taken_for_the_event() -> None:
    cohort = make_cohort(alive=("outcome", "category", ["0", "1", "1", "0"]))
    with pytest.raises(ConfigError, match="is not certain"):
        target_of(cohort)


def test_one_class_is_refused_with_its_count() -> None:
    cohort = make_cohort(ill=("outcome", "boolean", [True] * 6))
    with pytest.raises(DataError, match=r"one class only \(yes\) in 6 rows"):
        target_of(cohort)


def test_class_of_one_patient_is_refused() -> None:
    cohort = make_cohort(stage=("outcome", "category", ["a", "a", "b", "b", "c"]))
    with pytest.raises(DataError, match="has 1 patient with one of its values; at least 2 are needed"):
        target_of(cohort)


def test_class_of_one_patient_is_not_named_for_it_may_be_a_name() -> None:
    cohort = make_cohort(stage=("outcome", "category", ["a"] * 9 + ["b"] * 3 + ["Meier"]))
    with pytest.raises(DataError, match="has 1 patient with") as caught:
        target_of(cohort)
    assert "Meier" not in str(caught.value)
    with pytest.raises(DataError, match=r"one class only in 3 rows"):
        target_of(make_cohort(stage=("outcome", "category", ["Meier"] * 3)))


def test_small_classes_are_a_finding() -> None:
    cohort = make_cohort(stage=("outcome", "category", ["a"] * 12 + ["b"] * 12 + ["c"] * 3))
    target, findings = target_of(cohort)
    assert target.task == "multiclass"
    assert [f.code for f in findings] == ["TB132"]
    assert findings[0].evidence.endswith("patients: 1 with fewer than 5")
    named = target_of(cohort, "privacy.small_cell=3")[1][0]
    assert named.evidence.endswith("patients: c (3)")


@pytest.mark.parametrize(
    ("assignment", "said"),
    [
        ("report.thresholds=[0.1]", "report.thresholds is for binary"),
        ("target.horizons=[1y]", "target.horizons is for"),
    ],
)
def test_settings_of_another_task_are_refused(assignment: str, said: str) -> None:
    cohort = make_cohort(y=("outcome", "number", [float(i) for i in range(20)]))
    with pytest.raises(ConfigError, match=said) as caught:
        target_of(cohort, assignment)
    assert caught.value.hint.startswith("leave ")


def test_survival_is_in_days_and_months_are_converted() -> None:
    cohort = make_cohort(
        months=("time", "number", [1.0, 2.0, 12.0, 24.0] * 10), dead=("event", "integer", [1, 0, 1, 0] * 10)
    )
    target, _ = target_of(cohort, "data.time_unit=months")
    assert target.task == "survival"
    assert target.y["time"][2] == pytest.approx(365.25)
    assert target.n_events == 20
    assert target.horizons == (365, 730)


def test_negative_follow_up_is_counted_and_zero_is_moved() -> None:
    cohort = make_cohort(
        t=("time", "number", [-1.0, 0.0, 4.0, 8.0] * 10), e=("event", "boolean", [True, False, True, False] * 10)
    )
    target, findings = target_of(cohort, "target.horizons=[6d]")
    assert {f.code: f.count for f in findings} == {"TB134": 10, "TB220": 10}
    assert len(target.rows) == 30
    assert np.min(target.y["time"]) == 2.0


def test_event_coded_one_and_two_is_never_guessed() -> None:
    cohort = make_cohort(t=("time", "number", [5.0] * 20), e=("event", "integer", [1, 2] * 10))
    with pytest.raises(ConfigError, match="is not certain"):
        target_of(cohort, "target.horizons=[4d]")
    target, _ = target_of(cohort, "target.horizons=[4d]", "data.positive=2")
    assert target.n_events == 10


def test_horizon_beyond_follow_up_is_refused() -> None:
    cohort = make_cohort(t=("time", "number", [30.0, 300.0] * 10), e=("event", "boolean", [True, False] * 10))
    with pytest.raises(DataError, match="beyond the longest follow-up"):
        target_of(cohort, "target.horizons=[5y]")


def test_another_target_makes_the_old_outcome_a_sibling() -> None:
    cohort = make_cohort(a=("outcome", "boolean", [True, False]), b=("feature", "boolean", [True, False]))
    changed = with_roles(cohort, Data(target="b"))
    assert changed.variables["b"].role == "outcome"
    assert changed.variables["a"].role == "sibling"
    with pytest.raises(ConfigError, match="no column 'bb'"):
        with_roles(cohort, Data(target="bb"))


def test_no_named_outcome_is_a_usage_error() -> None:
    cohort = make_cohort(a=("feature", "boolean", [True, False]))
    with pytest.raises(ConfigError, match="no outcome is named"):
        target_of(cohort)
    assert replace(cohort).features() == ("a",)


@pytest.mark.parametrize("role", ["entry", "weight", "offset", "group"])
def test_role_that_would_be_ignored_is_refused(role: Role) -> None:
    cohort = make_cohort(ill=("outcome", "boolean", [True, False] * 3), extra=(role, "number", [1.0] * 6))
    with pytest.raises(ConfigError, match=f"'extra' has role {role}, which this release does not use"):
        target_of(cohort)


def test_a_column_named_by_mistake_prints_no_cell_that_few_hold() -> None:
    names = [f"Name {i}" for i in range(14)] + ["dead"] * 6
    cohort = make_cohort(t=("time", "number", [5.0] * 20), who=("event", "category", names))
    with pytest.raises(ConfigError, match="event 'who' has 15 codes: dead, 14 others") as caught:
        target_of(cohort, "target.horizons=[4d]")
    assert "Name" not in str(caught.value) + str(caught.value.hint)
    with pytest.raises(ConfigError, match="'alive' is no level of 'who'") as caught:
        target_of(cohort, "target.horizons=[4d]", "data.positive=alive")
    assert caught.value.hint == "levels: dead, 14 others"
    cohort = make_cohort(who=("outcome", "category", names + names))
    with pytest.raises(ConfigError, match=r"has 15 levels \(dead, 14 others\); --positive needs two"):
        target_of(cohort, "data.positive=dead")


def test_stated_level_of_a_yes_no_event_is_not_read_past() -> None:
    cohort = make_cohort(t=("time", "number", [5.0] * 20), alive=("event", "boolean", [True] * 15 + [False] * 5))
    target, _ = target_of(cohort, "target.horizons=[4d]", "data.positive=no")
    assert target.n_events == 5
    assert target_of(cohort, "target.horizons=[4d]")[0].n_events == 15

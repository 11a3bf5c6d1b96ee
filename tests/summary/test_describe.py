from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest

from tabml.core.cohort import FlowStep
from tabml.core.config import StudyConfig
from tabml.summary.describe import describe
from tests.summary.cohorts import cohort, noise, settings, target_of

RNG = np.random.default_rng(5)


def heart(n: int = 200):
    columns = {
        "age": RNG.integers(40, 80, n), "sex": RNG.integers(0, 2, n), "chol": np.where(np.arange(n) % 4 == 0, np.nan, 200.0),
        "sick": np.arange(n) % 2 == 0,
    }  # fmt: skip
    return cohort(columns, kinds={"age": "integer", "sex": "category", "sick": "boolean"}, roles={"sick": "outcome"},
                  levels={"sex": {"0": "female", "1": "male"}}, centre=np.where(np.arange(n) < 150, "north", "south"))  # fmt: skip


def described(made, config: StudyConfig | None = None, small_cell: int = 5):
    made, target = target_of(made, config)
    return describe(made, target, small_cell)


def test_it_is_json_without_nan() -> None:
    text = json.dumps(described(heart()), allow_nan=False)
    assert json.loads(text)["schema"] == "tabml.summary/1"


def test_counts_flow_and_outcome_by_centre() -> None:
    summary = described(heart())
    assert summary["counts"] == {"rows": 200, "patients": 200, "usable_rows": 200, "usable_patients": 200, "events": 100,
                                 "centres": 2, "features": 3, "repeated": False}  # fmt: skip
    assert [(s["label"], s["rows"]) for s in summary["flow"]] == [("rows read", 200)]
    assert [(r["centre"], r["n"], r["levels"][-1]["n"]) for r in summary["outcome_by_centre"]] == [
        ("All", 200, 100), ("north", 150, 75), ("south", 50, 25)
    ]  # fmt: skip


def test_events_are_the_patients_with_the_outcome_not_the_smaller_class() -> None:
    often = cohort({**noise(60, 1), "y": [True] * 40 + [False] * 20}, kinds={"y": "boolean"}, roles={"y": "outcome"})
    assert described(often)["counts"]["events"] == 40
    number = cohort({**noise(60, 1), "y": np.arange(60.0)}, roles={"y": "outcome"})
    assert "events" not in described(number)["counts"]


def test_table_one_and_the_outcome_count_patients_where_one_has_many_rows() -> None:
    patient = np.repeat(np.arange(30), [9] * 10 + [1] * 20)
    old = np.where(patient < 10, 80.0, 40.0)
    made = cohort({"age": old, "y": patient + np.linspace(0, 0.1, len(patient))}, roles={"y": "outcome"}, patient=patient)  # fmt: skip
    summary = described(made)
    table = summary["tables"][0]
    assert [c["n"] for c in table["columns"]] == [30, 10, 10, 10]
    assert table["rows"][0]["cells"][0].startswith("40 (40 to 80)")  # 10 of 30 patients are old, though 90 of 110 rows
    assert "Each patient counts once" in table["note"]
    assert [(r["centre"], r["n"], r["with_outcome"]) for r in summary["outcome_by_centre"]] == [("All", 30, 30)]
    assert summary["outcome_by_centre"][0]["mean"] == pytest.approx(14.5, abs=0.1)  # of rows it would be 8.2
    assert summary["variables"][0]["of_patients"]["quantiles"]["median"] == 40


def test_rows_and_patients_do_not_take_turns_in_the_flow() -> None:
    patient = np.repeat(np.arange(20), 4)
    made = cohort({**noise(80, 1), "y": np.arange(80.0)}, roles={"y": "outcome"}, patient=patient)
    turns = (FlowStep("rows of a.csv", 81, "count", "a"), FlowStep("header rows", 1, "aside", "a", "header"),
             FlowStep("data rows", 80, "count", "a"), FlowStep("patients", 20, "count", "a"),
             FlowStep("rows of the cohort", 80), FlowStep("patients", 20))  # fmt: skip
    steps = described(replace(made, flow=turns))["flow"]
    assert [(s["rows"], s["label"]) for s in steps] == [
        (81, "rows of a.csv"), (1, "header rows"), (80, "rows analysed, of 20 patients")
    ]  # fmt: skip


def test_a_sex_coded_as_numbers_is_no_yes() -> None:
    made = cohort({"Gender": [True, False] * 20, "smoker": [True, False] * 20, "y": [True] * 20 + [False] * 20},
                  kinds={"Gender": "boolean", "smoker": "boolean", "y": "boolean"}, roles={"y": "outcome"})  # fmt: skip
    table = described(made)["tables"][0]
    assert [r["label"] for r in table["rows"]] == ["Gender: 1", "smoker"]


def test_a_patient_with_one_event_among_many_rows_has_the_event_once() -> None:
    patient = np.repeat(np.arange(20), 4)
    sick = (patient < 12) & (np.arange(80) % 4 == 1)
    made = cohort({**noise(80, 1), "y": sick}, kinds={"y": "boolean"}, roles={"y": "outcome"}, patient=patient)
    summary = described(made)
    assert (summary["counts"]["events"], summary["counts"]["usable_patients"]) == (12, 20)
    assert summary["outcome_by_centre"][0]["levels"][-1]["n"] == 12


def test_rows_without_outcome_leave_the_flow_with_a_reason() -> None:
    columns = {**noise(60, 1), "y": [None] * 10 + [True, False] * 25}
    summary = described(cohort(columns, kinds={"y": "boolean"}, roles={"y": "outcome"}))
    assert [(s["rows"], s["kind"]) for s in summary["flow"]] == [(60, "count"), (10, "aside"), (50, "count")]


def test_missing_is_counted_by_centre_and_outcome() -> None:
    chol = next(v for v in described(heart())["variables"] if v["name"] == "chol")
    assert chol["missing"]["n"] == 50
    assert {g["group"]: g["n"] for g in chol["missing"]["by_outcome"]} == {"without": 0, "with": 50}


def test_table_one_has_labels_missing_and_differences_and_no_p_values() -> None:
    summary = described(heart())
    table = summary["tables"][0]
    labels = [r["label"] for r in table["rows"]]
    assert labels == ["age", "sex", "female", "male", "chol"]
    assert table["rows"][-1]["missing"] == 50
    assert "p" not in {c["label"].casefold() for c in table["columns"]}
    assert [t["key"] for t in summary["tables"]] == ["by_outcome", "by_centre"]


def test_rare_unnamed_levels_are_merged_and_named_ones_stay() -> None:
    town = ["a"] * 50 + ["b"] * 47 + ["Tiny Village", "Hamlet", "Farm"]
    y = [True, False] * 50
    made = cohort({"town": town, "y": y}, kinds={"town": "category", "y": "boolean"}, roles={"y": "outcome"},
                  levels={"town": {"Farm": "farm"}})  # fmt: skip
    summary = described(made)
    assert [(v["label"], v["n"]) for v in summary["variables"][0]["levels"]] == [
        ("farm", 1), ("a", 50), ("b", 47), ("other (2 rare levels)", 2),
    ]  # fmt: skip
    assert "Hamlet" not in json.dumps(summary)


def test_histogram_counts_every_known_value() -> None:
    for v in described(heart())["variables"]:
        if v["histogram"]:
            assert sum(v["histogram"]["counts"]) == v["n"]


def test_dates_appear_as_years_only() -> None:
    days = np.array(["2019-03-04", "2020-05-06"] * 50, dtype="datetime64[ns]")
    made = cohort({**noise(100, 1), "visit": days, "y": [True, False] * 50}, kinds={"visit": "date", "y": "boolean"},
                  roles={"visit": "index_date", "y": "outcome"})  # fmt: skip
    text = json.dumps(described(made))
    assert "2019-03" not in text and "2019.0" in text


def test_survival_has_follow_up_and_numbers_at_risk() -> None:
    time, event = np.arange(1.0, 101.0), np.arange(100) % 4 == 0
    made = cohort({**noise(100, 1), "t": time, "e": event}, kinds={"e": "boolean"}, roles={"t": "time", "e": "event"})
    found = described(made)["follow_up"]
    assert found["events"] == 25 and found["km"]["at_risk"][0] == 100
    assert found["km"]["y"][0] == 1.0 and min(found["km"]["y"]) > 0
    assert max(found["km"]["x"]) <= 96.0
    assert all(a >= b for a, b in zip(found["km"]["y"], found["km"]["y"][1:], strict=False))


def test_regression_groups_are_thirds() -> None:
    y = np.arange(90.0)
    summary = described(cohort({**noise(90, 1), "score": y}, roles={"score": "outcome"}))
    assert [c["n"] for c in summary["tables"][0]["columns"]] == [90, 30, 30, 30]
    assert summary["outcome_by_centre"][0]["mean"] == pytest.approx(44.5)


def test_shuffling_rows_changes_no_count() -> None:
    made = heart()
    order = np.random.default_rng(0).permutation(200)
    turned = type(made)(made.frame.iloc[order].reset_index(drop=True), made.variables, made.rows.iloc[order].reset_index(drop=True),
                        flow=made.flow)  # fmt: skip
    assert described(made)["tables"] == described(turned)["tables"]


def test_events_per_candidate_parameter() -> None:
    size = described(heart())["sample_size"]
    assert (size["events"], size["parameters"], size["events_per_parameter"]) == (100, 3, 33.3)


def test_other_targets_named_on_the_command_line_are_described() -> None:
    assert described(heart(), settings(target="age"))["outcome"]["task"] == "regression"

"""Cohort: its hash depends on what was measured, never on the pseudonym key; values in words."""

from dataclasses import replace

import pandas as pd
import pytest

from tabml.core.cohort import DTYPES, Cohort, Variable

VARIABLES = {
    "age": Variable("age", "integer", unit="a"),
    "sex": Variable("sex", "category", levels={"0": "female", "1": "male"}),
    "died": Variable("died", "boolean", role="outcome", timing="outcome"),
    "ward": Variable("ward", "category", timing="later"),
}


def cohort(**more) -> Cohort:
    frame = pd.DataFrame(
        {"age": [61, 70, None], "sex": ["0", "1", "1"], "died": [True, None, False], "ward": ["a", "b", "b"]}
    )
    frame = frame.astype({name: DTYPES[v.kind] for name, v in VARIABLES.items()})
    rows = pd.DataFrame({"patient": [0, 1, 1], "pseudonym": ["AAAA", "BBBB", "BBBB"], "centre": ["x", "x", "y"]})
    return Cohort(frame, VARIABLES, more.pop("rows", rows), **more)


def test_hash_does_not_depend_on_the_pseudonyms():
    one = cohort()
    other = replace(
        one, rows=one.rows.assign(pseudonym=["CCCC", "DDDD", "DDDD"]), key_id="other", raw_ids=("1", "2", "2")
    )
    assert one.cohort_sha256 == other.cohort_sha256


@pytest.mark.parametrize("change", ["cell", "missing", "patient", "level", "block", "side"])
def test_hash_sees_every_change_of_the_data(change):
    one = cohort()
    frame = one.frame.copy()
    if change == "cell":
        frame.loc[0, "age"] = 62
        other = replace(one, frame=frame)
    elif change == "missing":
        frame.loc[2, "died"] = pd.NA
        other = replace(one, frame=frame)
    elif change == "patient":
        other = replace(one, rows=one.rows.assign(patient=[0, 1, 2]))
    elif change == "level":
        other = replace(
            one, variables={**VARIABLES, "sex": replace(VARIABLES["sex"], levels={"0": "male", "1": "female"})}
        )
    elif change == "block":
        other = replace(one, blocks={"clinical": ("age",)})
    else:
        other = replace(one, side={"scanner": pd.DataFrame({"kvp": [120]})})
    assert other.cohort_sha256 != one.cohort_sha256


def test_hash_is_the_same_whenever_it_is_taken():
    assert cohort().cohort_sha256 == cohort().cohort_sha256


def test_patients_are_counted_not_rows():
    assert cohort().n_patients == 2


def test_features_are_known_at_baseline_and_no_outcome():
    assert cohort().features() == ("age", "sex")


@pytest.mark.parametrize(
    ("variable", "value", "text"),
    [
        (VARIABLES["sex"], "1", "male"),
        (VARIABLES["sex"], "9", "9"),
        (VARIABLES["died"], True, "yes"),
        (VARIABLES["age"], 61, "61"),
        (VARIABLES["age"], pd.NA, "missing"),
        (Variable("bmi", "number", decimals=1), 27.0, "27.0"),
        (Variable("seen", "date"), pd.Timestamp("2024-05-01"), "2024-05-01"),
    ],
)
def test_values_in_words(variable, value, text):
    assert variable.show(value) == text


def test_title_carries_the_unit_unless_it_is_one():
    assert Variable("chol", "number", label="cholesterol", unit="mg/dL").title == "cholesterol (mg/dL)"
    assert Variable("inr", "number", unit="1").title == "inr"

"""What a model file says about its variables belongs to no one patient."""

import numpy as np
import pandas as pd
import pytest

from tabml.core.cohort import Cohort, Variable
from tabml.core.errors import BundleError, InputError
from tabml.study.schema import check_schema, schema_of, typed

N = 40


def cohort() -> Cohort:
    frame = pd.DataFrame(
        {
            "age": pd.array(range(30, 30 + N), dtype="Int64"),
            "stage": pd.Categorical(["I"] * 20 + ["II"] * 16 + ["III"] * 4),
            "hb": pd.array([None] * 36 + [1.0, 2.0, 3.0, 4.0], dtype="Float64"),
            "born": pd.to_datetime(["2000-01-01"] * N),
        }
    )
    variables = {
        "age": Variable("age", "integer", range=(0, 120), decimals=0),
        "stage": Variable("stage", "category", levels={"I": "one", "II": "two", "III": "three"}),
        "hb": Variable("hb", "number"),
        "born": Variable("born", "date"),
    }
    rows = pd.DataFrame({"patient": np.repeat(np.arange(N // 2), 2)})
    return Cohort(frame, variables, rows)


def entry(name: str, small_cell: int = 5) -> dict:
    return schema_of(cohort(), [name], list(range(N)), small_cell=small_cell)[0]


def test_outer_quantiles_leave_five_patients_outside() -> None:
    quantiles = entry("age")["quantiles"]
    ages = np.arange(30, 30 + N)
    assert (ages < quantiles["p01"]).sum() >= 10  # two rows a patient
    assert (ages > quantiles["p99"]).sum() >= 9
    assert quantiles["p50"] == 50


def test_levels_are_counted_in_patients_not_rows() -> None:
    assert entry("stage")["levels"] == {"I": "one", "II": "two"}
    assert set(entry("stage", small_cell=2)["levels"]) == {"I", "II", "III"}


def test_variable_known_in_few_patients_has_no_quantiles() -> None:
    assert entry("hb")["quantiles"] is None
    assert entry("hb")["trained_missing"] == 0.9


def test_only_training_rows_are_described() -> None:
    described = schema_of(cohort(), ["stage"], list(range(20)), small_cell=5)[0]
    assert set(described["levels"]) == {"I"}


def test_schema_passes_its_own_check() -> None:
    entries = schema_of(cohort(), ["age", "stage", "born"], list(range(N)), small_cell=5)
    assert check_schema(entries) == entries


def test_frame_gets_the_schemas_types_or_an_error_without_values() -> None:
    entries = schema_of(cohort(), ["age", "stage"], list(range(N)), small_cell=5)
    frame = pd.DataFrame({"stage": ["I", None], "age": ["50", None], "extra": [1, 2]})
    converted = typed(frame.assign(age=pd.to_numeric(frame["age"])), entries)
    assert list(converted.columns) == ["age", "stage"]
    assert str(converted["age"].dtype) == "Int64"
    with pytest.raises(InputError, match="column 'age' does not hold values of kind integer") as caught:
        typed(frame.assign(age=["Müller", "x"]), entries)
    assert "Müller" not in str(caught.value)


@pytest.mark.parametrize("entries", [{}, [1], [{"name": "a"}], "x"])
def test_damaged_schema_is_refused(entries: object) -> None:
    with pytest.raises(BundleError, match="schema"):
        check_schema(entries)

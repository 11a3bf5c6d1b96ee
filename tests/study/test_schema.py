"""What a model file says about its variables belongs to no one patient."""

import math
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from tabml.core.cohort import Cohort, Variable
from tabml.core.errors import BundleError, InputError
from tabml.study.schema import _rounded, check_schema, schema_of, typed

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


def test_bounds_are_rounded_outwards_and_lie_beyond_all_but_one_percent() -> None:
    quantiles = entry("age")["quantiles"]
    assert quantiles["p01"] <= 30 and quantiles["p99"] >= 69
    assert quantiles["p01"] == int(quantiles["p01"]) and quantiles["p99"] == int(quantiles["p99"])
    assert quantiles["p50"] == 50


def test_bounds_stay_within_the_plausible_range() -> None:
    narrow = Variable("age", "integer", range=(30, 69))
    variables = {**cohort().variables, "age": narrow}
    described = schema_of(replace(cohort(), variables=variables), ["age"], list(range(N)), small_cell=5)[0]
    assert (described["quantiles"]["p01"], described["quantiles"]["p99"]) == (30, 69)


@pytest.mark.parametrize(
    ("decimals", "low", "high"), [(None, 0.01234, 123.5), (1, 0.0, 123.5), (0, 0.0, 124.0), (3, 0.012, 123.457)]
)
def test_a_bound_has_as_many_digits_as_its_variable(decimals: int | None, low: float, high: float) -> None:
    variable = Variable("x", "number", decimals=decimals)
    assert _rounded(0.012345, variable, math.floor) == low
    assert _rounded(123.4561, variable, math.ceil) == high


def test_variables_the_model_does_not_look_at_are_not_required() -> None:
    entries = schema_of(cohort(), ["age", "hb"], list(range(N)), small_cell=5, left_out={"hb": "missing"})
    assert [(e["name"], e["required"], e["left_out"]) for e in entries] == [
        ("age", True, None),
        ("hb", False, "missing"),
    ]


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

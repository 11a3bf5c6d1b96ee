"""Recipes: what a model gets of its columns, learned from training rows alone."""

import json
import time

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tabml.core.cohort import Variable
from tabml.core.errors import InputError
from tabml.core.spec import State
from tabml.prep.recipe import FittedPrep, Recipe, fit_prep

VARIABLES = {
    "age": Variable("age", "number"), "steps": Variable("steps", "integer"), "smoker": Variable("smoker", "boolean"),
    "site": Variable("site", "category"), "seen_on": Variable("seen_on", "date"), "note": Variable("note", "text"),
}  # fmt: skip
LINEAR = Recipe.for_needs({"complete", "numeric", "scaled"})
TREES = Recipe.for_needs({"numeric"})


def a_frame(n=40, seed=0):
    rng = np.random.default_rng(seed)
    frame = pd.DataFrame({
        "age": pd.array(rng.normal(60, 10, n), dtype="Float64"),
        "steps": pd.array(rng.integers(0, 9, n), dtype="Int64"),
        "smoker": pd.array(rng.random(n) < 0.3, dtype="boolean"),
        "site": pd.Categorical(rng.choice(["1", "2", "3"], n, p=[0.5, 0.3, 0.2])),
        "seen_on": pd.Timestamp("2020-01-01"),
        "note": pd.array(["free"] * n, dtype="string"),
    })  # fmt: skip
    for name in ("age", "steps", "smoker", "site"):
        frame.loc[rng.random(n) < 0.15, name] = pd.NA
    return frame


def through_json(fitted):
    state = fitted.dump()
    return FittedPrep.restore(State(json.loads(json.dumps(state.json)), state.arrays, state.files))


def test_linear_models_get_complete_scaled_columns_that_know_their_variable():
    prep = fit_prep(a_frame(), VARIABLES, LINEAR)
    matrix = prep.transform(a_frame())
    assert matrix.columns == ("age", "steps", "smoker", "site=1", "site=2", "site=3")
    assert matrix.sources == ("age", "steps", "smoker", "site", "site", "site")
    assert matrix.X.dtype == np.float32
    assert matrix.X.mean(axis=0) == pytest.approx(np.zeros(6), abs=1e-6)
    assert matrix.X.std(axis=0) == pytest.approx(np.ones(6), abs=1e-6)
    assert prep.rows_seen == 40
    assert prep.means == pytest.approx(np.zeros(6))


def test_a_median_and_the_most_frequent_level_fill_the_gaps():
    frame = pd.DataFrame({
        "age": pd.array([1, 2, 30, None], dtype="Float64"), "smoker": pd.array([True, True, False, None], dtype="boolean"),
        "site": pd.Categorical(["1", "2", "2", None]),
    })  # fmt: skip
    prep = fit_prep(frame, VARIABLES, Recipe(True, False, False, 0.6, rare_level=1))
    matrix = prep.transform(frame)
    assert matrix.columns == ("age", "smoker", "site=2")  # of two levels one column is enough
    assert matrix.X[3].tolist() == [2, 1, 1]
    assert prep.imputed(frame).iloc[3].tolist() == [True, True, True]
    assert not prep.imputed(frame).iloc[:3].to_numpy().any()


@pytest.mark.parametrize("patient", [None, [0, 1, 2, 3, 4, 5], [0, 0, 1, 1, 2, 3]])
def test_the_median_that_fills_a_gap_is_a_value_some_patient_has(patient):
    frame = pd.DataFrame({"steps": pd.array([200, 239, 240, 260, None, None], dtype="Int64")})
    of_row = None if patient is None else np.array(patient)
    prep = fit_prep(frame, VARIABLES, Recipe.for_needs({"complete", "numeric"}), patient=of_row)
    assert prep.plans[0].fill[0] in (200, 239, 240, 260)  # never 239.5, which no integer cell can hold


def test_a_gap_and_the_value_that_fills_it_are_one_row_to_a_tree():
    frame = a_frame(41)
    prep = fit_prep(frame, VARIABLES, Recipe.for_needs({"complete", "numeric"}))
    for plan in prep.plans[:2]:
        gone, given = frame.iloc[:1].copy(), frame.iloc[:1].copy()
        gone[plan.name] = pd.array([pd.NA], dtype=frame[plan.name].dtype)
        given[plan.name] = pd.array([plan.fill[0]], dtype=frame[plan.name].dtype)  # an integer cell takes it
        assert (prep.transform(gone).X == prep.transform(given).X).all()
        assert plan.fill[0] in set(frame[plan.name].dropna())


def test_a_missing_cell_adds_nothing_to_a_linear_model():
    frame = a_frame()
    new = pd.DataFrame({name: frame[name].iloc[:1] for name in frame})
    for name in ("age", "steps", "smoker", "site"):
        new[name] = pd.Series([pd.NA], dtype=frame[name].dtype)
    assert pytest.approx(np.zeros((1, 6)), abs=1e-6) == fit_prep(frame, VARIABLES, LINEAR).transform(new).X


def test_a_gap_of_a_patient_with_many_rows_adds_nothing_either():
    frame = pd.DataFrame({"age": pd.array([10.0, 10.0, 10.0, 40.0, None], dtype="Float64")})
    prep = fit_prep(frame, VARIABLES, LINEAR, patient=np.array([0, 0, 0, 1, 2]))
    assert prep.plans[0].fill == (25.0,)  # two measured patients, one vote each


def test_trees_keep_their_gaps_and_flags_are_optional():
    frame = a_frame()
    matrix = fit_prep(frame, VARIABLES, TREES).transform(frame)
    assert (np.isnan(matrix.X[:, 0]) == frame["age"].isna().to_numpy()).all()
    flagged = fit_prep(frame, VARIABLES, Recipe.for_needs({"complete", "numeric"}, True)).transform(frame)
    position = flagged.columns.index("age is missing")
    assert flagged.sources[position] == "age"
    assert (flagged.X[:, position] == frame["age"].isna().to_numpy()).all()


def test_a_rare_level_reads_as_zeros_and_its_name_is_not_kept():
    frame = pd.DataFrame({"site": pd.Categorical(["1"] * 9 + ["2"] * 9 + ["seldom"] * 2)})
    prep = fit_prep(frame, VARIABLES, TREES)
    matrix = prep.transform(frame)
    assert matrix.columns == ("site=1", "site=2")
    assert matrix.X[-1].tolist() == [0, 0]
    assert "seldom" not in json.dumps(prep.dump().json)


def test_a_level_never_seen_is_missing():
    frame = pd.DataFrame({"site": pd.Categorical(["1"] * 9 + ["2"] * 8)})
    new = pd.DataFrame({"site": pd.Categorical(["9"])})
    complete = fit_prep(frame, VARIABLES, Recipe(True, False, False, 0.6, 5))
    assert complete.transform(new).X.tolist() == [[0]]  # the most frequent level, 1
    assert complete.imputed(new)["site"].tolist() == [True]
    assert np.isnan(fit_prep(frame, VARIABLES, TREES).transform(new).X).all()


def test_rare_is_counted_in_patients_not_rows():
    frame = pd.DataFrame({"site": pd.Categorical(["1"] * 6 + ["2"] * 6 + ["3"] * 6)})
    patient = np.array([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 12, 12, 13, 13, 13])
    assert fit_prep(frame, VARIABLES, TREES, patient=patient).columns == ("site=1", "site=2")


def test_constant_and_mostly_missing_columns_leave_with_their_reason():
    frame = a_frame()
    frame["steps"] = pd.array([3] * 40, dtype="Int64")
    frame.loc[5:, "age"] = pd.NA
    prep = fit_prep(frame, VARIABLES, LINEAR)
    assert prep.left_out == {"age": "missing", "steps": "constant"}
    assert "age" in fit_prep(frame, VARIABLES, LINEAR, keep=("age",)).sources
    assert "age" in fit_prep(frame, VARIABLES, TREES).sources


def test_a_column_without_any_value_is_left_out_everywhere():
    frame = a_frame()
    frame["age"] = pd.array([None] * 40, dtype="Float64")
    for recipe in (LINEAR, TREES, Recipe.for_needs({"complete", "numeric"}, True)):
        assert "age" not in fit_prep(frame, VARIABLES, recipe, keep=("age",)).sources


def test_without_the_need_numeric_a_category_is_its_code():
    frame = a_frame()
    prep = fit_prep(frame, VARIABLES, Recipe.for_needs(set()))
    matrix = prep.transform(frame)
    assert matrix.columns == ("age", "steps", "smoker", "site")
    codes = frame["site"].astype("string").map({"1": 0.0, "2": 1.0, "3": 2.0}).to_numpy(dtype=float, na_value=np.nan)
    assert np.array_equal(matrix.X[:, 3], codes, equal_nan=True)


def test_a_table_that_lacks_a_column_is_refused():
    prep = fit_prep(a_frame(), VARIABLES, LINEAR)
    with pytest.raises(InputError, match="the table lacks 'age'"):
        prep.transform(a_frame().drop(columns="age"))


@pytest.mark.parametrize("recipe", [LINEAR, TREES, Recipe.for_needs({"complete", "numeric"}, True)])
def test_saved_and_restored_it_transforms_the_same_bits(recipe):
    prep = fit_prep(a_frame(), VARIABLES, recipe)
    new = a_frame(15, seed=8)
    assert np.array_equal(prep.transform(new).X, through_json(prep).transform(new).X, equal_nan=True)
    assert through_json(prep).columns == prep.columns


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10_000), st.sampled_from([LINEAR, TREES, Recipe.for_needs({"complete", "numeric"}, True)]))
def test_row_order_changes_no_bit_of_the_state(seed, recipe):
    frame = a_frame(seed=seed)
    order = np.random.default_rng(seed).permutation(len(frame))
    first, second = fit_prep(frame, VARIABLES, recipe), fit_prep(frame.iloc[order], VARIABLES, recipe)
    assert first.dump().json == second.dump().json
    for name, array in first.dump().arrays.items():
        assert np.array_equal(array, second.dump().arrays[name]), name


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10_000))
def test_held_out_rows_change_nothing(seed):
    frame = a_frame(60, seed=seed)
    changed = frame.copy()
    changed.loc[40:, "age"] = 1e9
    changed.loc[40:, "site"] = pd.NA
    first = fit_prep(frame.iloc[:40], VARIABLES, LINEAR).transform(frame.iloc[:40])
    second = fit_prep(changed.iloc[:40], VARIABLES, LINEAR).transform(changed.iloc[:40])
    assert np.array_equal(first.X, second.X)


def test_a_thousand_columns_are_prepared_in_seconds():
    names = [f"gene_{j}" for j in range(1000)]
    frame = pd.DataFrame(np.random.default_rng(2).normal(size=(30, 1000)), columns=names).astype("Float64")
    start = time.process_time()
    prep = fit_prep(frame, {n: Variable(n, "number") for n in names}, LINEAR)
    assert prep.transform(frame).X.shape == (30, 1000)
    assert time.process_time() - start < 20  # minutes, where each column looks through all others for itself

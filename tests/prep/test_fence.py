"""The fence: one slip in a column changes nothing for the patients around it."""

import json

import numpy as np
import pandas as pd
import pytest

from tabml.core.cohort import Variable
from tabml.core.spec import State
from tabml.prep.recipe import FittedPrep, Recipe, fit_prep

VARIABLES = {
    "crp": Variable("crp", "number"),
    "pack": Variable("pack", "integer"),
    "site": Variable("site", "category"),
}
LINEAR = Recipe.for_needs({"complete", "numeric", "scaled"})
TREES = Recipe.for_needs({"numeric"})


def crp(n=100, **cells):
    values = np.random.default_rng(3).lognormal(1, 1, n)
    for row, value in cells.items():
        values[int(row[1:])] = value
    return pd.DataFrame({"crp": pd.array(values, dtype="Float64")})


def test_one_slip_leaves_the_scale_of_everyone_else():
    plain, slipped = (fit_prep(f, VARIABLES, LINEAR) for f in (crp(), crp(r7=1e14)))
    others = np.delete(np.arange(100), 7)
    seen = slipped.transform(crp(r7=1e14)).X
    assert np.std(seen[others]) > 0.3
    assert seen[7, 0] < 15
    assert np.corrcoef(seen[others, 0], plain.transform(crp()).X[others, 0])[0, 1] == pytest.approx(1, abs=0.01)


def test_a_new_value_far_beyond_counts_as_much_as_the_fence():
    prep = fit_prep(crp(), VARIABLES, LINEAR)
    far, farther = prep.transform(crp(1, r0=1e4)).X, prep.transform(crp(1, r0=1e9)).X
    assert far == farther


def test_where_nothing_lies_beyond_the_fence_nothing_changes():
    frame = pd.DataFrame({"crp": pd.array(np.random.default_rng(1).normal(60, 10, 500), dtype="Float64")})
    values = frame["crp"].to_numpy(dtype=float)
    expected = (values - values.mean()) / values.std()
    assert fit_prep(frame, VARIABLES, LINEAR).transform(frame).X[:, 0] == pytest.approx(expected, abs=1e-5)


def test_a_column_of_mostly_one_value_keeps_the_others():
    frame = pd.DataFrame({"pack": pd.array([0] * 95 + [20, 30, 40, 50, 60], dtype="Int64")})
    prep = fit_prep(frame, VARIABLES, LINEAR)
    assert len(set(prep.transform(frame).X[:, 0].tolist())) == 6


def test_trees_see_numbers_as_they_are():
    assert fit_prep(crp(r7=1e14), VARIABLES, TREES).transform(crp(r7=1e14)).X[7, 0] == np.float32(1e14)


def test_the_fence_is_kept_in_a_saved_model_and_an_older_one_has_none():
    prep = fit_prep(crp(), VARIABLES, LINEAR)
    state = prep.dump()
    body = json.loads(json.dumps(state.json))
    far = crp(1, r0=1e9)
    again = FittedPrep.restore(State(body, state.arrays, state.files))
    assert np.array_equal(again.transform(far).X, prep.transform(far).X)
    for plan in body["plans"]:
        del plan["fence"]
    older = FittedPrep.restore(State(body, state.arrays, state.files))
    assert older.transform(far).X[0, 0] > 1e6


def test_no_bound_of_the_fence_is_a_patients_value():
    prep = fit_prep(crp(), VARIABLES, LINEAR)
    values = crp()["crp"].to_numpy(dtype=float)
    assert not set(prep.plans[0].fence) & set(values.tolist())

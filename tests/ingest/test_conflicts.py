"""Conflicts of many patients settled at once, beside the rules applied patient by patient."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from tabml.ingest.conflicts import Conflicts


def invented(seed: int) -> tuple[pd.DataFrame, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    n = 120
    days = np.datetime64("2020-01-01", "ns") + rng.integers(0, 3, n).astype("timedelta64[D]")
    values = pd.DataFrame(
        {
            "day": pd.Series(days).where(rng.random(n) < 0.7),
            "x": pd.array(np.where(rng.random(n) < 0.5, None, rng.integers(0, 2, n)), dtype="Float64"),
            "n": pd.array(np.where(rng.random(n) < 0.5, None, rng.integers(0, 3, n)), dtype="Int64"),
            "yes": pd.array(np.where(rng.random(n) < 0.5, None, rng.random(n) < 0.5), dtype="boolean"),
            "level": pd.Categorical(np.where(rng.random(n) < 0.5, None, rng.choice(["a", "b"], n)), ["b", "a", "c"]),
        }
    )
    return values, rng.integers(0, 50, n), rng.random(n) < 0.8


@pytest.mark.parametrize("seed", range(8))
def test_all_patients_at_once_are_settled_like_one_after_the_other(seed: int) -> None:
    values, key, differs = invented(seed)
    found = Conflicts.of(values, key, differs)
    filled = found.fill(values, np.ones(len(found), dtype=bool))
    fullest, latest = found.most_complete(values), found.latest(values["day"])
    assert len(found) == len(set(key[differs]))
    for patient, k in enumerate(sorted(set(key[differs]))):
        at = np.flatnonzero((key == k) & differs)
        rows = values.iloc[at]
        assert found.groups()[patient] == tuple(at)
        contradicting = tuple(c for c in rows if rows[c].dropna().nunique() > 1)
        assert found.variables()[patient] == contradicting
        assert found.any_contradicting[patient] == bool(contradicting)
        assert fullest[patient] == at[rows.notna().sum(axis=1).to_numpy().argmax()]
        newest = np.flatnonzero((rows["day"] == rows["day"].max()).to_numpy())
        assert latest[patient] == (at[newest[-1]] if len(newest) else -1)
        for name in rows:
            held = rows[name].dropna()
            now = filled.loc[at[0], name]
            assert pd.isna(now) if name in contradicting or held.empty else now == held.iloc[0]
    others = np.setdiff1d(np.arange(len(values)), found.leading)
    pd.testing.assert_frame_equal(filled.iloc[others], values.iloc[others])


def test_rows_are_changed_for_the_asked_patients_only() -> None:
    values = pd.DataFrame({"x": pd.array([1, 2, 1, 2], dtype="Int64")})
    found = Conflicts.of(values, np.array([0, 0, 1, 1]), np.ones(4, dtype=bool))
    filled = found.fill(values, np.array([False, True]))
    assert filled["x"].tolist() == [1, 2, pd.NA, 2]
    assert values["x"].tolist() == [1, 2, 1, 2]


def test_without_differing_rows_there_is_no_conflict() -> None:
    found = Conflicts.of(pd.DataFrame({"x": [1.0]}), np.array([0]), np.zeros(1, dtype=bool))
    assert len(found) == 0 and found.groups() == [] and not found.any_contradicting.any()

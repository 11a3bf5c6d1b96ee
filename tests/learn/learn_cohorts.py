"""Small cohorts made here, with a signal whose size is known."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from tabml.core.cohort import Cohort, Variable
from tabml.core.config import StudyConfig, parse_config, resolve


def quick_config(**tree: Any) -> StudyConfig:
    body = {"preset": "quick", "executor": {"kind": "inline"}, "estimate": {"resamples": 100}, **tree}
    return resolve(parse_config(body))


def small_cohort(
    n: int = 120, *, task: str = "binary", signal: float = 1.5, seed: int = 0, centres: int = 1, visits: int = 1
) -> Cohort:
    """`n` patients with `visits` rows each; age, sex, two numbers and a category; outcome driven by x1."""
    rng = np.random.default_rng(seed)
    patient = np.repeat(np.arange(n), visits)
    x1 = rng.normal(size=n)[patient]
    frame: dict[str, Any] = {
        "age": pd.Series(rng.normal(60, 10, n)[patient], dtype="Float64"),
        "sex": pd.Series(rng.integers(0, 2, n)[patient] == 1, dtype="boolean"),
        "x1": pd.Series(np.where(rng.random(len(patient)) < 0.1, np.nan, x1), dtype="Float64"),
        "x2": pd.Series(rng.normal(size=len(patient)), dtype="Float64"),
        "site": pd.Categorical(rng.choice(["a", "b", "c"], len(patient))),
    }
    variables = {
        "age": Variable("age", "number"), "sex": Variable("sex", "boolean"), "x1": Variable("x1", "number"),
        "x2": Variable("x2", "number"), "site": Variable("site", "category", levels={c: c for c in "abc"}),
    }  # fmt: skip
    for name, column, variable in _outcome(task, signal * x1, rng):
        frame[name], variables[name] = column, variable
    rows = pd.DataFrame(
        {
            "patient": patient,
            "pseudonym": [f"P{i}" for i in patient],
            "centre": pd.Series([f"C{i % centres}" for i in patient], dtype="string"),
            "source": "here",
            "visit_date": pd.NaT,
            "group": patient,
        }
    )
    return Cohort(pd.DataFrame(frame), variables, rows)


def _outcome(task: str, drive: np.ndarray, rng: np.random.Generator) -> list[tuple[str, Any, Variable]]:
    n = len(drive)
    if task == "regression":
        y = pd.Series(drive + rng.normal(size=n), dtype="Float64")
        return [("y", y, Variable("y", "number", role="outcome", timing="outcome"))]
    if task == "multiclass":
        y = np.digitize(drive + rng.logistic(size=n), [-1.0, 1.0])
        levels = {"0": "mild", "1": "moderate", "2": "severe"}
        return [("y", pd.Categorical(y.astype(str)), Variable("y", "category", role="outcome", timing="outcome", levels=levels))]  # fmt: skip
    if task == "survival":
        time, stop = rng.exponential(300 * np.exp(-drive)), rng.uniform(100, 800, n)
        return [
            ("days", pd.Series(np.minimum(time, stop), dtype="Float64"), Variable("days", "number", role="time", timing="outcome", unit="d")),
            ("dead", pd.Series(time <= stop, dtype="boolean"), Variable("dead", "boolean", role="event", timing="outcome")),
        ]  # fmt: skip
    y = pd.Series(drive + rng.logistic(size=n) > 0, dtype="boolean")
    return [("sick", y, Variable("sick", "boolean", role="outcome", timing="outcome"))]

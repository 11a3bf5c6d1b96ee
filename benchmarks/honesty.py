"""Are the estimates honest: invented cohorts whose truth is known, from the search to the verdict, without reports.

`python -m benchmarks.honesty [COHORTS]` prints, for each size and with or without signal, how often a model is called
useful, the bias of the corrected AUROC, and how often each 95 % interval holds what the shipped model does on 20,000 new
patients. Outcome: 27 % of patients; two strong, one weak predictor, one interaction and age among ten columns.
"""

from __future__ import annotations

import sys
import warnings
from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from benchmarks.measure import show
from tabml.core.cohort import Cohort, Variable
from tabml.core.config import parse_config, resolve
from tabml.core.outcome import make_target
from tabml.learn import judge
from tabml.learn.fit import LearnResult, learn
from tabml.metrics.registry import metric

CELLS = ((100, True), (150, True), (200, True), (100, False), (200, False))
COLUMNS, NEW, THRESHOLD = 8, 20_000, 0.3
#: The smooth curve of the ICI is left out: its resamples take longer than the search.
MEASURES = ("auroc", "auprc", "brier", "log_loss", "calibration_slope", "observed_expected")
RATES = ("sensitivity", "specificity", "ppv", "npv")
SETTINGS = {
    "preset": "quick", "executor": {"kind": "inline"}, "estimate": {"resamples": 200}, "report": {"thresholds": [THRESHOLD]},
    "search": {"models": ["ridge", "xgboost_shallow"]},
}  # fmt: skip


def patients(n: int, seed: int, *, signal: bool) -> tuple[pd.DataFrame, np.ndarray]:
    """Predictors and outcome (n,); without signal the outcomes are shuffled."""
    rng = np.random.default_rng(seed)
    x, age, sex = rng.normal(size=(n, COLUMNS)), rng.normal(60, 10, n), rng.integers(0, 2, n)
    drive = 1.3 * (0.6 * (x[:, 0] + x[:, 1]) + 0.35 * x[:, 2] + 0.25 * x[:, 3] * x[:, 4] + 0.03 * (age - 60))
    y = rng.random(n) < 1 / (1 + np.exp(1 - drive))
    frame = pd.DataFrame({"age": age, "sex": sex == 1, **{f"x{j}": x[:, j] for j in range(COLUMNS)}})
    kinds = {name: "boolean" if name == "sex" else "Float64" for name in frame}
    return frame.astype(kinds), y if signal else rng.permutation(y)


def study(n: int, seed: int, *, signal: bool) -> LearnResult:
    """One cohort from search to verdict."""
    frame, y = patients(n, seed, signal=signal)
    variables = {name: Variable(name, "boolean" if name == "sex" else "number") for name in frame}
    frame["sick"] = pd.Series(y, dtype="boolean")
    variables["sick"] = Variable("sick", "boolean", role="outcome", timing="outcome")
    number = np.arange(n)
    rows = pd.DataFrame({"patient": number, "pseudonym": [f"P{i}" for i in number], "centre": pd.array([pd.NA] * n, "string"),
                         "source": "here", "visit_date": pd.NaT, "group": number})  # fmt: skip
    cohort, config = Cohort(frame, variables, rows), resolve(parse_config(SETTINGS))
    return learn(cohort, make_target(cohort, config)[0], config)


def truth(result: LearnResult, seed: int) -> dict[str, float | None]:
    """Every measure of the shipped model on new patients."""
    frame, y = patients(NEW, 10**6 + seed, signal=True)
    said = result.final.predict(frame)
    at = {name: (name, (THRESHOLD,)) for name in RATES} | {name: (name, ()) for name in MEASURES}
    return {
        name: metric(key).function(y.astype(int), said.probability, *more).value for name, (key, more) in at.items()
    }


def cell(n: int, signal: bool, cohorts: int) -> tuple[str, ...]:
    """One line of the table."""
    useful, errors, held = [], [], {name: [] for name in (*MEASURES, *RATES)}
    for seed in range(cohorts):
        result = study(n, seed, signal=signal)
        true: Mapping[str, Any] = truth(result, seed) if signal else {"auroc": 0.5}
        useful.append(result.verdict == "useful")
        for e in result.estimates:
            if e.model != "final" or e.estimate_type != "corrected_bbc" or e.value is None or true.get(e.key) is None:
                continue
            held[e.key].append(e.lower is not None and e.lower <= true[e.key] <= e.upper)
            errors += [e.value - true["auroc"]] if e.key == "auroc" else []
    bias, error = np.mean(errors), np.std(errors, ddof=1) / len(errors) ** 0.5
    share = lambda found: f"{100 * np.mean(found):.0f}" if found else "-"  # noqa: E731
    return (
        f"{n} {'signal' if signal else 'noise'}", share(useful), f"{bias:+.3f} ({error:.3f})",
        *(share(held[name]) for name in (*MEASURES, *RATES)),
    )  # fmt: skip


def main() -> None:
    """Print the table; 100 cohorts a cell unless told otherwise, about one CPU second each."""
    warnings.simplefilter("ignore")
    cohorts = int(sys.argv[1]) if len(sys.argv) > 1 else 100
    judge.FULL["binary"] = MEASURES
    heads = ("N", "useful %", "AUROC bias (SE)", *(f"{name} %" for name in (*MEASURES, *RATES)))
    show(f"{cohorts} cohorts a cell; cover of 95 % intervals", [heads, *(cell(*c, cohorts) for c in CELLS)])


if __name__ == "__main__":
    main()

"""A small cohort and pipelines fitted on it, for tests of model files."""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache
from pathlib import Path

import numpy as np
import pandas as pd

from tabml.core.codebook import Codebook
from tabml.core.cohort import Cohort, Variable
from tabml.core.spec import Configuration
from tabml.core.target import Target, Task, survival
from tabml.learn.calibrate import unchanged
from tabml.learn.loss import study_grid
from tabml.learn.pipeline import FittedPipeline, build_pipeline
from tabml.learn.trial import FittedState
from tabml.models import fit_model, get
from tabml.prep.recipe import Recipe, fit_prep
from tabml.study.bundle import Card, left_out_of, write_bundle
from tabml.study.schema import schema_of

N = 160
VARIABLES = {
    "age": Variable("age", "integer", unit="a", range=(18, 110)),
    "sex": Variable("sex", "category", levels={"0": "female", "1": "male"}),
    "chol": Variable("chol", "number", unit="mg/dL", decimals=1),
    "fbs": Variable("fbs", "boolean"),
}
CODEBOOK = Codebook.model_validate({
    "sources": {"ward": {"file": "", "id": {"column": "Pat"}, "missing": ["?"]}},
    "variables": {
        "patient": {"kind": "id", "role": "patient_id", "from": {"ward": {"column": "Pat", "status": "accepted"}}},
        "age": {"kind": "integer", "unit": "a", "range": [18, 110],
                "from": {"ward": {"column": "Alter", "status": "accepted"}}},
        "sex": {"kind": "category", "levels": {"0": "female", "1": "male"},
                "from": {"ward": {"column": "Geschlecht", "recode": {"w": "0", "m": "1"}, "status": "accepted"}}},
        "chol": {"kind": "number", "unit": "mg/dL", "decimals": 1,
                 "from": {"ward": {"column": "Chol", "status": "accepted"}}},
        "fbs": {"kind": "boolean",
                "from": {"ward": {"column": "FBS", "recode": {"ja": "1", "nein": "0"}, "status": "accepted"}}},
    },
})  # fmt: skip


@lru_cache(maxsize=1)
def cohort() -> Cohort:
    """160 invented patients; cholesterol is missing in some."""
    rng = np.random.default_rng(3)
    frame = pd.DataFrame(
        {
            "age": pd.array(rng.integers(30, 85, N), dtype="Int64"),
            "sex": pd.Categorical(rng.choice(["0", "1"], N), categories=["0", "1"]),
            "chol": pd.array(np.round(rng.normal(220, 40, N), 1), dtype="Float64"),
            "fbs": pd.array(rng.random(N) < 0.3, dtype="boolean"),
        }
    )
    frame.loc[rng.random(N) < 0.15, "chol"] = pd.NA
    rows = pd.DataFrame({"patient": np.arange(N), "pseudonym": [f"P{i}" for i in range(N)], "source": "ward"})
    return Cohort(frame, VARIABLES, rows)


def target(task: Task) -> Target:
    """An outcome that age tells something about."""
    rng = np.random.default_rng(4)
    age = cohort().frame["age"].to_numpy(dtype=float)
    score = (age - 57) / 15 + rng.normal(size=N)
    rows = np.arange(N)
    if task == "binary":
        return Target(task, (score > 0.3).astype(int), rows, "dead", classes=("0", "1"), positive="1")
    if task == "multiclass":
        return Target(task, np.digitize(score, [-0.5, 0.7]), rows, "stage", classes=("I", "II", "III"))
    if task == "regression":
        return Target(task, 10 + 3 * score, rows, "score", unit="pt")
    time = np.round(rng.exponential(800 * np.exp(-score / 2)) + 1)
    y = survival(np.minimum(time, 1500), (time < 1500).astype(int))
    return Target(task, y, rows, "died", horizons=(365, 731))


def pipeline(task: Task, models: tuple[str, ...], *, max_missing: float = 0.5) -> FittedPipeline:
    """The mean of these models, fitted on the whole cohort; columns that miss more are left out."""
    outcome, frame = target(task), cohort().frame
    grid = study_grid(outcome)
    states = []
    for name in models:
        spec = get(name)
        prep = fit_prep(frame, VARIABLES, replace(Recipe.for_needs(spec.needs), max_missing=max_missing))
        model = fit_model(spec, {}, prep.transform(frame).X, outcome.y, task=task, seed=1,
                          times=None if grid is None else grid.times)  # fmt: skip
        states.append(FittedState(Configuration(name), None, prep.dump(), model.dump()))
    return build_pipeline(states, unchanged(task), outcome, grid, list(frame.columns))


def write_model(
    path: Path, task: Task = "binary", models: tuple[str, ...] = ("ridge",), *, verdict: str = "useful",
    max_missing: float = 0.5,
) -> FittedPipeline:  # fmt: skip
    """Write the model file of such a pipeline; gives the live pipeline."""
    live = pipeline(task, models, max_missing=max_missing)
    schema = schema_of(cohort(), list(VARIABLES), list(range(N)), small_cell=5, left_out=left_out_of(live))
    card = Card(name="ward", target={"task": task, "name": target(task).name}, schema=schema, verdict=verdict)
    write_bundle(path, live, CODEBOOK, card)
    return live

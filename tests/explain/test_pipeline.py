"""A whole pipeline, from cells with gaps to the calibrated link, is explained by the patients' own variables."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from tabml.core.cohort import Variable
from tabml.core.outcome import make_target
from tabml.core.spec import Configuration
from tabml.core.target import Target, survival
from tabml.explain.attribution import TOLERANCE, additivity_finding
from tabml.explain.equation import equation
from tabml.explain.overview import contributions
from tabml.explain.pipeline import (
    HeldOut,
    Pipeline,
    example_positions,
    explain_folds,
    explain_pipeline,
    explanation,
    imputed_values,
)
from tabml.learn.calibrate import Calibrator, teacher
from tabml.learn.ensemble import BLEND
from tabml.learn.fit import learn
from tabml.learn.loss import study_grid
from tabml.learn.pipeline import FittedPipeline, Member
from tabml.models import fit_model, get
from tabml.prep.recipe import Recipe, fit_prep
from tests.learn.learn_cohorts import quick_config, small_cohort

VARIABLES = {
    "age": Variable("age", "number", unit="years", decimals=0),
    "chol": Variable("chol", "number", unit="mmol/L", decimals=1),
    "sex": Variable("sex", "category", levels={"f": "female", "m": "male"}),
    "pain": Variable("pain", "category", levels={"1": "typical", "2": "atypical", "3": "none"}),
    "smoker": Variable("smoker", "boolean"),
}
N = 150


def cohort() -> pd.DataFrame:
    generator = np.random.default_rng(6)
    chol = pd.array(generator.normal(5, 1, N), dtype="Float64")
    chol[generator.uniform(size=N) < 0.2] = pd.NA
    return pd.DataFrame({
        "age": pd.array(generator.normal(60, 9, N), dtype="Float64"), "chol": chol,
        "sex": pd.Categorical(generator.choice(["f", "m"], N), ["f", "m"]),
        "pain": pd.Categorical(generator.choice(["1", "2", "3"], N), ["1", "2", "3"]),
        "smoker": pd.array(generator.integers(0, 2, N).astype(bool), dtype="boolean"),
    })  # fmt: skip


def target(task: str, frame: pd.DataFrame) -> Target:
    generator = np.random.default_rng(2)
    signal = (frame["age"].to_numpy(float) - 60) / 6 + 0.8 * (frame["sex"] == "m").to_numpy()
    if task == "survival":
        time = generator.exponential(400 * np.exp(-signal)) + 1
        y = survival(np.minimum(time, 600), (time <= 600).astype(int))
        return Target(task, y, np.arange(N), "death", horizons=(90, 365))
    noisy = signal + generator.logistic(size=N)
    classes = {"binary": ("no", "yes"), "multiclass": ("a", "b", "c")}.get(task, ())
    y = {"binary": noisy > 0, "multiclass": np.digitize(noisy, [-1, 1]), "regression": noisy}[task]
    return Target(task, y.astype(float if task == "regression" else int), np.arange(N), "outcome", classes=classes)


CALIBRATORS = {
    "binary": lambda n: Calibrator("line", np.array(0.2), np.array(0.9), "binary"),
    "multiclass": lambda n: Calibrator("classes", np.array([0.0, 0.3, -0.2]), np.array(0.8), "multiclass"),
    "regression": lambda n: Calibrator("line", np.array(-0.1), np.array(1.1), "regression"),
    "survival": lambda n: Calibrator("hazard", np.linspace(-9, 0.4, n), np.array(0.95), "survival"),
}


def fitted(
    task: str, train: np.ndarray, names: tuple[str, ...] = (), flags: bool = True
) -> tuple[pd.DataFrame, FittedPipeline]:
    frame, truth = cohort(), target(task, cohort())
    grid = study_grid(truth)
    members = []
    for name in names or BLEND[task]:
        spec = get(name)
        prep = fit_prep(frame.iloc[train], VARIABLES, Recipe.for_needs(spec.needs, missing_flags=flags))
        model = fit_model(spec, {}, prep.transform(frame.iloc[train]).X, truth.y[train], task=task, seed=1,
                          n_classes=3 if task == "multiclass" else None, times=None if grid is None else grid.times)  # fmt: skip
        members.append(Member(Configuration(name), None, prep, model))
    calibrator = CALIBRATORS[task](0 if grid is None else len(grid.times))
    whole = FittedPipeline(task, tuple(members), calibrator, grid=grid, features=tuple(frame.columns))
    return frame, whole


@pytest.mark.parametrize("task", sorted(BLEND))
def test_the_blend_adds_up_to_what_the_pipeline_predicts(task: str) -> None:
    frame, whole = fitted(task, np.arange(100))
    found = explain_pipeline(whole, frame.iloc[100:], frame.iloc[:100], seed=1)
    assert set(found.variables) == set(VARIABLES)
    assert found.error <= TOLERANCE
    size = dict(zip(found.variables, np.abs(found.phi).mean(axis=(0, 1)), strict=True))
    assert max(size, key=size.__getitem__) == "age"


@pytest.mark.parametrize("names", [("null",), ("cox",), ("elastic_cox",), ("xgboost_cox",), BLEND["survival"]])
def test_survival_adds_up_at_every_horizon_after_a_calibration_that_was_learnt(names: tuple[str, ...]) -> None:
    frame, whole = fitted("survival", np.arange(100), names)
    learnt = teacher(target("survival", frame), 100, whole.grid).fit(whole.raw_link(frame)[0], np.ones(N))
    whole = replace(whole, calibrator=learnt)
    limit = TOLERANCE if "xgboost_cox" in names else 1e-10  # XGBoost's own sums are float32
    days = [float(h) for h in whole.grid.times[whole.grid.horizons]]
    found = {h: explain_pipeline(whole, frame.iloc[100:], frame.iloc[:100], seed=1, horizon=h) for h in days}
    for horizon, at in found.items():
        assert at.error <= limit
        assert at.scale == f"log cumulative hazard at {horizon:g} days"
        assert np.array_equal(at.phi, found[days[-1]].phi)
        assert additivity_finding(at, "the final model") is None


def test_every_fold_of_a_survival_study_adds_up_at_every_horizon() -> None:
    cohort = small_cohort(140, task="survival")
    config = quick_config(data={"time": "days", "event": "dead"}, target={"horizons": ["90d", "180d"]})
    truth, _ = make_target(cohort, config)
    learned = learn(cohort, truth, config)
    assert learned.fold_models[0].final.calibrator.kind == "hazard"
    frame = learned.material.frame
    for fold in learned.fold_models:
        for pipeline in (fold.final, fold.simple):
            for horizon in truth.horizons:
                train, test = frame.iloc[fold.train], frame.iloc[fold.rows]
                assert explain_pipeline(pipeline, test, train, seed=1, horizon=horizon).error <= TOLERANCE


def test_the_equation_of_a_survival_model_holds_the_coefficients_its_risks_are_made_with() -> None:
    frame, whole = fitted("survival", np.arange(100), ("cox",))
    frame = frame.fillna({"chol": 5.0})
    found = equation(whole)
    assert found is not None and found.scale == "log hazard"
    of_age = next(value for column, _, value in found.terms if column == "age")
    older = frame.assign(age=frame["age"] + 10)
    free = whole.raw_link(older)[0][:, -1] < 2.9  # above it survival is held at 1e-9
    for place in whole.grid.horizons:
        apart = [np.log(-np.log(whole.predict(rows).curves[:, place])) for rows in (older, frame)]
        assert free.sum() > 90
        assert (apart[0] - apart[1])[free] == pytest.approx(np.full(free.sum(), 10 * of_age), rel=1e-4)


def test_the_equation_says_what_a_missing_value_counts_as() -> None:
    frame, whole = fitted("binary", np.arange(100), ("ridge",), flags=False)
    found = equation(whole)
    assert found is not None
    gone, given = frame.assign(chol=np.nan, smoker=pd.NA), frame.assign(chol=found.gaps["chol"])
    assert found.gaps["chol"] == pytest.approx(frame["chol"].iloc[:100].mean())
    assert found.gaps["smoker"] == pytest.approx(frame["smoker"].iloc[:100].mean())
    same = (
        whole.raw_link(gone.astype(frame.dtypes))[0]
        - whole.raw_link(given.assign(smoker=pd.NA).astype(frame.dtypes))[0]
    )
    assert same == pytest.approx(np.zeros(len(frame)), abs=1e-6)


def test_a_horizon_that_the_grid_lacks_is_refused() -> None:
    frame, whole = fitted("survival", np.arange(100), ("cox",))
    with pytest.raises(ValueError, match="91 days is no time of the model's grid"):
        explain_pipeline(whole, frame, frame, seed=1, horizon=91)


def test_each_patient_is_explained_by_the_fold_that_left_them_out() -> None:
    halves = np.arange(N) % 2
    folds = []
    for side in (0, 1):
        frame, whole = fitted("binary", np.flatnonzero(halves != side))
        folds.append(HeldOut(whole, np.flatnonzero(halves != side), np.flatnonzero(halves == side)))
    rows, found = explain_folds(folds, frame, seed=1)
    assert rows.tolist() == list(range(N))
    assert np.allclose(found.link[halves == 0, 0], folds[0].pipeline.predict(frame.iloc[halves == 0]).link)
    record = explanation("final", found, frame, VARIABLES)
    assert record.additivity <= TOLERANCE and record.importances[0].variable == "age"
    high, low = example_positions(found)
    assert found.link[high, 0] > found.link[low, 0]


def test_examples_of_several_classes_are_not_both_of_the_commonest() -> None:
    link = np.log(np.array([[0.9, 0.05, 0.05]] * 8 + [[0.2, 0.7, 0.1], [0.1, 0.2, 0.7]]))
    first, second = example_positions(SimpleNamespace(link=link), cls=2)  # type: ignore[arg-type]
    assert (link[first].argmax(), link[second].argmax() > 0) == (0, True)


def test_missing_cells_are_told_with_what_the_model_saw() -> None:
    frame, whole = fitted("binary", np.arange(100))
    gap = int(np.flatnonzero(frame["chol"].isna())[0])
    trees = imputed_values(next(m.prep for m in whole.members if m.config.model == "extra_trees"))
    assert trees["sex"] in ("f", "m") and trees["pain"] in ("1", "2", "3") and isinstance(trees["smoker"], bool)
    filled = imputed_values(whole.members[0].prep)
    assert not {"sex", "pain", "smoker"} & filled.keys()  # a linear model saw the shares of the levels: none to name
    found = explain_pipeline(whole, frame.iloc[[gap]], frame.iloc[:100], seed=1)
    told = contributions(found, 0, frame.iloc[gap].to_dict(), VARIABLES, imputed=filled)
    mean = frame["chol"].iloc[:100].mean()
    assert f"missing (imputed {mean:.1f})" in [c.value for c in told]


def test_a_single_member_without_calibration_is_a_blend_of_one() -> None:
    frame, whole = fitted("binary", np.arange(100))
    alone: Pipeline = replace(
        whole, members=whole.members[:1], calibrator=Calibrator("none", np.zeros(()), np.ones(()), "binary")
    )
    found = explain_pipeline(alone, frame.iloc[100:], frame.iloc[:100], seed=1)
    assert found.exact and found.error < 1e-9


def test_the_net_is_explained_by_permutations_of_variables() -> None:
    pytest.importorskip("torch")
    frame, truth = cohort(), target("binary", cohort())
    spec = get("mlp")
    prep = fit_prep(frame, VARIABLES, Recipe.for_needs(spec.needs))
    model = fit_model(spec, {}, prep.transform(frame).X, truth.y, task="binary", seed=1)
    whole = FittedPipeline("binary", (Member(Configuration("mlp"), None, prep, model),), CALIBRATORS["binary"](0),
                           features=tuple(frame.columns))  # fmt: skip
    found = explain_pipeline(whole, frame.iloc[:20], frame, seed=1)
    assert found.error <= TOLERANCE and not found.exact

"""Four invented studies, one per task, with numbers of realistic size: what the report is developed and tested on."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

import numpy as np
import pandas as pd

from tabml.core.cohort import Cohort, FlowStep, Variable
from tabml.core.config import StudyConfig, resolve
from tabml.core.findings import finding
from tabml.core.hazard import kaplan_meier
from tabml.core.results import Contribution, Curve, Estimate, Example, Explanation, Importance, Results, Table
from tabml.core.target import Target, survival
from tabml.summary.describe import describe

CENTRES = ("Cleveland", "Budapest", "Zürich", "Oslo")
SIZES = (303, 294, 123, 200)
PREVALENCE = (0.46, 0.36, 0.93, 0.745)


def binary() -> dict[str, Any]:
    """Coronary disease at four hospitals; the model falls at two of them when they are left out."""
    cohort, y = _heart()
    target = Target("binary", y, np.arange(len(y)), "disease", "coronary disease", ("0", "1"), ("no", "yes"), "1")
    rng, events = np.random.default_rng(1), int(y.sum())
    risk = 1 / (1 + np.exp(-(1.15 * rng.normal(size=len(y)) + 3.0 * (y - 0.5) + 0.2)))
    kinds = (("apparent", 0.03), ("cv_winner", 0.008), ("corrected_bbc", 0.0))
    estimates = [
        Estimate(key, "final", kind, value + shift * sign, value + shift * sign - half, value + shift * sign + half, n=920, events=events,
                 resamples=1000, decimals=decimals, ci_method="bootstrap_patient_percentile", direction=direction)
        for kind, shift in kinds
        for key, value, half, sign, decimals, direction in (
            ("auroc", 0.884, 0.022, 1, 2, "higher_is_better"), ("auprc", 0.897, 0.026, 1, 2, "higher_is_better"),
            ("brier", 0.137, 0.012, -1, 3, "lower_is_better"), ("scaled_brier", 0.446, 0.05, 1, 2, "higher_is_better"),
            ("log_loss", 0.428, 0.035, -1, 3, "lower_is_better"), ("calibration_in_the_large", -0.02, 0.17, 0, 2, "closer_to_zero"),
            ("calibration_slope", 0.97, 0.13, 1, 2, "closer_to_one"), ("observed_expected", 0.99, 0.06, 0, 2, "closer_to_one"),
            ("ici", 0.021, 0.012, 0, 3, "lower_is_better"),
        )
    ]  # fmt: skip
    for model, value in (("simple", 0.876), ("age_sex", 0.724), ("null", 0.5)):
        estimates.append(
            Estimate("auroc", model, "cv_winner", value, value - 0.025, value + 0.025, n=920, events=events)
        )
    for name, n, p, value, ratio in zip(
        CENTRES, SIZES, PREVALENCE, (0.894, 0.896, 0.692, 0.731), (0.88, 0.71, 1.22, 1.16), strict=True
    ):
        common: dict[str, Any] = {"population": f"centre:{name}", "n": n, "events": round(n * p)}
        half = 0.9 / np.sqrt(n)
        estimates += [
            Estimate("auroc", "final", "internal_external", value, value - half, min(1.0, value + half), **common),
            Estimate("observed_expected", "final", "internal_external", ratio, ratio - 0.1, ratio + 0.1, direction="closer_to_one", **common),
            Estimate("calibration_slope", "final", "internal_external", 0.9 * value, 0.5 * value, 1.3 * value, **common),
        ]  # fmt: skip
    estimates.append(Estimate("auroc", "final", "internal_external", 0.83, 0.66, 0.93, n=920, events=events))
    estimates.append(Estimate("auroc", "final", "internal_external", 0.83, 0.47, 0.97, population="new_centre"))
    config = resolve(StudyConfig(preset="quick", data={"codebook": "codebook.yaml"}))  # type: ignore[arg-type]
    results = Results(
        study={"title": "Coronary artery disease at four hospitals", "verdict": "useful", "preset": "quick"},
        target={"task": "binary", "name": "disease", "label": "coronary disease", "classes": ["0", "1"],
                "class_labels": ["no", "yes"], "positive": "1", "horizons": []},
        counts={"patients": 920, "rows": 920, "events": events, "centres": 4, "features": 13},
        findings=[_record(f) for f in (
            finding("TB302", "AUROC 0.69 at Zürich and 0.73 at Oslo when left out, 0.88 over all patients", columns=()),
            finding("TB117", "cholesterol at Budapest lies a factor 38.67 below the other centres", columns=["chol"]),
            finding("TB151", "ca at Budapest (99 % missing), Zürich (96 % missing), Oslo (99 % missing)", columns=["ca"]),
            finding("TB161", "by centre, 3 predictors: chol (0 to 100 % missing), ca (1 to 99 % missing)", columns=["ca", "chol"]),
            finding("TB120", "4 exact duplicate rows merged", count=4),
        )],
        models=_models(),
        estimates=tuple(estimates),
        curves=tuple(_binary_curves(y, risk)),
        tables=(Table("equation", "The simple model: ridge logistic regression", ("Term", "Coefficient", "Odds ratio"),
                      (("intercept", "-4.31", ""), ("age, per 10 years", "0.24", "1.27"), ("sex: male", "1.31", "3.71"),
                       ("chest pain: asymptomatic", "1.62", "5.05"), ("ST depression, per mm", "0.52", "1.68")),
                      "Risk = 1 / (1 + exp(-sum)). Missing values take the training mean."),
                Table("folds", "Folds of the cross-validation", ("Fold", "Patients", "Events"),
                      tuple((f"{k + 1}", "184", f"{101 + k % 2}") for k in range(5)))),
        explanations=(_explanation(),),
        summary=describe(cohort, target),
        provenance=_provenance(config),
        run={"started": "2026-01-05T10:00:00Z", "wall_seconds": 71.3},
    )  # fmt: skip
    return results.document()


def survival_study() -> dict[str, Any]:
    """Time to death after heart failure, one centre, no Uno C at the shortest horizon."""
    rng = np.random.default_rng(2)
    n = 299
    risk = rng.normal(size=n)
    time = np.ceil(rng.exponential(420 * np.exp(-0.75 * risk)))
    cut = rng.uniform(20, 285, n)
    event = (time <= cut).astype(int)
    time = np.minimum(time, cut).round().clip(1)
    frame = pd.DataFrame(
        {"age": pd.array((60 + 8 * risk + 6 * rng.normal(size=n)).round(), dtype="Int64"),
         "sex": pd.Categorical(np.where(rng.random(n) < 0.65, "1", "0")),
         "ejection_fraction": pd.array((38 - 6 * risk + 9 * rng.normal(size=n)).round(), dtype="Int64"),
         "creatinine": pd.array(np.exp(0.2 * risk + 0.35 * rng.normal(size=n)).round(2), dtype="Float64")}
    )  # fmt: skip
    variables = {
        "age": Variable("age", "integer", label="age", unit="years"),
        "sex": Variable("sex", "category", label="sex", levels={"0": "female", "1": "male"}),
        "ejection_fraction": Variable("ejection_fraction", "integer", label="ejection fraction", unit="%"),
        "creatinine": Variable("creatinine", "number", label="serum creatinine", unit="mg/dL", decimals=2),
    }
    cohort = Cohort(frame, variables, _rows(n, None), flow=(FlowStep("rows read", n), FlowStep("patients", n)))
    target = Target("survival", survival(time, event), np.arange(n), "event", "death", horizons=(90, 180))
    groups = np.digitize(risk, np.quantile(risk, [1 / 3, 2 / 3]))
    curves = []
    for k, label in enumerate(("low risk", "middle", "high risk")):
        at = groups == k
        km = kaplan_meier(time[at], event[at])
        x = [0.0, *km.times.tolist()]
        curves.append(Curve("km_risk_group", "final", "cv_winner", tuple(x), (1.0, *km.values.tolist()), label=label,
                            at_risk=tuple(int((time[at] >= t).sum()) for t in x), x_unit="day"))  # fmt: skip
    x = np.linspace(0.05, 0.75, 5)
    curves.append(Curve("calibration", "final", "cv_winner", tuple(x), tuple(0.9 * x + 0.03), tuple(0.9 * x - 0.06), tuple(0.9 * x + 0.12),
                        horizon=180, counts=(60, 60, 60, 60, 59)))  # fmt: skip
    curves.append(
        Curve(
            "risk_histogram",
            "final",
            "cv_winner",
            tuple(np.linspace(0, 1, 21)),
            (),
            counts=tuple(int(40 * np.exp(-abs(k - 5) / 4)) for k in range(20)),
            horizon=180,
        )
    )
    estimates = (
        Estimate("uno_c", "final", "corrected_bbc", 0.71, 0.65, 0.77, n=n, events=int(event.sum()), horizon=180, direction="higher_is_better"),
        Estimate("uno_c", "final", "apparent", 0.76, n=n, events=int(event.sum()), horizon=180),
        Estimate("uno_c", "age_sex", "cv_winner", 0.63, 0.56, 0.69, n=n, events=int(event.sum()), horizon=180),
        Estimate("harrell_c", "final", "corrected_bbc", 0.70, 0.64, 0.76, n=n, events=int(event.sum())),
        Estimate("ibs", "final", "corrected_bbc", 0.152, 0.131, 0.174, decimals=3, direction="lower_is_better"),
        Estimate("survival_slope", "final", "corrected_bbc", 0.72, 0.5, 0.94, direction="closer_to_one"),
        Estimate("observed_expected_at", "final", "corrected_bbc", 0.98, 0.82, 1.17, horizon=180),
        Estimate("auc_at", "final", "corrected_bbc", None, horizon=90, status="not_estimable", reason="9 events by day 90"),
    )  # fmt: skip
    return Results(
        {"title": None}, {"task": "survival", "label": "death", "horizons": [90, 180]}, {"patients": n, "events": int(event.sum()), "features": 4},
        [_record(finding("TB141", "TIME: its name says follow-up time", columns=["TIME"]))],
        [{"model": "cox", "family": "linear", "loss": 4.81, "loss_se": 0.1, "status": "ok"}],
        estimates, tuple(curves), (), (), summary=describe(cohort, target), provenance={"seed": 1},
    ).document()  # fmt: skip


def multiclass() -> dict[str, Any]:
    """Five classes of a blood table, one of them with seven patients and therefore without an AUROC."""
    labels = ("blood donor", "suspect donor", "hepatitis", "fibrosis", "cirrhosis")
    sizes = (533, 7, 24, 21, 30)
    estimates = [
        Estimate("hand_till_m", "final", "corrected_bbc", 0.93, 0.9, 0.95, n=615),
        Estimate(
            "multiclass_log_loss", "final", "corrected_bbc", 0.21, 0.17, 0.26, decimals=3, direction="lower_is_better"
        ),
    ]
    for k, (n, value) in enumerate(zip(sizes, (0.98, None, 0.93, 0.9, 0.97), strict=True)):
        more: dict[str, Any] = {"cls": str(k), "n": 615, "events": n}
        if value is None:
            more |= {"status": "not_estimable", "reason": "fewer than 10 patients"}
        estimates.append(
            Estimate(
                "one_vs_rest_auroc",
                "final",
                "corrected_bbc",
                value,
                value and value - 0.04,
                value and value + 0.02,
                **more,
            )
        )
    grid = np.linspace(0, 1, 30)
    curves = tuple(
        Curve("roc", "final", "cv_winner", tuple(grid), tuple(grid ** (0.06 + 0.05 * k)), cls=str(k))
        for k in (0, 2, 3, 4)
    )
    counts = tuple(tuple(str(int(v)) for v in row) for row in np.diag(sizes) + 1)
    table = Table("confusion", "Confusion table, largest probability", ("True class", *labels),
                  tuple((label, *row) for label, row in zip(labels, counts, strict=True)))  # fmt: skip
    rng = np.random.default_rng(4)
    y = np.repeat(np.arange(5), sizes)
    frame = pd.DataFrame({"AST": pd.array(np.exp(3 + 0.4 * y + 0.4 * rng.normal(size=615)).round(1), dtype="Float64")})
    cohort = Cohort(
        frame, {"AST": Variable("AST", "number", unit="U/L")}, _rows(615, None), flow=(FlowStep("rows read", 615),)
    )
    target = Target("multiclass", y, np.arange(615), "Category", "category", tuple("01234"), labels)
    return Results(
        {"verdict": "useful"}, {"task": "multiclass", "label": "category", "classes": list("01234"), "class_labels": list(labels)},
        {"patients": 615, "features": 12}, [_record(finding("TB132", "classes with fewer than 10 patients: suspect donor (7)"))],
        [], tuple(estimates), curves, (table,), (), summary=describe(cohort, target),
    ).document()  # fmt: skip


def regression() -> dict[str, Any]:
    """A score predicted from voice in repeated visits of 42 patients: no usable signal by patient."""
    rng = np.random.default_rng(3)
    n = 420
    y = 29 + 10 * rng.normal(size=n)
    frame = pd.DataFrame({"jitter": pd.array(np.exp(-5 + 0.5 * rng.normal(size=n)), dtype="Float64")})
    cohort = Cohort(
        frame,
        {"jitter": Variable("jitter", "number", unit="%")},
        _rows(n, None, patients=42),
        flow=(FlowStep("rows read", n),),
    )
    target = Target("regression", y, np.arange(n), "total_UPDRS", "total UPDRS", unit="points")
    x = np.linspace(22, 36, 8)
    curve = Curve(
        "calibration",
        "final",
        "cv_winner",
        tuple(x),
        tuple(29 + 0.2 * (x - 29)),
        tuple(25 + 0.2 * (x - 29)),
        tuple(33 + 0.2 * (x - 29)),
    )
    estimates = (
        Estimate(
            "rmse",
            "final",
            "corrected_bbc",
            10.9,
            9.8,
            12.1,
            decimals=1,
            n=n,
            unit="points",
            direction="lower_is_better",
        ),
        Estimate(
            "rmse", "null", "cv_winner", 10.7, 9.7, 11.8, decimals=1, n=n, unit="points", direction="lower_is_better"
        ),
        Estimate("r2", "final", "corrected_bbc", -0.04, -0.2, 0.08, n=n),
    )
    return Results(
        {}, {"task": "regression", "label": "total UPDRS", "unit": "points"}, {"patients": 42, "rows": n, "features": 1},
        [_record(finding("TB240", "R² -0.04 (-0.20 to 0.08)")), _record(finding("TB123", "42 patients have 420 rows", count=378))],
        [], estimates, (curve,), (), (), summary=describe(cohort, target),
    ).document()  # fmt: skip


STUDIES = {"binary": binary, "survival": survival_study, "multiclass": multiclass, "regression": regression}


def _record(found: Any) -> dict[str, Any]:
    return {k: v for k, v in asdict(found).items() if k != "where"}


def _heart() -> tuple[Cohort, np.ndarray[Any, Any]]:
    rng = np.random.default_rng(0)
    centre = np.repeat(np.array(CENTRES, dtype=object), SIZES)
    y = (rng.random(920) < np.repeat(PREVALENCE, SIZES)).astype(int)
    chol = 230 + 45 * rng.normal(size=920)
    chol[centre == "Zürich"] = np.nan
    ca = rng.integers(0, 4, 920).astype(float)
    ca[centre != "Cleveland"] = np.nan
    pressure = 132 + 19 * rng.normal(size=920)
    pressure[rng.random(920) < 0.06] = np.nan
    frame = pd.DataFrame(
        {"age": pd.array((51 + 4 * y + 9 * rng.normal(size=920)).round(), dtype="Int64"),
         "sex": pd.Categorical(np.where(rng.random(920) < 0.68 + 0.2 * y, "1", "0"), categories=["0", "1"]),
         "cp": pd.Categorical(np.where(rng.random(920) < 0.25 + 0.5 * y, "4", rng.choice(["1", "2", "3"], 920))),
         "trestbps": pd.array(pressure.round(), dtype="Int64"),
         "chol": pd.array(chol.round(), dtype="Float64"),
         "exang": pd.array(rng.random(920) < 0.15 + 0.45 * y, dtype="boolean"),
         "oldpeak": pd.array((0.5 + 0.8 * y + 0.9 * np.abs(rng.normal(size=920))).round(1), dtype="Float64"),
         "ca": pd.array(ca, dtype="Int64")}
    )  # fmt: skip
    variables = {
        "age": Variable("age", "integer", label="age", unit="years"),
        "sex": Variable("sex", "category", label="sex", levels={"0": "female", "1": "male"}),
        "cp": Variable("cp", "category", label="chest pain",
                       levels={"1": "typical angina", "2": "atypical angina", "3": "non-anginal", "4": "asymptomatic"}),
        "trestbps": Variable("trestbps", "integer", label="resting blood pressure", unit="mmHg"),
        "chol": Variable("chol", "number", label="cholesterol", unit="mg/dL", decimals=0),
        "exang": Variable("exang", "boolean", label="exercise angina"),
        "oldpeak": Variable("oldpeak", "number", label="ST depression", unit="mm", decimals=1),
        "ca": Variable("ca", "integer", label="vessels on fluoroscopy"),
    }  # fmt: skip
    flow = (
        FlowStep("rows read from 4 files", 933),
        FlowStep("title, blank and totals rows", 8, "aside", reason="not patients"),
        FlowStep("exact duplicates", 4, "aside", "Cleveland", "same id, same values: merged"),
        FlowStep("conflicting duplicate", 1, "aside", "Cleveland", "the most complete row was kept"),
        FlowStep("patients", 920),
    )
    return Cohort(frame, variables, _rows(920, centre), flow=flow), y


def _rows(n: int, centre: Any, patients: int | None = None) -> pd.DataFrame:
    patient = np.arange(n) if patients is None else np.arange(n) % patients
    return pd.DataFrame({"patient": patient, "pseudonym": [f"P{k:015d}" for k in patient],
                         "centre": pd.NA if centre is None else centre, "source": "one", "group": patient})  # fmt: skip


def _binary_curves(y: np.ndarray[Any, Any], risk: np.ndarray[Any, Any]) -> list[Curve]:
    order = np.argsort(-risk)
    hits = np.cumsum(y[order]) / y.sum()
    alarms = np.cumsum(1 - y[order]) / (1 - y).sum()
    curves = [Curve("roc", "final", "cv_winner", (0.0, *alarms), (0.0, *hits)),
              Curve("roc", "simple", "cv_winner", (0.0, *alarms), (0.0, *(hits**1.08)))]  # fmt: skip
    edges = np.quantile(risk, np.linspace(0, 1, 11))
    group = np.clip(np.searchsorted(edges, risk, side="right") - 1, 0, 9)
    x = np.array([risk[group == k].mean() for k in range(10)])
    p = np.array([y[group == k].mean() for k in range(10)])
    half = 1.96 * np.sqrt(p * (1 - p) / 92 + 0.0004)
    curves.append(
        Curve(
            "calibration",
            "final",
            "cv_winner",
            tuple(x),
            tuple(p),
            tuple(np.clip(p - half, 0, 1)),
            tuple(np.clip(p + half, 0, 1)),
            counts=(92,) * 10,
        )
    )
    smooth = np.linspace(0.02, 0.98, 60)
    curves.append(Curve("calibration_smooth", "final", "cv_winner", tuple(smooth), tuple(smooth + 0.05 * np.sin(5 * smooth)),
                        tuple(smooth + 0.05 * np.sin(5 * smooth) - 0.05), tuple(smooth + 0.05 * np.sin(5 * smooth) + 0.05)))  # fmt: skip
    bins = np.linspace(0, 1, 26)
    for k, label in enumerate(("no", "yes")):
        curves.append(
            Curve(
                "risk_histogram",
                "final",
                "cv_winner",
                tuple(bins),
                (),
                counts=tuple(np.histogram(risk[y == k], bins)[0].tolist()),
                cls=str(k),
                label=label,
            )
        )
    t = np.linspace(0.01, 0.5, 50)
    share = y.mean()
    gain = np.array([((risk >= a) & (y == 1)).mean() - ((risk >= a) & (y == 0)).mean() * a / (1 - a) for a in t])
    curves += [Curve("decision", "final", "cv_winner", tuple(t), tuple(gain), tuple(gain - 0.02), tuple(gain + 0.02), label="model"),
               Curve("decision", "all", "cv_winner", tuple(t), tuple(share - (1 - share) * t / (1 - t)), label="all"),
               Curve("decision", "none", "cv_winner", tuple(t), (0.0,) * 50, label="none")]  # fmt: skip
    return curves


def _explanation() -> Explanation:
    importances = (
        Importance("cp", "chest pain", 0.81, (("typical angina", -0.42, 46), ("atypical angina", -0.95, 174), ("non-anginal", -0.6, 204), ("asymptomatic", 0.78, 496))),
        Importance("oldpeak", "ST depression (mm)", 0.48, (("0", -0.5, 370), ("0.1 to 1", -0.1, 210), ("1.1 to 2", 0.4, 220), ("above 2", 0.95, 120))),
        Importance("exang", "exercise angina", 0.41, (("no", -0.35, 528), ("yes", 0.52, 337))),
        Importance("sex", "sex", 0.39, (("female", -0.8, 194), ("male", 0.22, 726))),
        Importance("age", "age (years)", 0.24, (("to 45", -0.3, 200), ("46 to 54", -0.05, 250), ("55 to 60", 0.1, 240), ("above 60", 0.33, 230))),
        Importance("chol", "cholesterol (mg/dL)", 0.21, (("to 200", -0.1, 170), ("201 to 250", 0.0, 260), ("above 250", 0.2, 190), ("missing", 0.3, 300))),
        Importance("thalach", "maximum heart rate (/min)", 0.19),
        Importance("trestbps", "resting blood pressure (mmHg)", 0.08),
    )  # fmt: skip
    examples = tuple(
        Example(name, predicted, observed, 0.21, link, tuple(Contribution(v, t, shown, part) for v, t, shown, part in parts))
        for name, predicted, observed, link, parts in (
            ("K7QW2MZX4TAB6YHD", "93 %", "coronary disease: yes", 2.61,
             (("cp", "chest pain", "asymptomatic", 0.92), ("oldpeak", "ST depression (mm)", "2.6", 0.71), ("exang", "exercise angina", "yes", 0.5),
              ("age", "age (years)", "63", 0.31), ("sex", "sex", "male", 0.2), ("chol", "cholesterol (mg/dL)", "missing (imputed 231)", -0.12),
              ("trestbps", "resting blood pressure (mmHg)", "145", -0.12))),
            ("B3ND5RUE7VPC2LKJ", "12 %", "coronary disease: no", -1.99,
             (("cp", "chest pain", "atypical angina", -1.02), ("sex", "sex", "female", -0.77), ("oldpeak", "ST depression (mm)", "0.0", -0.49),
              ("exang", "exercise angina", "no", -0.31), ("age", "age (years)", "58", 0.26), ("chol", "cholesterol (mg/dL)", "283", 0.13))),
        )
    )  # fmt: skip
    return Explanation("final", "log odds", importances, examples, 3e-7, "Explained before calibration.")


def _models() -> list[dict[str, Any]]:
    return [
        {"model": "xgboost_shallow", "family": "boosting", "params": {"max_depth": 2, "eta": 0.05}, "loss": 0.4312, "loss_se": 0.0171, "status": "ok", "role": "member"},
        {"model": "ridge", "family": "linear", "params": {"strength": 0.316}, "loss": 0.4371, "loss_se": 0.0169, "status": "ok", "role": "simple"},
        {"model": "forest", "family": "forest", "params": {"trees": 500}, "loss": 0.4388, "loss_se": 0.0155, "status": "ok", "role": "member"},
        {"model": "age_sex", "family": "baseline", "params": {}, "loss": 0.6021, "loss_se": 0.0121, "status": "ok"},
        {"model": "null", "family": "baseline", "params": {}, "loss": 0.6874, "loss_se": 0.0032, "status": "ok"},
        {"model": "mlp", "family": "neural", "params": {"width": 32}, "loss": None, "status": "failed", "reason": "torch is not installed"},
    ]  # fmt: skip


def _provenance(config: StudyConfig) -> dict[str, Any]:
    return {
        "seed": 1, "plan_id": "5f0c" * 16, "cohort_sha256": "a1b2" * 16, "config_sha256": "c3d4" * 16,
        "software": {"tabml": "0.1.0", "python": "3.11.9", "numpy": "2.4.0", "scikit-learn": "1.9.1"},
        "config": config.model_dump(mode="json"), "splits": {"folds": 5, "repeats": 1},
        "data": [{"file": f, "rows": n, "sha256": "0f" * 32} for f, n in zip(("cleveland_clinic.xlsx", "budapest_herzzentrum.csv", "zuerich_basel.xlsx", "oslo_sykehus.xlsx"), SIZES, strict=True)],
    }  # fmt: skip

"""From what was learned to the results document: findings, tables, counts, versions and the headline."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from tabml import __version__
from tabml.core.config import NOT_IN_HASH, config_sha256, shareable
from tabml.core.findings import Finding, finding, ordered
from tabml.core.results import ESTIMATES, Results, Table
from tabml.core.target import SURVIVAL_TASKS

if TYPE_CHECKING:
    from tabml.learn.fit import LearnResult
    from tabml.study.known import Known
    from tabml.study.reasons import Reasons

PACKAGES = (
    "scikit-learn",
    "xgboost",
    "xgboost-cpu",
    "lifelines",
    "optuna",
    "pandas",
    "numpy",
    "scipy",
    "shap",
    "torch",
)
AGE_SEX = "age and sex"
MISSING_COUNTS_AS = (
    " A missing value counts as the training mean (last column), of yes/no and of a level as the share of patients who have it. "
    "Coefficients are per unit; ratios per unit where no step is named."
)


def results(known: Known, learned: LearnResult, reasons: Reasons, *, run: Mapping[str, Any]) -> dict[str, Any]:
    """The results document: every number of the report."""
    from tabml.report.methods import methods

    target, config = known.target, known.config
    document = Results(
        study={
            "title": config.report.title, "preset": config.preset, "verdict": learned.verdict,
            "set_aside": {name: {"code": code, "reason": why} for name, (code, why) in known.set_aside.items()},
            "muted": list(config.audit.mute), "selection": asdict(learned.selection), "age_sex": age_and_sex_of(learned),
            "not_used": not_used(learned), "resamples": learned.resamples,
        },
        target={
            "task": target.task, "name": target.name, "label": target.label, "classes": list(target.classes),
            "class_labels": list(target.class_labels), "positive": target.positive, "unit": target.unit,
            "horizons": list(target.horizons), "time_unit": target.time_unit,
        },
        counts=_counts(known, learned),
        findings=[_finding_record(f) for f in all_findings(known, learned, reasons)],
        models=[dict(m) for m in learned.models],
        estimates=learned.estimates,
        curves=learned.curves,
        tables=tuple(t for t in (_equation_table(known, learned), _fold_table(known, learned)) if t is not None),
        explanations=reasons.explanations,
        summary=known.summary,
        comparisons=learned.comparisons,
        provenance={
            "config": {k: v for k, v in shareable(config).items() if k not in NOT_IN_HASH}, "config_sha256": config_sha256(config),
            "cohort_sha256": known.cohort.cohort_sha256, "plan_id": learned.plan.plan_id, "seed": config.seed,
            "software": software(), "data": [{"file": f, "sha256": s} for f, s in known.files],
            "splits": {"kind": learned.plan.kind, "strata": learned.plan.strata,
                       "folds": len([f for f in learned.plan.folds if f.repeat == 0]),
                       "repeats": 1 + max(f.repeat for f in learned.plan.folds)},
        },
        run=run,
    ).document()  # fmt: skip
    document = dict(plain(document))
    return {**document, "methods": list(methods(document))}


def all_findings(known: Known, learned: LearnResult, reasons: Reasons) -> tuple[Finding, ...]:
    """Findings of every step, grave first; what is muted stands in the document all the same."""
    found = dict.fromkeys((*known.findings, *learned.findings, *reasons.findings, *_two_boosters(software())))
    used = " and ".join(age_and_sex_of(learned)) or AGE_SEX
    return ordered(replace(f, evidence=f.evidence.replace(AGE_SEX, used)) if f.code == "TB230" else f for f in found)


def shown_findings(known: Known, learned: LearnResult, reasons: Reasons) -> tuple[Finding, ...]:
    """What a person is told at the end of a run: all but the muted codes."""
    return tuple(f for f in all_findings(known, learned, reasons) if f.code not in known.config.audit.mute)


def _two_boosters(installed: Mapping[str, str]) -> tuple[Finding, ...]:
    """TB790: two distributions write the same files, and which of them was fitted with cannot be told."""
    both = [f"{name} {installed[name]}" for name in ("xgboost", "xgboost-cpu") if name in installed]
    return (finding("TB790", f"{' and '.join(both)} stand in one environment"),) if len(both) == 2 else ()


def age_and_sex_of(learned: LearnResult) -> dict[str, str]:
    """The columns of the demographic baseline in words, as far as they were found: `{"age": "Alter"}`."""
    from tabml.learn.portfolio import age_and_sex

    variables = learned.material.variables
    used = next((t.config.features for t in learned.trials if t.config.model == "age_sex"), None) or ()
    # A column of levels is no age: what is still found when the kind says so is the sex.
    sex = age_and_sex({name: replace(variables[name], kind="category") for name in used})
    found = {"sex" if name in sex else "age": variables[name].title for name in used}
    return {key: found[key] for key in ("age", "sex") if key in found}


def not_used(learned: LearnResult) -> dict[str, str]:
    """Predictors that no member of the final model reads: title -> `missing` (too much of it), `constant`, or empty."""
    preps = [m.prep for m in learned.final.members]
    used = {name for prep in preps for name in prep.variables}
    why = {name: reason for prep in preps for name, reason in prep.left_out.items()}
    variables = learned.material.variables
    return {variables[name].title: why.get(name, "") for name in learned.material.frame.columns if name not in used}


def headline_sentence(document: Mapping[str, Any]) -> str:
    """The number a report leads with, in one sentence that names the estimate it is."""
    from tabml.report.document import View
    from tabml.report.words import VERDICTS, metric, ranks_all_the_same

    view = View.of(document)
    headline = view.headline()
    stated = str(document["study"].get("verdict"))
    verdict = VERDICTS[stated][2].format(age_sex=view.age_sex) if stated in VERDICTS else ""
    if headline is None:
        return f"{verdict} No performance could be estimated.".strip()
    kind = ESTIMATES[str(headline["estimate_type"])].name
    key = str(headline["key"])
    yet = ranks_all_the_same(key, headline.get("lower")) if stated == "no_signal" else ""
    return f"{metric(key).label} {headline['text']}, {kind}. {verdict} {yet}".strip()


def software() -> dict[str, str]:
    """Versions of tabml, Python and the libraries that decide numbers, as far as they are installed."""
    import platform
    from importlib.metadata import PackageNotFoundError, version

    found = {"tabml": __version__, "python": platform.python_version()}
    for name in PACKAGES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found


def plain(value: Any) -> Any:
    """The same as plain JSON data: tuples become lists, numpy scalars numbers, and a number that is none null."""
    if isinstance(value, Mapping):
        return {str(k): plain(v) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [plain(v) for v in value]
    if isinstance(value, np.generic):
        value = value.item()
    return None if isinstance(value, float) and not math.isfinite(value) else value


def _counts(known: Known, learned: LearnResult) -> dict[str, int]:
    target, patients = known.target, learned.material.patients
    counts = {"rows": len(known.cohort.frame), "patients": known.cohort.n_patients,
              "usable_rows": len(target.rows), "usable_patients": patients.n,
              "centres": len(patients.centres) or 1, "features": len(known.cohort.features())}  # fmt: skip
    return (
        counts
        if target.task in ("regression", "multiclass")
        else {**counts, "events": int((patients.outcome == "1").sum())}
    )


def _finding_record(found: Finding) -> dict[str, Any]:
    body = asdict(found)
    body.pop("where")  # cell addresses are row-level: they stand in private/ alone
    return body


def _equation_table(known: Known, learned: LearnResult) -> Table | None:
    from tabml.explain.equation import equation

    found = equation(learned.simple)
    if found is None:
        return None
    ratio = {"log odds": "Odds ratio", "log hazard": "Hazard ratio"}.get(found.scale)
    rows = [("intercept", f"{found.intercept:.4g}", "", "")] if found.scale != "log hazard" else []
    for column, source, value in found.terms:
        gap = f"{found.gaps[column]:.3g}" if column in found.gaps else ""
        rows.append(
            (_term(column, source, known), f"{value:.4g}", _ratio(value, column, source, known) if ratio else "", gap)
        )
    note = {
        "log odds": "Risk = 1 / (1 + exp(-sum)).",
        "log hazard": "Risk at a horizon = 1 - S0 ^ exp(sum); S0 is in the model file.",
        "outcome": "Prediction = the sum.",
    }[found.scale] + MISSING_COUNTS_AS  # fmt: skip
    columns = ("Term", "Coefficient", *((ratio,) if ratio else ()), "If missing")
    name = learned.simple.members[0].config.model.replace("_", " ")
    cells = tuple(r if ratio else (*r[:2], r[3]) for r in rows)
    return Table("equation", f"The simple model ({name})", columns, cells, note)


def _ratio(value: float, column: str, source: str, known: Known) -> str:
    """exp(coefficient) of a level, or per step of a number: the power of ten below its interquartile range."""
    q = next((v["quantiles"] for v in known.summary["variables"] if v["name"] == source), None)
    spread = q["q75"] - q["q25"] if q and column == source else 0.0
    step = 10.0 ** math.floor(math.log10(spread)) if spread > 0 else 1.0
    said = f"{math.exp(min(step * value, 700)):.3g}"
    return said if step == 1 else f"{said} per {step:,.10g}".replace(",", "\u202f")


def _term(column: str, source: str, known: Known) -> str:
    variable = known.cohort.variables[source]
    level = column[len(source) :]
    if level.startswith("="):
        return f"{variable.title}: {variable.show(level[1:])}"
    if variable.kind == "boolean":
        return f"{variable.title}: {variable.show(True)}"
    return f"{variable.title}{level}"


def _fold_table(known: Known, learned: LearnResult) -> Table:
    """Patients and events of every fold of the first repeat."""
    target, plan = known.target, learned.plan
    rows = []
    for fold in plan.folds:
        if fold.repeat == 0 and not len(fold.validation):
            y = target.y[plan.rows(fold.test)]
            events = "" if target.task == "regression" else _fold_events(target.task, y)
            rows.append((fold.fold_id, str(len(fold.train)), str(len(fold.test)), events))
    return Table("folds", "Folds", ("Fold", "Training patients", "Test patients", "Events in test rows"), tuple(rows))


def _fold_events(task: str, y: np.ndarray) -> str:
    if task in SURVIVAL_TASKS:
        return str(int((y["event"] == 1).sum()))
    return (
        str(int(y.sum())) if task == "binary" else " / ".join(str(int((y == k).sum())) for k in range(int(y.max()) + 1))
    )

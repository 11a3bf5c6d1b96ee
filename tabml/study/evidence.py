"""From what was learned to the results document: reasons, example patients, tables, counts and the headline."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from tabml import __version__
from tabml.core.config import NOT_IN_HASH, config_sha256, shareable
from tabml.core.errors import DependencyError
from tabml.core.findings import Finding, finding, ordered
from tabml.core.results import ESTIMATE_NAMES, Example, Explanation, Results, Table
from tabml.core.splits import derive_seed
from tabml.core.target import SURVIVAL_TASKS, horizon_text

if TYPE_CHECKING:
    from tabml.explain.attribution import Attribution
    from tabml.learn.fit import FoldModel, LearnResult
    from tabml.learn.pipeline import FittedPipeline
    from tabml.study.known import Known

#: Rows explained at most; a picture of mean effects gains nothing from more, and time is the clinician's.
MAX_EXPLAINED = 2000
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
VERDICTS = {"useful": "useful", "no better than age and sex": "not_better", "no usable signal": "no_signal"}


@dataclass(frozen=True)
class Reasons:
    """Explanations of the final model on held-out rows, and what could not be explained."""

    explanations: tuple[Explanation, ...]
    findings: tuple[Finding, ...]


def explain(known: Known, learned: LearnResult) -> Reasons:
    """SHAP of the final model, each row by the fold that left it out; a failure is a finding, not a crash."""
    from tabml.explain.attribution import additivity_finding
    from tabml.explain.pipeline import Fold, explain_folds, explanation

    frame, patients = learned.material.frame, learned.material.patients
    folds = [
        Fold(m.final, m.train, rows)
        for m, rows in _explained_rows(learned.fold_models, len(frame), known.config.seed)
    ]  # fmt: skip
    try:
        rows, attribution = explain_folds(folds, frame, seed=derive_seed(known.config.seed, "explain"))
    except (ValueError, FloatingPointError, DependencyError, ImportError) as error:
        return Reasons((), (finding("TB310", f"the final model could not be explained ({type(error).__name__})"),))
    shown = frame.iloc[rows].reset_index(drop=True)
    record = explanation(
        "final", attribution, shown, known.cohort.variables, patient=patients.of_row[rows],
        examples=_examples(known, learned, rows, attribution),
    )  # fmt: skip
    missed = additivity_finding(attribution, "the final model")
    return Reasons((record,), (missed,) if missed is not None else ())


def results(known: Known, learned: LearnResult, reasons: Reasons, *, run: Mapping[str, Any]) -> dict[str, Any]:
    """The results document: every number of the report."""
    from tabml.report.methods import methods

    target, config = known.target, known.config
    document = Results(
        study={
            "title": config.report.title, "preset": config.preset, "verdict": VERDICTS.get(learned.verdict, learned.verdict),
            "set_aside": {name: {"code": code, "reason": why} for name, (code, why) in known.set_aside.items()},
            "muted": list(config.audit.mute), "selection": asdict(learned.selection),
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
    return ordered(dict.fromkeys((*known.findings, *learned.findings, *reasons.findings, *_two_boosters(software()))))


def shown_findings(known: Known, learned: LearnResult, reasons: Reasons) -> tuple[Finding, ...]:
    """What a person is told at the end of a run: all but the muted codes."""
    return tuple(f for f in all_findings(known, learned, reasons) if f.code not in known.config.audit.mute)


def _two_boosters(installed: Mapping[str, str]) -> tuple[Finding, ...]:
    """TB790: two distributions write the same files, and which of them was fitted with cannot be told."""
    both = [f"{name} {installed[name]}" for name in ("xgboost", "xgboost-cpu") if name in installed]
    return (finding("TB790", f"{' and '.join(both)} stand in one environment"),) if len(both) == 2 else ()


def headline_sentence(document: Mapping[str, Any]) -> str:
    """The number a report leads with, in one sentence that names the estimate it is."""
    from tabml.report.document import View
    from tabml.report.words import metric

    headline = View.of(document).headline()
    words = {"useful": "The data hold usable signal.", "not_better": "Not reliably better than age and sex alone.",
             "no_signal": "No usable signal: the models do no better than the average patient."}  # fmt: skip
    verdict = words.get(str(document["study"].get("verdict")), "")
    if headline is None:
        return f"{verdict} No performance could be estimated.".strip()
    kind = ESTIMATE_NAMES.get(str(headline["estimate_type"]), str(headline["estimate_type"]))
    return f"{metric(str(headline['key'])).label} {headline['text']}, {kind}. {verdict}".strip()


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


def _explained_rows(models: Sequence[FoldModel], n_rows: int, seed: int) -> list[tuple[FoldModel, np.ndarray]]:
    """Each row once, at most MAX_EXPLAINED in all; a nested plan tests a row in several roles: its first is taken."""
    chosen = np.ones(n_rows, dtype=bool)
    if n_rows > MAX_EXPLAINED:
        chosen[:] = False
        chosen[np.random.default_rng(derive_seed(seed, "explained")).permutation(n_rows)[:MAX_EXPLAINED]] = True
    out = []
    for model in models:
        rows = model.rows[chosen[model.rows]]
        chosen[rows] = False
        if len(rows):
            out.append((model, rows))
    return out


def _examples(known: Known, learned: LearnResult, rows: np.ndarray, attribution: Attribution) -> tuple[Example, ...]:
    """The patients a local report tells about."""
    from tabml.explain.overview import contributions
    from tabml.explain.pipeline import example_positions, imputed_values

    frame, target = learned.material.frame, known.target
    last = attribution.phi.shape[1] - 1
    pseudonyms = known.cohort.rows["pseudonym"].to_numpy()
    prep = next((m.prep for m in learned.final.members if m.prep.recipe.complete), None)
    examples = []
    for position in example_positions(attribution, cls=last)[: known.config.report.example_patients]:
        row = int(rows[position])
        model = next(m.final for m in learned.fold_models if row in m.rows)
        cls = int(attribution.link[position].argmax()) if last else 0  # of several classes: the predicted one
        parts = contributions(
            attribution, position, {str(k): v for k, v in frame.iloc[row].items()}, known.cohort.variables, cls=cls,
            imputed=imputed_values(prep) if prep is not None else None,
        )  # fmt: skip
        examples.append(
            Example(
                pseudonym=str(pseudonyms[target.rows[row]]),
                predicted=_predicted(model, learned, row), observed=_observed(known, row),
                base=float(attribution.base[position, cls]), link=float(attribution.link[position, cls]),
                contributions=parts,
                note=f"explained for {target.class_labels[cls]}" if target.task == "multiclass" else "",
            )
        )  # fmt: skip
    return tuple(examples)


def _predicted(model: FittedPipeline, learned: LearnResult, row: int) -> str:
    said = model.predict(learned.material.frame.iloc[[row]])
    target = learned.material.target
    if said.value is not None:
        return f"{said.value[0]:.3g}" + (f" {target.unit}" if target.unit else "")
    if said.risk is not None:
        return f"{100 * said.risk[0, -1]:.0f} % by {horizon_text(target.horizons[-1])}"
    p = np.atleast_1d(np.asarray(said.probability)[0])
    if target.task == "binary":
        return f"{100 * p[0]:.0f} %"
    return f"{target.class_labels[int(p.argmax())]} ({100 * p.max():.0f} %)"


def _observed(known: Known, row: int) -> str:
    target = known.target
    y = target.y[row]
    if target.task in SURVIVAL_TASKS:
        return f"{'event' if y['event'] else 'no event'} at {y['time']:.0f} days"
    if target.task == "regression":
        return f"{y:.4g}" + (f" {target.unit}" if target.unit else "")
    return target.class_labels[int(y)]


def _counts(known: Known, learned: LearnResult) -> dict[str, int]:
    target, patients = known.target, learned.material.patients
    counts = {"rows": len(known.cohort.frame), "patients": known.cohort.n_patients,
              "usable_rows": len(target.rows), "usable_patients": patients.n,
              "centres": len(patients.centres), "features": len(known.cohort.features())}  # fmt: skip
    return counts if target.task in ("regression", "multiclass") else {**counts, "events": _events(known)}


def _events(known: Known) -> int:
    y = known.target.y
    return int((y["event"] == 1).sum()) if known.target.task in SURVIVAL_TASKS else int(y.sum())


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
    rows = [("intercept", f"{found.intercept:.4g}", "")] if found.scale != "log hazard" else []
    for column, source, value in found.terms:
        rows.append((_term(column, source, known), f"{value:.4g}", f"{math.exp(min(value, 700)):.3g}" if ratio else ""))
    note = {
        "log odds": "Risk = 1 / (1 + exp(-sum)). A missing value counts as the training median or commonest level.",
        "log hazard": "Risk at a horizon = 1 - S0 ^ exp(sum); S0 is in the model file.",
        "outcome": "Prediction = the sum. A missing value counts as the training median or commonest level.",
    }[found.scale]
    columns = ("Term", "Coefficient", *((ratio,) if ratio else ()))
    name = learned.simple.members[0].config.model.replace("_", " ")
    cells = tuple(r if ratio else r[:2] for r in rows)
    return Table("equation", f"The simple model ({name})", columns, cells, note)


def _term(column: str, source: str, known: Known) -> str:
    variable = known.cohort.variables[source]
    level = column[len(source) :]
    if level.startswith("="):
        return f"{variable.title}: {variable.show(level[1:])}"
    if variable.kind == "boolean":
        return f"{variable.title}: yes"
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

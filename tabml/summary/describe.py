"""The description of a cohort as plain data: who is in it, what is known, how centres and outcomes differ.

The dictionary is what `summary.html` and page 2 of the report print. It holds counts, shares, quantiles and
curves, never a patient's row; levels without a label that fewer than `small_cell` patients hold are merged.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from tabml.core.cohort import Cohort, Role
from tabml.core.target import SURVIVAL_TASKS, Target
from tabml.summary.audit.missing import far_values
from tabml.summary.columns import Column, Group, centre_groups, columns, outcome_groups
from tabml.summary.followup import follow_up
from tabml.summary.origin import origins
from tabml.summary.sample_size import candidate_parameters, effective, sample_size
from tabml.summary.smd import rest, smd
from tabml.summary.table_one import table_one

SCHEMA = "tabml.summary/1"
DESCRIBED: tuple[Role, ...] = ("feature", "treatment", "subgroup", "score", "sibling", "index_date")
QUANTILES = {"p5": 0.05, "q25": 0.25, "median": 0.5, "q75": 0.75, "p95": 0.95}
MAX_BINS = 24
MAX_LEVELS = 20


def describe(cohort: Cohort, target: Target, small_cell: int = 5) -> dict[str, Any]:
    """Describe the cohort as JSON-able data; see the module's first lines for what it never holds.

    Keys: `schema, outcome, counts, flow, outcome_by_centre, variables, tables, sample_size`, and
    `follow_up` for survival. Shares are 0-1, times are days, SMD are in standard deviations.
    """
    described = {
        name: _merge_rare(column, small_cell) for name, column in columns(cohort, cohort.with_role(*DESCRIBED)).items()
    }
    centres, outcomes = centre_groups(cohort), outcome_groups(target)
    features = set(cohort.features())
    endpoint = cohort.with_role("outcome", "time", "event")
    came_from = origins(cohort, [*described, *endpoint])
    predictors = {name: column for name, column in described.items() if name in features}
    parameters = candidate_parameters([len(c.levels) for c in predictors.values()])
    n = len(cohort.frame)
    summary: dict[str, Any] = {
        "schema": SCHEMA,
        "outcome": {**_outcome(target), "origins": {name: came_from.get(name, []) for name in endpoint}},
        "counts": _counts(cohort, target, centres, len(features)),
        "flow": _flow(cohort, target),
        "outcome_by_centre": [_outcome_of(target, g) for g in (Group("All", np.arange(n)), *centres)],
        "variables": [
            {**_variable(c, centres, outcomes, name in features), "origins": came_from.get(name, [])}
            for name, c in described.items()
        ],
        "tables": _tables(predictors, centres, outcomes, n),
        "sample_size": {**sample_size(target, parameters), "counted": effective(target)},
    }
    if target.task in SURVIVAL_TASKS:
        summary["follow_up"] = follow_up(target, centres, small_cell)
    return summary


def _outcome(target: Target) -> dict[str, Any]:
    positive = target.class_labels[-1] if target.task == "binary" and target.class_labels else None
    body: dict[str, Any] = {
        "name": target.name,
        "label": target.label or target.name,
        "task": target.task,
        "unit": target.unit,
        "classes": list(target.classes),
        "class_labels": list(target.class_labels),
        "positive_label": positive,
        "horizons": list(target.horizons),
        "time_unit": target.time_unit,
    }
    if target.task == "regression":
        body["histogram"] = _histogram(target.y.astype(float), False)
        body["quantiles"] = _quantiles(target.y.astype(float))
    return body


def _counts(cohort: Cohort, target: Target, centres: Sequence[Group], n_features: int) -> dict[str, Any]:
    patients = cohort.rows["patient"].to_numpy()
    return {
        "rows": len(cohort.frame),
        "patients": cohort.n_patients,
        "usable_rows": len(target.rows),
        "usable_patients": len(np.unique(patients[target.rows])),
        "events": target.n_events,
        "centres": len(centres) or 1,
        "features": n_features,
        "repeated": len(cohort.frame) > cohort.n_patients,
    }


def _flow(cohort: Cohort, target: Target) -> list[dict[str, Any]]:
    steps = [
        {"label": s.label, "rows": s.rows, "kind": s.kind, "source": s.source, "reason": s.reason} for s in cohort.flow
    ]
    lost = len(cohort.frame) - len(target.rows)
    if lost:
        steps.append({"label": "without a usable outcome", "rows": lost, "kind": "aside", "source": None,
                      "reason": "outcome or follow-up missing"})  # fmt: skip
    repeated = len(cohort.frame) > cohort.n_patients
    if not lost and not repeated and steps and steps[-1]["kind"] == "count" and steps[-1]["rows"] == len(target.rows):
        return steps
    unit = "rows analysed" if repeated else "patients analysed"
    return [*steps, {"label": unit, "rows": len(target.rows), "kind": "count", "source": None, "reason": ""}]


def _outcome_of(target: Target, group: Group) -> dict[str, Any]:
    """How often the outcome happened in one group: {centre, n, with_outcome, counts or mean and sd}."""
    inside = np.isin(target.rows, group.rows)
    y = target.y[inside]
    body: dict[str, Any] = {"centre": group.label, "n": len(group.rows), "with_outcome": int(inside.sum())}
    if target.task == "regression":
        return {**body, "mean": _rounded(y.mean()) if len(y) else None, "sd": _rounded(y.std()) if len(y) else None}
    if target.task in SURVIVAL_TASKS:
        happened = int((y["event"] == 1).sum())
        return {**body, "levels": [{"label": "event", "n": happened, "share": _share(happened, len(y))}]}
    labels = target.class_labels or target.classes or ("0", "1")
    counts = np.bincount(y.astype(int), minlength=len(labels))
    return {**body, "levels": [
        {"label": label, "n": int(c), "share": _share(int(c), len(y))} for label, c in zip(labels, counts, strict=True)
    ]}  # fmt: skip


def _variable(column: Column, centres: Sequence[Group], outcomes: Sequence[Group], feature: bool) -> dict[str, Any]:
    variable = column.variable
    missing = int(column.missing.sum())
    is_number = not column.levels
    return {
        "name": variable.name,
        "title": variable.title,
        "kind": variable.kind,
        "unit": variable.unit,
        "role": variable.role,
        "block": variable.block,
        "is_feature": feature,
        "n": len(column.known),
        "missing": {
            "n": missing,
            "share": _share(missing, len(column.values)),
            "by_centre": _missing_by(column, centres),
            "by_outcome": _missing_by(column, outcomes),
        },
        "quantiles": _quantiles(column.known) if is_number and len(column.known) else None,
        "decimals": variable.decimals,
        "levels": None if is_number else _levels(column),
        "histogram": _histogram(column.known, variable.kind in ("integer", "date")) if is_number else None,
        "outliers": far_values(column) if is_number else None,
        "drift": _drift(column, centres),
    }


def _missing_by(column: Column, groups: Sequence[Group]) -> list[dict[str, Any]]:
    counts = [(g, int(column.missing[g.rows].sum())) for g in groups]
    return [{"group": g.label, "n": c, "of": len(g.rows), "share": _share(c, len(g.rows))} for g, c in counts]


def _quantiles(values: np.ndarray[Any, Any]) -> dict[str, float]:
    found = np.quantile(values, list(QUANTILES.values()))
    body = dict(zip(QUANTILES, map(_rounded, found), strict=True))
    return {"min": _rounded(values.min()), **body, "max": _rounded(values.max()), "mean": _rounded(values.mean()),
            "sd": _rounded(values.std())}  # fmt: skip


def _levels(column: Column) -> list[dict[str, Any]]:
    counts = np.bincount(column.known.astype(int), minlength=len(column.levels))
    total = len(column.known)
    return [
        {"code": column.levels[k], "label": column.label(k), "n": int(c), "share": _share(int(c), total)}
        for k, c in enumerate(counts)
    ]


def _histogram(values: np.ndarray[Any, Any], whole: bool) -> dict[str, Any] | None:
    """Counts between evenly spaced round edges over the 0.5-99.5 % range; the rest falls in the end bins."""
    if not len(values):
        return None
    low, high = np.quantile(values, [0.005, 0.995])
    if low == high:
        return {"edges": [_rounded(low - 0.5), _rounded(high + 0.5)], "counts": [len(values)]}
    step = _round_step((high - low) / MAX_BINS)
    step = max(1.0, step) if whole else step
    edges = np.arange(np.floor(low / step), np.ceil(high / step) + 1.5) * step
    counts = np.histogram(np.clip(values, edges[0], edges[-1]), edges)[0]
    return {"edges": [_rounded(e) for e in edges], "counts": counts.tolist()}


def _round_step(raw: float) -> float:
    """The next of 1, 2, 5 times a power of ten at or above `raw`."""
    power = 10.0 ** np.floor(np.log10(raw))
    return float(power * next(m for m in (1, 2, 5, 10) if m * power >= raw * (1 - 1e-9)))


def _drift(column: Column, centres: Sequence[Group]) -> list[dict[str, Any]]:
    """SMD of each centre against all others; None where fewer than 5 values are known."""
    n = len(column.values)
    found = [(g.label, smd(column, g.rows, rest(g.rows, n))) for g in centres]
    return [{"centre": label, "smd": None if d is None else round(d, 3)} for label, d in found]


def _tables(
    predictors: dict[str, Column], centres: Sequence[Group], outcomes: Sequence[Group], n: int
) -> list[dict[str, Any]]:
    tables = [table_one("by_outcome", "Patients by outcome", predictors, outcomes, n)]
    if centres:
        tables.append(table_one("by_centre", "Patients by centre", predictors, centres, n))
    return tables


def _merge_rare(column: Column, small_cell: int) -> Column:
    """Levels that the codebook does not name and few patients hold become one level `other (k rare levels)`."""
    if column.variable.kind != "category":
        return column
    counts = np.bincount(column.known.astype(int), minlength=len(column.levels))
    named = column.variable.levels
    order = np.argsort(-counts, kind="stable")
    crowd = set(order[MAX_LEVELS:].tolist()) if len(counts) > MAX_LEVELS else set()
    rare = [k for k, c in enumerate(counts) if (c < small_cell and column.levels[k] not in named) or k in crowd]
    if not rare:
        return column
    kept = [k for k in range(len(counts)) if k not in rare]
    position = np.full(len(counts), len(kept), dtype=float)
    position[kept] = np.arange(len(kept))
    values = column.values.copy()
    values[~column.missing] = position[column.known.astype(int)]
    other = f"other ({len(rare)} rare level{'s' if len(rare) > 1 else ''})"
    return replace(column, values=values, levels=(*(column.levels[k] for k in kept), other))


def _share(part: int, whole: int) -> float | None:
    return round(part / whole, 4) if whole else None


def _rounded(value: Any) -> float:
    """Six significant figures: enough for every table, and the same on every machine."""
    return float(f"{float(value):.6g}")

"""How well one column alone tells the outcome, out of fold, by patient: the number behind TB140 and TB144.

In each of five folds the column is cut into at most 10 training quantile groups (or its levels) plus one for
missing; the smoothed training outcome of a group is the score of the held-out rows. AUC and C-index count pairs
within a fold; a number is scored by R squared against the training mean.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tabml.core.target import SURVIVAL_TASKS, Target
from tabml.summary.columns import Floats, Ints

BINS = 10
MIN_ROWS = 30
SMOOTHING = 2.0  # pseudo-rows of the overall outcome in each group
MIN_CLASS = 10  # smaller classes: an AUC near 1 is chance


@dataclass(frozen=True)
class Strength:
    """`value` is AUC or C-index (0.5 chance, 1 perfect) or R squared (0 chance); `lower` its 95 % lower bound."""

    value: float
    lower: float
    measure: str


def strength(values: Floats, is_category: bool, target: Target, fold: Ints, patient: Ints) -> Strength | None:
    """Strength of one column on the target's rows; None where fewer than 30 rows, or nothing to tell apart."""
    if len(values) < MIN_ROWS or np.unique(values[~np.isnan(values)]).size + bool(np.isnan(values).any()) < 2:
        return None
    if target.task == "regression":
        return _explained(values, is_category, target.y.astype(float), fold, patient)
    if target.task in SURVIVAL_TASKS:
        return _concordance(values, is_category, target.y, fold)
    found = [
        (n, s) for k in _classes(target)
        if (n := int((target.y == k).sum())) and (s := _auc(values, is_category, (target.y == k).astype(float), fold))
    ]  # fmt: skip
    if not found:
        return None
    weight = np.array([n for n, _ in found], dtype=float)
    value = float(np.average([s.value for _, s in found], weights=weight))
    lower = float(np.average([s.lower for _, s in found], weights=weight))
    return Strength(value, lower, "AUC")


def _classes(target: Target) -> list[int]:
    if target.task == "binary":
        return [1]
    counts = np.bincount(target.y.astype(int), minlength=len(target.classes))
    return [k for k, c in enumerate(counts) if min(c, len(target.y) - c) >= MIN_CLASS]


def groups(values: Floats, is_category: bool, train: NDArray[np.bool_]) -> Ints:
    """Group of every row: level or training quantile, missing as the last group."""
    missing = np.isnan(values)
    known = values[train & ~missing]
    if is_category:
        code = np.where(missing, 0, values).astype(np.int64)
        return np.where(missing, int(np.nanmax(values)) + 1, code)
    distinct = np.unique(known)
    if len(distinct) > BINS:  # of sorted numbers quantiles are found three times as fast
        distinct = np.unique(np.quantile(np.sort(known), np.linspace(0, 1, BINS + 1)[1:-1]))
    edges, code = distinct, np.zeros(len(values), dtype=np.int64)
    for edge in edges:  # ten comparisons are much faster than a search for each row
        code += values >= edge
    return np.where(missing, len(edges) + 1, code)


def _rates(code: Ints, amount: Floats, exposure: Floats, train: NDArray[np.bool_]) -> Floats:
    """Smoothed amount per exposure of each group, from the training rows."""
    size = int(code.max()) + 1
    total = np.bincount(code[train], weights=amount[train], minlength=size)
    seen = np.bincount(code[train], weights=exposure[train], minlength=size)
    overall = amount[train].sum() / max(exposure[train].sum(), 1e-12)
    unit = exposure[train].mean() * SMOOTHING
    return np.asarray((total + overall * unit) / (seen + unit), dtype=float)


def _auc(values: Floats, is_category: bool, y: Floats, fold: Ints) -> Strength | None:
    won, pairs = 0.0, 0.0
    is_case = y == 1
    for k in np.unique(fold):
        test = fold == k
        code = groups(values, is_category, ~test)
        size = int(code.max()) + 1
        cells = np.bincount(code + size * is_case + 2 * size * test, minlength=4 * size)
        train_controls, train_cases, controls, cases = cells.reshape(4, size).astype(float)
        rank = np.unique(_smoothed(train_cases, train_controls + train_cases), return_inverse=True)[1]
        cases, controls = np.bincount(rank, weights=cases), np.bincount(rank, weights=controls)
        below = np.cumsum(controls) - controls
        won += float((cases * (below + 0.5 * controls)).sum())
        pairs += float(cases.sum() * controls.sum())
    if not pairs:
        return None
    value = won / pairs
    return Strength(value, value - 1.96 * hanley_mcneil(value, y.sum(), len(y) - y.sum()), "AUC")


def _smoothed(cases: Floats, people: Floats) -> Floats:
    """`_rates` of groups in which everybody counts once."""
    overall = cases.sum() / max(people.sum(), 1e-12)
    return np.asarray((cases + overall * SMOOTHING) / (people + SMOOTHING), dtype=float)


def _concordance(values: Floats, is_category: bool, y: NDArray[np.void], fold: Ints) -> Strength | None:
    time, event = y["time"].astype(float), (y["event"] == 1).astype(float)
    won, pairs = 0.0, 0.0
    for k in np.unique(fold):
        test = fold == k
        code = groups(values, is_category, ~test)
        rate = _rates(code, event, time, ~test)
        rank = np.unique(rate, return_inverse=True)[1][code[test]]
        a, b = concordant(time[test], event[test] == 1, rank)
        won, pairs = won + a, pairs + b
    if not pairs:
        return None
    value = won / pairs
    return Strength(value, value - 1.96 * hanley_mcneil(value, event.sum(), max(1.0, len(y) - event.sum())), "C-index")


def concordant(time: Floats, event: NDArray[np.bool_], rank: Ints) -> tuple[float, float]:
    """Concordant and usable pairs for a risk in few ranks; higher rank means higher risk, ties count half.

    A pair is usable when the earlier time is an event; at equal times an event comes before a censoring.
    """
    size = int(rank.max()) + 1
    one_hot = np.zeros((len(time), size))
    one_hot[np.arange(len(time)), rank] = 1.0
    order = np.lexsort((~event, time))
    later = np.cumsum(one_hot[order][::-1], axis=0)[::-1] - one_hot[order]
    ordered_time, ordered_event, ordered_rank = time[order], event[order], rank[order]
    for start, stop in _tied_events(ordered_time, ordered_event):
        later[start:stop] = later[stop - 1]
    hit = np.flatnonzero(ordered_event)
    at = ordered_rank[hit]
    below = np.cumsum(later[hit], axis=1)
    same = later[hit, at]
    smaller = below[np.arange(len(hit)), at] - same
    return float((smaller + 0.5 * same).sum()), float(later[hit].sum())


def _tied_events(time: Floats, event: NDArray[np.bool_]) -> list[tuple[int, int]]:
    """Runs of events at one time: none of them is later than another."""
    hit = np.flatnonzero(event)
    runs: list[tuple[int, int]] = []
    for start in hit:
        if runs and runs[-1][1] == start and time[runs[-1][0]] == time[start]:
            runs[-1] = (runs[-1][0], int(start) + 1)
        else:
            runs.append((int(start), int(start) + 1))
    return [r for r in runs if r[1] - r[0] > 1]


def _explained(values: Floats, is_category: bool, y: Floats, fold: Ints, patient: Ints) -> Strength:
    error, spread = 0.0, 0.0
    for k in np.unique(fold):
        test = fold == k
        code = groups(values, is_category, ~test)
        rate = _rates(code, y - y[~test].mean(), np.ones(len(y)), ~test) + y[~test].mean()
        error += float(((y[test] - rate[code[test]]) ** 2).sum())
        spread += float(((y[test] - y[~test].mean()) ** 2).sum())
    value = 1.0 - error / spread if spread else 0.0
    people = len(np.unique(patient))
    inside = min(max(value, 0.0), 1.0)
    se = 2.0 * np.sqrt(inside) * (1.0 - inside) / np.sqrt(people)  # Olkin and Finn 1995, large samples
    return Strength(value, value - 1.96 * float(se), "R squared")


def hanley_mcneil(auc: float, cases: float, controls: float) -> float:
    """Standard error of an AUC from its size and the class counts alone (Hanley and McNeil 1982)."""
    a = min(max(auc, 0.5), 1.0)
    q1, q2 = a / (2 - a), 2 * a * a / (1 + a)
    variance = a * (1 - a) + (cases - 1) * (q1 - a * a) + (controls - 1) * (q2 - a * a)
    return float(np.sqrt(max(0.0, variance) / (cases * controls)))

"""What is not there, and whether its absence tells something; columns with nothing in them."""

from __future__ import annotations

import numpy as np

from tabml.core.findings import Finding, finding
from tabml.core.target import SURVIVAL_TASKS
from tabml.summary.audit.context import Context, Verdicts
from tabml.summary.columns import Column, Group

MUCH = 0.6
GAP = 0.10  # difference of missing rates worth a word
Z = 4.0  # of the largest difference; guards against many columns and groups
ALONE = 0.9
ROBUST_Z = 5.0


def empty(context: Context) -> Verdicts:
    """TB104: predictors with one value or none are set aside; they tell no two patients apart."""
    aside = {}
    for name, column in context.columns.items():
        distinct = np.unique(column.known).size
        if distinct <= 1 and not (distinct and column.missing.any()):
            aside[name] = ("TB104", "the same value in every row" if distinct else "no value in any row")
    if not aside:
        return Verdicts()
    said = f"set aside, the same everywhere or empty: {', '.join(aside)}"
    return Verdicts((finding("TB104", said, columns=list(aside), count=len(aside)),), aside)


def much_missing(context: Context) -> Verdicts:
    """TB160: predictors of which more than 60 % is missing, in one sentence."""
    shares = {n: float(c.missing.mean()) for n, c in context.columns.items() if 1 > float(c.missing.mean()) > MUCH}
    if not shares:
        return Verdicts()
    said = ", ".join(f"{n} ({100 * s:.0f} %)" for n, s in sorted(shares.items(), key=lambda x: (-x[1], x[0]))[:10])
    return Verdicts((finding("TB160", said, columns=sorted(shares), count=len(shares)),))


def uneven(context: Context) -> Verdicts:
    """TB161: missing rates that differ by outcome or by centre; one finding each, with the widest differences."""
    findings: list[Finding] = []
    for what, groups in (("outcome", context.outcomes), ("centre", context.centres)):
        gaps = {n: g for n, c in context.columns.items() if (g := _gap(c, groups)) is not None}
        if gaps:
            worst = sorted(gaps, key=lambda n: (gaps[n][0] - gaps[n][1], n))[:5]
            said = ", ".join(f"{n} ({100 * gaps[n][0]:.0f} to {100 * gaps[n][1]:.0f} % missing)" for n in worst)
            findings.append(
                finding(
                    "TB161",
                    f"by {what}, {len(gaps)} predictor{'s' if len(gaps) > 1 else ''}: {said}",
                    columns=sorted(gaps),
                    count=len(gaps),
                )
            )
    return Verdicts(tuple(findings))


def tells_by_absence(context: Context) -> Verdicts:
    """TB142: whether a value is missing alone predicts the outcome with an AUC above 0.9."""
    if context.target.task not in ("binary", *SURVIVAL_TASKS):
        return Verdicts()
    y = context.target.y["event"] == 1 if context.target.task in SURVIVAL_TASKS else context.target.y == 1
    found: list[Finding] = []
    for name, column in context.columns.items():
        gone = column.missing[context.target.rows]
        auc = 0.5 + abs(float(gone[y].mean()) - float(gone[~y].mean())) / 2 if y.any() and not y.all() else 0.5
        if auc > ALONE:
            found.append(finding("TB142", f"{name}: missing or not predicts the outcome with an AUC of {auc:.2f}",
                                 columns=[name], count=1))  # fmt: skip
    return Verdicts(tuple(found))


def extremes(context: Context) -> Verdicts:
    """TB163: values more than 5 robust standard deviations from the median, counted per predictor."""
    counts = {n: k for n, c in context.columns.items() if not c.levels and (k := far_values(c))}
    if not counts:
        return Verdicts()
    shown = ", ".join(f"{n} ({k})" for n, k in sorted(counts.items(), key=lambda x: (-x[1], x[0]))[:8])
    said = f"values far from the median: {shown}"
    return Verdicts((finding("TB163", said, columns=sorted(counts), count=sum(counts.values())),))


def far_values(column: Column) -> int:
    """How many values lie more than 5 robust standard deviations (1.4826 MAD) from the median."""
    if not len(column.known):
        return 0
    distance = np.abs(column.known - np.median(column.known))
    spread = 1.4826 * float(np.median(distance))
    return int((distance > ROBUST_Z * spread).sum()) if spread > 0 else 0


def _gap(column: Column, groups: tuple[Group, ...]) -> tuple[float, float] | None:
    """Lowest and highest missing rate among groups of 20 or more, where they clearly differ."""
    rates = [(float(column.missing[g.rows].mean()), len(g.rows)) for g in groups if len(g.rows) >= 20]
    if len(rates) < 2:
        return None
    low, high = min(rates), max(rates)
    pooled = (low[0] * low[1] + high[0] * high[1]) / (low[1] + high[1])
    error = np.sqrt(max(pooled * (1 - pooled), 1e-12) * (1 / low[1] + 1 / high[1]))
    return (low[0], high[0]) if high[0] - low[0] > GAP and (high[0] - low[0]) / error > Z else None

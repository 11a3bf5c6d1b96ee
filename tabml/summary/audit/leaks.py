"""Columns that know too much: copies of the outcome, near-determining columns, telling names, row numbers."""

from __future__ import annotations

import hashlib

import numpy as np

from tabml.core.config import AuditNode
from tabml.core.findings import Finding, finding
from tabml.core.target import SURVIVAL_TASKS, Target
from tabml.summary.audit.context import Context, Verdicts
from tabml.summary.audit.names import looks_like_id, shares_a_word, tells_outcome
from tabml.summary.audit.strength import MIN_ROWS, Strength, strength
from tabml.summary.columns import Column, Floats, Ints

SURE = 0.90  # the lower bound that the first rule needs
NEAR = 0.05  # unrelated columns this close: strong real measurements, no leak
RELATED = 0.9  # rank correlation above which two columns tell the same
ROW_ORDER = 0.95
FEW_VALUES = 20


def siblings(context: Context) -> Verdicts:
    """TB135: other endpoints that the codebook already names; they are no features."""
    names = [n for n in context.cohort.with_role("sibling") if n not in context.config.data.keep]
    if not names:
        return Verdicts()
    said = f"{_list(names)}: another endpoint, set aside by its role"
    return Verdicts((finding("TB135", said, columns=names, count=len(names), severity="info"),))


def copies(context: Context) -> Verdicts:
    """TB140 for exact copies of the outcome, TB146 for columns that equal each other up to recoding."""
    findings: list[Finding] = []
    aside: dict[str, tuple[str, str]] = {}
    outcome = _outcome_codes(context.target)
    seen: dict[str, str] = {}
    for name, column in context.columns.items():
        codes = column.codes[context.target.rows]
        if _is_copy(codes, outcome):
            said = f"{name} equals the outcome in all {int((codes >= 0).sum())} rows where it is known"
            findings.append(finding("TB140", said, columns=[name], count=1,
                                    remedy="set aside as a copy of the outcome; --keep to use it all the same"))  # fmt: skip
            aside[name] = ("TB140", "exact copy of the outcome")
            continue
        digest = _digest(column)
        if digest in seen:
            said = f"{name} equals {seen[digest]} after recoding"
            findings.append(finding("TB146", said, columns=[seen[digest], name], count=1))
        elif digest:
            seen[digest] = name
    return Verdicts(tuple(findings), aside)


def telling_names(context: Context) -> Verdicts:
    """TB141: a predictor whose name is follow-up time, death, relapse, discharge... of a classified or timed outcome."""
    if context.target.task == "regression":
        return Verdicts()
    findings: list[Finding] = []
    aside: dict[str, tuple[str, str]] = {}
    for name, column in context.columns.items():
        word = tells_outcome(name, column.variable.label)
        if word is None:
            continue
        findings.append(finding("TB141", f"{name}: its name says {word}", columns=[name], count=1))
        aside[name] = ("TB141", f"the name says {word}, which is known only with the outcome")
    return Verdicts(tuple(findings), aside)


def strong_columns(context: Context, strengths: dict[str, Strength]) -> Verdicts:
    """TB140: one column alone nearly determines the outcome; TB135 where it is another endpoint by name."""
    findings: list[Finding] = []
    aside: dict[str, tuple[str, str]] = {}
    ranked = sorted(strengths, key=lambda n: (-strengths[n].value, n))
    for name in ranked:
        found = strengths[name]
        if not _is_sure(found, context.config.audit) and not _is_strong(found, context.config.audit):
            continue
        next_best = _next_unrelated(context, name, ranked, strengths)
        rule = _rule(found, next_best, context.config.audit)
        if rule is None:
            continue
        said = f"{name} alone has an out-of-fold {found.measure} of {found.value:.2f}"
        if next_best is not None:
            said += f"; the next best unrelated column has {next_best:.2f}"
        if rule == "crowd":
            findings.append(finding("TB140", f"{said}: strong, but not alone", columns=[name], count=1,
                                    severity="warn", remedy="check that it is measured before the outcome"))  # fmt: skip
            continue
        code = "TB135" if shares_a_word(name, context.target.name) else "TB140"
        if code == "TB135":
            said += f"; its name says it is another endpoint like {context.target.name}"
        findings.append(finding(code, said, columns=[name], count=1))
        aside[name] = (code, said)
    return Verdicts(tuple(findings), aside)


def row_numbers(context: Context) -> Verdicts:
    """TB144: a predictor that numbers the rows is set aside; a file sorted by outcome is said."""
    findings: list[Finding] = []
    aside: dict[str, tuple[str, str]] = {}
    for name, column in context.columns.items():
        if _numbers_the_rows(column, name):
            findings.append(finding("TB144", f"{name} has another value in every row, like a row number or id",
                                    columns=[name], count=1,
                                    remedy="set aside as an id; --keep to use it all the same"))  # fmt: skip
            aside[name] = ("TB144", "numbers the rows")
    findings.extend(_sorted_files(context))
    return Verdicts(tuple(findings), aside)


def column_strengths(context: Context, skip: set[str]) -> dict[str, Strength]:
    """Strength of every predictor that is not set aside already."""
    patient = context.patient[context.target.rows]
    found = {
        name: strength(context.on_target(column), bool(column.levels), context.target, context.fold, patient)
        for name, column in context.columns.items()
        if name not in skip
    }
    return {name: s for name, s in found.items() if s is not None}


def _rule(found: Strength, next_best: float | None, audit: AuditNode) -> str | None:
    """Why a column is suspicious: `sure`, `crowd` (others come near), `gap`; None for an ordinary predictor.

    One real predictor among noise stands far above the rest as well, so a gap counts only for a column that
    would be strong anywhere.
    """
    if _is_sure(found, audit):
        return "crowd" if next_best is not None and next_best > found.value - NEAR else "sure"
    floor = 0.0 if found.measure == "R squared" else 0.5
    if next_best is not None and _is_strong(found, audit) and found.value - max(next_best, floor) > audit.leak_gap:
        return "gap"
    return None


def _is_sure(found: Strength, audit: AuditNode) -> bool:
    return found.value > audit.leak_score and found.lower > SURE


def _is_strong(found: Strength, audit: AuditNode) -> bool:
    return found.value > (audit.gap_r2 if found.measure == "R squared" else audit.gap_score)


def _next_unrelated(context: Context, name: str, ranked: list[str], strengths: dict[str, Strength]) -> float | None:
    mine = _ranks(context, name)
    for other in ranked:
        if other != name and abs(_correlation(mine, _ranks(context, other))) <= RELATED:
            return strengths[other].value
    return None


def _ranks(context: Context, name: str) -> Floats:
    """Ranks of a column for a correlation; levels of a category are ordered by their outcome."""
    column = context.columns[name]
    values = context.on_target(column)
    if len(column.levels) > 2:
        values = _by_outcome(values, context.target)
    ranks = np.full(len(values), np.nan)
    known = ~np.isnan(values)
    _, position, counts = np.unique(values[known], return_inverse=True, return_counts=True)
    ranks[known] = (np.cumsum(counts) - (counts - 1) / 2)[position]
    return ranks


def _by_outcome(values: Floats, target: Target) -> Floats:
    y = (target.y["event"] == 1).astype(float) if target.task in SURVIVAL_TASKS else target.y.astype(float)
    known = ~np.isnan(values)
    code = values[known].astype(int)
    means = np.bincount(code, weights=y[known]) / np.maximum(np.bincount(code), 1)
    scored = np.full(len(values), np.nan)
    scored[known] = means[code]
    return scored


def _correlation(a: Floats, b: Floats) -> float:
    both = ~np.isnan(a) & ~np.isnan(b)
    if both.sum() < MIN_ROWS or np.ptp(a[both]) == 0 or np.ptp(b[both]) == 0:
        return 0.0
    return float(np.corrcoef(a[both], b[both])[0, 1])


def _outcome_codes(target: Target) -> Ints:
    if target.task in SURVIVAL_TASKS:
        return (target.y["event"] > 0).astype(np.int64)
    return np.unique(target.y, return_inverse=True)[1].astype(np.int64)


def _is_copy(codes: Ints, outcome: Ints) -> bool:
    """Whether column and outcome are the same up to recoding where the column is known, in at least 30 rows."""
    known = codes >= 0
    if known.sum() < MIN_ROWS or _n_distinct(codes[known]) != _n_distinct(outcome[known]):
        return False
    a, b = _canonical(codes[known]), _canonical(outcome[known])
    return bool(a.max() > 0) and bool((a == b).all())


def _n_distinct(codes: Ints) -> int:
    return int(np.count_nonzero(np.bincount(codes)))


def _canonical(codes: Ints) -> Ints:
    """The same for codes that are recodings of each other, missing (-1) staying missing.

    Few values: numbered in order of appearance. Many: their ranks, turned so that the first value lies in the
    lower half, for any two columns of distinct numbers would else map one to one.
    """
    known = codes >= 0
    out = np.full(len(codes), -1, dtype=np.int64)
    if not known.any():
        return out
    is_met = np.bincount(codes[known]) > 0
    inverse = (np.cumsum(is_met) - 1)[codes[known]]
    top = int(is_met.sum()) - 1
    if top < FEW_VALUES:
        first = [int(np.argmax(inverse == k)) for k in range(top + 1)]
        out[known] = np.argsort(np.argsort(first, kind="stable"), kind="stable")[inverse]
    else:
        out[known] = inverse if 2 * inverse[0] <= top else top - inverse
    return out


def _digest(column: Column) -> str:
    """The same for columns that are recodings of each other; empty for constant ones."""
    canonical = _canonical(column.codes)
    return hashlib.sha256(canonical.tobytes()).hexdigest() if canonical.max(initial=-1) > 0 else ""


def _numbers_the_rows(column: Column, name: str) -> bool:
    """All values known and different, and consecutive whole numbers, or levels, or so named."""
    n = len(column.values)
    if n < MIN_ROWS or column.missing.any() or np.unique(column.values).size < n:
        return False
    if column.levels:
        return True
    is_whole = bool((column.values == np.round(column.values)).all())
    return is_whole and (float(np.ptp(column.values)) <= 1.5 * n or looks_like_id(name))


def _sorted_files(context: Context) -> list[Finding]:
    """Sources whose row order tells the outcome. Row numbers are never features: a remark, not a leak."""
    provenance = context.cohort.provenance
    source = context.cohort.rows["source"].astype(str).to_numpy() if "source" in context.cohort.rows else None
    if provenance is None or source is None:
        return []
    findings: list[Finding] = []
    for name in sorted(set(source)):
        at = source[context.target.rows] == name
        row = provenance.rows_in(name).astype(float)[context.target.rows]
        found = strength(
            row[at], False, _part(context.target, at), context.fold[at], context.patient[context.target.rows][at]
        )
        if found is not None and found.value > ROW_ORDER and found.lower > SURE:
            said = f"the rows of {name} are sorted by outcome ({found.measure} of the row number {found.value:.2f})"
            findings.append(finding("TB144", said, source=name, severity="info",
                                    remedy="nothing to do: row numbers and ids are no predictors"))  # fmt: skip
    return findings


def _part(target: Target, at: np.ndarray[tuple[int], np.dtype[np.bool_]]) -> Target:
    return Target(target.task, target.y[at], target.rows[at], target.name, classes=target.classes)


def _list(names: list[str]) -> str:
    shown = ", ".join(names[:8])
    return shown if len(names) <= 8 else f"{shown} and {len(names) - 8} more"

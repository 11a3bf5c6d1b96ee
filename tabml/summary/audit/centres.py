"""Do the centres tell one story: prevalence and distributions that drift, columns absent at a centre."""

from __future__ import annotations

import numpy as np

from tabml.core.findings import Finding, finding
from tabml.core.wording import counted
from tabml.summary.audit.context import Context, Verdicts
from tabml.summary.audit.strength import strength
from tabml.summary.columns import Floats
from tabml.summary.smd import rest, smd

DRIFT = 0.5  # SMD of a centre against the others
PREVALENCE_GAP = 0.10
Z = 3.0
SEPARATES = 0.9  # AUC of the centre alone
ABSENT = 0.95  # share missing at the centre...
PRESENT = 0.5  # ...while at most this share is missing at another
MIN_CENTRE = 20


def drift(context: Context) -> Verdicts:
    """TB150: outcome or predictors distributed differently at a centre; one sentence a centre."""
    findings: list[Finding] = []
    for group in context.centres:
        if len(group.rows) < MIN_CENTRE:
            continue
        said = _prevalence(context, group.rows)
        others = rest(group.rows, len(context.patient))
        moved = {
            name: d for name, column in context.columns.items()
            if (d := smd(column, group.rows, others)) is not None and abs(d) > DRIFT
        }  # fmt: skip
        if moved:
            worst = sorted(moved, key=lambda n: (-abs(moved[n]), n))[:3]
            said.append(
                f"{len(moved)} {'predictors differ' if len(moved) > 1 else 'predictor differs'} (SMD up to {abs(moved[worst[0]]):.1f}: {', '.join(worst)})"
            )
        if said:
            findings.append(
                finding("TB150", f"{group.label}: {'; '.join(said)}", columns=sorted(moved), count=len(moved) or 1,
                        source=group.label)
            )  # fmt: skip
    return Verdicts(tuple(findings))


def separation(context: Context) -> Verdicts:
    """TB145: the centre alone tells the outcome; a model may learn the hospital instead of the disease."""
    if len(context.centres) < 2 or context.target.task == "regression":
        return Verdicts()
    centre = _centre_codes(context)[context.target.rows]
    patient = context.patient[context.target.rows]
    found = strength(centre, True, context.target, context.fold, patient)
    if found is None or found.value <= SEPARATES:
        return Verdicts()
    said = f"the centre alone has an out-of-fold {found.measure} of {found.value:.2f}"
    return Verdicts((finding("TB145", said, count=len(context.centres)),))


def absent(context: Context) -> Verdicts:
    """TB151: a predictor (nearly) never recorded at one centre, though others have it."""
    findings: list[Finding] = []
    for name, column in context.columns.items():
        shares = {g.label: float(column.missing[g.rows].mean()) for g in context.centres if len(g.rows) >= MIN_CENTRE}
        if not shares or min(shares.values()) > PRESENT:
            continue
        gone = [f"{label} ({100 * share:.0f} % missing)" for label, share in shares.items() if share >= ABSENT]
        if gone:
            findings.append(finding("TB151", f"{name} at {', '.join(gone)}", columns=[name], count=len(gone)))
    return Verdicts(tuple(findings))


def _prevalence(context: Context, rows: np.ndarray[tuple[int], np.dtype[np.int64]]) -> list[str]:
    """What is special about the outcome at a centre, in words; follow-up is not compared this way."""
    if context.target.task != "binary":
        return []
    at = np.isin(context.target.rows, rows)
    here, there = context.target.y[at], context.target.y[~at]
    if not len(here) or not len(there):
        return []
    p, q = float(here.mean()), float(there.mean())
    if p in (0.0, 1.0):
        return [f"one outcome class only ({counted(len(here), 'row')})"]
    pooled = float(context.target.y.mean())
    z = abs(p - q) / np.sqrt(pooled * (1 - pooled) * (1 / len(here) + 1 / len(there)))
    return (
        [f"outcome in {100 * p:.0f} % against {100 * q:.0f} % elsewhere"]
        if abs(p - q) > PREVALENCE_GAP and z > Z
        else []
    )


def _centre_codes(context: Context) -> Floats:
    code = np.full(len(context.patient), np.nan)
    for k, group in enumerate(context.centres):
        code[group.rows] = k
    return code

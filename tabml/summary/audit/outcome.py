"""Is the outcome fit to be modelled: coding, class sizes, events per predictor, follow-up, repeated patients."""

from __future__ import annotations

import numpy as np

from tabml.core.findings import Finding, finding
from tabml.core.outcome import REVERSED_NAME
from tabml.core.privacy import counted_levels
from tabml.core.target import SURVIVAL_TASKS
from tabml.core.wording import counted
from tabml.metrics.survival import median_follow_up
from tabml.summary.audit.context import Context, Verdicts
from tabml.summary.sample_size import candidate_parameters, effective

MIN_EVENTS_PER_PARAMETER = 10
SHORT_FOLLOW_UP = 0.5  # a centre's median below this share of the overall one


def repeated_patients(context: Context) -> Verdicts:
    """TB123: several rows per patient; folds are made by patient."""
    rows, patients = len(context.patient), len(np.unique(context.patient))
    said_before = any(f.code == "TB123" for f in context.cohort.findings)
    if rows == patients or said_before:
        return Verdicts()
    said = f"{counted(patients, 'patient')} with {counted(rows, 'row')}; effective numbers are those of the patients"
    return Verdicts((finding("TB123", said, count=rows - patients),))


def class_sizes(context: Context) -> Verdicts:
    """TB132 for a class that does not reach every fold; fewer than 10 patients is said with the outcome itself."""
    if context.target.task not in ("binary", "multiclass"):
        return Verdicts()
    folds = context.config.split.outer_folds or 5
    patient = context.patient[context.target.rows]
    sizes = {g.label: len(np.unique(context.patient[g.rows])) for g in context.outcomes}
    small = {label: n for label, n in sizes.items() if 10 <= n < folds}
    if not small:
        return Verdicts()
    named = counted_levels(small, context.config.privacy.small_cell)
    said = f"with fewer patients than the {folds} folds: {named} of {len(np.unique(patient))}"
    return Verdicts((finding("TB132", said, columns=[context.target.name], count=len(small)),))


def events_per_predictor(context: Context) -> Verdicts:
    """TB133: fewer than 10 effective events per candidate parameter, or more parameters than patients."""
    parameters = candidate_parameters([len(c.levels) for c in context.columns.values()])
    if not parameters:
        return Verdicts()
    target = context.target
    people = len(np.unique(context.patient[target.rows]))
    events = people if target.task == "regression" else min(target.n_events, people)
    ratio = events / parameters
    if ratio >= MIN_EVENTS_PER_PARAMETER:
        return Verdicts()
    said = f"{events} {effective(target)} for {parameters} candidate parameters ({ratio:.1f} each)"
    return Verdicts((finding("TB133", said, count=parameters),))


def event_coding(context: Context) -> Verdicts:
    """TB131: a name that says the reverse (alive, survived) while nobody stated the polarity."""
    target = context.target
    if target.task == "regression" or target.task == "multiclass" or context.config.data.positive is not None:
        return Verdicts()
    if not REVERSED_NAME.search(target.name):
        return Verdicts()
    share = _event_share(context)
    said = f"{target.name} reads as the good outcome, and its value 1 or yes is predicted ({100 * share:.0f} % of rows)"
    return Verdicts((finding("TB131", said, columns=[target.name], count=1),))


def follow_up(context: Context) -> Verdicts:
    """TB134: follow-up missing where the event is known, or much shorter at one centre."""
    if context.target.task not in SURVIVAL_TASKS:
        return Verdicts()
    findings: list[Finding] = []
    times, events = context.cohort.with_role("time"), context.cohort.with_role("event")
    if times and events:
        frame = context.cohort.frame
        lost = int((frame[times[0]].isna() & frame[events[0]].notna()).sum())
        if lost:
            findings.append(finding("TB134", f"follow-up missing in {counted(lost, 'row')} with a known event status",
                                    columns=[times[0]], count=lost))  # fmt: skip
    findings.extend(_short_centres(context))
    return Verdicts(tuple(findings))


def _short_centres(context: Context) -> list[Finding]:
    y = context.target.y
    overall = median_follow_up(y).value
    found: list[Finding] = []
    for group in context.centres:
        at = np.isin(context.target.rows, group.rows)
        if at.sum() < 20 or overall is None:
            continue
        here = median_follow_up(y[at]).value
        if here is not None and here < SHORT_FOLLOW_UP * overall:
            said = f"median follow-up {here:.0f} days at {group.label} against {overall:.0f} overall"
            found.append(finding("TB134", said, source=group.label, count=int(at.sum())))
    return found


def _event_share(context: Context) -> float:
    y = context.target.y
    return float(np.mean(y["event"] == 1 if context.target.task in SURVIVAL_TASKS else y == 1))

"""The audit: what a reviewer would object to, found before a model is fitted.

Each check reads one `Context` and answers with findings and with columns no model may see. Nothing is
dropped in silence: a column set aside has a code and a reason, and `data.keep` brings it back with a finding.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from tabml.core.cohort import Cohort
from tabml.core.config import StudyConfig
from tabml.core.findings import Finding, finding, ordered
from tabml.core.target import Target
from tabml.summary.audit import centres, leaks, missing, outcome
from tabml.summary.audit.context import Context, Verdicts, context

#: Set aside on suspicion: `fit` asks before it goes on. All other columns set aside are never asked about.
ASKED = "TB140"
EXACT = "exact copy of the outcome"
UPPER_BOUND = "kept on request: read the results as an upper bound"

CHECKS: tuple[Callable[[Context], Verdicts], ...] = (
    outcome.repeated_patients,
    outcome.class_sizes,
    outcome.event_coding,
    outcome.follow_up,
    missing.empty,
    missing.much_missing,
    missing.uneven,
    missing.tells_by_absence,
    missing.extremes,
    centres.separation,
    centres.drift,
    centres.absent,
    leaks.siblings,
    leaks.row_numbers,
    leaks.telling_names,
    leaks.copies,
    outcome.events_per_predictor,
)


@dataclass(frozen=True)
class Audit:
    """What the audit says.

    `set_aside`: column -> (code, reason). `features`: the columns models may see, in cohort order, with
    those the user keeps. `asks`: column -> what to type to keep it, for columns that only look like a leak.
    """

    findings: tuple[Finding, ...]
    set_aside: Mapping[str, tuple[str, str]]
    features: tuple[str, ...] = ()
    asks: Mapping[str, str] = field(default_factory=dict)


def audit(cohort: Cohort, target: Target, config: StudyConfig) -> Audit:
    """Check the cohort against its outcome; findings come grave first."""
    scene = context(cohort, target, config)
    verdicts = [check(scene) for check in CHECKS]
    strengths = leaks.column_strengths(scene, {name for v in verdicts for name in v.set_aside})
    verdicts.append(leaks.strong_columns(scene, strengths))
    suspected: dict[str, tuple[str, str]] = {}
    for verdict in verdicts:
        for name, why in verdict.set_aside.items():
            suspected.setdefault(name, why)
    keep = config.data.keep
    set_aside = {name: why for name, why in suspected.items() if name not in keep}
    kept = [
        finding(code, f"{name} is kept as asked: {reason}", columns=[name], count=1, remedy=UPPER_BOUND)
        for name, (code, reason) in suspected.items()
        if name in keep
    ]
    allowed = set(scene.columns) | set(cohort.with_role("sibling")) & set(keep)
    return Audit(
        ordered([*(f for v in verdicts for f in v.findings if not _superseded(f, suspected, keep)), *kept]),
        set_aside,
        tuple(n for n in cohort.frame.columns if n in allowed and n not in set_aside),
        {n: f"--keep {n}" for n, (code, reason) in set_aside.items() if code == ASKED and reason != EXACT},
    )


def _superseded(found: Finding, suspected: Mapping[str, tuple[str, str]], keep: tuple[str, ...]) -> bool:
    """A finding that says a column was set aside gives way to the one that says it was kept."""
    return (
        len(found.columns) == 1 and found.columns[0] in keep and suspected.get(found.columns[0], ("",))[0] == found.code
    )

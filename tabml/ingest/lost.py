"""Columns of which nothing could be read: a predictor without a value is no small loss, and most often a slip in the codebook."""

from __future__ import annotations

from collections.abc import Sequence

from tabml.core.errors import QuestionError
from tabml.core.findings import Finding


def lost_columns(findings: Sequence[Finding]) -> tuple[Finding, ...]:
    """Findings that say of a column that none of its cells could be read (see `cells`)."""
    return tuple(f for f in findings if f.code == "TB110" and f.severity == "grave")


def ask_for_lost(findings: Sequence[Finding], *, yes: bool) -> None:
    """QuestionError naming every column that was lost whole; with `yes` the variable is missing there, and said so."""
    lost = lost_columns(findings)
    if lost and not yes:
        raise QuestionError(
            "the codebook reads nothing of a column that has cells" if len(lost) == 1 else "the codebook reads nothing of columns that have cells",
            questions=[f"variable {f.columns[0]!r}: {f.evidence}" for f in lost],
            hint="correct kind:, unit:, recode: or the source's decimal: in the codebook, or --yes: they are missing there",
        )  # fmt: skip

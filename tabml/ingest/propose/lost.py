"""Columns that a rule leaves out: said as warnings that name them, for one may be the best predictor."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from tabml.core.findings import Finding, finding
from tabml.core.wording import counted
from tabml.ingest.propose.profile import Profile

LEVELS, DATE, UNREAD = "too many levels", "date without a role", "numbers that cannot be read"
#: Reasons for which something may be lost; a column that is empty, constant or a mere count loses nothing.
_LOSSES = (LEVELS, DATE)
SHOWN = 12


def reason_for_text(column: Profile) -> str:
    """Why a column of texts is left out."""
    if column.looks_numeric:
        return UNREAD
    return "free text" if column.is_free_text else LEVELS


def losses(unused: Mapping[str, str], columns: Sequence[Profile], source: str | None = None) -> tuple[Finding, ...]:
    """TB104 for columns left out by rule, TB110 for each column of numbers that could not be read, TB172 for free text."""
    lost = {header: reason for header, reason in unused.items() if reason in _LOSSES}
    found = [_unread(c, source) for c in columns if unused.get(c.header) == UNREAD]
    found += [
        finding("TB172", f"{h!r} holds free text; not used", columns=[h], count=1, source=source)
        for h, reason in unused.items()
        if reason == "free text"
    ]
    if lost:
        named = ", ".join(f"{h!r} ({reason})" for h, reason in list(lost.items())[:SHOWN])
        more = f" and {len(lost) - SHOWN} more" if len(lost) > SHOWN else ""
        evidence = f"left out by rule: {named}{more}"
        remedy = "name in a codebook how it is read (recode:, expr: days between dates), or --keep COL"
        found.append(finding("TB104", evidence, columns=list(lost), count=len(lost), source=source, remedy=remedy))
    return tuple(found)


def _unread(column: Profile, source: str | None) -> Finding:
    n = sum(column.counts.values())
    evidence = f"{column.header!r} begins with a number in nearly all of {counted(n, 'cell')}, but they cannot be read; not used"
    remedy = "name its unit in the header or a codebook, or write the numbers alone"
    return finding("TB110", evidence, columns=[column.header], count=n, source=source, remedy=remedy)

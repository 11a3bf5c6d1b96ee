"""Columns that tell the outcome: other endpoints, follow-up, and what is known only afterwards."""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np

from tabml.core.findings import Finding, finding
from tabml.core.wording import counted
from tabml.ingest.propose.profile import Profile
from tabml.ingest.propose.roles import Roles
from tabml.ingest.propose.words import AFTERWARDS, TIME

#: Two numbers with a shared head noun are forms of one score when they go together this closely (rank correlation).
SIBLING_CORRELATION = 0.8
#: Levels of an outcome that are in doubt themselves.
_DOUBTFUL = re.compile(
    r"suspect|unclear|uncertain|possible|verdacht|unklar|mistenkt|usikker|misstänkt|epäily|sospech", re.I
)


def set_aside_endpoints(
    columns: Sequence[Profile], roles: Roles, keep: Sequence[str]
) -> tuple[frozenset[str], tuple[Finding, ...]]:
    """Headers that get the role `sibling`, and the findings that say why (TB135, TB141)."""
    played = {roles.patient_id, roles.centre, roles.index_date, roles.outcome, roles.time, roles.event}
    by_name = {c.header: c for c in columns}
    endpoints = [by_name[h] for h in (roles.outcome, roles.event, roles.time) if h is not None]
    aside: set[str] = set()
    findings: list[Finding] = []
    for column in columns if endpoints else ():
        if column.header in played or column.header in keep or column.is_empty:
            continue
        if column.key in TIME and column.is_numeric and column.distinct >= 10:
            found = _finding("TB141", column, "names a follow-up time", endpoints)
        elif any(_same_score(column, endpoint) for endpoint in endpoints):
            found = _finding("TB135", column, "is another form of the same score", endpoints)
        elif set(column.key.split()) & AFTERWARDS:
            found = _finding("TB141", column, "names what is known only afterwards", endpoints)
        else:
            continue
        aside.add(column.header)
        findings.append(found)
    return frozenset(aside), tuple(findings)


def doubtful_levels(column: Profile) -> tuple[Finding, ...]:
    """Levels of the outcome whose own name says that they are in doubt (TB136)."""
    doubtful = [level for level in column.counts if _DOUBTFUL.search(level)]
    if column.is_numeric or not doubtful:
        return ()
    n = sum(column.counts[level] for level in doubtful)
    evidence = (
        f"the outcome {column.header!r} has {counted(len(doubtful), 'level')} in doubt by name ({counted(n, 'row')})"
    )
    return (finding("TB136", evidence, columns=[column.header], count=n),)


def _finding(code: str, column: Profile, why: str, endpoints: Sequence[Profile]) -> Finding:
    evidence = f"{column.header!r} {why}; set aside, for it may tell {endpoints[0].header!r}"
    return finding(code, evidence, columns=[column.header], count=1)


def _same_score(column: Profile, endpoint: Profile) -> bool:
    """Names that end in the same word (motor_UPDRS, total_UPDRS) and numbers that go together."""
    mine, other = column.key.split(), endpoint.key.split()
    if len(mine) < 2 and len(other) < 2:
        return False
    if not mine or not other or mine[-1] != other[-1] or len(mine[-1]) < 3 or mine == other:
        return False
    if column.is_numeric and endpoint.is_numeric:
        return abs(_rank_correlation(column, endpoint)) >= SIBLING_CORRELATION
    return column.kind == endpoint.kind == "category"


def _rank_correlation(a: Profile, b: Profile) -> float:
    known = ~np.isnan(a.numbers) & ~np.isnan(b.numbers)
    x, y = (np.argsort(np.argsort(v[known])).astype(float) for v in (a.numbers, b.numbers))
    if len(x) < 3 or x.std() == 0 or y.std() == 0:
        return 0.0
    return float(np.corrcoef(x, y)[0, 1])

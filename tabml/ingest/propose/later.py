"""Columns measured after the first visit: no predictors, unless somebody keeps them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from tabml.core.findings import Finding, finding
from tabml.ingest.layout import Table
from tabml.ingest.propose.stacks import parts_of
from tabml.ingest.shapes import later_headers


def later_columns(table: Table, keep: Iterable[str]) -> frozenset[str]:
    """The headers of one measurement at several times but the first one's, without those that are kept."""
    kept = set(keep)
    found = later_headers(parts_of(table)[0].headers)
    return frozenset(h for h in found if h not in kept and h.rsplit(" / ", 1)[-1] not in kept)


def later_findings(names: Sequence[str]) -> list[Finding]:
    """TB143 for the variables that were measured later."""
    if not names:
        return []
    listed = ", ".join(repr(name) for name in names[:12]) + (", ..." if len(names) > 12 else "")
    evidence = f"measured after the first visit by their names: {listed}; no predictors"
    remedy = "--keep COL where it is known when the prediction is made"
    return [finding("TB143", evidence, columns=names, count=len(names), severity="warn", remedy=remedy)]

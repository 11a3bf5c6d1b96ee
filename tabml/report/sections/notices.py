"""Findings as readers meet them: what it is in words, the evidence, what to do; the code last."""

from __future__ import annotations

from collections.abc import Sequence

from tabml.core.findings import KINDS
from tabml.report.blocks import Grid, Notice, Notices, TableRow, Tone
from tabml.report.document import Record
from tabml.report.words import SEVERITY

MOST = 12
TONES: dict[str, Tone] = {"grave": "bad", "warn": "caution", "info": "neutral"}


def notices(findings: Sequence[Record], title: str) -> Notices | None:
    """Findings under one title, those of one code and remedy together; None where there are none."""
    groups: dict[tuple[str, str, str], list[str]] = {}
    for found in findings:
        key = (str(found.get("code") or ""), str(found.get("severity") or "info"), str(found.get("remedy") or ""))
        groups.setdefault(key, []).append(str(found.get("evidence") or ""))
    return Notices(title, tuple(_notice(*key, lines) for key, lines in groups.items())) if groups else None


def counted(findings: Sequence[Record]) -> tuple[Grid, ...]:
    """Findings for information as one line a code: what, how often; the details stand in the summary of the data."""
    groups: dict[str, list[Record]] = {}
    for found in findings:
        groups.setdefault(str(found.get("code") or ""), []).append(found)
    if not groups:
        return ()
    rows = tuple(
        TableRow((_title(code, "info"), str(sum(int(f.get("count") or 1) for f in found)), code)) for code, found in groups.items()
    )  # fmt: skip
    note = "Counted and settled while reading the data; each is told in the data summary."
    return (Grid("For information", ("What", "Count", "Code"), rows, note),)


def _title(code: str, severity: str) -> str:
    kind = KINDS.get(code)
    title = kind.trigger if kind is not None else SEVERITY.get(severity, SEVERITY["info"])[1]
    return title[:1].upper() + title[1:]


def _notice(code: str, severity: str, remedy: str, lines: list[str]) -> Notice:
    shown = [line.rstrip(".") for line in lines if line][:MOST]
    if len(lines) > MOST:
        shown.append(f"and {len(lines) - MOST} more")
    return Notice(
        TONES.get(severity, "neutral"),
        _title(code, severity),
        tuple(shown),
        remedy.rstrip(".") if severity != "info" else "",
        code,
    )

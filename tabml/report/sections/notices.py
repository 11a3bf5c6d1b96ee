"""Findings as readers meet them: what it is in words, the evidence, what to do; the code last."""

from __future__ import annotations

from collections.abc import Sequence

from tabml.core.findings import KINDS
from tabml.report.blocks import Notice, Notices, Tone
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


def _notice(code: str, severity: str, remedy: str, lines: list[str]) -> Notice:
    kind = KINDS.get(code)
    title = kind.trigger if kind is not None else SEVERITY.get(severity, SEVERITY["info"])[1]
    shown = [line.rstrip(".") for line in lines if line][:MOST]
    if len(lines) > MOST:
        shown.append(f"and {len(lines) - MOST} more")
    return Notice(TONES.get(severity, "neutral"), title[:1].upper() + title[1:], tuple(shown), remedy.rstrip("."), code)

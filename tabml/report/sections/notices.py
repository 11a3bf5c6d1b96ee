"""Findings as readers meet them: what it is in words, the evidence, what to do; the code last."""

from __future__ import annotations

from collections.abc import Sequence

from tabml.core.findings import KINDS
from tabml.report.blocks import Notice, Notices, Tone
from tabml.report.document import Record
from tabml.report.words import SEVERITY

TONES: dict[str, Tone] = {"grave": "bad", "warn": "caution", "info": "neutral"}


def notices(findings: Sequence[Record], title: str) -> Notices | None:
    """A list of findings under one title; None where there are none."""
    if not findings:
        return None
    return Notices(title, tuple(_notice(f) for f in findings))


def _notice(found: Record) -> Notice:
    code, severity = str(found.get("code") or ""), str(found.get("severity") or "info")
    kind = KINDS.get(code)
    title = kind.trigger if kind is not None else SEVERITY.get(severity, SEVERITY["info"])[1]
    return Notice(
        TONES.get(severity, "neutral"),
        title[:1].upper() + title[1:],
        str(found.get("evidence") or ""),
        str(found.get("remedy") or ""),
        code,
    )

"""Section 2: who the patients were: the flow from files to analysis, the outcome by centre, Table 1."""

from __future__ import annotations

from typing import Any

from tabml.core.results import fixed
from tabml.core.target import horizon_text
from tabml.report.blocks import Block, Figure, Grid, Section, SideBySide, TableRow, Text
from tabml.report.document import Record, View, share_text
from tabml.report.figures import patients as drawings
from tabml.report.figures.performance import survival
from tabml.report.words import percent, whole

DASH = "–"
WIDE = 5  # columns of a table that still fits half a page


def section(view: View) -> Section:
    blocks: list[Block] = []
    flow = view.summary.get("flow") or ()
    by_centre = outcome_grid(view)
    drawing = (Figure(drawings.flow(flow), "From the files to the patients analysed; grey boxes left, with the reason."),) if flow else ()  # fmt: skip
    if drawing and by_centre and len(by_centre[0].columns) <= WIDE and not drawings.is_wide(flow):
        blocks.append(SideBySide(drawing, by_centre))
    else:
        blocks.extend((*drawing, *by_centre))
    blocks.extend(follow_up(view))
    blocks.extend(grid(t) for t in view.summary.get("tables") or () if t.get("rows"))
    if not blocks:
        blocks.append(Text("The study document holds no description of the patients."))
    return Section("patients", "Who were the patients?", tuple(blocks))


def outcome_grid(view: View) -> tuple[Grid, ...]:
    """How often the outcome happened, overall and at each centre."""
    lines: list[Record] = list(view.summary.get("outcome_by_centre") or ())
    if not lines:
        return ()
    lines = [*lines[1:], lines[0]] if len(lines) > 1 else lines
    if lines[0].get("levels"):
        labels = [str(v.get("label")) for v in lines[0]["levels"]]
        if view.task == "binary":
            labels = labels[-1:]
        rows = [_outcome_row(line, labels) for line in lines]
        columns = ("Centre", "Patients", *(_shown(view, label) for label in labels))
    else:
        rows = [(str(r.get("centre")), str(r.get("with_outcome")), _mean(r)) for r in lines]
        columns = ("Centre", "Patients", "Mean (SD)")
    named = tuple(TableRow(r, "strong" if r[0] == "All" and len(rows) > 1 else "plain") for r in rows)
    return (
        Grid(f"Outcome by centre: {view.outcome}" if len(rows) > 1 else f"Outcome: {view.outcome}", columns, named),
    )


def follow_up(view: View) -> tuple[Block, ...]:
    """Follow-up in a sentence and the Kaplan-Meier curve of all patients."""
    found = view.summary.get("follow_up")
    if not found:
        return ()
    median = found.get("median_days")
    said = (
        f"Half of the patients were followed for at least {_time(median)} (reverse Kaplan-Meier)."
        if median is not None
        else "Median follow-up was not reached."
    )
    blocks: list[Block] = [Text(f"{said} {found.get('events')} of {found.get('n')} had the event.")]
    km = found.get("km") or {}
    if km.get("x"):
        svg = survival([("All", km)], time_unit(float(km.get("end") or max(km["x"]))), key="km-all")
        blocks.append(
            Figure(svg, "All patients: share free of the event (Kaplan-Meier), 95 % band, numbers at risk below.")
        )
    return tuple(blocks)


def grid(table: Record) -> Grid:
    """Table 1 as {columns, rows} of the summary."""
    parts: list[Record] = list(table.get("columns") or ())
    columns = ("", *(f"{p.get('label')}\nn = {whole(p.get('n') or 0)}" for p in parts), "Missing", "SMD")
    rows = tuple(_table_row(r) for r in table.get("rows") or ())
    return Grid(str(table.get("title") or ""), columns, rows, str(table.get("note") or ""))


def time_unit(end_days: float) -> tuple[float, str]:
    """Days in the unit that suits a time axis of this length, and its name."""
    if end_days > 3 * 365.25:
        return 365.25, "years"
    return (30.4375, "months") if end_days > 180 else (1.0, "days")


def _table_row(row: Record) -> TableRow:
    smd, missing, share = row.get("smd"), row.get("missing"), row.get("missing_share")
    cells = (
        str(row.get("label") or ""),
        *(str(c) for c in row.get("cells") or ()),
        "" if missing is None else f"{missing} ({percent(share or 0)})" if missing else "0",
        "" if row.get("kind") == "level" else DASH if smd is None else fixed(smd, 2).replace("-", "−"),
    )
    kind = str(row.get("kind"))
    return TableRow(cells, "level" if kind == "level" else "head" if kind == "head" else "plain")


def _outcome_row(line: Record, labels: list[str]) -> tuple[str, ...]:
    levels: dict[str, Any] = {str(v.get("label")): v.get("n") for v in line.get("levels") or ()}
    whole = line.get("with_outcome")
    return (str(line.get("centre")), str(whole), *(share_text(levels.get(label), whole) for label in labels))


def _shown(view: View, label: str) -> str:
    return "With the outcome" if view.task == "binary" and label.casefold() in ("yes", "1") else label


def _mean(line: Record) -> str:
    mean, sd = line.get("mean"), line.get("sd")
    return DASH if mean is None else f"{mean:.3g} ({sd:.3g})"


def _time(days: float) -> str:
    if days >= 730:
        return f"{days / 365.25:.1f} years"
    return f"{days / 30.4375:.0f} months" if days >= 120 else horizon_text(round(days))

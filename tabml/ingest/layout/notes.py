"""Findings of reading and layout: what was set aside, hidden, broken or worked out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator

import numpy as np

from tabml.core.findings import Finding, finding
from tabml.ingest.layout.head import Head
from tabml.ingest.layout.table import Table
from tabml.ingest.read import column_letter

SURE = 0.9
#: What is counted for a sheet as a whole, whatever tables it holds.
OF_THE_SHEET = frozenset({"TB100", "TB101"})
MAX_PLACES = 1000


def layout_findings(table: Table, head: Head) -> tuple[Finding, ...]:
    """Every finding of one table, in order of code."""
    return (*_broken(table), *_hidden(table), *_set_aside(table), *_worked_out(table, head), *_ragged(table))


def _broken(table: Table) -> Iterator[Finding]:
    sheet = table.sheet
    if sheet.error_cells:
        total = sum(sheet.error_cells.values())
        kinds = ", ".join(f"{n} {word}" for word, n in sorted(sheet.error_cells.items()))
        places = [f"{sheet.name}, cell {place}" for place in sheet.error_at]
        yield finding("TB100", f"{sheet.name}: {_cells(total)} with an error ({kinds})", count=total, where=places)
    if sheet.uncached:
        places = [f"{sheet.name}, cell {place}" for place in sheet.uncached_at]
        evidence = f"{sheet.name}: {_cells(sheet.uncached)} with a formula that was never calculated, read as missing"
        yield finding("TB101", evidence, count=sheet.uncached, where=places)


def _hidden(table: Table) -> Iterator[Finding]:
    sheet = table.sheet
    hidden = [j for j, column in enumerate(table.columns) if column in sheet.hidden_columns]
    if hidden:
        letters = ", ".join(column_letter(table.columns[j]) for j in hidden[:12])
        yield finding(
            "TB102",
            f"{table.name}: {_plural(len(hidden), 'hidden column')} ({letters}), read",
            columns=[table.headers[j] for j in hidden],
            count=len(hidden),
        )
    rows = _among(table, sheet.hidden_rows)
    if rows:
        evidence = f"{table.name}: {_plural(len(rows), 'hidden row')} with data, read"
        yield finding("TB102", evidence, count=len(rows), where=[sheet.at(n) for n in rows[:MAX_PLACES]])


def _set_aside(table: Table) -> Iterator[Finding]:
    if not table.set_aside:
        return
    reasons = Counter(table.set_aside.values())
    listed = ", ".join(f"{n} {reason}" for reason, n in sorted(reasons.items()))
    n = len(table.set_aside)
    places = [table.sheet.at(number) for number in list(table.set_aside)[:MAX_PLACES]]
    yield finding("TB103", f"{table.name}: {_plural(n, 'row')} set aside ({listed})", count=n, where=places)


def _worked_out(table: Table, head: Head) -> Iterator[Finding]:
    sheet = table.sheet
    severity = "info" if head.stated else None
    if len(table.header_rows) > 1:
        rows = ", ".join(map(str, table.header_rows))
        evidence = f"{table.name}: header rows {rows} joined, merged cells filled"
        yield finding("TB105", evidence, count=len(table.header_rows), severity=severity)  # type: ignore[arg-type]
    if not table.header_rows:
        yield finding("TB105", f"{table.name}: no header row found; columns are named #1, #2, ...", count=1)
    elif head.score < SURE:
        evidence = f"{table.name}: row {table.header_rows[-1]} taken as header, confidence {head.score:.2f}"
        yield finding("TB105", evidence, count=1)
    if sheet.encoding_confidence < 1 or (sheet.encoding or "utf").partition("-")[0] != "utf":
        evidence = (
            f"{sheet.name}: encoding {sheet.encoding} told from its letters, confidence {sheet.encoding_confidence:.2f}"
        )
        yield finding("TB105", evidence, count=1, severity="info" if sheet.encoding_confidence >= SURE else None)
    if sheet.delimiter_confidence < SURE:
        evidence = f"{sheet.name}: delimiter {sheet.delimiter!r}, confidence {sheet.delimiter_confidence:.2f}"
        yield finding("TB105", evidence, count=1)
    yield from _repeated_names(table, head)


def _repeated_names(table: Table, head: Head) -> Iterator[Finding]:
    names = [head.names[c - 1] if c <= len(head.names) else "" for c in table.columns]
    repeated = [h for h, name in zip(table.headers, names, strict=True) if name and h != name]
    if repeated:
        evidence = f"{table.name}: {_plural(len(repeated), 'header')} standing twice, numbered (2), (3)"
        yield finding("TB105", evidence, columns=repeated, count=len(repeated))


def _ragged(table: Table) -> Iterator[Finding]:
    rows = _among(table, table.sheet.ragged)
    if rows:
        evidence = f"{table.name}: {_plural(len(rows), 'record')} with another number of fields than the header"
        yield finding("TB106", evidence, count=len(rows), where=[table.sheet.at(n) for n in rows[:MAX_PLACES]])


def _among(table: Table, numbers: Collection[int]) -> list[int]:
    """Those of the row numbers that are data rows, in order."""
    data = np.isin(np.fromiter(numbers, dtype=np.int64, count=len(numbers)), table.row_numbers)
    return sorted(number for number, is_data in zip(numbers, data, strict=True) if is_data)


def _cells(n: int) -> str:
    return _plural(n, "cell")


def _plural(n: int, noun: str) -> str:
    return f"{n} {noun}" if n == 1 else f"{n} {noun}s"

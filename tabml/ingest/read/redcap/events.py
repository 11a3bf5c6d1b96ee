"""REDCap's longitudinal and repeating projects: events side by side, repeating instruments as long tables.

An export holds one row per record, event and repetition, empty wherever a field belongs elsewhere. Here it
becomes the table `records` (one row per record; a field of several events has its first under its own name
and the later ones as `event / field`) and one table per repeating instrument. Addresses stay those of the file.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from tabml.core.findings import Finding, finding
from tabml.ingest.read.column import Column
from tabml.ingest.read.records import Origin, RawSheet, Stated

EVENT, INSTRUMENT, INSTANCE = "redcap_event_name", "redcap_repeat_instrument", "redcap_repeat_instance"
#: The same in an export of labels, and the header of every form's state there.
LABEL_HEADERS = frozenset(("Event Name", "Repeat Instrument", "Repeat Instance", "Complete?", "Survey Identifier"))
RECORDS = "records"
ARM = "redcap_arm"
BETWEEN = " / "
_ARM = re.compile(r"^(.*?)_arm_(\d+)$")
Positions = NDArray[np.int64]


def headers_of(sheet: RawSheet) -> list[str]:
    """The texts of the first row."""
    return [column.text(0) if len(column) else "" for column in sheet.columns]


def has_events(sheet: RawSheet) -> bool:
    """Whether the export has events or repeating instruments."""
    headers = headers_of(sheet)
    return sheet.n_rows > 1 and bool(headers and headers[0]) and (EVENT in headers or INSTRUMENT in headers)


@dataclass(frozen=True)
class _Export:
    """A raw export: its rows' record ids, events and instruments; positions count rows below the header."""

    sheet: RawSheet
    headers: list[str]
    record: list[str]
    event: list[str]
    instrument: list[str]
    instance: list[str]

    @classmethod
    def of(cls, sheet: RawSheet) -> _Export:
        headers = headers_of(sheet)

        def texts(name: str) -> list[str]:
            if name not in headers:
                return [""] * (sheet.n_rows - 1)
            return [t.strip() for t in sheet.columns[headers.index(name)].slice(1).to_list()]

        return cls(sheet, headers, texts(headers[0]), texts(EVENT), texts(INSTRUMENT), texts(INSTANCE))

    @property
    def fields(self) -> list[int]:
        """Columns that hold the project's own fields."""
        return [j for j, h in enumerate(self.headers) if j and h not in (EVENT, INSTRUMENT, INSTANCE)]

    def taken(self, column: int, positions: Positions) -> pa.Array:
        """Texts of a column at these rows, null where the position is -1."""
        texts = self.sheet.columns[column].slice(1).to_arrow()
        return texts.take(pa.array(np.maximum(positions, 0), mask=positions < 0))

    def holds(self, column: int, positions: Positions) -> bool:
        return bool(self.taken(column, positions).null_count < len(positions))


def lay_out(sheet: RawSheet) -> tuple[RawSheet, ...]:
    """The tables of an export with events or repeats; the sheet itself where its rows do not fit that order."""
    export = _Export.of(sheet)
    repeating = np.array([bool(a or b) for a, b in zip(export.instrument, export.instance, strict=True)], dtype=bool)
    events = _events(export, np.flatnonzero(~repeating))
    if events is None:
        evidence = f"{sheet.name}: some record has several rows of one event; the rows are kept as they are"
        return (_saying(sheet, finding("TB109", evidence, severity="warn", count=1)),)
    wide = _records(export, events) if events else None
    long = _repeats(export, np.flatnonzero(repeating))
    tables = ([wide] if wide is not None else []) + long
    told = _told(export, events, tables)
    return (_saying(tables[0], told), *tables[1:]) if tables else (sheet,)


def _saying(sheet: RawSheet, told: Finding) -> RawSheet:
    return replace(sheet, said=(*sheet.said, told))


def _events(export: _Export, rows: Positions) -> dict[str, dict[str, int]] | None:
    """Event -> record -> row, in order of first appearance; None where a record has an event twice.

    The arms of a study share an event's name unless some record has rows in both.
    """
    for name in (_without_arm, str):
        events: dict[str, dict[str, int]] = {}
        is_single = True
        for row in rows.tolist():
            records = events.setdefault(name(export.event[row]), {})
            is_single &= export.record[row] not in records
            records[export.record[row]] = row
        if is_single:
            return events
    return None


def _without_arm(event: str) -> str:
    found = _ARM.match(event)
    return found[1] if found else event


def _records(export: _Export, events: dict[str, dict[str, int]]) -> RawSheet:
    records = list(dict.fromkeys(r for by_record in events.values() for r in by_record))
    rows = {e: np.array([by.get(r, -1) for r in records], dtype=np.int64) for e, by in events.items()}
    first = np.max(np.stack([np.where(p >= 0, p, -1) for p in rows.values()]), axis=0)
    for positions in reversed(list(rows.values())):
        first = np.where(positions >= 0, positions, first)
    names, columns, origins = [export.headers[0]], [export.taken(0, first)], [(1, first)]
    arms = sorted({found[2] for e in export.event if (found := _ARM.match(e))})
    if len(arms) > 1:
        column = export.headers.index(EVENT)
        texts = [export.event[i] for i in first.tolist()]
        names.append(ARM)
        columns.append(pa.array([f[2] if (f := _ARM.match(t)) else None for t in texts], pa.string()))
        origins.append((column + 1, first))
    later = set()
    for field in export.fields:
        held = [e for e, positions in rows.items() if export.holds(field, positions)]
        if not held and export.holds(field, np.arange(len(export.record))):
            continue  # only a repeating instrument holds it
        for i, event in enumerate(held or list(rows)[:1]):
            names.append(export.headers[field] if i == 0 else f"{event}{BETWEEN}{export.headers[field]}")
            columns.append(export.taken(field, rows[event]))
            origins.append((field + 1, rows[event]))
            if event != next(iter(rows)):
                later.add(len(names))
    wide = _table(export.sheet, RECORDS, names, columns, origins)
    stated = {n: replace(wide.stated.get(n, Stated()), timing="later") for n in sorted(later)}
    return replace(wide, stated={**wide.stated, **stated})


def _repeats(export: _Export, rows: Positions) -> list[RawSheet]:
    """One long table per repeating instrument, or per repeating event: record, event, instance and what it holds."""
    groups: dict[str, list[int]] = {}
    for row in rows.tolist():
        groups.setdefault(export.instrument[row] or _without_arm(export.event[row]) or "repeats", []).append(row)
    tables = []
    for name, members in groups.items():
        positions = np.array(members, dtype=np.int64)
        own = [j for j in export.fields if export.holds(j, positions)]
        keys = [export.headers.index(h) for h in (EVENT, INSTANCE) if h in export.headers]
        chosen = [0, *keys, *own]
        tables.append(
            _table(
                export.sheet,
                name,
                [export.headers[j] for j in chosen],
                [export.taken(j, positions) for j in chosen],
                [(j + 1, positions) for j in chosen],
            )
        )
    return tables


def _table(
    sheet: RawSheet,
    name: str,
    names: Sequence[str],
    columns: Sequence[pa.Array],
    origins: Sequence[tuple[int, Positions]],
) -> RawSheet:
    cells = tuple(
        Column.of_texts(pa.concat_arrays([pa.array([n or None], pa.string()), c.cast(pa.string())]))
        for n, c in zip(names, columns, strict=True)
    )
    return RawSheet(
        sheet.file, sheet.sha256, name, cells, encoding=sheet.encoding, encoding_confidence=sheet.encoding_confidence,
        delimiter=sheet.delimiter, delimiter_confidence=sheet.delimiter_confidence, header_rows=(1,),
        stated={n: sheet.stated[c] for n, (c, _) in enumerate(origins, start=1) if c in sheet.stated},
        origin=Origin(tuple(c for c, _ in origins), tuple(p for _, p in origins)),
    )  # fmt: skip


def _told(export: _Export, events: dict[str, dict[str, int]], tables: Sequence[RawSheet]) -> Finding:
    n = len(export.record)
    parts = []
    if events:
        once = sum(map(len, events.values()))
        wide = tables[0]
        parts.append(
            f"{once} rows of {len(events)} events side by side ({wide.n_rows - 1} records, {wide.width} columns)"
        )
    long = tables[1:] if events else tables
    parts += [f"{t.n_rows - 1} rows of {t.sheet!r} as a table of their own" for t in long]
    evidence = f"{export.sheet.file}: REDCap export of {n} rows laid out as tables: {'; '.join(parts)}"
    return finding("TB109", evidence, count=n)

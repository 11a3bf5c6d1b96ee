"""Workbooks: guarded, then read by calamine here or, when large or unusual, in a child process."""

from __future__ import annotations

import pickle
import re
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

from tabml.core.config import Data
from tabml.core.errors import InputError
from tabml.ingest.read import child
from tabml.ingest.read.column import CellValue
from tabml.ingest.read.document import Document
from tabml.ingest.read.guard import Guarded, damaged, guard
from tabml.ingest.read.process import running
from tabml.ingest.read.records import RawSheet, Row
from tabml.ingest.read.scan import SheetFacts
from tabml.ingest.read.sniff import DECRYPT, RESAVE, Content

#: Unpacked bytes up to which a clean workbook is read in this process: its cells cannot need more than a
#: few hundred MB, so a child (about 0.1 s, and every cell sent through a pipe) would protect nothing.
SMALL_WORKBOOK = 32_000_000
BYTES_PER_CELL = 120  # a calamine cell, its Python object and its place in two rows, rounded up
_SPAN = re.compile(r"PT(\d+)H(\d+)M(\d+)(?:[.,]\d+)?S")
BASE_BYTES = 1 << 30  # interpreter, libraries and one chunk of rows


@dataclass(frozen=True)
class _Sheet:
    name: str
    hidden: bool
    merged: tuple[tuple[int, int, int, int], ...]
    rows: tuple[Row, ...]


def read_workbook(document: Document, content: Content, data: Data) -> tuple[RawSheet, ...]:
    """Every worksheet of an xlsx, xlsm, xlsb, xls or ods workbook, hidden ones too."""
    guarded = guard(document, content, data)
    mend = any(sheet.has_odd_errors for sheet in guarded.sheets)
    if content == "xlsx" and guarded.is_clean and guarded.unpacked <= SMALL_WORKBOOK:
        with document.open() as stream:
            parsed = _collect(child.messages(stream, mend=mend), document.name)
    else:
        parsed = _parse_in_child(document, _memory_needed(guarded), mend=mend)
    facts = {sheet.name: sheet for sheet in guarded.sheets}
    if content == "ods":
        parsed = [replace(sheet, rows=tuple(map(_with_spans, sheet.rows))) for sheet in parsed]
    return tuple(_raw(document, sheet, facts.get(sheet.name)) for sheet in parsed)


def _raw(document: Document, sheet: _Sheet, facts: SheetFacts | None) -> RawSheet:
    rows = _trimmed(sheet.rows)
    raw = RawSheet.of_rows(document.name, document.sha256, sheet.name, rows, hidden=sheet.hidden, merged=sheet.merged)
    if facts is None:
        return raw
    return replace(
        raw,
        hidden=sheet.hidden or facts.hidden,
        hidden_rows=frozenset(facts.hidden_rows),
        hidden_columns=frozenset(facts.hidden_columns),
        merged=tuple(sorted(facts.merged)),
        error_cells=dict(sorted(facts.errors.items())),
        error_at=tuple(facts.error_at),
        uncached=facts.uncached,
        uncached_at=tuple(facts.uncached_at),
    )


def _with_spans(row: Row) -> Row:
    """Durations of an ods workbook, which calamine leaves as they are written: PT30H05M00S."""
    return tuple([_span(v) if isinstance(v, str) and v.startswith("PT") else v for v in row])


def _span(text: str) -> CellValue:
    found = _SPAN.fullmatch(text)
    if not found:
        return text
    hours, minutes, seconds = (int(part) for part in found.groups())
    return timedelta(hours=hours, minutes=minutes, seconds=seconds)


def _trimmed(rows: tuple[Row, ...]) -> tuple[Row, ...]:
    last = len(rows)
    while last and all(value is None for value in rows[last - 1]):
        last -= 1
    width = max((len(row) for row in rows[:last]), default=0)
    if all(len(row) == width for row in rows[:last]):
        return rows[:last]
    return tuple(row + (None,) * (width - len(row)) for row in rows[:last])


def _memory_needed(guarded: Guarded) -> int:
    """Address space a harmless workbook of this size can need, with room to spare."""
    largest = max((sheet.box for sheet in guarded.sheets), default=0)
    return BASE_BYTES + BYTES_PER_CELL * largest + 8 * guarded.unpacked


def _parse_in_child(document: Document, memory: int, *, mend: bool = False) -> list[_Sheet]:
    source = "-" if document.content is not None else str(document.path.resolve())
    script = [str(Path(child.__file__)), source, str(memory), "mend" if mend else "as-is"]
    with running([sys.executable, "-P", *script], document.content) as process:
        return _collect(_received(process.stdout), document.name)


def _received(stream: Any) -> Iterator[child.Message]:
    while True:
        try:
            yield child.SafeUnpickler(stream).load()
        except (EOFError, pickle.UnpicklingError):
            # stopped by the memory limit, or aborted: no more can be learned from it
            yield "error", "MemoryError", None
            return


def _collect(messages: Iterable[child.Message], file: str) -> list[_Sheet]:
    """Sheets from the messages of a reader; InputError for its failure."""
    sheets: list[_Sheet] = []
    rows: list[Row] = []
    head: child.Message | None = None
    for message in messages:
        if message[0] == "rows":
            rows.extend(message[1])
            continue
        if head is not None:
            sheets.append(_Sheet(head[1], head[2], tuple(sorted(head[3])), tuple(rows)))
        if message[0] == "error":
            raise _reader_error(file, message[1], message[2])
        if message[0] == "end":
            break
        rows, head = [], message
    return sheets


def _reader_error(file: str, kind: str, sheet: str | None) -> InputError:
    if kind == "PasswordError":
        return InputError("the workbook is encrypted with a password", where=file, hint=DECRYPT)
    if kind == "MemoryError":
        return InputError("the reader of the workbook ran out of memory and was stopped", where=file, hint=RESAVE)
    return damaged(file, sheet)

"""Workbooks: guarded, then read by calamine here or, when large or unusual, in a child process."""

from __future__ import annotations

import gc
import re
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from tabml.core.config import Data
from tabml.core.errors import InputError
from tabml.ingest.read import child
from tabml.ingest.read.column import CellValue, Column, any_filled, stacked
from tabml.ingest.read.document import Document
from tabml.ingest.read.guard import Guarded, damaged, guard
from tabml.ingest.read.process import running
from tabml.ingest.read.records import RawSheet
from tabml.ingest.read.scan import SheetFacts
from tabml.ingest.read.sniff import DECRYPT, RESAVE, Content
from tabml.ingest.read.typed import mixed_column

#: Unpacked bytes up to which a clean workbook is read in this process: its cells cannot need more than a
#: few hundred MB, so a child (a quarter of a second, and every cell sent through a pipe) would protect nothing.
SMALL_WORKBOOK = 256_000_000
BYTES_PER_CELL = 120  # a calamine cell, its Python object and its place in two rows, rounded up
BASE_BYTES = 1 << 30  # interpreter, libraries and one chunk of rows
_SPAN = re.compile(r"PT(\d+)H(\d+)M(\d+)(?:[.,]\d+)?S")


@dataclass(frozen=True)
class _Sheet:
    name: str
    hidden: bool
    merged: tuple[tuple[int, int, int, int], ...]
    columns: tuple[Column, ...]


def read_workbook(document: Document, content: Content, data: Data) -> tuple[RawSheet, ...]:
    """Every worksheet of an xlsx, xlsm, xlsb, xls or ods workbook, hidden ones too."""
    guarded = guard(document, content, data)
    mend = any(sheet.has_odd_errors for sheet in guarded.sheets)
    if content == "xlsx" and guarded.is_clean and guarded.unpacked <= SMALL_WORKBOOK:
        with document.open() as stream, _uncollected():
            parsed = _collect(child.messages(stream, mend=mend), document.name)
    else:
        parsed = _parse_in_child(document, _memory_needed(guarded), mend=mend)
    facts = {sheet.name: sheet for sheet in guarded.sheets}
    if content == "ods":
        parsed = [replace(sheet, columns=tuple(map(_with_spans, sheet.columns))) for sheet in parsed]
    return tuple(_raw(document, sheet, facts.get(sheet.name)) for sheet in parsed)


@contextmanager
def _uncollected() -> Iterator[None]:
    """Without looks for garbage, which find none among millions of fresh cells."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


def _raw(document: Document, sheet: _Sheet, facts: SheetFacts | None) -> RawSheet:
    raw = RawSheet(document.name, document.sha256, sheet.name, sheet.columns, hidden=sheet.hidden, merged=sheet.merged)
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


def _with_spans(column: Column) -> Column:
    """Durations of an ods workbook, which calamine leaves as they are written: PT30H05M00S."""
    if not any(_SPAN.fullmatch(text) for text in column.distinct):
        return column
    return Column.of([_span(value) for value in column.values()])


def _span(value: CellValue) -> CellValue:
    found = _SPAN.fullmatch(value) if isinstance(value, str) else None
    if not found:
        return value
    hours, minutes, seconds = (int(part) for part in found.groups())
    return timedelta(hours=hours, minutes=minutes, seconds=seconds)


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
    with suppress(pa.ArrowException, ValueError):
        yield from child.receive(stream)
    # stopped by the memory limit, or aborted: no more can be learned from it
    yield "error", "MemoryError", None


def _collect(messages: Iterable[child.Message], file: str) -> list[_Sheet]:
    """Sheets from the messages of a reader; InputError for its failure."""
    sheets: list[_Sheet] = []
    chunks: list[tuple[Column, ...]] = []
    head: child.Message | None = None
    for message in messages:
        if message[0] == "cells":
            chunks.append(_columns(message[1]))
            continue
        if head is not None:
            merged = tuple(sorted((a, b, c, d) for a, b, c, d in head[3]))
            sheets.append(_Sheet(head[1], head[2], merged, _whole(chunks, before=head[4])))
        if message[0] == "error":
            raise _reader_error(file, message[1], message[2])
        if message[0] == "end":
            break
        chunks, head = [], message
    return sheets


def _columns(batch: pa.RecordBatch) -> tuple[Column, ...]:
    parts: dict[str, list[pa.Array]] = {}
    for name, array in zip(batch.schema.names, batch.columns, strict=True):
        parts.setdefault(name, []).append(array)
    return tuple(map(mixed_column, parts.values()))


def _whole(chunks: list[tuple[Column, ...]], *, before: int) -> tuple[Column, ...]:
    """The columns of a sheet without the empty rows at its end."""
    columns = stacked(chunks)
    filled = any_filled(columns)
    last = int(np.flatnonzero(filled)[-1]) + 1 if filled.any() else 0
    empty = [Column.empty(last)] * before if columns else []
    return (*empty, *(column.slice(0, last) for column in columns))


def _reader_error(file: str, kind: str, sheet: str | None) -> InputError:
    if kind == "PasswordError":
        return InputError("the workbook is encrypted with a password", where=file, hint=DECRYPT)
    if kind == "MemoryError":
        return InputError("the reader of the workbook ran out of memory and was stopped", where=file, hint=RESAVE)
    return damaged(file, sheet)

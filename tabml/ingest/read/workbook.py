"""Workbooks: guarded, then read by calamine here or, when large or unusual, in a child process."""

from __future__ import annotations

import hashlib
import os
import pickle
import subprocess
import sys
import zipfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from tabml.core.config import Data
from tabml.core.errors import InputError
from tabml.ingest.read import child
from tabml.ingest.read.guard import Guarded, check_archive, damaged, guard
from tabml.ingest.read.records import RawSheet, Row
from tabml.ingest.read.scan import SheetFacts
from tabml.ingest.read.sniff import DECRYPT, RESAVE, Content, unreadable

#: Unpacked bytes up to which a clean workbook is read in this process: its cells cannot need more than a
#: few hundred MB, so a child (about 0.1 s, and every cell sent through a pipe) would protect nothing.
SMALL_WORKBOOK = 32_000_000
BYTES_PER_CELL = 120  # a calamine cell, its Python object and its place in two rows, rounded up
BASE_BYTES = 1 << 30  # interpreter, libraries and one chunk of rows


@dataclass(frozen=True)
class _Sheet:
    name: str
    hidden: bool
    merged: tuple[tuple[int, int, int, int], ...]
    rows: tuple[Row, ...]


def read_workbook(path: Path, content: Content, data: Data) -> tuple[RawSheet, ...]:
    """Every worksheet of an xlsx, xlsm, xlsb, xls or ods workbook, hidden ones too."""
    guarded = guard(path, data) if content == "xlsx" else None
    if content in ("xlsb", "ods"):
        with zipfile.ZipFile(path) as archive:
            check_archive(archive, path, data)
    is_small = guarded is not None and guarded.is_clean and guarded.unpacked <= SMALL_WORKBOOK
    mend = guarded is not None and any(sheet.has_odd_errors for sheet in guarded.sheets)
    if is_small:
        parsed = _collect(child.messages(str(path), mend=mend), path)
    else:
        parsed = _parse_in_child(path, _memory_needed(path, guarded), mend=mend)
    facts = {sheet.name: sheet for sheet in guarded.sheets} if guarded else {}
    digest = _sha256(path)
    return tuple(_raw(path.name, digest, sheet, facts.get(sheet.name)) for sheet in parsed)


def _raw(file: str, digest: str, sheet: _Sheet, facts: SheetFacts | None) -> RawSheet:
    rows = _trimmed(sheet.rows)
    raw = RawSheet.of_rows(file, digest, sheet.name, rows, hidden=sheet.hidden, merged=sheet.merged)
    if facts is None:
        return raw
    return replace(
        raw,
        hidden=facts.hidden,
        hidden_rows=frozenset(facts.hidden_rows),
        hidden_columns=frozenset(facts.hidden_columns),
        merged=tuple(sorted(facts.merged)),
        error_cells=dict(sorted(facts.errors.items())),
        error_at=tuple(facts.error_at),
        uncached=facts.uncached,
        uncached_at=tuple(facts.uncached_at),
    )


def _trimmed(rows: tuple[Row, ...]) -> tuple[Row, ...]:
    last = len(rows)
    while last and all(value is None for value in rows[last - 1]):
        last -= 1
    width = max((len(row) for row in rows[:last]), default=0)
    if all(len(row) == width for row in rows[:last]):
        return rows[:last]
    return tuple(row + (None,) * (width - len(row)) for row in rows[:last])


def _sha256(path: Path) -> str:
    try:
        with path.open("rb") as stream:
            return hashlib.file_digest(stream, "sha256").hexdigest()
    except OSError as error:
        raise unreadable(path, error) from None


def _memory_needed(path: Path, guarded: Guarded | None) -> int:
    """Address space a harmless workbook of this size can need, with room to spare."""
    if guarded is not None:
        largest = max((sheet.box for sheet in guarded.sheets), default=0)
        return BASE_BYTES + BYTES_PER_CELL * largest + 8 * guarded.unpacked
    unpacked = path.stat().st_size
    if zipfile.is_zipfile(path):
        with zipfile.ZipFile(path) as archive:
            unpacked = sum(part.file_size for part in archive.infolist())
    return BASE_BYTES + 40 * unpacked


def _parse_in_child(path: Path, memory: int, *, mend: bool = False) -> list[_Sheet]:
    script = [str(Path(child.__file__)), str(path.resolve()), str(memory), "mend" if mend else "as-is"]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(p for p in sys.path if p)}
    with subprocess.Popen(
        [sys.executable, "-P", *script],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env=environment,
    ) as process:
        try:
            return _collect(_received(process.stdout), path)
        finally:
            process.kill()


def _received(stream: Any) -> Iterator[child.Message]:
    while True:
        try:
            yield child.SafeUnpickler(stream).load()
        except (EOFError, pickle.UnpicklingError):
            # stopped by the memory limit, or aborted: no more can be learned from it
            yield "error", "MemoryError", None
            return


def _collect(messages: Iterable[child.Message], path: Path) -> list[_Sheet]:
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
            raise _reader_error(path, message[1], message[2])
        if message[0] == "end":
            break
        rows, head = [], message
    return sheets


def _reader_error(path: Path, kind: str, sheet: str | None) -> InputError:
    if kind == "PasswordError":
        return InputError("the workbook is encrypted with a password", where=path.name, hint=DECRYPT)
    if kind == "MemoryError":
        return InputError("the reader of the workbook ran out of memory and was stopped", where=path.name, hint=RESAVE)
    return damaged(path, sheet)

"""The cells of a workbook through calamine, in this process or as a child under a memory limit.

This file imports nothing of tabml, so that it can be run as a script: a damaged workbook can make the
reader ask for terabytes and abort the whole interpreter, which nothing in it can catch.
"""

from __future__ import annotations

import io
import pickle
import re
import sys
import zipfile
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any, BinaryIO

CHUNK_ROWS = 2000
SAFE = {("datetime", kind.__name__): kind for kind in (date, datetime, time, timedelta)}
#: Error words calamine knows; for any other (LibreOffice writes `Err:502`) it refuses the whole sheet.
KNOWN_ERRORS = frozenset((b"#DIV/0!", b"#N/A", b"#NAME?", b"#NULL!", b"#NUM!", b"#REF!", b"#VALUE!"))
_ERROR_CELL = re.compile(
    rb"""(<(?:\w+:)?c\s[^<>]*?\bt=["']e["'][^<>]*>(?:<(?:\w+:)?f(?:\s[^<>]*)?(?:/>|>[^<]*</(?:\w+:)?f>))?<(?:\w+:)?v>)([^<]*)"""
)
Message = tuple[Any, ...]


def messages(stream: BinaryIO, *, mend: bool = False) -> Iterator[Message]:
    """A workbook as messages: per sheet `("sheet", name, hidden, merged)` and `("rows", rows)`, then `("end",)`.

    Rows start at A1 and hold None where blank; merged ranges count from 1. A reader that fails gives
    `("error", kind, sheet)` instead. `mend` replaces error words that calamine does not know.
    """
    name = None
    try:
        from python_calamine import CalamineWorkbook, SheetTypeEnum, SheetVisibleEnum

        # from_path would believe the suffix
        workbook = CalamineWorkbook.from_filelike(mended(stream) if mend else stream)
        for entry in workbook.sheets_metadata:
            if entry.typ != SheetTypeEnum.WorkSheet:
                continue
            name = entry.name
            sheet = workbook.get_sheet_by_name(name)
            merged = [(a + 1, b + 1, c + 1, d + 1) for (a, b), (c, d) in sheet.merged_cell_ranges or ()]
            yield "sheet", name, entry.visible != SheetVisibleEnum.Visible, merged
            yield from _chunks(sheet)
        yield ("end",)
    except (GeneratorExit, KeyboardInterrupt, SystemExit):
        raise
    except BaseException as error:  # a panic of the reader is no Exception
        yield "error", type(error).__name__, name


def _chunks(sheet: Any) -> Iterator[Message]:
    chunk: list[tuple[Any, ...]] = []
    for row in rows(sheet):
        chunk.append(row)
        if len(chunk) == CHUNK_ROWS:
            yield "rows", chunk
            chunk = []
    yield "rows", chunk


def mended(stream: BinaryIO) -> io.BytesIO:
    """The workbook with unknown error words written as #VALUE!, in memory."""
    out = io.BytesIO()
    with zipfile.ZipFile(stream) as archive, zipfile.ZipFile(out, "w", zipfile.ZIP_STORED) as copy:
        for part in archive.infolist():
            content = archive.read(part)
            copy.writestr(
                part.filename,
                _ERROR_CELL.sub(_known_error, content) if b"/worksheets/" in part.filename.encode() else content,
            )
    out.seek(0)
    return out


def _known_error(found: re.Match[bytes]) -> bytes:
    return found[1] + (found[2] if found[2] in KNOWN_ERRORS else b"#VALUE!")


def rows(sheet: Any) -> Iterator[tuple[Any, ...]]:
    """Rows from A1: calamine keeps the empty rows above a table but drops the empty columns before it."""
    if sheet.start is None:
        return
    before = (None,) * sheet.start[1]
    for row in sheet.iter_rows():
        yield before + tuple([None if value == "" else value for value in row])


class SafeUnpickler(pickle.Unpickler):
    """Reads the child's rows: plain values, dates and times, nothing else."""

    def find_class(self, module: str, name: str) -> Any:
        if (module, name) in SAFE:
            return SAFE[module, name]
        raise pickle.UnpicklingError(f"{module}.{name} is no cell value")


def send(stream: BinaryIO, out: BinaryIO, *, mend: bool) -> None:
    """Write the messages of a workbook, each pickled by itself."""
    for message in messages(stream, mend=mend):
        pickle.dump(message, out, protocol=5)
    out.flush()


def limit_memory(n_bytes: int) -> None:
    """Cap this process's address space where the platform can."""
    try:
        import resource
    except ImportError:
        return
    try:
        resource.setrlimit(resource.RLIMIT_AS, (n_bytes, n_bytes))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    except (ValueError, OSError):
        return


def opened(path: str) -> BinaryIO:
    """The workbook of a path; `-` is one whose bytes come through standard input."""
    return io.BytesIO(sys.stdin.buffer.read()) if path == "-" else Path(path).open("rb")


if __name__ == "__main__":
    limit_memory(int(sys.argv[2]))
    with opened(sys.argv[1]) as workbook:
        send(workbook, sys.stdout.buffer, mend=sys.argv[3] == "mend")

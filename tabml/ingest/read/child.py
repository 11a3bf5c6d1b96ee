"""The cells of a workbook through calamine, in this process or as a child under a memory limit.

This file imports nothing of tabml, so that it can be run as a script: a damaged workbook can make the
reader ask for terabytes and abort the whole interpreter, which nothing in it can catch.
"""

from __future__ import annotations

import gc
import io
import json
import re
import sys
import zipfile
from collections.abc import Iterator, Sequence
from datetime import date, datetime, time, timedelta
from itertools import islice
from pathlib import Path
from typing import Any, BinaryIO

import pyarrow as pa

CHUNK_ROWS = 20_000
#: A message on the pipe: one of these letters, the length in 8 bytes, the body.
WORDS, CELLS = b"W", b"C"
#: Every type a cell can have, and what carries it.
ARROW: dict[type, pa.DataType] = {
    str: pa.string(), float: pa.float64(), int: pa.int64(), bool: pa.bool_(), date: pa.date32(),
    datetime: pa.timestamp("us"), time: pa.time64("us"), timedelta: pa.duration("us"),
}  # fmt: skip
#: Error words calamine knows; for any other (LibreOffice writes `Err:502`) it refuses the whole sheet.
KNOWN_ERRORS = frozenset((b"#DIV/0!", b"#N/A", b"#NAME?", b"#NULL!", b"#NUM!", b"#REF!", b"#VALUE!"))
_ERROR_CELL = re.compile(
    rb"""(<(?:\w+:)?c\s[^<>]*?\bt=["']e["'][^<>]*>(?:<(?:\w+:)?f(?:\s[^<>]*)?(?:/>|>[^<]*</(?:\w+:)?f>))?<(?:\w+:)?v>)([^<]*)"""
)
Message = tuple[Any, ...]


def messages(stream: BinaryIO, *, mend: bool = False) -> Iterator[Message]:
    """A workbook as messages: per sheet `("sheet", name, hidden, merged, before)` and `("cells", batch)`, then `("end",)`.

    A batch holds the next rows from row 1 on. `before` columns left of it are empty; its fields are named by
    their column, and a column has one field for each type of its cells, null where a cell is of another.
    Merged ranges count from 1. A reader that fails gives `("error", kind, sheet)` instead. `mend` replaces
    error words that calamine does not know.
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
            before = sheet.start[1] if sheet.start is not None else 0
            yield "sheet", name, entry.visible != SheetVisibleEnum.Visible, merged, before
            yield from _batches(sheet)
        yield ("end",)
    except (GeneratorExit, KeyboardInterrupt, SystemExit):
        raise
    except BaseException as error:  # a panic of the reader is no Exception
        yield "error", type(error).__name__, name


def _batches(sheet: Any) -> Iterator[Message]:
    """The rows of a sheet; calamine keeps the empty rows above a table but drops the empty columns before it."""
    rows = iter(sheet.iter_rows() if sheet.start is not None else ())
    while chunk := list(islice(rows, CHUNK_ROWS)):
        arrays, names = [], []
        for column, cells in enumerate(zip(*chunk, strict=True)):
            for array in typed(cells):
                arrays.append(array)
                names.append(str(column))
        yield "cells", pa.RecordBatch.from_arrays(arrays, names)


def typed(cells: Sequence[Any]) -> list[pa.Array]:
    """Cells as one array for each of their types; '' is an empty cell."""
    types = set(map(type, cells))
    if len(types) == 1 and (one := next(iter(types))) in ARROW:
        return [pa.array(cells, ARROW[one])]
    if types == {float, str}:  # the usual column: numbers with some blanks and words
        words = [cell if cell.__class__ is str else None for cell in cells]
        numbers = [None if cell.__class__ is str else cell for cell in cells]
        return [pa.array(words, ARROW[str]), pa.array(numbers, ARROW[float])]
    arrays = [
        pa.array([cell if type(cell) is one else None for cell in cells], arrow)
        for one, arrow in ARROW.items()
        if one in types
    ]
    return arrays or [pa.nulls(len(cells), pa.string())]


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


def send(stream: BinaryIO, out: BinaryIO, *, mend: bool) -> None:
    """Write the messages of a workbook: cells as Arrow streams, all others as JSON."""
    for message in messages(stream, mend=mend):
        if message[0] == "cells":
            kind, body = CELLS, _stream(message[1])
        else:
            kind, body = WORDS, json.dumps(message).encode()
        out.write(kind + len(body).to_bytes(8, "big"))
        out.write(body)
    out.flush()


def _stream(batch: pa.RecordBatch) -> pa.Buffer | bytes:
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, batch.schema) as writer:
        writer.write_batch(batch)
    return sink.getvalue()


def receive(stream: BinaryIO) -> Iterator[Message]:
    """The messages that `send` wrote. Nothing that is read can run; cells are checked before they are used."""
    while len(head := stream.read(9)) == 9:
        body = stream.read(int.from_bytes(head[1:], "big"))
        if head[:1] == WORDS:
            yield tuple(json.loads(body))
            continue
        batch = pa.ipc.open_stream(body).read_next_batch()
        batch.validate(full=True)
        yield "cells", batch


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
    gc.disable()  # cells make no cycles
    with opened(sys.argv[1]) as workbook:
        send(workbook, sys.stdout.buffer, mend=sys.argv[3] == "mend")

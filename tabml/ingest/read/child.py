"""The cells of a workbook through calamine, in this process or as a child under a memory limit.

This file imports nothing of tabml, so that it can be run as a script: a damaged workbook can make the
reader ask for terabytes and abort the whole interpreter, which nothing in it can catch.
"""

from __future__ import annotations

import pickle
import sys
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from typing import Any, BinaryIO

CHUNK_ROWS = 2000
SAFE = {("datetime", kind.__name__): kind for kind in (date, datetime, time, timedelta)}


def sheets(path: str) -> Iterator[tuple[str, bool, list[tuple[int, int, int, int]], Iterator[tuple[Any, ...]]]]:
    """Each worksheet: name, hidden, merged ranges counted from 1, and its rows from A1, None where blank."""
    from python_calamine import CalamineWorkbook, SheetTypeEnum, SheetVisibleEnum

    with CalamineWorkbook.from_path(path) as workbook:
        for entry in workbook.sheets_metadata:
            if entry.typ != SheetTypeEnum.WorkSheet:
                continue
            sheet = workbook.get_sheet_by_name(entry.name)
            merged = [(a + 1, b + 1, c + 1, d + 1) for (a, b), (c, d) in sheet.merged_cell_ranges or ()]
            yield entry.name, entry.visible != SheetVisibleEnum.Visible, merged, rows(sheet)


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


def send(path: str, out: BinaryIO) -> None:
    """Write every sheet as a head, chunks of rows and an end mark."""

    def put(message: Any) -> None:
        pickle.dump(message, out, protocol=5)

    try:
        for name, hidden, merged, lines in sheets(path):
            put(("sheet", name, hidden, merged))
            chunk = []
            for line in lines:
                chunk.append(line)
                if len(chunk) == CHUNK_ROWS:
                    put(("rows", chunk))
                    chunk = []
            put(("rows", chunk))
        put(("end",))
    except BaseException as error:  # a panic of the reader is no Exception
        put(("error", type(error).__name__))
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


if __name__ == "__main__":
    limit_memory(int(sys.argv[2]))
    send(sys.argv[1], sys.stdout.buffer)

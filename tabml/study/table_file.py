"""Row-level tables for people: csv, xlsx or parquet, readable by their owner only, safe to open in a spreadsheet."""

from __future__ import annotations

import errno
import io
import math
import os
from collections.abc import Callable, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

import pandas as pd

from tabml.core.errors import ConfigError
from tabml.study.folder import ROW_LEVEL_MODE, cannot_write, write_bytes

SUFFIXES = (".xlsx", ".csv", ".parquet")
#: A text that begins so is run as a formula by spreadsheets.
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")
#: Written as the workbook's date of creation, so that equal tables are equal bytes.
NO_DATE = datetime(1980, 1, 1)


def check_table_path(path: Path) -> None:
    """Refuse, before any work, a place that is taken, has no folder or another suffix."""
    if path.suffix.lower() not in SUFFIXES:
        raise ConfigError("the table is written as .xlsx, .csv or .parquet", where=path.name, hint="e.g. -o risk.xlsx")
    if path.exists():
        raise ConfigError("the file is there already and is not overwritten", where=path.name, hint="give another -o")
    if not path.absolute().parent.is_dir():
        raise ConfigError(
            "the folder of the file does not exist", where=path.absolute().parent.name, hint="make it first"
        )
    if not os.access(path.absolute().parent, os.W_OK):
        raise cannot_write(path, PermissionError(errno.EACCES, os.strerror(errno.EACCES)))


def write_table(path: Path, table: pd.DataFrame) -> None:
    """Write a table atomically, mode 0600; missing is an empty cell, numbers stay numbers."""
    check_table_path(path)
    write_bytes(path, _WRITERS[path.suffix.lower()](table), mode=ROW_LEVEL_MODE)


def csv_bytes(table: pd.DataFrame) -> bytes:
    """UTF-8, comma, decimal point; text that a spreadsheet would run gets an apostrophe."""
    columns = [table.iloc[:, j].map(_csv_cell, na_action="ignore") for j in range(table.shape[1])]
    safe = pd.concat(columns, axis=1) if columns else table
    return safe.to_csv(index=False, lineterminator="\n").encode("utf-8")


def xlsx_bytes(table: pd.DataFrame) -> bytes:
    """One sheet with a header row; text is written as text, so no cell becomes a formula or a link."""
    import xlsxwriter

    stream = io.BytesIO()
    workbook = xlsxwriter.Workbook(stream, {"in_memory": True})
    workbook.set_properties({"created": NO_DATE})
    sheet = workbook.add_worksheet("tabml")
    bold = workbook.add_format({"bold": True})
    for j, header in enumerate(table.columns):
        sheet.write_string(0, j, str(header), bold)
        for i, value in enumerate(table.iloc[:, j], start=1):
            _write_cell(sheet, i, j, value)
    sheet.freeze_panes(1, 0)
    workbook.close()
    return stream.getvalue()


def parquet_bytes(table: pd.DataFrame) -> bytes:
    """Typed columns; missing is null."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    sink = pa.BufferOutputStream()
    pq.write_table(
        pa.Table.from_pandas(table, preserve_index=False).replace_schema_metadata(None), sink, compression="zstd"
    )
    return bytes(sink.getvalue().to_pybytes())


_WRITERS: Mapping[str, Callable[[pd.DataFrame], bytes]] = {
    ".csv": csv_bytes, ".xlsx": xlsx_bytes, ".parquet": parquet_bytes,
}  # fmt: skip


def _write_cell(sheet: Any, row: int, column: int, value: Any) -> None:
    if value is None or value is pd.NA or value != value:
        return
    if isinstance(value, str):
        sheet.write_string(row, column, value)
    elif math.isfinite(value):
        sheet.write_number(row, column, float(value))


def _csv_cell(value: Any) -> Any:
    if isinstance(value, str) and value.startswith(FORMULA_STARTS) and not _is_number(value):
        return f"'{value}"
    return value


def _is_number(text: str) -> bool:
    try:
        return math.isfinite(float(text))
    except ValueError:
        return False

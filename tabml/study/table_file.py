"""Row-level tables for people: csv or xlsx, readable by their owner only, safe to open in a spreadsheet."""

from __future__ import annotations

import errno
import io
import math
import os
from datetime import datetime
from pathlib import Path
from typing import Any

import pandas as pd

from tabml.core.errors import ConfigError
from tabml.study.csv_file import csv_bytes
from tabml.study.folder import ROW_LEVEL_MODE, cannot_write, write_bytes

SUFFIXES = (".xlsx", ".csv")
#: Written as the workbook's date of creation, so that equal tables are equal bytes.
NO_DATE = datetime(1980, 1, 1)


def check_table_path(path: Path) -> None:
    """Refuse, before any work, a place that is taken, has no folder or another suffix."""
    if path.suffix.lower() not in SUFFIXES:
        raise ConfigError("the table is written as .xlsx or .csv", where=str(path), hint="e.g. -o risk.xlsx")
    if path.exists():
        raise ConfigError("the file is there already and is not overwritten", where=str(path), hint="give another -o")
    if not path.absolute().parent.is_dir():
        raise ConfigError("the folder of the file does not exist", where=str(path.parent), hint="make it first")
    if not os.access(path.absolute().parent, os.W_OK):
        raise cannot_write(path, PermissionError(errno.EACCES, os.strerror(errno.EACCES)))


def write_table(path: Path, table: pd.DataFrame) -> None:
    """Write a table atomically, mode 0600; missing is an empty cell, numbers stay numbers."""
    check_table_path(path)
    data = csv_bytes(table) if path.suffix.lower() == ".csv" else xlsx_bytes(table)
    write_bytes(path, data, mode=ROW_LEVEL_MODE, typed=path)


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


def _write_cell(sheet: Any, row: int, column: int, value: Any) -> None:
    if value is None or value is pd.NA or value != value:
        return
    if isinstance(value, str):
        sheet.write_string(row, column, value)
    elif math.isfinite(value):
        sheet.write_number(row, column, float(value))

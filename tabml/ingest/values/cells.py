"""Cells as text: the one form in which tables, codebooks and provenance speak of a cell."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, time, timedelta
from typing import Any


def cell_text(value: Any) -> str:
    """A cell's canonical text; '' is blank. Workbook numbers lose `.0`, midnight loses its time.

    >>> cell_text(12.0), cell_text(0.5), cell_text(None), cell_text(" m "), cell_text(True)
    ('12', '0.5', '', 'm', 'TRUE')
    >>> cell_text(datetime(1986, 8, 22)), cell_text(datetime(1986, 8, 22, 13, 5))
    ('1986-08-22', '1986-08-22 13:05:00')
    """
    return _WRITERS.get(type(value), str)(value)


def _number(value: float) -> str:
    return str(int(value)) if value.is_integer() else repr(value)


def _moment(value: datetime) -> str:
    return value.date().isoformat() if value.time() == time(0) else value.isoformat(" ", "seconds")


def _duration(value: timedelta) -> str:
    seconds = round(value.total_seconds())
    sign, seconds = ("-", -seconds) if seconds < 0 else ("", seconds)
    return f"{sign}{seconds // 3600}:{seconds // 60 % 60:02d}:{seconds % 60:02d}"


def _truth(value: bool) -> str:
    return "TRUE" if value else "FALSE"


_WRITERS: dict[type, Callable[[Any], str]] = {
    type(None): lambda value: "",
    str: str.strip,
    float: _number,
    int: str,
    bool: _truth,
    datetime: _moment,
    date: date.isoformat,
    time: lambda value: value.isoformat("seconds"),
    timedelta: _duration,
}

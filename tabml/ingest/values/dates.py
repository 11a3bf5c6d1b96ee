"""Dates as hospitals write them: day, month and year in three orders, short years, names of months, ISO from Excel."""

from __future__ import annotations

import calendar
import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal

from tabml.ingest.values.words import fold

DateOrder = Literal["dmy", "mdy", "ymd"]
Fault = Literal["no_date", "impossible", "partial", "order"]
#: Two-digit years without a rule end here: 29 is 2029, 30 is 1930.
LATEST_YEAR = 2029
EXCEL_EPOCH = date(1899, 12, 30)  # serial 60, the 29 February 1900 that never was, is out of reach of patients

_MONTHS = (
    "jan januar january januari tammikuu tammikuuta enero ene jän jänner jaen",
    "feb februar february februari helmikuu helmikuuta febrero",
    "mar mär mars märz maerz mrz march marts maaliskuu maaliskuuta marzo",
    "apr april huhtikuu huhtikuuta abril abr",
    "mai may maj toukokuu toukokuuta mayo",
    "jun juni june kesäkuu kesäkuuta junio",
    "jul juli july heinäkuu heinäkuuta julio",
    "aug august augusti elokuu elokuuta agosto ago",
    "sep sept september syyskuu syyskuuta septiembre setiembre",
    "okt oct oktober october lokakuu lokakuuta octubre",
    "nov november marraskuu marraskuuta noviembre",
    "des dec dez desember december dezember joulukuu joulukuuta diciembre dic",
)
MONTHS: dict[str, int] = {name: number for number, names in enumerate(_MONTHS, start=1) for name in names.split()}

_TIME = (
    r"(?:[T ,]+[0-9]{1,2}[:.][0-9]{2}(?:[:.][0-9]{2}(?:[.,][0-9]+)?)?(?:\s*[AaPp][Mm])?(?:Z|[+-][0-9]{2}:?[0-9]{2})?)?"
)
_ISO = re.compile(rf"([0-9]{{4}})-([0-9]{{1,2}})-([0-9]{{1,2}}){_TIME}")
_YEAR_FIRST = re.compile(rf"([0-9]{{4}})[./ ]([0-9]{{1,2}})[./ ]([0-9]{{1,2}})\.?{_TIME}")
_THREE = re.compile(rf"([0-9]{{1,2}})\s*([./\-])\s*([0-9]{{1,2}})\s*\2\s*([0-9]{{4}}|[0-9]{{2}}){_TIME}")
_CJK = re.compile(rf"([0-9]{{4}})\s*[年년]\s*([0-9]{{1,2}})\s*[月월]\s*([0-9]{{1,2}})\s*[日号號일]{_TIME}")
_COMPACT = re.compile(r"(?:19|20)[0-9]{6}")
_NAMED = re.compile(rf"([0-9]{{1,2}})[. \-]+([^\W\d]+)[. ,\-]+([0-9]{{4}}|[0-9]{{2}}){_TIME}")
_NAMED_FIRST = re.compile(rf"([^\W\d]+)[. ]+([0-9]{{1,2}})(?:st|nd|rd|th)?[, ]+([0-9]{{4}}){_TIME}")
_MONTH_YEAR = re.compile(r"([0-9]{1,2})\s*[./\-]\s*([0-9]{4})")
_YEAR_MONTH = re.compile(r"([0-9]{4})\s*[./\-]\s*([0-9]{1,2})")
_NAMED_MONTH = re.compile(r"([^\W\d]+)\.?[ \-]+([0-9]{4})")
_YEAR = re.compile(r"(?:19|20)[0-9]{2}")


@dataclass(frozen=True)
class DateReading:
    """What a cell says about a day: the first and last day it can mean, or why it means none.

    A full date has first == last. `partial` (a month, a year) keeps both ends. `order`: the day cannot be
    told from the month without the source's rule. `short_year`: the century came from a rule.
    """

    first: date | None
    last: date | None
    fault: Fault | None = None
    short_year: bool = False

    @property
    def day(self) -> date | None:
        return self.first if self.fault is None else None


def parse_date(text: str, order: str | None = None, century: int | None = None) -> date | None:
    """The day a cell names, or None: not a date, impossible, partial, or undecided without `order`.

    `century`: two-digit years are the latest year at or before it.

    >>> parse_date("03.04.85", "dmy", 1999), parse_date("07/21/1985", "mdy"), parse_date("1986-08-22")
    (datetime.date(1985, 4, 3), datetime.date(1985, 7, 21), datetime.date(1986, 8, 22))
    >>> parse_date("31.02.2020", "dmy"), parse_date("03/04/2020")
    (None, None)
    """
    return read_date(text, order, century).day


def read_date(text: str, order: str | None = None, century: int | None = None) -> DateReading:
    """Read one cell as a date, with the reason where it names no day; times of day are dropped."""
    text = " ".join(text.split())
    if found := _ISO.fullmatch(text) or _YEAR_FIRST.fullmatch(text) or _CJK.fullmatch(text):
        return _day(int(found[1]), int(found[2]), int(found[3]))
    if _COMPACT.fullmatch(text):
        return _day(int(text[:4]), int(text[4:6]), int(text[6:]))
    if found := _THREE.fullmatch(text):
        return _three(int(found[1]), int(found[3]), found[4], order, century)
    if found := _NAMED.fullmatch(text):
        return _named(found[2], int(found[1]), found[3], century)
    if found := _NAMED_FIRST.fullmatch(text):
        return _named(found[1], int(found[2]), found[3], century)
    return _partial(text)


def from_excel_serial(serial: float) -> date:
    """The day of an Excel day number (1900 system), as left where a date cell lost its format.

    >>> from_excel_serial(31259)
    datetime.date(1985, 7, 31)
    """
    return EXCEL_EPOCH + timedelta(days=int(serial))


def full_year(short: int, century: int | None = None) -> int:
    """The year of a two-digit year: the latest at or before `century`.

    >>> full_year(85, 1999), full_year(24, 2024), full_year(25, 2024), full_year(31)
    (1985, 2024, 1925, 1931)
    """
    latest = LATEST_YEAR if century is None else century
    return latest - (latest - short) % 100


@dataclass(frozen=True)
class DateEvidence:
    """What the cells of a column say about their order: counts of cells that only one order can explain."""

    dmy: int = 0
    mdy: int = 0
    ymd: int = 0
    undecided: int = 0
    two_digit: int = 0
    other: int = 0

    @property
    def is_mixed(self) -> bool:
        """Cells of one column contradict each other (13/01/2020 and 01/13/2020)."""
        return self.dmy > 0 and self.mdy > 0

    @property
    def dates(self) -> int:
        """Cells that look like a full date."""
        return self.dmy + self.mdy + self.ymd + self.undecided

    @property
    def order(self) -> DateOrder | None:
        """The order that explains every cell; None where none is decided, or two contradict."""
        if self.is_mixed:
            return None
        if self.dmy or self.mdy:
            return "dmy" if self.dmy else "mdy"
        return "ymd" if self.ymd and not self.undecided else None


def date_evidence(texts: Iterable[str]) -> DateEvidence:
    """Count what decides the order of day and month: a first number above 12 is a day, a second one too.

    >>> date_evidence(["03.04.2020", "25.04.2020"]).order
    'dmy'
    """
    counts = dict.fromkeys(("dmy", "mdy", "ymd", "undecided", "two_digit", "other"), 0)
    for text in texts:
        found = _THREE.fullmatch(" ".join(text.split()))
        if not found:
            counts["ymd" if read_date(text).day else "other"] += 1
            continue
        counts["two_digit"] += len(found[4]) == 2
        counts[_decides(int(found[1]), int(found[3]))] += 1
    return DateEvidence(**counts)


def day_first(texts: Iterable[str]) -> bool | None:
    """Whether the day stands before the month in these cells; None where no cell decides or two contradict."""
    order = date_evidence(texts).order
    return {"dmy": True, "mdy": False}.get(order or "")


def _decides(first: int, second: int) -> str:
    if first > 31 or second > 31 or (first > 12 and second > 12):
        return "other"
    if first > 12:
        return "dmy"
    return "mdy" if second > 12 else "undecided"


def _day(year: int, month: int, day: int, *, short_year: bool = False) -> DateReading:
    try:
        value = date(year, month, day)
    except ValueError:
        return DateReading(None, None, "impossible", short_year)
    return DateReading(value, value, None, short_year)


def _three(first: int, second: int, year_text: str, order: str | None, century: int | None) -> DateReading:
    is_short = len(year_text) == 2
    if order == "ymd" and is_short:
        return _day(full_year(first, century), second, int(year_text), short_year=True)
    year = full_year(int(year_text), century) if is_short else int(year_text)
    if order is None or order == "ymd":
        decided = {"dmy": "dmy", "mdy": "mdy"}.get(_decides(first, second))
        if decided is None and first != second:
            return DateReading(
                None, None, "order" if _decides(first, second) == "undecided" else "impossible", is_short
            )
        order = decided or "dmy"
    day, month = (first, second) if order == "dmy" else (second, first)
    return _day(year, month, day, short_year=is_short)


def _named(name: str, day: int, year_text: str, century: int | None) -> DateReading:
    month = MONTHS.get(fold(name))
    if month is None:
        return DateReading(None, None, "no_date")
    is_short = len(year_text) == 2
    year = full_year(int(year_text), century) if is_short else int(year_text)
    return _day(year, month, day, short_year=is_short)


def _partial(text: str) -> DateReading:
    if found := _MONTH_YEAR.fullmatch(text):
        return _month(int(found[2]), int(found[1]))
    if found := _YEAR_MONTH.fullmatch(text):
        return _month(int(found[1]), int(found[2]))
    if found := _NAMED_MONTH.fullmatch(text):
        return _month(int(found[2]), MONTHS.get(fold(found[1]), 0))
    if _YEAR.fullmatch(text):
        return DateReading(date(int(text), 1, 1), date(int(text), 12, 31), "partial")
    return DateReading(None, None, "no_date")


def _month(year: int, month: int) -> DateReading:
    if not 1 <= month <= 12 or not year >= 1:
        return DateReading(None, None, "no_date")
    return DateReading(date(year, month, 1), date(year, month, calendar.monthrange(year, month)[1]), "partial")

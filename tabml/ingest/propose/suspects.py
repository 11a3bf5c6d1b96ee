"""Numbers that may mean missing: 999, 99, -9, a 9 beside 0 and 1, a zero where none can be measured (TB113)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from tabml.core.config import Data
from tabml.core.findings import Finding, finding
from tabml.core.wording import counted
from tabml.ingest.cells import BEYOND_MEASURE
from tabml.ingest.propose.meaning import range_of
from tabml.ingest.propose.people import identifying
from tabml.ingest.propose.profile import Profile
from tabml.ingest.propose.question import Question, quoted

MISSING, REAL = "missing", "a real value"
#: Numbers people type where nothing was measured; they count as such only where they stand apart.
CODES = (
    0.0,
    8.0,
    9.0,
    77.0,
    88.0,
    98.0,
    99.0,
    888.0,
    998.0,
    999.0,
    8888.0,
    9998.0,
    9999.0,
    99999.0,
    99.9,
    999.9,
    9.9,
    99.99,
    999.99,
)
#: Codes that do not speak for each other: 999 stands apart though 9999 is there too.
HIGH_CODES = tuple(code for code in CODES if code >= 99)
#: The same below zero, where other values are below zero too.
LOW_CODES = (-99.0, -999.0, -9999.0, -99999.0)
#: No measurement is so many times the median of the others, or so large.
MONSTROUS, LARGEST = 1e6, 1e12
#: A code must exceed the largest other value so many times, where no plausible range is known.
APART = 2.0
#: A 9 (or 8, 99) beside codes up to this one is no further code.
MOST_CODE = 5.0
#: Inside the plausible range a number is suspect when it stands so much more often than any other.
SPIKE_SHARE, SPIKE_TIMES = 0.05, 5.0


@dataclass(frozen=True)
class Suspect:
    """One number of a column that may mean missing. `is_outside`: outside what is plausible, so `--yes` takes it as missing."""

    header: str
    text: str
    count: int
    is_outside: bool
    why: str

    @property
    def name(self) -> str:
        """The words by which a setting names it: `Age=999`."""
        return f"{self.header}={self.text}"


def suspects(column: Profile, plausible: tuple[float, float] | None) -> tuple[Suspect, ...]:
    """The numbers of a column that may mean missing; `plausible` in the column's own unit, where it is known.

    Negative codes among values that cannot be negative are no question: the profile takes them as missing.
    """
    if not column.is_numeric:
        return ()
    values = column.numbers[~np.isnan(column.numbers)]
    values = values[np.abs(values) < BEYOND_MEASURE]
    found = []
    for code in (*CODES, *LOW_CODES, *_monsters(values)):
        n = int((values == code).sum())
        others = (
            values[(values != code) & ~np.isin(values, HIGH_CODES)] if code in HIGH_CODES else values[values != code]
        )
        if not n or (not len(others) and plausible is None):
            continue
        said = _judged(code, n, others, plausible)
        if said is not None:
            text = next(t for t, v in zip(column.texts, column.numbers, strict=True) if v == code)
            found.append(Suspect(column.header, text, n, *said))
    return tuple(found)


def _judged(code: float, n: int, others: np.ndarray, plausible: tuple[float, float] | None) -> tuple[bool, str] | None:
    """(whether it lies outside the plausible, why it is suspect), or None where it is an ordinary value."""
    if plausible is not None:
        low, high = plausible
        if not low <= code <= high:
            return True, f"outside the plausible {low:g} to {high:g}"
        return (False, "far more often than any other value") if code and _is_spike(code, n, others) else None
    if code == 0.0 or not len(others):
        return None
    top = float(others.max())
    if code < 0:
        low = float(others.min())
        apart = low < 0 and n >= 2 and code < low - APART * (top - low)
        return (True, f"all other values are at least {low:g}") if apart else None
    if code > LARGEST:
        return True, "no measurement is so large"
    codes_only = len(np.unique(others)) <= 6 and top <= MOST_CODE and bool(np.all(others == np.round(others)))
    if codes_only:
        return (True, f"beside codes from {others.min():g} to {top:g}") if code > top + 1 and n <= len(others) else None
    if code >= 99 and top > 0 and code > APART * top:
        return True, f"all other values are at most {top:g}"
    return None


def _monsters(values: NDArray[np.float64]) -> tuple[float, ...]:
    """Numbers too large for any measurement: a typing error, or a mark of the software.

    From `BEYOND_MEASURE` on nobody is asked: such a cell is missing in any case.
    """
    large = (values > LARGEST) & (values < BEYOND_MEASURE)
    found = np.unique(values[large & (values > MONSTROUS * np.median(values))])
    return tuple(found.tolist()) if len(found) <= 3 else ()


def _is_spike(code: float, n: int, others: np.ndarray) -> bool:
    if code < 77 or n < max(5, SPIKE_SHARE * (n + len(others))) or not len(others):
        return False
    counts = np.unique(others, return_counts=True)[1]
    return n >= SPIKE_TIMES * counts.max() and code > float(np.quantile(others, 0.99))


def cleaned(columns: Sequence[Profile], data: Data) -> tuple[tuple[Profile, ...], tuple[Suspect, ...]]:
    """The columns without the numbers that count as missing, and all suspect numbers."""
    done: list[Profile] = []
    seen: list[Suspect] = []
    for column in columns:
        plausible = range_of(column)
        found = suspects(column, plausible) if not column.numbers_rows and identifying(column) is None else ()
        gone = taken_as_missing(found, data)
        seen += found
        done.append(replace(column, also_missing=column.also_missing | {s.text for s in gone}) if gone else column)
    return tuple(done), tuple(seen)


def taken_as_missing(found: Sequence[Suspect], data: Data) -> tuple[Suspect, ...]:
    """Those that count as missing: as the user said, else those outside the plausible."""
    return tuple(s for s in found if s.name in data.missing or (s.is_outside and s.name not in data.not_missing))


def questions(found: Sequence[Suspect], data: Data) -> tuple[Question, ...]:
    """One question for each number about which the user has not said anything."""
    return tuple(
        Question(
            key="data.missing",
            text=f"{suspect.header!r} holds {suspect.text} in {counted(suspect.count, 'row')}, {suspect.why}: does it mean missing?",
            options=(MISSING, REAL),
            command=f"--missing {quoted(suspect.name)}",
            safe=MISSING if suspect.is_outside else REAL,
            adds={MISSING: ("data.missing", suspect.name), REAL: ("data.not_missing", suspect.name)},
        )
        for suspect in dict.fromkeys(found)
        if suspect.name not in (*data.missing, *data.not_missing)
    )


def said_of(found: Sequence[Suspect], data: Data) -> tuple[Finding, ...]:
    """TB113 for each number taken as missing, and for each that was kept."""
    gone = set(taken_as_missing(found, data))
    return tuple(
        finding(
            "TB113",
            f"{s.text} of {s.header!r} ({s.why}) {'read as missing' if s in gone else 'kept as a value'}",
            columns=[s.header],
            count=s.count,
        )
        for s in dict.fromkeys(found)
    )

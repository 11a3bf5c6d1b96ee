"""Cell texts to typed values: numbers, dates and levels, each distinct text read once, doubts noted.

A text written plainly is read with all others like it (`values.vectors`); any other by the rules of a single cell.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from tabml.core.codebook import ColumnMapping, VariableSpec
from tabml.ingest.read import Column
from tabml.ingest.units import can_convert, convert_factor
from tabml.ingest.values import fold, full_days, parse_bound, parse_number, plain_numbers, read_date, split_unit_cell

_TRUE_FALSE = {"1": "1", "0": "0", "true": "1", "false": "0"}
#: Days that a nanosecond clock can hold; a date outside is no date of a patient.
FIRST_DAY, LAST_DAY = np.datetime64("1677-09-22"), np.datetime64("2262-04-11")
T = TypeVar("T")
Mask = NDArray[np.bool_]


@dataclass
class Reading:
    """Values under way, and what was noted: note -> a mask of the cells it concerns, (n_rows,).

    `values`: numbers (NaN missing) or days (NaT missing) of each cell; levels and texts as a column.
    """

    values: NDArray[Any] | Column
    notes: dict[str, Mask] = field(default_factory=dict)

    @property
    def numbers(self) -> NDArray[Any]:
        """The values of a reading of numbers or days."""
        assert not isinstance(self.values, Column)
        return self.values

    @property
    def known(self) -> Mask:
        """Cells that hold a value: (n_rows,)."""
        if isinstance(self.values, Column):
            return self.values.filled
        missing: Mask = np.isnat(self.values) if self.values.dtype.kind == "M" else np.isnan(self.values)
        return ~missing


def read_numbers(texts: Column, decimal: str, mapping: ColumnMapping, spec: VariableSpec) -> Reading:
    """Texts as numbers in the mapping's unit. Notes: `unit` (unit inside the cell), `censored` (<5), `text`."""
    recode = {fold(k): v for k, v in mapping.recode.items()}
    unit = mapping.unit or spec.unit or _percent(texts)

    def one(text: str) -> tuple[float, str]:
        if fold(text) in recode:
            code = recode[fold(text)]
            return (np.nan, "") if code is None else (float(code), "")
        value = parse_number(text, decimal)
        if value is not None:
            return value, ""
        bound = parse_bound(text, decimal)
        if bound is not None:
            return bound[1], "censored"
        value = _number_with_unit(text, decimal, unit)
        return (value, "unit") if value is not None else (np.nan, "text")

    distinct = texts.arrow_distinct
    values, read = plain_numbers(distinct, decimal)
    if recode:
        read &= ~np.asarray(pc.is_in(distinct, pa.array(list(recode), distinct.type)))
    at, pairs = _one_by_one(distinct, read, one)
    values[at] = [value for value, _ in pairs]
    met = {n for _, n in pairs} - {""}
    notes = {note: _noted(texts, at, [n == note for _, n in pairs]) for note in sorted(met)}
    return Reading(texts.spread(values, np.nan), _met(notes))


def parsed_numbers(texts: Column, decimal: str) -> NDArray[np.float64]:
    """Texts as numbers, NaN where they hold none: (n_rows,)."""
    distinct = texts.arrow_distinct
    values, read = plain_numbers(distinct, decimal)
    at, others = _one_by_one(distinct, read, lambda text: parse_number(text, decimal))
    values[at] = [np.nan if value is None else value for value in others]
    return texts.spread(values, np.nan)


def _percent(texts: Column) -> str | None:
    """Percent, where nobody states a unit and every cell is written with its sign: 45 % then means 45."""
    if not pc.any(pc.match_substring(texts.arrow_distinct, "%")).as_py():
        return None
    return "%" if all(text.rstrip().endswith("%") for text in texts.counts()) else None


def _number_with_unit(text: str, decimal: str, unit: str | None) -> float | None:
    number, cell_unit = split_unit_cell(text)
    value = parse_number(number, decimal) if cell_unit else None
    if value is None or cell_unit is None or unit is None or not can_convert(cell_unit, unit):
        return None
    return value * convert_factor(cell_unit, unit)


def read_dates(texts: Column, order: str | None, century: int | None) -> Reading:
    """Texts as days (datetime64[ns]). Notes: `date` (no date or undecided order), `two_digits` (short year)."""
    distinct = texts.arrow_distinct
    days, read = full_days(distinct, order)
    at, others = _one_by_one(distinct, read, lambda text: read_date(text, order, century))
    days[at] = np.array([one.day for one in others], dtype="datetime64[D]")
    days[(days < FIRST_DAY) | (days > LAST_DAY)] = np.datetime64("NaT")
    bad = np.isnat(days)
    short = np.zeros(len(days), dtype=bool)
    short[at] = [one.short_year for one in others]
    notes = {"date": texts.spread(bad, False), "two_digits": texts.spread(short & ~bad, False)}
    return Reading(texts.spread(days.astype("datetime64[ns]"), np.datetime64("NaT")), _met(notes))


def read_levels(texts: Column, spec: VariableSpec, mapping: ColumnMapping) -> Reading:
    """Texts as level codes. Notes: `level` (neither recoded nor a level), `spelling` (variants folded into one)."""
    recode = {fold(k): v for k, v in mapping.recode.items()}
    known = dict(_TRUE_FALSE) if spec.kind == "boolean" else {fold(c): c for c in spec.levels}
    known |= {f: c for c, label in spec.levels.items() if (f := fold(label)) not in known}
    is_open = spec.kind == "category" and not spec.levels and not recode

    def one(text: str) -> tuple[str | None, bool]:
        folded = fold(text)
        for key in (folded, re.sub(r"^(-?\d+)\.0+$", r"\1", folded)):
            if key in recode:
                return recode[key], True
            if key in known:
                return known[key], True
        return (text.strip(), True) if is_open else (None, False)

    counts = texts.counts()
    pairs = {text: one(text) for text in counts}
    codes = {text: code for text, (code, _) in pairs.items()}
    noted = {
        "level": {t for t, (_, ok) in pairs.items() if not ok},
        "spelling": _variants(counts, codes),
        "renumbered": {t for t, c in codes.items() if _is_other_number(t, c)},
    }
    notes = {note: _of_texts(texts, wanted) for note, wanted in noted.items() if wanted}
    return Reading(texts.mapped([codes[text] for text in texts.distinct]), notes)


def _is_other_number(text: str, code: str | None) -> bool:
    return code is not None and code != text.strip() and re.fullmatch(r"\d{1,2}", text.strip()) is not None


def _variants(counts: Mapping[str, int], codes: Mapping[str, str | None]) -> set[str]:
    """Texts that mean the same level as a more frequent text: `m` and `male` beside `M`. Numbers are no spelling."""
    groups: dict[str, list[str]] = {}
    for text, code in codes.items():
        if code is not None and not re.fullmatch(r"[\d.,\s-]+", text):
            groups.setdefault(code, []).append(text)
    main = {max(same, key=lambda t: (counts[t], t)) for same in groups.values()}
    return {text for same in groups.values() for text in same} - main


def _one_by_one(texts: pa.Array, read: Mask, one: Callable[[str], T]) -> tuple[NDArray[np.int64], list[T]]:
    """Positions of the texts not read yet, and each of them read by itself, equal ones once."""
    at = np.flatnonzero(~read)
    rest = texts.take(pa.array(at)).dictionary_encode()
    answers = [one(text) for text in rest.dictionary.to_pylist()]
    return at, [answers[i] for i in rest.indices.to_pylist()]


def _noted(texts: Column, at: NDArray[np.int64], is_noted: list[bool]) -> Mask:
    """Cells whose text, at these positions of the distinct ones, is noted."""
    mask = np.zeros(len(texts.arrow_distinct), dtype=bool)
    mask[at] = is_noted
    return texts.spread(mask, False)


def _of_texts(texts: Column, wanted: set[str]) -> Mask:
    """Cells that hold one of these texts."""
    return texts.spread(np.array([text in wanted for text in texts.distinct], dtype=bool), False)


def _met(notes: Mapping[str, Mask]) -> dict[str, Mask]:
    return {note: mask for note, mask in notes.items() if mask.any()}

"""Cell texts to typed values: numbers, dates and levels, each distinct text read once, doubts noted."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tabml.core.codebook import ColumnMapping, VariableSpec
from tabml.ingest.read import Column
from tabml.ingest.units import can_convert, convert_factor
from tabml.ingest.values import fold, parse_bound, parse_number, read_date, split_unit_cell

_TRUE_FALSE = {"1": "1", "0": "0", "true": "1", "false": "0"}


@dataclass
class Reading:
    """Values under way, and what was noted: note -> a mask of the cells it concerns, (n_rows,)."""

    values: NDArray[Any]
    notes: dict[str, NDArray[np.bool_]] = field(default_factory=dict)


def read_numbers(texts: Column, decimal: str, mapping: ColumnMapping, spec: VariableSpec) -> Reading:
    """Texts as numbers in the mapping's unit. Notes: `unit` (unit inside the cell), `censored` (<5), `text`."""
    recode = {fold(k): v for k, v in mapping.recode.items()}

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
        value = _number_with_unit(text, decimal, mapping.unit or spec.unit)
        return (value, "unit") if value is not None else (np.nan, "text")

    pairs = [one(text) for text in texts.distinct]
    values = texts.spread(np.array([v for v, _ in pairs], dtype=np.float64), np.nan)
    notes = {
        note: mask
        for note in ("unit", "censored", "text")
        if (mask := texts.spread(np.array([n == note for _, n in pairs], dtype=bool), False)).any()
    }
    return Reading(values, notes)


def _number_with_unit(text: str, decimal: str, unit: str | None) -> float | None:
    number, cell_unit = split_unit_cell(text)
    value = parse_number(number, decimal) if cell_unit else None
    if value is None or cell_unit is None or unit is None or not can_convert(cell_unit, unit):
        return None
    return value * convert_factor(cell_unit, unit)


def read_dates(texts: Column, order: str | None, century: int | None) -> Reading:
    """Texts as days (datetime64[ns]). Notes: `date` (no date or undecided order), `two_digits` (short year)."""
    parsed = [read_date(text, order, century) for text in texts.distinct]
    days = pd.Series([p.day for p in parsed], dtype=object)
    stamps = pd.to_datetime(days, errors="coerce").astype("datetime64[ns]").to_numpy()
    bad = np.isnat(stamps)
    short = np.array([p.short_year for p in parsed], dtype=bool)
    notes = {"date": texts.spread(bad, False), "two_digits": texts.spread(short & ~bad, False)}
    return Reading(texts.spread(stamps, np.datetime64("NaT")), {k: m for k, m in notes.items() if m.any()})


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

    distinct = texts.distinct
    pairs = [one(text) for text in distinct]
    masks = {
        "level": [not ok for _, ok in pairs],
        "spelling": _variants(texts, distinct, [c for c, _ in pairs]),
        "renumbered": [
            bool(re.fullmatch(r"\d{1,2}", t)) and c is not None and c != t
            for t, (c, _) in zip(distinct, pairs, strict=True)
        ],
    }
    notes = {k: texts.spread(np.array(mask, dtype=bool), False) for k, mask in masks.items() if any(mask)}
    return Reading(texts.spread(np.array([c for c, _ in pairs], dtype=object), None), notes)


def _variants(texts: Column, distinct: list[str], codes_of: list[str | None]) -> list[bool]:
    """Texts that mean the same level as a more frequent text: `m` and `male` beside `M`. Numbers are no spelling."""
    counts = texts.counts()
    groups: dict[str, list[str]] = {}
    for text, code in zip(distinct, codes_of, strict=True):
        if code is not None and not re.fullmatch(r"[\d.,\s-]+", text):
            groups.setdefault(code, []).append(text)
    main = {code: max(same, key=lambda t: (counts[t], t)) for code, same in groups.items()}
    written = {t for same in groups.values() for t in same}
    return [t in written and main[c or ""] != t for t, c in zip(distinct, codes_of, strict=True)]

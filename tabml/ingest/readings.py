"""Cell texts to typed values: numbers, dates and levels, each distinct text read once, doubts noted."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tabml.core.codebook import ColumnMapping, VariableSpec
from tabml.ingest.units import can_convert, convert_factor
from tabml.ingest.values import fold, parse_bound, parse_number, read_date, split_unit_cell

_TRUE_FALSE = {"1": "1", "0": "0", "true": "1", "false": "0"}


@dataclass
class Reading:
    """Values under way, and what was noted: note -> a mask of the cells it concerns, (n_rows,)."""

    values: NDArray[Any]
    notes: dict[str, NDArray[np.bool_]] = field(default_factory=dict)


def read_numbers(texts: pd.Series, decimal: str, mapping: ColumnMapping, spec: VariableSpec) -> Reading:
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

    codes, uniques = distinct(texts)
    pairs = [one(text) for text in uniques]
    values = spread(np.array([v for v, _ in pairs], dtype=np.float64), codes, np.nan)
    notes = {
        note: mask
        for note in ("unit", "censored", "text")
        if (mask := spread(np.array([n == note for _, n in pairs], dtype=bool), codes, False)).any()
    }
    return Reading(values, notes)


def _number_with_unit(text: str, decimal: str, unit: str | None) -> float | None:
    number, cell_unit = split_unit_cell(text)
    value = parse_number(number, decimal) if cell_unit else None
    if value is None or cell_unit is None or unit is None or not can_convert(cell_unit, unit):
        return None
    return value * convert_factor(cell_unit, unit)


def read_dates(texts: pd.Series, order: str | None, century: int | None) -> dict[str, Any]:
    """`values` (datetime64[ns] series) and masks: `date` (no date or undecided order), `two_digits` (short year)."""
    codes, uniques = distinct(texts)
    parsed = [read_date(text, order, century) for text in uniques]
    days = pd.Series([p.day for p in parsed], dtype=object)
    stamps = pd.to_datetime(days, errors="coerce").astype("datetime64[ns]").to_numpy()
    bad = np.isnat(stamps)
    short = np.array([p.short_year for p in parsed], dtype=bool)
    return {
        "values": pd.Series(spread(stamps, codes, np.datetime64("NaT"))),
        "date": spread(bad, codes, False),
        "two_digits": spread(short & ~bad, codes, False),
    }


def read_levels(texts: pd.Series, spec: VariableSpec, mapping: ColumnMapping) -> Reading:
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

    codes, uniques = distinct(texts)
    pairs = [one(text) for text in uniques]
    values = spread(np.array([c for c, _ in pairs], dtype=object), codes, None)
    notes = {"level": spread(np.array([not ok for _, ok in pairs], dtype=bool), codes, False)}
    notes["spelling"] = spread(_variants(uniques, [c for c, _ in pairs], codes), codes, False)
    notes["renumbered"] = spread(
        np.array([bool(re.fullmatch(r"\d{1,2}", t.strip())) and c is not None and c != t.strip() for t, (c, _) in
                  zip(uniques, pairs, strict=True)], dtype=bool), codes, False,
    )  # fmt: skip
    return Reading(values, {k: m for k, m in notes.items() if m.any()})


def _variants(uniques: list[str], codes_of: list[str | None], codes: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Texts that mean the same level as a more frequent text: `m` and `male` beside `M`. Numbers are no spelling."""
    counts = np.bincount(codes[codes >= 0], minlength=len(uniques))
    variant = np.zeros(len(uniques), dtype=bool)
    for code in {c for c in codes_of if c is not None}:
        same = [i for i, c in enumerate(codes_of) if c == code and not re.fullmatch(r"[\d.,\s-]+", uniques[i])]
        main = max(same, key=lambda i: (counts[i], uniques[i]), default=None)
        for i in same:
            variant[i] = i != main
    return variant


def distinct(texts: pd.Series) -> tuple[NDArray[np.int64], list[str]]:
    """Code of each cell (-1 missing) and the distinct texts."""
    codes, uniques = pd.factorize(texts.to_numpy(dtype=object))
    return codes, list(uniques)


def spread(values: NDArray[Any], codes: NDArray[np.int64], missing: Any) -> NDArray[Any]:
    """Values of the distinct texts, mapped back to the cells; code -1 is a missing cell."""
    extended = np.append(values, np.array([missing], dtype=values.dtype))
    return extended[codes]

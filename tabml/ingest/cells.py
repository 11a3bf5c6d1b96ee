"""One variable of one source: cell texts to typed values, each distinct text read once.

What cannot be read becomes missing and is counted in a finding with its cell addresses; nothing else
changes silently.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pandas.api.types import pandas_dtype

from tabml.core.codebook import ColumnMapping, VariableSpec
from tabml.core.cohort import DTYPES, Kind
from tabml.core.errors import ConfigError
from tabml.core.findings import Finding, Severity, finding
from tabml.ingest.expressions import Expression, Numbers, parse_expression
from tabml.ingest.sources import SourceTable
from tabml.ingest.units import can_convert, convert_factor
from tabml.ingest.values import fold, parse_bound, parse_number, read_date, split_unit_cell
from tabml.ingest.wording import counted

_TRUE_FALSE = {"1": "1", "0": "0", "true": "1", "false": "0"}


@dataclass(frozen=True)
class Rule:
    """How a variable was filled from a source: the row of `provenance.rules`."""

    variable: str
    source: str
    column: str
    header: str
    unit_step: str = ""
    expr: str = ""
    recode: str = ""


@dataclass(frozen=True)
class Filled:
    """One variable of one source. `values`: (n_rows,) with the dtype of its kind (category: codes as text)."""

    values: pd.Series
    rule: Rule
    findings: tuple[Finding, ...]
    missing_words: int


@dataclass
class Reading:
    """Values under way, and what was noted: note -> a mask of the cells it concerns, (n_rows,)."""

    values: NDArray[Any]
    notes: dict[str, NDArray[np.bool_]] = field(default_factory=dict)


class SourceColumns:
    """A source's columns as texts, and how this source writes numbers and dates."""

    def __init__(self, at: SourceTable, missing: Iterable[str] = ()) -> None:
        self.at = at
        self.decimal = at.source.decimal
        words = [*at.source.missing, *missing]
        self._words = {fold(w) for w in words}
        own = {fold(w) for w in missing} - {fold(w) for w in at.source.missing}
        self._own_words = own
        self._numeric_words = {v: fold(w) in own for w in words if (v := parse_number(w, self.decimal)) is not None}
        self.words_met = 0
        self.own_words_met: NDArray[np.bool_] = np.zeros(len(at.kept), dtype=bool)

    def texts(self, header: str) -> pd.Series:
        """Cell texts, missing as None: (n_rows,)."""
        cells = self.at.cells(header)
        if self.decimal == "," and self.at.table.sheet.delimiter is None:
            cells = _as_written(cells, self.at.raw_cells(header))
        codes, uniques = pd.factorize(np.array(cells, dtype=object))
        meanings = [self._missing(text) for text in uniques]
        keep = np.array([None if m is not None else t for t, m in zip(uniques, meanings, strict=True)], dtype=object)
        word = np.array([m in ("source", "column") for m in meanings], dtype=bool)
        own = np.array([m == "column" for m in meanings], dtype=bool)
        if len(uniques):
            self.words_met += int(word[codes].sum())
            self.own_words_met |= own[codes]
        return pd.Series(keep[codes] if len(uniques) else [], dtype=object)

    def numbers(self, texts: pd.Series) -> Numbers:
        return _by_text(texts, lambda t: parse_number(t, self.decimal), np.nan).astype(np.float64)

    def dates(self, texts: pd.Series) -> pd.Series:
        return pd.Series(read_dates(texts, self.at.source.dates, self.at.source.century)["values"])

    def fold(self, text: str) -> str:
        return fold(text)

    def _missing(self, text: str) -> str | None:
        """Why a cell is missing: blank, a word of the source, or a word of this column; None if it is not."""
        if not text or not text.strip():
            return "blank"
        folded = fold(text)
        if folded in self._words:
            return "column" if folded in self._own_words else "source"
        value = parse_number(text, self.decimal) if self._numeric_words else None
        if value is not None and value in self._numeric_words:
            return "column" if self._numeric_words[value] else "source"
        return None


def fill(at: SourceTable, name: str, spec: VariableSpec, mapping: ColumnMapping) -> Filled:
    """Read one variable from one source as its mapping says."""
    columns = SourceColumns(at, mapping.missing)
    expression = parse_expression(mapping.expr) if mapping.expr is not None else None
    reading = _read(columns, spec, mapping, expression)
    unit_step = ""
    if spec.kind in ("number", "integer") and mapping.constant is None:
        unit_step = _convert(reading, spec, mapping, f"variable {name!r}, source {at.name!r}")
        _limit(reading, spec)
        _round(reading, spec, exact=not unit_step)
    values = _typed(reading.values, spec)
    headers = _headers(mapping, expression)
    rule = Rule(
        variable=name,
        source=at.name,
        column=", ".join(at.letter(h) for h in headers),
        header=", ".join(headers),
        unit_step=unit_step,
        expr=mapping.expr or (f"constant {mapping.constant}" if mapping.constant is not None else ""),
        recode=json.dumps(dict(mapping.recode), ensure_ascii=False) if mapping.recode else "",
    )
    findings = _findings(at, name, mapping, reading, columns, headers)
    return Filled(values, rule, findings, columns.words_met)


def _headers(mapping: ColumnMapping, expression: Expression | None) -> tuple[str, ...]:
    if expression is not None:
        return expression.headers
    return (mapping.column,) if mapping.column is not None else ()


def _read(columns: SourceColumns, spec: VariableSpec, mapping: ColumnMapping, expression: Expression | None) -> Reading:
    n = len(columns.at.kept)
    if mapping.constant is not None:
        return _read_texts(pd.Series([mapping.constant] * n, dtype=object), columns, spec, mapping)
    if expression is None:
        assert mapping.column is not None
        return _read_texts(columns.texts(mapping.column), columns, spec, mapping)
    texts = expression.texts(columns)
    if texts is not None:
        return _read_texts(texts, columns, spec, mapping)
    return _from_numbers(expression.numbers(columns), columns, spec, mapping)


def _read_texts(texts: pd.Series, columns: SourceColumns, spec: VariableSpec, mapping: ColumnMapping) -> Reading:
    source = columns.at.source
    if spec.kind in ("number", "integer"):
        reading = read_numbers(texts, columns.decimal, mapping, spec)
        _note_text_numbers(reading, columns, mapping)
        return reading
    if spec.kind == "date":
        parts = read_dates(texts, source.dates, source.century)
        return Reading(parts.pop("values").to_numpy(), {k: v for k, v in parts.items() if v.any()})
    if spec.kind in ("category", "boolean"):
        return read_levels(texts, spec, mapping)
    return Reading(np.array([t if t is not None else None for t in texts], dtype=object))


def _from_numbers(numbers: Numbers, columns: SourceColumns, spec: VariableSpec, mapping: ColumnMapping) -> Reading:
    """The numbers of an expression as the variable's kind."""
    if spec.kind in ("number", "integer"):
        return Reading(numbers)
    if spec.kind == "boolean" and not mapping.recode:
        values = np.where(numbers != 0, "1", "0").astype(object)
        values[np.isnan(numbers)] = None
        return Reading(values)
    texts = pd.Series([None if np.isnan(v) else f"{v:.15g}" for v in numbers], dtype=object)
    return _read_texts(texts, columns, spec, mapping)


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

    codes, uniques = _factorise(texts)
    pairs = [one(text) for text in uniques]
    values = _take(np.array([v for v, _ in pairs], dtype=np.float64), codes, np.nan)
    notes = {
        note: mask
        for note in ("unit", "censored", "text")
        if (mask := _take(np.array([n == note for _, n in pairs], dtype=bool), codes, False)).any()
    }
    return Reading(values, notes)


def _number_with_unit(text: str, decimal: str, unit: str | None) -> float | None:
    number, cell_unit = split_unit_cell(text)
    value = parse_number(number, decimal) if cell_unit else None
    if value is None or cell_unit is None or unit is None or not can_convert(cell_unit, unit):
        return None
    return value * convert_factor(cell_unit, unit)


def _note_text_numbers(reading: Reading, columns: SourceColumns, mapping: ColumnMapping) -> None:
    """In a workbook, numbers stored as text are noted: their decimals were read by the codebook's rule."""
    if mapping.column is None or columns.at.table.sheet.delimiter is not None:
        return
    text = np.array([isinstance(c, str) for c in columns.at.raw_cells(mapping.column)], dtype=bool)
    mask = text & ~np.isnan(reading.values.astype(np.float64)) & ~reading.notes.get("unit", np.zeros(len(text), bool))
    if mask.any():
        reading.notes["stored_text"] = mask


def read_dates(texts: pd.Series, order: str | None, century: int | None) -> dict[str, Any]:
    """`values` (datetime64[ns] series) and masks: `date` (no date or undecided order), `two_digits` (short year)."""
    codes, uniques = _factorise(texts)
    parsed = [read_date(text, order, century) for text in uniques]
    days = pd.Series([p.day for p in parsed], dtype=object)
    stamps = pd.to_datetime(days, errors="coerce").astype("datetime64[ns]").to_numpy()
    bad = np.isnat(stamps)
    short = np.array([p.short_year for p in parsed], dtype=bool)
    return {
        "values": pd.Series(_take(stamps, codes, np.datetime64("NaT"))),
        "date": _take(bad, codes, False),
        "two_digits": _take(short & ~bad, codes, False),
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

    codes, uniques = _factorise(texts)
    pairs = [one(text) for text in uniques]
    values = _take(np.array([c for c, _ in pairs], dtype=object), codes, None)
    notes = {"level": _take(np.array([not ok for _, ok in pairs], dtype=bool), codes, False)}
    notes["spelling"] = _take(_variants(uniques, [c for c, _ in pairs], codes), codes, False)
    notes["renumbered"] = _take(
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


def _convert(reading: Reading, spec: VariableSpec, mapping: ColumnMapping, where: str) -> str:
    """Convert to the variable's unit; returns the step in words, empty where none was needed."""
    if mapping.unit is None or spec.unit is None or mapping.unit == spec.unit:
        return ""
    try:
        factor = convert_factor(mapping.unit, spec.unit, mapping.analyte)
    except ConfigError as error:
        raise ConfigError(error.what, where=where, hint=error.hint) from None
    if factor == 1.0:
        return ""
    reading.values = reading.values * factor
    return f"{mapping.unit} to {spec.unit}: x {factor:g}"


def _limit(reading: Reading, spec: VariableSpec) -> None:
    if spec.range is None:
        return
    low, high = spec.range
    with np.errstate(invalid="ignore"):
        outside = (reading.values < low) | (reading.values > high)
    if outside.any():
        reading.notes["outside" if spec.outside == "missing" else "outside_kept"] = outside
        if spec.outside == "missing":
            reading.values = np.where(outside, np.nan, reading.values)


def _round(reading: Reading, spec: VariableSpec, *, exact: bool) -> None:
    """Round to the variable's decimals; a whole number that is none and was not converted is noted."""
    decimals = 0 if spec.kind == "integer" else spec.decimals
    if decimals is None:
        return
    rounded = np.round(reading.values, decimals)
    if spec.kind == "integer" and exact:
        with np.errstate(invalid="ignore"):
            fraction = np.abs(rounded - reading.values) > 1e-9
        if fraction.any():
            reading.notes["fraction"] = fraction
    reading.values = rounded


def _typed(values: NDArray[Any], spec: VariableSpec) -> pd.Series:
    if spec.kind in ("number", "integer"):
        series = pd.Series(values.astype(np.float64))
        return as_kind(series.astype("Float64").mask(series.isna()), spec.kind)
    if spec.kind == "boolean":
        return pd.Series(values, dtype=object).map({"1": True, "0": False}).astype("boolean")
    if spec.kind == "date":
        return pd.Series(values).astype("datetime64[ns]")
    return pd.Series(values, dtype="string")


def as_kind(series: pd.Series, kind: Kind) -> pd.Series:
    """A column with the dtype of its kind."""
    return series.astype(pandas_dtype(DTYPES[kind]))


def _factorise(texts: pd.Series) -> tuple[NDArray[np.int64], list[str]]:
    codes, uniques = pd.factorize(texts.to_numpy(dtype=object))
    return codes, list(uniques)


def _take(values: NDArray[Any], codes: NDArray[np.int64], missing: Any) -> NDArray[Any]:
    """Values of the distinct texts, mapped back to the cells; code -1 is a missing cell."""
    extended = np.append(values, np.array([missing], dtype=values.dtype))
    return extended[codes]


def _by_text(texts: pd.Series, read: Callable[[str], float | None], missing: float) -> NDArray[Any]:
    codes, uniques = _factorise(texts)
    values = [read(text) for text in uniques]
    return _take(np.array([missing if v is None else v for v in values], dtype=np.float64), codes, missing)


def _as_written(cells: list[str], raw: list[object]) -> list[str]:
    """A number cell of a workbook has no decimal sign: write it with the source's comma."""
    return [t.replace(".", ",") if isinstance(c, float) else t for t, c in zip(cells, raw, strict=True)]


#: note -> (code, severity or None, sentence with {cells}, {column} and {name}).
_SENTENCES: dict[str, tuple[str, Severity | None, str]] = {
    "text": ("TB110", None, "{cells} of {column} without a number; read as missing"),
    "stored_text": ("TB110", "info", "{cells} of {column}: numbers stored as text, read by the codebook's decimal sign"),
    "level": ("TB110", None, "{cells} of {column} with a text that is no level and not recoded; read as missing"),
    "fraction": ("TB110", None, "{cells} of {column} with a fraction where whole numbers are expected; rounded"),
    "unit": ("TB111", "info", "{cells} of {column} with their unit inside; the number was taken"),
    "outside": ("TB112", None, "{cells} of {column} outside the plausible range; read as missing"),
    "outside_kept": ("TB112", None, "{cells} of {column} outside the plausible range; kept"),
    "own_missing": ("TB113", "info", "{cells} of {column} with a value that means missing there, as the codebook says"),
    "censored": ("TB114", None, "{cells} of {column} with a bound such as <5; the bound was taken"),
    "date": ("TB115", None, "{cells} of {column} without a certain date; read as missing"),
    "two_digits": ("TB115", "info", "{cells} of {column} with a two-digit year; read by the codebook's century"),
    "spelling": ("TB116", None, "{cells} of {column} with a spelling variant, folded into its level"),
    "renumbered": ("TB119", "info", "{cells} of {column} with another code number than the study's; recoded as the codebook says"),
    "derived": ("TB180", None, "{cells} of {name} worked out from {column}"),
}  # fmt: skip
#: Notes that concern whole columns: a list of their cells helps nobody.
_WHOLE_COLUMN = frozenset({"stored_text", "two_digits", "derived"})


def _findings(
    at: SourceTable,
    name: str,
    mapping: ColumnMapping,
    reading: Reading,
    columns: SourceColumns,
    headers: tuple[str, ...],
) -> tuple[Finding, ...]:
    notes = dict(reading.notes)
    if columns.own_words_met.any():
        notes["own_missing"] = columns.own_words_met
    if mapping.expr is not None:
        notes["derived"] = ~pd.isna(reading.values)
    found = []
    for note, mask in notes.items():
        code, severity, sentence = _SENTENCES[note]
        rows = np.flatnonzero(mask)
        where = at.addresses(headers[0], rows.tolist()) if headers and note not in _WHOLE_COLUMN else ()
        column = " and ".join(f"{h!r}" for h in headers)
        evidence = sentence.format(cells=counted(len(rows), "cell"), column=f"{column} ({at.name})", name=name)
        found.append(
            finding(code, evidence, columns=[name], count=len(rows), source=at.name, where=where, severity=severity)
        )
    return tuple(found)

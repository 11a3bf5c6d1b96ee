"""One variable of one source: cell texts to typed values, each distinct text read once.

What cannot be read becomes missing and is counted in a finding with its cell addresses; nothing else
changes silently.
"""

from __future__ import annotations

import json
from dataclasses import dataclass

import numpy as np
import pandas as pd
import pyarrow as pa
from pandas.api.types import pandas_dtype

from tabml.core.codebook import ColumnMapping, VariableSpec
from tabml.core.cohort import DTYPES, Kind
from tabml.core.errors import ConfigError
from tabml.core.findings import Finding, Severity, finding
from tabml.core.privacy import SMALL_CELL
from tabml.core.wording import counted
from tabml.ingest.columns import SourceColumns
from tabml.ingest.expressions import Expression, Numbers, parse_expression
from tabml.ingest.read import Column
from tabml.ingest.readings import Reading, read_dates, read_levels, read_numbers
from tabml.ingest.source_table import SourceTable
from tabml.ingest.units import can_convert, convert_factor

#: From here on a double no longer holds every whole number, and its square would leave what models compute in.
BEYOND_MEASURE = 1e15


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
    rows: str = ""
    """Which rows of a patient count and how they become one value; empty where each row has its own."""


@dataclass(frozen=True)
class Filled:
    """One variable of one source. `values`: (n_rows,) with the dtype of its kind (category: codes as text)."""

    values: pd.Series
    rule: Rule
    findings: tuple[Finding, ...]
    missing_words: int


def fill(at: SourceTable, name: str, spec: VariableSpec, mapping: ColumnMapping) -> Filled:
    """Read one variable from one source as its mapping says."""
    columns = SourceColumns(at, mapping.missing, mapping.decimal)
    expression = parse_expression(mapping.expr) if mapping.expr is not None else None
    reading = _read(columns, spec, mapping, expression)
    unit_step = ""
    if spec.kind in ("number", "integer") and mapping.constant is None:
        unit_step = _convert(reading, columns, spec, mapping, f"variable {name!r}, source {at.name!r}")
        _drop_beyond_measure(reading)
        _limit(reading, spec)
        _round(reading, spec, exact=not unit_step)
    values = _typed(reading, spec)
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
    n = len(columns.at)
    if mapping.constant is not None:
        return _read_texts(Column.of([mapping.constant] * n), columns, spec, mapping)
    if expression is None:
        assert mapping.column is not None
        return _read_texts(columns.texts(mapping.column), columns, spec, mapping)
    texts = expression.texts(columns)
    if texts is not None:
        return _read_texts(texts, columns, spec, mapping)
    return _from_numbers(expression.numbers(columns), columns, spec, mapping)


def _read_texts(texts: Column, columns: SourceColumns, spec: VariableSpec, mapping: ColumnMapping) -> Reading:
    source = columns.at.source
    if spec.kind in ("number", "integer"):
        reading = read_numbers(texts, columns.decimal, mapping, spec)
        _note_text_numbers(reading, columns, mapping)
        return reading
    if spec.kind == "date":
        return read_dates(texts, source.dates, source.century)
    if spec.kind in ("category", "boolean"):
        return read_levels(texts, spec, mapping)
    return Reading(texts)


def _from_numbers(numbers: Numbers, columns: SourceColumns, spec: VariableSpec, mapping: ColumnMapping) -> Reading:
    """The numbers of an expression as the variable's kind."""
    if spec.kind in ("number", "integer"):
        return Reading(numbers)
    if spec.kind == "boolean" and not mapping.recode:
        codes = np.where(np.isnan(numbers), -1, numbers != 0).astype(np.int8)
        return Reading(Column.of_codes(pa.array(["0", "1"]), codes))
    known = pa.array(numbers).dictionary_encode()
    texts = [None if np.isnan(v) else f"{v:.15g}" for v in known.dictionary.to_pylist()]
    cells = Column.of_codes(pa.array(texts, pa.string()), known.indices.to_numpy())
    return _read_texts(cells, columns, spec, mapping)


def _note_text_numbers(reading: Reading, columns: SourceColumns, mapping: ColumnMapping) -> None:
    """In a workbook, numbers stored as text are noted: their decimals were read by the codebook's rule."""
    if mapping.column is None or columns.at.is_text:
        return
    text = columns.at.column(mapping.column).is_kind("text")
    mask = text & reading.known & ~reading.notes.get("unit", np.zeros(len(text), bool))
    if mask.any():
        reading.notes["stored_text"] = mask


def _convert(reading: Reading, columns: SourceColumns, spec: VariableSpec, mapping: ColumnMapping, where: str) -> str:
    """Convert to the variable's unit; returns the step in words, empty where none was needed."""
    if mapping.unit_column is not None and spec.unit is not None:
        return _convert_rows(reading, columns.texts(mapping.unit_column), spec, mapping)
    if mapping.unit is None or spec.unit is None or mapping.unit == spec.unit:
        return ""
    try:
        factor = convert_factor(mapping.unit, spec.unit, mapping.analyte)
    except ConfigError as error:
        raise ConfigError(error.what, where=where, hint=error.hint) from None
    if factor == 1.0:
        return ""
    reading.values = reading.numbers * factor
    return f"{mapping.unit} to {spec.unit}: x {factor:g}"


def _convert_rows(reading: Reading, units: Column, spec: VariableSpec, mapping: ColumnMapping) -> str:
    """Convert each number by the unit of its row; one that cannot be converted is missing and noted."""
    assert spec.unit is not None
    factors = {text: _factor(text, spec.unit, mapping.analyte) for text in dict.fromkeys(units.distinct)}
    blank = 1.0 if mapping.unit is None else _factor(mapping.unit, spec.unit, mapping.analyte)
    factor = units.spread(np.array([factors[text] for text in units.distinct], dtype=np.float64), blank)
    foreign = np.isnan(factor) & reading.known
    if foreign.any():
        reading.notes["foreign_unit"] = foreign
    reading.values = reading.numbers * factor
    steps = {text: f for text, f in factors.items() if not np.isnan(f) and f != 1.0}
    return "; ".join(f"{text} to {spec.unit}: x {f:g}" for text, f in sorted(steps.items()))


def _factor(unit: str, to: str, analyte: str | None) -> float:
    return convert_factor(unit, to, analyte) if can_convert(unit, to, analyte) else np.nan


def _drop_beyond_measure(reading: Reading) -> None:
    """A slip such as 1e308 is missing whatever the column's range: one would be the mean of all patients."""
    beyond = np.abs(reading.numbers) >= BEYOND_MEASURE
    if beyond.any():
        reading.notes["beyond_measure"] = beyond
        reading.values = np.where(beyond, np.nan, reading.numbers)


def _limit(reading: Reading, spec: VariableSpec) -> None:
    if spec.range is None:
        return
    low, high = spec.range
    with np.errstate(invalid="ignore"):
        outside = (reading.numbers < low) | (reading.numbers > high)
    if outside.any():
        reading.notes["outside" if spec.outside == "missing" else "outside_kept"] = outside
        if spec.outside == "missing":
            reading.values = np.where(outside, np.nan, reading.numbers)


def _round(reading: Reading, spec: VariableSpec, *, exact: bool) -> None:
    """Round to the variable's decimals; a whole number that is none and was not converted is noted."""
    decimals = 0 if spec.kind == "integer" else spec.decimals
    if decimals is None:
        return
    rounded = np.round(reading.numbers, decimals)
    if spec.kind == "integer" and exact:
        with np.errstate(invalid="ignore"):
            fraction = np.abs(rounded - reading.numbers) > 1e-9
        if fraction.any():
            reading.notes["fraction"] = fraction
    reading.values = rounded


def _typed(reading: Reading, spec: VariableSpec) -> pd.Series:
    """The values with the dtype of their kind; levels as a category of the codes met, texts as strings."""
    values, missing = reading.values, ~reading.known
    if isinstance(values, Column):
        if spec.kind == "boolean":
            truth = values.spread(np.array([code == "1" for code in values.distinct], dtype=bool), False)
            return pd.Series(pd.arrays.BooleanArray(truth, missing))
        if spec.kind == "category":
            return _levels(values, spec)
        return pd.Series(values.values(), dtype="string")
    if spec.kind == "date":
        return pd.Series(values)
    if spec.kind == "integer":
        whole = np.where(missing, 0, values)
        return pd.Series(pd.arrays.IntegerArray(whole.astype(np.int64), missing))
    return pd.Series(pd.arrays.FloatingArray(values.astype(np.float64, copy=False), missing))


def _levels(codes: Column, spec: VariableSpec) -> pd.Series:
    """Level codes as a category: those of the codebook first, others as they were met."""
    levels = list(dict.fromkeys([*spec.levels, *codes.distinct]))
    position = np.array([levels.index(code) for code in codes.distinct], dtype=np.int32)
    return pd.Series(pd.Categorical.from_codes(codes.spread(position, -1), categories=pd.Index(levels, dtype=object)))


def as_kind(series: pd.Series, kind: Kind) -> pd.Series:
    """A column with the dtype of its kind."""
    dtype = pandas_dtype(DTYPES[kind])
    return series if series.dtype == dtype else series.astype(dtype)


#: note -> (code, severity or None, sentence with {cells}, {column} and {name}).
_SENTENCES: dict[str, tuple[str, Severity | None, str]] = {
    "text": ("TB110", None, "{cells} of {column} without a number; read as missing"),
    "stored_text": ("TB110", "info", "{cells} of {column}: numbers stored as text, read by the codebook's decimal sign"),
    "level": ("TB110", None, "{cells} of {column} with a text that is no level and not recoded; read as missing"),
    "fraction": ("TB110", None, "{cells} of {column} with a fraction where whole numbers are expected; rounded"),
    "unit": ("TB111", "info", "{cells} of {column} with their unit inside; the number was taken"),
    "foreign_unit": ("TB111", None, "{cells} of {column} in a unit that does not convert; read as missing"),
    "beyond_measure": ("TB112", None, "{cells} of {column} of 1e15 or more in size, which no measurement is; read as missing"),
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
#: note -> what to do, where the remedy of the code is not that of the note.
_REMEDIES: dict[str, str] = {
    "text": "missing: for a word that means missing, else recode it to a number",
    "stored_text": "nothing to do where decimal: is the sign this source writes",
    "level": "recode it to a level, or name it under missing:",
    "fraction": "kind: number keeps fractions",
    "unit": "nothing to do where the unit is that of the column",
    "beyond_measure": "correct the source; private/ lists the cells",
    "outside": "correct the source, or outside: keep",
    "own_missing": "nothing to do where missing: of the column is right",
    "two_digits": "nothing to do where century: is right",
    "renumbered": "nothing to do where recode: is right",
}
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
        notes["derived"] = reading.known
    found = []
    for note, mask in notes.items():
        code, severity, sentence = _SENTENCES[note]
        rows = np.flatnonzero(mask)
        where = at.addresses(headers[0], rows.tolist()) if headers and note not in _WHOLE_COLUMN else ()
        column = " and ".join(f"{h!r}" for h in headers)
        cells = counted(len(rows), "cell")
        if note in ("text", "level") and len(rows) >= SMALL_CELL and not reading.known.any():
            severity, cells = "grave", f"all {len(rows)} cells"
        evidence = sentence.format(cells=cells, column=f"{column} ({at.name})", name=name)
        found.append(
            finding(
                code,
                evidence,
                columns=[name],
                count=len(rows),
                source=at.name,
                where=where,
                severity=severity,
                remedy=_REMEDIES.get(note),
            )
        )
    return tuple(found)

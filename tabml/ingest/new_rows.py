"""New patients for a model: one export in any convention the codebook knows, row for row."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from tabml.core.codebook import Codebook, ColumnMapping, IdColumn, Repeats, Source, VariableSpec
from tabml.core.errors import InputError, QuestionError
from tabml.core.findings import Finding, finding
from tabml.ingest.cells import as_kind
from tabml.ingest.layout import NoTable, Table, find_table
from tabml.ingest.read import RawSheet
from tabml.ingest.records import Records, attach, join_keys, read_records
from tabml.ingest.repeats import merge_repeats
from tabml.ingest.sources import SourceTable, missing_columns, needed_headers
from tabml.ingest.values import MISSING_WORDS, fold

#: The name of the convention in which headers are the variables' own names.
CANONICAL = "canonical"
#: Less than this share of a convention's columns present: the file is not in that convention.
LEAST_SHARE = 0.5


@dataclass(frozen=True)
class NewRows:
    """One line per data row of the file, in its order.

    `frame`: the variables asked for, typed as in a cohort; `row_numbers`: row in the file; `raw_ids`: the
    user's own ids (empty text without an id column); `absent`: variables the file has no column for.
    """

    frame: pd.DataFrame
    row_numbers: tuple[int, ...]
    raw_ids: tuple[str, ...] = field(repr=False)
    centre: tuple[str | None, ...]
    source: str
    findings: tuple[Finding, ...]
    absent: tuple[str, ...]


@dataclass(frozen=True)
class _Match:
    """A convention and the sheets that fit it. `found` of its `needed` columns are there, `exact` letter by letter."""

    source: str
    tables: Mapping[str, Table]
    found: int
    exact: int
    needed: int

    @property
    def share(self) -> float:
        return self.found / max(1, self.needed)

    @property
    def fit(self) -> tuple[float, int, int]:
        """What two conventions are compared by; more is better."""
        return self.share, self.found, self.exact


def new_rows(sheets: Sequence[RawSheet], codebook: Codebook, variables: Sequence[str]) -> NewRows:
    """Read a file for prediction: rows out are rows in, nothing is merged, the outcome may be absent.

    The convention is the source whose headers the file has (best match), or the variables' own names. Two
    equally good ones are a QuestionError; none is an InputError that names the nearest headers.
    """
    tables = [t for s in sheets if not s.hidden and isinstance(t := find_table(s), Table)]
    if not tables:
        reasons = "; ".join(sorted({t.reason for s in sheets if isinstance(t := find_table(s), NoTable)}))
        raise InputError(
            f"no table found{': ' + reasons if reasons else ''}", where=", ".join(sorted({s.file for s in sheets}))
        )
    codebook = _with_canonical(codebook, variables)
    match, is_certain = _best(tables, codebook, variables)
    codebook, absent = _without_absent(codebook, match, variables)
    at = _source_table(match.source, codebook, match.tables[match.source])
    records = _joined(at, codebook, match, variables)
    frame = _frame(records.values, codebook, variables)
    findings = list(records.findings)
    if absent:
        evidence = f"no column in the file for {', '.join(absent)}"
        findings.append(finding("TB702", evidence, columns=absent, count=len(absent)))
    shown = tuple(records.ids["shown"]) if at.source.id is not None else ("",) * len(records)
    centres = _centres(codebook, records) if is_certain else (None,) * len(records)
    return NewRows(frame, tuple(at.row_numbers.tolist()), shown, centres, match.source, tuple(findings), absent)


def _with_canonical(codebook: Codebook, variables: Sequence[str]) -> Codebook:
    """The codebook with one more convention: headers are variable names, cells hold codes or labels."""
    ids = [n for n, v in codebook.variables.items() if v.role == "patient_id"]
    source = Source(
        file="", missing=tuple(sorted(MISSING_WORDS)), dates="ymd", id=IdColumn(column=ids[0]) if ids else None
    )
    specs = {}
    for name, spec in codebook.variables.items():
        recode: dict[str, str | None] = {"yes": "1", "no": "0"} if spec.kind == "boolean" else {}
        mapping = ColumnMapping(column=name, unit=spec.unit, recode=recode, status="accepted")
        specs[name] = spec.model_copy(update={"from_": {**spec.from_, CANONICAL: mapping}})
    return codebook.model_copy(update={"sources": {**codebook.sources, CANONICAL: source}, "variables": specs})


def _best(tables: Sequence[Table], codebook: Codebook, variables: Sequence[str]) -> tuple[_Match, bool]:
    """The best convention, and whether its centre is certain (several sources may share one convention)."""
    matches = [m for name in codebook.base_sources() if (m := _match(name, tables, codebook, variables)) is not None]
    matches.sort(key=lambda m: (*(-part for part in m.fit), m.source == CANONICAL, m.source))
    fits = [m for m in matches if m.share >= LEAST_SHARE]
    if not fits:
        raise _no_convention(tables, codebook, variables)
    equal = [m.source for m in fits if m.fit == fits[0].fit]
    ties = [name for name in equal if name != CANONICAL] or equal
    if len(ties) > 1 and not _same_reading(codebook, ties, variables):
        raise QuestionError(
            f"the file fits {len(ties)} conventions equally well: {', '.join(ties)}",
            questions=["which one is it? Keep one of these sources in the codebook given with --codebook"],
            where=tables[0].sheet.file,
        )
    return fits[0], len(ties) == 1


def _match(name: str, tables: Sequence[Table], codebook: Codebook, variables: Sequence[str]) -> _Match | None:
    """How well the sheets fit one convention; None where its patients' table is not among them."""
    group = [name, *(n for n, s in codebook.sources.items() if s.join is not None and s.join.to == name)]
    chosen: dict[str, Table] = {}
    found = exact = needed = 0
    for source in group:
        headers = list(needed_headers(codebook, source, variables))
        needed += len(headers)
        table, own, literal = _best_table(headers, tables)
        join = codebook.sources[source].join
        if own == 0 or (join is not None and (table.find(join.on) is None or own == 1)):
            if source == name:
                return None
            continue
        chosen[source] = table
        found += own
        exact += literal
    return _Match(name, chosen, found, exact, needed)


def _best_table(headers: Sequence[str], tables: Sequence[Table]) -> tuple[Table, int, int]:
    """The table that holds most of the headers, how many, and how many of them letter by letter."""

    def fit(table: Table) -> tuple[int, int]:
        own = sum(table.find(h) is not None for h in headers)
        return own, sum(h in table.headers or h in table.leaves for h in headers)

    best = max(tables, key=fit)
    return best, *fit(best)


def _same_reading(codebook: Codebook, sources: Sequence[str], variables: Iterable[str]) -> bool:
    """Whether sources read every variable alike, so that it does not matter which one is taken."""
    of_source = {"missing", "decimal", "dates", "century", "id", "join"}
    of_mapping = {"column", "constant", "expr", "unit", "analyte", "recode", "missing"}

    def reading(source: str) -> list[object]:
        mappings = [codebook.variables[v].from_.get(source) for v in variables]
        own = codebook.sources[source].model_dump(include=of_source)
        return [own, *(m.model_dump(include=of_mapping) if m is not None else None for m in mappings)]

    first, *others = map(reading, sources)
    return all(other == first for other in others)


def _no_convention(tables: Sequence[Table], codebook: Codebook, variables: Sequence[str]) -> InputError:
    """The error that names, for the convention that comes nearest, what the file lacks."""
    known = [fold(leaf) for table in tables for leaf in table.leaves]

    def nearness(name: str) -> tuple[float, str]:
        needed = [fold(h) for h in needed_headers(codebook, name, variables)]
        close = sum(bool(difflib.get_close_matches(h, known, n=1, cutoff=0.75)) for h in needed)
        return close / max(1, len(needed)), name

    name = max(codebook.base_sources(), key=nearness)
    table = max(tables, key=lambda t: len(t.headers))
    lacking = [h for h in needed_headers(codebook, name, variables) if all(t.find(h) is None for t in tables)]
    error = missing_columns(name, lacking[:8], table)
    what = error.what.replace("named in the codebook not found", "the model needs not found in the file")
    return InputError(
        what, where=table.sheet.name, hint="headers must be those of a training export, or the variables' names"
    )


def _without_absent(codebook: Codebook, match: _Match, variables: Sequence[str]) -> tuple[Codebook, tuple[str, ...]]:
    """Mappings whose columns the file lacks are set aside; returns the variables that lose their column."""
    specs = dict(codebook.variables)
    has: set[str] = set()
    group = [
        match.source,
        *(n for n, s in codebook.sources.items() if s.join is not None and s.join.to == match.source),
    ]
    for source in group:
        table = match.tables.get(source)
        lacking = {
            v
            for header, users in needed_headers(codebook, source).items()
            if table is None or table.find(header) is None
            for v in users
        }
        for name, _, _ in codebook.mappings(source):
            if name in lacking:
                spec = specs[name]
                absent = ColumnMapping(status="absent")
                specs[name] = spec.model_copy(update={"from_": {**spec.from_, source: absent}})
            else:
                has.add(name)
    sources = {n: _lenient(codebook.sources[n], match.tables.get(n)) for n in codebook.sources}
    thin = codebook.model_copy(update={"variables": specs, "sources": sources})
    return thin, tuple(v for v in variables if v not in has)


def _lenient(source: Source, table: Table | None) -> Source:
    """A new file may come without its id column."""
    if table is not None and source.id is not None and table.find(source.id.column) is None:
        return source.model_copy(update={"id": None})
    return source


def _source_table(name: str, codebook: Codebook, table: Table) -> SourceTable:
    return SourceTable(
        name, codebook.sources[name], table, np.arange(len(table), dtype=np.int64), dict(table.set_aside), ()
    )


def _joined(at: SourceTable, codebook: Codebook, match: _Match, variables: Sequence[str]) -> Records:
    wanted = [*variables, *(n for n, v in codebook.variables.items() if v.role == "centre")]
    records = read_records(at, codebook, only=wanted)
    for name, table in match.tables.items():
        join = codebook.sources[name].join
        if join is None:
            continue
        other_at = _source_table(name, codebook, table)
        policy = {name: Repeats(exact="merge", conflict="missing")}
        other = merge_repeats(read_records(other_at, codebook, only=wanted), policy, None, yes=True).records
        records, _, _ = attach(records, join_keys(at, join), other, join=join, source=name)
    return records


def _frame(values: pd.DataFrame, codebook: Codebook, variables: Sequence[str]) -> pd.DataFrame:
    columns = {}
    for name in variables:
        spec: VariableSpec = codebook.variables[name]
        present = values[name] if name in values else pd.Series(pd.NA, index=values.index, dtype=object)
        if spec.kind == "category":
            codes = present.astype(object).where(present.notna(), None)
            levels = list(spec.levels) or sorted(codes.dropna().unique())
            columns[name] = codes.astype(pd.CategoricalDtype(levels, ordered=spec.ordered))
        else:
            columns[name] = as_kind(present, spec.kind)
    return pd.DataFrame(columns, index=range(len(values)))


def _centres(codebook: Codebook, records: Records) -> tuple[str | None, ...]:
    name = next((n for n, v in codebook.variables.items() if v.role == "centre" and n in records.values), None)
    if name is None:
        return (None,) * len(records)
    labels = codebook.variables[name].levels
    codes = np.asarray(records.values[name].astype(object).where(records.values[name].notna(), None), dtype=object)
    return tuple(labels.get(str(c), str(c)) if c is not None else None for c in codes)

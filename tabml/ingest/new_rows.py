"""New patients for a model: one export in any convention the codebook knows, row for row."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import pandas as pd

from tabml.core.codebook import Codebook, ColumnMapping, IdColumn, Repeats, Source, VariableSpec
from tabml.core.errors import QuestionError
from tabml.core.findings import Finding, finding
from tabml.core.wording import counted
from tabml.ingest.accounts import join_finding
from tabml.ingest.cells import as_kind
from tabml.ingest.layout import NoTable, Table, find_tables
from tabml.ingest.long import asking, gathered, is_long, is_only_long, read_long
from tabml.ingest.read import RawSheet
from tabml.ingest.records import Records, attach, join_keys, read_records
from tabml.ingest.repeats import merge_repeats
from tabml.ingest.sources import (
    Part,
    SourceTable,
    answered,
    needed_headers,
    set_aside_counts,
    with_joined,
    with_nearest,
)
from tabml.ingest.sums import summing_rows
from tabml.ingest.together import LEAST_SHARE
from tabml.ingest.unfit import ends_with_headers, no_convention, no_table
from tabml.ingest.unread import unread_levels
from tabml.ingest.values import MISSING_WORDS

#: The name of the convention in which headers are the variables' own names.
CANONICAL = "canonical"


@dataclass(frozen=True)
class NewRows:
    """One line per data row of the file, in its order.

    `frame`: the variables asked for, typed as in a cohort; `row_numbers`: row in the file; `raw_ids`: the
    user's own ids (empty text without an id column); `absent`: variables the file has no column for, each with
    the header it is read from and the nearest ones; `place`: file and sheet; `unread`: variable -> text -> rows, for
    texts that are no level.
    """

    frame: pd.DataFrame
    row_numbers: tuple[int, ...]
    raw_ids: tuple[str, ...] = field(repr=False)
    centre: tuple[str | None, ...]
    source: str
    findings: tuple[Finding, ...]
    absent: Mapping[str, str]
    place: str = ""
    unread: Mapping[str, Mapping[str, int]] = field(default_factory=dict, repr=False)


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
    found = [t for s in sheets if not s.hidden for t in find_tables(s)]
    tables = [t for t in found if isinstance(t, Table)]
    codebook = _with_canonical(codebook, variables)
    if not tables or all(ends_with_headers(t.sheet, codebook, variables) for t in tables):
        raise no_table(sheets, codebook, variables)
    match, is_certain = _best(tables, codebook, variables)
    codebook, absent = _without_absent(codebook, match, variables)
    at = _source_table(match.source, codebook, match.tables[match.source])
    records = _joined(at, codebook, match, variables)
    frame = _frame(records.values, codebook, variables)
    findings = [*_layout_findings(at), *_beside(found, match.tables), *map(_of_this_file, records.findings)]
    if absent:
        evidence = f"no column in the file for {', '.join(absent)}"
        findings.append(finding("TB702", evidence, columns=absent, count=len(absent)))
    shown = (
        tuple(records.ids["shown"].to_numpy(dtype=object).tolist())
        if at.source.id is not None
        else ("",) * len(records)
    )
    centres = _centres(codebook, records) if is_certain else (None,) * len(records)
    return NewRows(
        frame, tuple(at.row_numbers.tolist()), shown, centres, match.source, tuple(findings), absent, at.place,
        unread_levels(at, codebook, findings),
    )  # fmt: skip


def _layout_findings(at: SourceTable) -> list[Finding]:
    """What was met while the table was found, and the rows of it that are no patients.

    How header and delimiter were worked out (TB105) is settled by the headers that a convention knows.
    """
    found = [answered(f, at.source, at.table, unchanged=False) for f in at.table.findings
             if f.code not in ("TB103", "TB105")]  # fmt: skip
    n_aside = sum(len(part.aside) for part in at.parts)
    if n_aside:
        said = ", ".join(f"{n} {reason}" for reason, n in set_aside_counts(at).items())
        evidence = f"{counted(n_aside, 'row')} of {at.place} set aside ({said})"
        found.append(finding("TB103", evidence, count=n_aside, source=at.name))
    return found


def _beside(found: Sequence[Table | NoTable], read: Mapping[str, Table]) -> list[Finding]:
    """TB104 for what a sheet holds beside the tables that were read."""
    taken = list(read.values())
    others = [t for t in found if t not in taken and any(t.sheet is r.sheet for r in taken)]
    said = [f for t in others if isinstance(t, NoTable) for f in t.findings]
    return said + [
        finding("TB104", f"{t.name}: another table, not read", count=1) for t in others if isinstance(t, Table)
    ]


def _of_this_file(found: Finding) -> Finding:
    """A finding whose usual remedy is an option of `fit`, with what helps here."""
    return replace(found, remedy="rows are told apart by their number in the file") if found.code == "TB108" else found


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
        raise no_convention(tables, codebook, variables)
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
    chosen: dict[str, Table] = {}
    found = exact = needed = 0
    for source in with_joined(codebook, name):
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
    of_source = {"missing", "decimal", "dates", "century", "id", "join", "date"}
    of_mapping = {"column", "constant", "expr", "unit", "analyte", "recode", "missing", "decimal"}
    of_mapping |= {"where", "aggregate", "within_days", "unit_column"}

    def reading(source: str) -> list[object]:
        mappings = [codebook.variables[v].from_.get(source) for v in variables]
        own = codebook.sources[source].model_dump(include=of_source)
        return [own, *(m.model_dump(include=of_mapping) if m is not None else None for m in mappings)]

    first, *others = map(reading, sources)
    return all(other == first for other in others)


def _without_absent(codebook: Codebook, match: _Match, variables: Sequence[str]) -> tuple[Codebook, dict[str, str]]:
    """Mappings whose columns the file lacks are set aside; returns the variables that lose their column, in words."""
    specs = dict(codebook.variables)
    has: set[str] = set()
    absent: dict[str, list[str]] = {}
    for source in with_joined(codebook, match.source):
        table = match.tables.get(source)
        lacking: set[str] = set()
        needed = needed_headers(codebook, source)
        for header, users in needed.items():
            if table is None or table.find(header) is None:
                lacking |= users
                for v in users:
                    absent.setdefault(v, []).extend(with_nearest([header], table or match.tables[match.source], needed))
        for name, _, _ in codebook.mappings(source):
            if name in lacking:
                spec = specs[name]
                gone = ColumnMapping(status="absent")
                specs[name] = spec.model_copy(update={"from_": {**spec.from_, source: gone}})
            else:
                has.add(name)
    sources = {n: _lenient(codebook.sources[n], match.tables.get(n)) for n in codebook.sources}
    thin = codebook.model_copy(update={"variables": specs, "sources": sources})
    return thin, {v: ", ".join(absent.get(v, [repr(v)])) for v in variables if v not in has}


def _lenient(source: Source, table: Table | None) -> Source:
    """A new file may come without its id column."""
    if table is not None and source.id is not None and table.find(source.id.column) is None:
        return source.model_copy(update={"id": None})
    return source


def _source_table(name: str, codebook: Codebook, table: Table) -> SourceTable:
    sums = summing_rows(table, codebook, name)
    kept = np.array([i for i in range(len(table)) if i not in sums], dtype=np.int64)
    aside = {**table.set_aside, **{int(table.row_numbers[i]): reason for i, reason in sums.items()}}
    return SourceTable(name, codebook.sources[name], (Part(table, kept, aside),))


def _joined(at: SourceTable, codebook: Codebook, match: _Match, variables: Sequence[str]) -> Records:
    """The rows of the patients' table with what the other tables add; long ones by the rules of the codebook."""
    roles = ("centre", "index_date", "visit")
    wanted = [*variables, *(n for n, v in codebook.variables.items() if v.role in roles)]
    records = read_records(at, codebook, only=wanted)
    joins = {n: j for n in match.tables if (j := codebook.sources[n].join) is not None}
    others = {n: _source_table(n, codebook, match.tables[n]) for n in joins}
    for name, other_at in others.items():
        if is_only_long(codebook, name):
            continue
        policy = {name: Repeats(exact="merge", conflict="missing")}
        other = merge_repeats(read_records(other_at, codebook, only=wanted), policy, None, yes=True).records
        records, partner, leftover = attach(records, join_keys(at, joins[name]), other, join=joins[name], source=name)
        records = _counting(records, at, name, int((partner >= 0).sum()), leftover)
    for name, other_at in others.items():
        if is_long(codebook, name):
            asks = asking(records, codebook, join_keys(at, joins[name]))
            long = read_long(other_at, codebook, asks, only=wanted)
            records = gathered(records, long.records)
            if is_only_long(codebook, name):
                records = _counting(records, at, name, long.n_found, long.n_alone)
    if is_long(codebook, at.name):
        asks = asking(records, codebook, records.ids["id"].to_list())
        records = gathered(records, read_long(at, codebook, asks, only=wanted).records)
    return records


def _counting(records: Records, at: SourceTable, joined: str, n_found: int, n_alone: int) -> Records:
    """With TB127 where rows found no partner in a joined table; nothing is said where all did."""
    found = join_finding(at.name, joined, n_found, n_alone, len(at))
    return records if found.severity == "info" else replace(records, findings=(*records.findings, found))


def _frame(values: pd.DataFrame, codebook: Codebook, variables: Sequence[str]) -> pd.DataFrame:
    columns = {}
    for name in variables:
        spec: VariableSpec = codebook.variables[name]
        present = values[name] if name in values else pd.Series(pd.NA, index=values.index, dtype=object)
        if spec.kind == "category":
            levels = pd.Index(list(spec.levels) or sorted(present.dropna().unique()), dtype=object)
            columns[name] = present.astype("category").cat.set_categories(levels, ordered=spec.ordered)
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

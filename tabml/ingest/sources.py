"""Which sheet is which source of the codebook, and whether it holds the columns the codebook names."""

from __future__ import annotations

import unicodedata
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from tabml.core.codebook import Codebook, Source
from tabml.core.errors import NEAR, ConfigError, InputError, did_you_mean, likeness
from tabml.core.findings import Finding, finding
from tabml.ingest.expressions import parse_expression
from tabml.ingest.layout import NoTable, Table, find_table
from tabml.ingest.read import Column, RawSheet, column_letter
from tabml.ingest.values import fold

#: Absent columns that a message names; the rest are counted.
MOST_NAMED = 30


@dataclass(frozen=True, eq=False)
class SourceTable:
    """One source's rows as they stand in its file; `kept` are positions in the table's data rows."""

    name: str
    source: Source
    table: Table
    kept: NDArray[np.int64]
    aside: Mapping[int, str]
    findings: tuple[Finding, ...] = ()

    def __len__(self) -> int:
        """Kept rows."""
        return len(self.kept)

    @property
    def place(self) -> str:
        """File and sheet, for messages."""
        return self.table.sheet.name

    @property
    def is_text(self) -> bool:
        """Whether the source is a text file: no cell of it has a type."""
        return self.table.sheet.is_text

    @cached_property
    def row_numbers(self) -> NDArray[np.int32]:
        """Absolute row number (from 1) of each kept row."""
        return self.table.row_numbers[self.kept]

    def index(self, header: str) -> int:
        """Position of a column in the table; the codebook's header may be its last part."""
        found = self.table.find(header)
        if found is None:
            raise missing_columns(self.name, [header], self.table)
        return found

    def has(self, header: str) -> bool:
        return self.table.find(header) is not None

    def column(self, header: str) -> Column:
        """The cells of the kept rows."""
        self.index(header)
        return self.table.cells(header, self.row_numbers)

    def letter(self, header: str) -> str:
        return column_letter(self.table.columns[self.index(header)])

    def addresses(self, header: str, rows: Iterable[int]) -> tuple[str, ...]:
        """Places such as `export.xlsx, sheet Patients, cell F17` of kept rows."""
        if self.table.sheet.origin is not None:
            column = self.table.columns[self.index(header)]
            return tuple(self.table.sheet.at(int(self.row_numbers[i]), column) for i in rows)
        start = f"{self.place}, cell {self.letter(header)}"
        return tuple(f"{start}{number}" for number in self.row_numbers[list(rows)].tolist())


def needed_headers(codebook: Codebook, source: str, variables: Iterable[str] | None = None) -> dict[str, set[str]]:
    """Header -> the variables that need it (an empty set for id and join columns), for one source."""
    wanted = None if variables is None else set(variables)
    node = codebook.sources[source]
    needed: dict[str, set[str]] = {}
    for name, _, mapping in codebook.mappings(source):
        if wanted is not None and name not in wanted:
            continue
        headers = [mapping.column] if mapping.column is not None else []
        if mapping.expr is not None:
            headers.extend(parse_expression(mapping.expr).headers)
        for header in headers:
            needed.setdefault(header, set()).add(name)
    if node.id is not None:
        needed.setdefault(node.id.column, set())
    if node.join is not None:
        needed.setdefault(node.join.on, set())
    return needed


def with_joined(codebook: Codebook, base: str) -> list[str]:
    """A source of patients and the sources joined to it."""
    return [base, *(n for n, s in codebook.sources.items() if s.join is not None and s.join.to == base)]


def missing_columns(source: str, headers: Sequence[str], table: Table) -> InputError:
    """The error for columns the codebook names and the file lacks, with the nearest headers; a long list is counted."""
    word = "column" if len(headers) == 1 else "columns"
    told = with_nearest(headers, table)
    told.sort(key=lambda text: "(nearest: " not in text)  # what can be mended is not cut
    more = f"; {len(told) - MOST_NAMED} more" if len(told) > MOST_NAMED else ""
    return InputError(
        f"{word} named in the codebook not found: {'; '.join(told[:MOST_NAMED])}{more}",
        where=f"{table.sheet.name}, source {source!r}",
        hint="correct the codebook, or export the column again",
    )


def with_nearest(headers: Iterable[str], table: Table, found: Iterable[str] = ()) -> list[str]:
    """Each absent header with the one of the table that is near it: `'Kolesterol' (nearest: 'Kolestrol')`.

    A column that another of these headers is nearer to, or that one of `found` is, is not offered; nothing near,
    nothing offered.
    """
    wanted = list(headers)
    taken = {table.find(h) for h in found}
    named = enumerate(zip(table.leaves, table.headers, strict=True))
    leaves = {leaf: header for j, (leaf, header) in named if j not in taken}
    pairs = sorted(((likeness(fold(h), fold(leaf)), h, leaf) for h in wanted for leaf in leaves), key=lambda p: -p[0])
    near: dict[str, str] = {}
    for alike, header, leaf in pairs:
        if alike >= NEAR and header not in near and leaves[leaf] not in near.values():
            near[header] = leaves[leaf]
    return [f"{h!r} (nearest: {near[h]!r})" if h in near else repr(h) for h in wanted]


def match_sources(sheets: Sequence[RawSheet], codebook: Codebook) -> tuple[dict[str, SourceTable], tuple[Finding, ...]]:
    """The table of every source, and findings on sheets that are none.

    By file and sheet name; a renamed export is found by its headers (TB107). A source without a sheet is an
    InputError; a sheet that is neither a source nor under `other_sheets`, and a column that is neither
    mapped, an identifier nor unused, is a ConfigError.
    """
    named = _by_name(sheets, codebook)
    renamed = _by_headers(sheets, codebook, named)
    claimed = named | renamed
    tables = {name: _source_table(name, codebook, claimed[name]) for name in codebook.sources}
    findings = (*_said_of_renamed(renamed, codebook), *_account_for_sheets(sheets, codebook, claimed))
    _account_for_columns(codebook, tables)
    return tables, findings


def _by_name(sheets: Sequence[RawSheet], codebook: Codebook) -> dict[str, RawSheet]:
    claimed: dict[str, RawSheet] = {}
    for name, source in codebook.sources.items():
        of_file = [s for s in sheets if _same(s.file, source.file)]
        if source.sheet is not None:
            found = [s for s in of_file if s.sheet is not None and _same(s.sheet, source.sheet)]
        else:
            found = [s for s in of_file if s.sheet not in source.other_sheets and not s.hidden]
            if len(found) > 1:
                names = ", ".join(repr(s.sheet) for s in found)
                raise ConfigError(
                    f"source {name!r} does not say which sheet: {names}", where=source.file, hint="add sheet:"
                )
        taken = {id(s) for s in claimed.values()}
        # Two files of one name: the one the codebook was written for, else the first that is free.
        found = sorted((s for s in found if id(s) not in taken), key=lambda s: s.sha256 != source.sha256)
        if found:
            claimed[name] = found[0]
    return claimed


def _by_headers(sheets: Sequence[RawSheet], codebook: Codebook, claimed: Mapping[str, RawSheet]) -> dict[str, RawSheet]:
    """Sheets for sources whose file or sheet was renamed: the only unclaimed one with all their headers."""
    taken = {id(s) for s in claimed.values()}
    found: dict[str, RawSheet] = {}
    for name, source in codebook.sources.items():
        if name in claimed:
            continue
        free = [s for s in sheets if id(s) not in taken and s.sheet not in source.other_sheets]
        needed = list(needed_headers(codebook, name))
        fits = [s for s in free if isinstance(t := find_table(s), Table) and not _lacking(needed, t)]
        if len(fits) != 1:
            raise _no_sheet(name, source, sheets)
        taken.add(id(fits[0]))
        found[name] = fits[0]
    return found


def _said_of_renamed(renamed: Mapping[str, RawSheet], codebook: Codebook) -> Iterable[Finding]:
    """TB107 for each source whose file or sheet does not stand under the codebook's name."""
    for name, sheet in renamed.items():
        source = codebook.sources[name]
        meant = f"{source.file}, sheet {source.sheet}" if source.sheet is not None else source.file
        said = f"{meant} is not among the inputs; {sheet.name} has all its columns and was read as {name}"
        yield finding("TB107", said, source=name, count=1)


def _no_sheet(name: str, source: Source, sheets: Sequence[RawSheet]) -> InputError:
    of_file = [s.sheet for s in sheets if _same(s.file, source.file) and s.sheet is not None]
    if of_file and source.sheet is not None:
        hint = did_you_mean(source.sheet, of_file)
        return InputError(
            f"sheet {source.sheet!r} of source {name!r} is not in the workbook", where=source.file, hint=hint
        )
    files = sorted({s.file for s in sheets})
    what = f"file {source.file!r} of source {name!r} is not among the inputs"
    return InputError(what, where=", ".join(files[:6]), hint=did_you_mean(source.file, files))


def _source_table(name: str, codebook: Codebook, sheet: RawSheet) -> SourceTable:
    source = codebook.sources[name]
    unchanged = source.sha256 is None or source.sha256 == sheet.sha256
    needed = list(needed_headers(codebook, name))
    table = find_table(sheet, header_rows=source.header_rows if unchanged else (), named=True)
    if source.header_rows and not unchanged and (not isinstance(table, Table) or _lacking(needed, table)):
        table = find_table(sheet, header_rows=source.header_rows)
    if isinstance(table, NoTable):
        raise InputError(f"no table found: {table.reason}", where=sheet.name, hint="check sheet: and header_rows:")
    if lacking := _lacking(needed, table):
        raise missing_columns(name, lacking, table)
    findings = [answered(replace(f, source=name), source, table, unchanged=unchanged) for f in table.findings]
    if not unchanged:
        findings.append(
            finding(
                "TB107",
                f"{sheet.file} is not the file the codebook was written for; its layout was worked out by rule",
                source=name,
            )
        )
    kept, aside = _rows(source, table, unchanged)
    return SourceTable(name, source, table, kept, aside, tuple(findings))


def answered(found: Finding, source: Source, table: Table, *, unchanged: bool) -> Finding:
    """What the codebook settles is no longer in doubt: stated header rows and encoding, hidden columns it sets aside."""
    layout = unchanged and source.header_rows and (source.sheet is not None or source.encoding is not None)
    aside = {table.find(h) for h in (*source.identifiers, *source.unused)}
    hidden = bool(found.columns) and {table.find(h) for h in found.columns} <= aside
    settled = (found.code == "TB105" and layout) or (found.code == "TB102" and hidden)
    return replace(found, severity="info") if settled else found


def _rows(source: Source, table: Table, unchanged: bool) -> tuple[NDArray[np.int64], dict[int, str]]:
    """Positions of the data rows, and every other row with its reason."""
    aside = dict(table.set_aside)
    stated = {int(row): reason for row, reason in source.set_aside.items()} if unchanged else {}
    first, last = source.data_rows if source.data_rows and unchanged else (1, int(table.row_numbers[-1]))
    numbers = table.row_numbers
    is_aside = np.isin(numbers, list(stated))
    is_outside = ~is_aside & ((numbers < first) | (numbers > last))
    aside.update(dict.fromkeys(numbers[is_outside].tolist(), "outside data_rows"))
    aside.update({n: reason for n, reason in stated.items() if n in aside or n in set(numbers[is_aside].tolist())})
    return np.flatnonzero(~is_aside & ~is_outside), aside


def _account_for_sheets(
    sheets: Sequence[RawSheet], codebook: Codebook, claimed: Mapping[str, RawSheet]
) -> tuple[Finding, ...]:
    taken = {id(s) for s in claimed.values()}
    explained: dict[str, set[str]] = {}
    for name, sheet in claimed.items():
        explained.setdefault(sheet.file, set()).update(codebook.sources[name].other_sheets)
    findings, open_sheets = [], []
    for sheet in sheets:
        if id(sheet) in taken or sheet.sheet in explained.get(sheet.file, set()):
            continue
        if sheet.hidden:
            findings.append(finding("TB102", f"hidden sheet of {sheet.file} not read", count=1))
        elif sheet.aside:
            findings.append(finding("TB104", f"{sheet.name}: {sheet.aside}", count=1, severity="info"))
        elif sheet.is_empty:
            findings.append(finding("TB104", f"empty sheet of {sheet.file} not used", count=1, severity="info"))
        else:
            open_sheets.append(sheet.name)
    if open_sheets:
        raise ConfigError(
            f"not in the codebook: {'; '.join(open_sheets)}",
            hint="add it as a source, or as a sheet with a reason under other_sheets",
        )
    return tuple(findings)


def _account_for_columns(codebook: Codebook, tables: Mapping[str, SourceTable]) -> None:
    faults = []
    for name, at in tables.items():
        named = [*needed_headers(codebook, name), *at.source.identifiers, *at.source.unused]
        named += [m.column for s in codebook.variables.values() if (m := s.from_.get(name)) and m.column]
        known = {at.table.find(h) for h in named}
        for j, header in enumerate(at.table.headers):
            if j not in known and (not header.startswith("#") or at.column(header).n_filled):
                faults.append(f"{header!r} of {at.place}")
    if faults:
        raise ConfigError(
            f"{'column' if len(faults) == 1 else 'columns'} not in the codebook: {'; '.join(faults)}",
            hint="map it, or list it under identifiers or unused with a reason",
        )


def set_aside_counts(at: SourceTable) -> dict[str, int]:
    """Reason -> rows of the sheet that are no data row."""
    return dict(sorted(Counter(at.aside.values()).items()))


def _lacking(needed: Iterable[str], table: Table) -> list[str]:
    return [h for h in needed if table.find(h) is None]


def _same(a: str, b: str) -> bool:
    """File and sheet names are equal whatever way their accents are stored."""
    return unicodedata.normalize("NFC", a) == unicodedata.normalize("NFC", b)

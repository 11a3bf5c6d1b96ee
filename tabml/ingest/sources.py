"""Which sheet is which source of the codebook, and whether it holds the columns the codebook names."""

from __future__ import annotations

import difflib
import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from tabml.core.codebook import Codebook, Source
from tabml.core.errors import ConfigError, InputError, did_you_mean
from tabml.core.findings import Finding, finding
from tabml.core.wording import counted
from tabml.ingest.coverage import account_for_columns, account_for_sheets, needed_headers, tables_beside
from tabml.ingest.layout import NoTable, Region, Table, find_tables
from tabml.ingest.read import RawSheet
from tabml.ingest.source_table import Part, SourceTable
from tabml.ingest.values import fold

__all__ = [
    "Part",
    "SourceTable",
    "answered",
    "match_sources",
    "missing_columns",
    "needed_headers",
    "set_aside_counts",
    "stated_range",
    "with_joined",
    "with_nearest",
]

#: Findings of one kind on more tables than this are told as one.
MOST_TOLD = 3


def with_joined(codebook: Codebook, base: str) -> list[str]:
    """A source of patients and the sources joined to it."""
    return [base, *(n for n, s in codebook.sources.items() if s.join is not None and s.join.to == base)]


def missing_columns(source: str, headers: Sequence[str], table: Table) -> InputError:
    """The error for columns the codebook names and the file lacks, with the nearest headers."""
    word = "column" if len(headers) == 1 else "columns"
    return InputError(
        f"{word} named in the codebook not found: {'; '.join(with_nearest(headers, table))}",
        where=f"{table.name}, source {source!r}",
        hint="correct the codebook, or export the column again",
    )


def with_nearest(headers: Iterable[str], table: Table) -> list[str]:
    """Each absent header with the nearest ones the table has: `'Kolesterol' (nearest: 'Kolestrol')`."""
    known = {fold(leaf): header for leaf, header in zip(table.leaves, table.headers, strict=True)}
    near = []
    for header in headers:
        close = difflib.get_close_matches(fold(header), known, n=2, cutoff=0.4)
        near.append(f"{header!r} (nearest: {', '.join(repr(known[c]) for c in close)})" if close else repr(header))
    return near


def match_sources(sheets: Sequence[RawSheet], codebook: Codebook) -> tuple[dict[str, SourceTable], tuple[Finding, ...]]:
    """The table of every source (of a stacked one all of them), and findings on sheets that are none.

    By file and sheet name; a renamed export is found by its headers (TB107). A source without a sheet is an
    InputError; a sheet that is neither a source nor under `other_sheets`, and a column that is neither
    mapped, an identifier nor unused, is a ConfigError.
    """
    named = _by_name(sheets, codebook)
    renamed = _by_headers(sheets, codebook, named)
    claimed = named | renamed
    tables = {name: _source_table(name, codebook, claimed[name]) for name in codebook.sources}
    findings = (
        *_said_of_renamed(renamed, codebook),
        *account_for_sheets(sheets, codebook, claimed),
        *tables_beside(codebook, tables),
    )
    account_for_columns(codebook, tables)
    return tables, findings


def _by_name(sheets: Sequence[RawSheet], codebook: Codebook) -> dict[str, tuple[RawSheet, ...]]:
    claimed: dict[str, tuple[RawSheet, ...]] = {}
    taken: set[tuple[int, str | None]] = set()
    for name, source in codebook.sources.items():
        found = [s for s in sheets if _is_named(s, source) and (id(s), source.table) not in taken]
        if not source.is_stack:
            _refuse_several(name, source, found)
            # Two files of one name: the one the codebook was written for, else the first that is free.
            found = sorted(found, key=lambda s: s.sha256 != source.sha256)[:1]
        else:
            found = [s for s in found if not s.aside]  # a `*` also names the files that explain others
        if found:
            claimed[name] = tuple(found)
            taken |= {(id(s), source.table) for s in found}
    return claimed


def _is_named(sheet: RawSheet, source: Source) -> bool:
    if not any(_fits(sheet.file, name) for name in source.files):
        return False
    if source.sheets:
        return sheet.sheet is not None and any(_fits(sheet.sheet, name) for name in source.sheets)
    return sheet.sheet not in source.other_sheets and not sheet.hidden


def _refuse_several(name: str, source: Source, found: Sequence[RawSheet]) -> None:
    """A workbook of several sheets needs the name of the one that is meant."""
    first = [s for s in found if s.sha256 == found[0].sha256]
    if not source.sheets and len(first) > 1:
        names = ", ".join(repr(s.sheet) for s in first)
        hint = 'add sheet:, or sheet: "*" to read them below each other'
        raise ConfigError(f"source {name!r} does not say which sheet: {names}", where=source.place, hint=hint)


def _by_headers(
    sheets: Sequence[RawSheet], codebook: Codebook, claimed: Mapping[str, Sequence[RawSheet]]
) -> dict[str, tuple[RawSheet, ...]]:
    """Sheets for sources whose file or sheet was renamed: the only unclaimed one with all their headers.

    A sheet with several tables may serve several sources, where each says which table it means.
    """
    taken = {id(s): codebook.sources[name].table for name, claim in claimed.items() for s in claim}
    found: dict[str, tuple[RawSheet, ...]] = {}
    for name, source in codebook.sources.items():
        if name in claimed:
            continue
        free = [s for s in sheets if _is_free(s, source, taken) and s.sheet not in source.other_sheets]
        needed = list(needed_headers(codebook, name))
        fits = [s for s in free if any(_holds(t, needed) for t in find_tables(s))]
        if not fits or (len(fits) > 1 and not source.is_stack):
            raise _no_sheet(name, source, sheets)
        taken |= {id(s): source.table for s in fits}
        found[name] = tuple(fits)
    return found


def _is_free(sheet: RawSheet, source: Source, taken: Mapping[int, str | None]) -> bool:
    return id(sheet) not in taken or (source.table is not None and taken[id(sheet)] not in (None, source.table))


def _said_of_renamed(renamed: Mapping[str, Sequence[RawSheet]], codebook: Codebook) -> Iterable[Finding]:
    """TB107 for each source whose file or sheet does not stand under the codebook's name."""
    for name, sheets in renamed.items():
        meant = codebook.sources[name].place
        said = f"{meant} is not among the inputs; {sheets[0].name} has all its columns and was read as {name}"
        yield finding("TB107", said, source=name, count=len(sheets))


def _no_sheet(name: str, source: Source, sheets: Sequence[RawSheet]) -> InputError:
    of_file = [s.sheet for s in sheets if any(_fits(s.file, f) for f in source.files) and s.sheet is not None]
    if of_file and source.sheets:
        hint = did_you_mean(source.sheets[0], of_file)
        what = f"sheet {', '.join(map(repr, source.sheets))} of source {name!r} is not in the workbook"
        return InputError(what, where=", ".join(source.files), hint=hint)
    files = sorted({s.file for s in sheets})
    what = f"file {', '.join(map(repr, source.files))} of source {name!r} is not among the inputs"
    return InputError(what, where=", ".join(files[:6]), hint=did_you_mean(source.files[0], files))


def _source_table(name: str, codebook: Codebook, sheets: Sequence[RawSheet]) -> SourceTable:
    source = codebook.sources[name]
    needed = needed_headers(codebook, name)
    parts: list[Part] = []
    findings: list[Finding] = []
    offset = 0
    for sheet in sheets:
        unchanged = source.sha256 is None or source.sha256 == sheet.sha256
        table = _table_of(name, source, list(needed), sheet, unchanged=unchanged)
        findings += [answered(replace(f, source=name), source, table, unchanged=unchanged) for f in table.findings]
        if not unchanged:
            said = f"{sheet.file} is not the file the codebook was written for; its layout was worked out by rule"
            findings.append(finding("TB107", said, source=name))
        kept, aside = _rows(source, table, unchanged)
        parts.append(Part(table, kept, aside, offset))
        offset += sheet.n_rows
    at = SourceTable(name, source, tuple(parts), tuple(findings))
    return replace(at, findings=(*_told_once(findings), *_columns_of_some(at, needed)))


def _table_of(name: str, source: Source, needed: Sequence[str], sheet: RawSheet, *, unchanged: bool) -> Table:
    """The table of one sheet that a source means; InputError where there is none."""
    stated = source.header_rows if unchanged else ()
    found = find_tables(sheet, header_rows=stated, named=True, within=stated_range(source, unchanged))
    if source.header_rows and not unchanged and not any(_holds(t, needed) for t in found):
        found = find_tables(sheet, header_rows=source.header_rows, named=True)
    tables = [t for t in found if isinstance(t, Table)]
    if source.table is not None and source.table.isdigit():
        if not 1 <= int(source.table) <= len(tables):
            what = f"the sheet holds {counted(len(tables), 'table')}, no table {source.table} of source {name!r}"
            raise InputError(what, where=sheet.name, hint="check table:")
        tables = [tables[int(source.table) - 1]]
    if not tables:
        reason = next(t.reason for t in found if isinstance(t, NoTable))
        raise InputError(f"no table found: {reason}", where=sheet.name, hint="check sheet: and header_rows:")
    fits = [t for t in tables if _holds(t, needed, all_of=not source.is_stack)]
    if not fits:
        largest = max(tables, key=lambda t: sum(t.find(h) is not None for h in needed))
        raise missing_columns(name, _lacking(needed, largest), largest)
    if len(fits) > 1:
        names = ", ".join(t.region.name for t in fits if t.region is not None)
        raise ConfigError(
            f"source {name!r} does not say which table of the sheet: {names}", where=sheet.name, hint="add table:"
        )
    return fits[0]


def stated_range(source: Source, unchanged: bool) -> Region | None:
    """The range a codebook states; in a changed file the table may have grown, and is looked for."""
    is_range = source.table is not None and not source.table.isdigit()
    return Region.of(source.table or "") if is_range and unchanged else None


def _holds(found: Table | NoTable, needed: Sequence[str], *, all_of: bool = True) -> bool:
    """Whether a table has the needed columns; in a stack some may be lacking, but not most."""
    if isinstance(found, NoTable):
        return False
    lacking = len(_lacking(needed, found))
    return not lacking if all_of else lacking <= len(needed) / 2


def _told_once(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """Findings of many parts by code, the first one's words with the number of tables that share it."""
    by_code: dict[tuple[str, str], list[Finding]] = {}
    for found in findings:
        by_code.setdefault((found.code, found.severity), []).append(found)
    told: list[Finding] = []
    for same in by_code.values():
        if len(same) <= MOST_TOLD:
            told += same
            continue
        more = f"{same[0].evidence}, and the same in {len(same) - 1} more tables"
        places = tuple(place for f in same for place in f.where)
        told.append(replace(same[0], evidence=more, count=sum(f.count for f in same), where=places))
    return tuple(told)


def _columns_of_some(at: SourceTable, needed: Mapping[str, set[str]]) -> Iterable[Finding]:
    """TB151 for columns that some tables of a stack lack; InputError where they are those that join rows."""
    for header, variables in needed.items():
        lacking = at.lacks(header)
        if not lacking:
            continue
        if not variables or len(lacking) == len(at.parts):
            raise missing_columns(at.name, [header], lacking[0].table)
        rows = sum(len(part.kept) for part in lacking)
        said = f"{len(lacking)} of {len(at.parts)} tables of {at.name} have no column {header!r}: missing there"
        yield finding("TB151", said, columns=sorted(variables), count=rows, source=at.name)


def answered(found: Finding, source: Source, table: Table, *, unchanged: bool) -> Finding:
    """What the codebook settles is no longer in doubt: stated header rows and encoding, hidden columns it sets aside."""
    layout = unchanged and source.header_rows and (source.sheets or source.encoding is not None)
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


def set_aside_counts(at: SourceTable) -> dict[str, int]:
    """Reason -> rows of the sheet that are no data row."""
    return dict(sorted(Counter(reason for part in at.parts for reason in part.aside.values()).items()))


def _lacking(needed: Iterable[str], table: Table) -> list[str]:
    return [h for h in needed if table.find(h) is None]


def _fits(name: str, pattern: str) -> bool:
    """File and sheet names are equal whatever way their accents are stored; `*` stands for any text."""
    name, pattern = unicodedata.normalize("NFC", name), unicodedata.normalize("NFC", pattern)
    if "*" not in pattern:
        return name == pattern
    return re.fullmatch(".*".join(map(re.escape, pattern.split("*"))), name, flags=re.DOTALL) is not None

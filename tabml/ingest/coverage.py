"""Whether a codebook accounts for everything in its files: each sheet, each table of a sheet, each column."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from tabml.core.codebook import Codebook, ColumnMapping
from tabml.core.errors import ConfigError
from tabml.core.findings import Finding, Severity, finding
from tabml.ingest.expressions import parse_expression
from tabml.ingest.layout import NoTable, Table, find_tables
from tabml.ingest.read import RawSheet
from tabml.ingest.source_table import Part, SourceTable


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
        for header in mapping.row_headers:
            needed.setdefault(header, set()).add(name)
    if node.id is not None:
        needed.setdefault(node.id.column, set())
    if node.date is not None:
        needed.setdefault(node.date, set())
    if node.join is not None:
        needed.setdefault(node.join.on, set())
    return needed


def account_for_sheets(
    sheets: Sequence[RawSheet], codebook: Codebook, claimed: Mapping[str, Sequence[RawSheet]]
) -> tuple[Finding, ...]:
    taken = {id(s) for claim in claimed.values() for s in claim}
    explained: dict[str, set[str]] = {}
    for name, claim in claimed.items():
        for sheet in claim:
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


def tables_beside(codebook: Codebook, tables: Mapping[str, SourceTable]) -> Iterable[Finding]:
    """TB104 for what a read sheet holds beside the tables of the sources: another table, or a legend."""
    read: dict[int, list[Part]] = {}
    stated: set[str] = set()
    for at in tables.values():
        stated |= {key.replace("$", "").casefold() for key in at.source.other_sheets}
        for part in at.parts:
            read.setdefault(id(part.table.sheet), []).append(part)
    for parts in read.values():
        sheet, regions = parts[0].table.sheet, [part.table.region for part in parts]
        if None in regions:
            continue
        for found in find_tables(sheet, named=True):
            key = f"{sheet.sheet or ''}!{found.region.name if found.region else ''}"
            if found.region is None or any(found.region.meets(region) for region in regions if region is not None):
                continue
            if isinstance(found, NoTable):
                yield from found.findings
            else:
                severity: Severity = "info" if key.casefold() in stated else "warn"
                what = "not used, as the codebook says" if severity == "info" else "another table, not in the codebook"
                remedy = f"add a source with table: {found.region.name}, or {key!r} under other_sheets with a reason"
                yield finding("TB104", f"{found.name}: {what}", count=len(found), severity=severity, remedy=remedy)


def account_for_columns(codebook: Codebook, tables: Mapping[str, SourceTable]) -> None:
    faults = []
    for name, at in tables.items():
        named = [*needed_headers(codebook, name), *at.source.identifiers, *at.source.unused]
        # a mapping that is not used speaks for its columns all the same
        named += [header for s in codebook.variables.values() if (m := s.from_.get(name)) for header in _spoken_for(m)]
        faults += [
            f"{header!r} of {part.table.name}"
            for part in at.parts
            for header in _unknown(part.table, named)
            if not header.startswith("#") or part.table.column(header).take(part.kept).n_filled
        ]
    if faults:
        raise ConfigError(
            f"{'column' if len(faults) == 1 else 'columns'} not in the codebook: {'; '.join(faults)}",
            hint="map it, or list it under identifiers or unused with a reason",
        )


def _spoken_for(mapping: ColumnMapping) -> list[str]:
    """Every column a mapping names, whatever its status."""
    own = [mapping.column] if mapping.column is not None else []
    worked_out = parse_expression(mapping.expr).headers if mapping.expr is not None else ()
    return [*own, *worked_out, *mapping.row_headers]


def _unknown(table: Table, named: Sequence[str]) -> list[str]:
    known = {table.find(h) for h in named}
    return [header for j, header in enumerate(table.headers) if j not in known]

"""Accounts of a harmonisation: the flow from rows read to patients, and findings that concern whole sources."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import pandas as pd

from tabml.core.codebook import Codebook
from tabml.core.cohort import FlowStep
from tabml.core.findings import Finding, finding
from tabml.core.wording import counted
from tabml.ingest.detectors import classify_identifier, is_birth_date
from tabml.ingest.records import Records
from tabml.ingest.repeats import Merged
from tabml.ingest.sources import SourceTable, set_aside_counts

#: Base source -> (rows without id, {joined source: (rows with a partner, its rows left over)}, rows of a long table
#: that became part of their patient's first row).
Joins = Mapping[str, tuple[int, Mapping[str, tuple[int, int]], int]]


def flow(
    tables: Mapping[str, SourceTable], codebook: Codebook, joins: Joins, merged: Merged, rows: pd.DataFrame
) -> tuple[FlowStep, ...]:
    """Every row from the files to the patients: counts on the main line, and what left with its reason."""
    steps: list[FlowStep] = []
    patients = rows.groupby("source", sort=False)["patient"].nunique()
    for base, (no_id, partners, n_gathered) in joins.items():
        steps += _reading(tables[base])
        for other, (_, leftover) in partners.items():
            steps += _reading(tables[other])
            steps += _aside(leftover, other, "rows without a patient to join")
        steps += _aside(no_id, base, "rows without id")
        steps += _aside(n_gathered, base, "further rows of a patient gathered into one")
        steps += _aside(merged.exact.get(base, 0), base, "identical rows of one patient merged")
        steps += _aside(merged.settled.get(base, 0), base, "conflicting rows of one patient settled")
        steps.append(FlowStep("patients", int(patients.get(base, 0)), "count", base))
    steps.append(FlowStep("rows of the cohort", len(rows)))
    steps.append(FlowStep("patients", int(rows["patient"].nunique())))
    return tuple(steps)


def _reading(at: SourceTable) -> Iterator[FlowStep]:
    reasons = set_aside_counts(at)
    headers = sum(part.n_header_rows for part in at.parts)
    if headers:
        reasons["header"] = reasons.get("header", 0) + headers
    yield FlowStep(f"rows of {at.place}", len(at) + sum(reasons.values()), "count", at.name)
    for reason, n in reasons.items():
        yield FlowStep(f"{reason} rows", n, "aside", at.name, reason)
    yield FlowStep("data rows", len(at), "count", at.name)


def _aside(n: int, source: str, reason: str) -> list[FlowStep]:
    return [FlowStep(reason, n, "aside", source, reason)] if n else []


def source_findings(
    codebook: Codebook, tables: Mapping[str, SourceTable], joins: Joins, records: Records
) -> list[Finding]:
    """Rows set aside, joins, identifiers, missing words and coarser outcomes, source by source."""
    found: list[Finding] = []
    for at in tables.values():
        found += [f for f in at.findings if f.code != "TB103"]
        found += _set_aside(at)
        found += _identifiers(at)
        found += _unused(at)
    found += _missing_words(codebook, tables, records)
    for base, (no_id, partners, _) in joins.items():
        if no_id:
            found.append(
                finding(
                    "TB130", f"{counted(no_id, 'row')} of {base} without an id: set aside", count=no_id, source=base
                )
            )
        for other, (matched, leftover) in partners.items():
            found.append(join_finding(base, other, matched, leftover, len(tables[base])))
    found += _coarser(codebook, tables)
    for name, spec in codebook.variables.items():
        if spec.kind == "text":
            found.append(finding("TB172", f"{name!r} is free text: no part of the cohort", columns=[name], count=1))
    return found


def _set_aside(at: SourceTable) -> Iterator[Finding]:
    reasons = set_aside_counts(at)
    if reasons:
        text = ", ".join(f"{n} {reason}" for reason, n in reasons.items())
        where = [f"{part.table.sheet.name}, row {row}" for part in at.parts for row in sorted(part.aside)]
        yield finding("TB103", f"rows of {at.place} set aside: {text}", count=len(where), source=at.name, where=where)


def _identifiers(at: SourceTable) -> Iterator[Finding]:
    """The columns the codebook declares as identifiers: they feed nothing but expressions."""
    verified: list[str] = []
    shape: list[str] = []
    for header in at.source.identifiers:
        if at.has(header):
            sure = classify_identifier(header, at.column(header).first_texts(2000)) == "verified" or is_birth_date(
                header
            )
            (verified if sure else shape).append(header)
    for code, headers in (("TB170", verified), ("TB171", shape)):
        if headers:
            columns = ", ".join(repr(h) for h in headers)
            evidence = f"{columns} of {at.place}: set aside, as the codebook says; nothing of them is written"
            yield finding(code, evidence, columns=headers, count=len(headers), source=at.name, severity="info")
    if at.source.id is not None:
        evidence = f"the id column {at.source.id.column!r} of {at.place} leaves as a pseudonym only"
        yield finding("TB170", evidence, columns=[at.source.id.column], count=1, source=at.name, severity="info")


def _unused(at: SourceTable) -> Iterator[Finding]:
    unused = {h: reason for h, reason in at.source.unused.items() if at.has(h)}
    if unused:
        text = ", ".join(f"{h!r} ({reason})" for h, reason in unused.items())
        evidence = f"not used, as the codebook says: {text} of {at.place}"
        yield finding("TB104", evidence, columns=list(unused), count=len(unused), source=at.name, severity="info")


def _missing_words(codebook: Codebook, tables: Mapping[str, SourceTable], records: Records) -> Iterator[Finding]:
    for name, at in tables.items():
        n = records.missing_words.get(name, 0)
        if n and at.source.missing:
            words = ", ".join(repr(w) for w in at.source.missing)
            evidence = (
                f"{counted(n, 'cell')} of {at.place} with a word that means missing, as the codebook says ({words})"
            )
            remedy = "nothing to do where each of these words means missing"
            yield finding("TB113", evidence, count=n, source=name, severity="info", remedy=remedy)


def join_finding(base: str, other: str, matched: int, leftover: int, rows: int) -> Finding:
    """TB127: rows with and without a partner; a join in which nobody finds one has failed, and is grave."""
    alone = rows - matched
    evidence = (
        f"{counted(matched, 'row')} of {base} found a partner in {other}; left over: {alone} of {base}, "
        f"{leftover} of {other}"
    )
    if rows and not matched:
        remedy = "see how the ids are written in both tables: rule: digits reads 0012 as 12"
        return finding("TB127", evidence, count=alone + leftover, source=other, severity="grave", remedy=remedy)
    clean = alone == 0 and leftover == 0
    return finding("TB127", evidence, count=alone + leftover, source=other, severity="info" if clean else None)


def _coarser(codebook: Codebook, tables: Mapping[str, SourceTable]) -> Iterator[Finding]:
    """Sources that give the outcome but not its graded form."""
    outcomes = [n for n, v in codebook.variables.items() if v.role == "outcome"]
    graded = [n for n, v in codebook.variables.items() if v.role == "sibling"]
    filled = {base: _filled(codebook, base) for base in codebook.base_sources()}
    for name in graded:
        for base in filled:
            if name not in filled[base] and any(o in filled[base] for o in outcomes):
                evidence = f"{base} exports only the coarser outcome; {name!r} is missing there"
                yield finding("TB119", evidence, columns=[name], count=len(tables[base]), source=base, severity="info")


def _filled(codebook: Codebook, base: str) -> set[str]:
    group = [base, *(n for n, s in codebook.sources.items() if s.join is not None and s.join.to == base)]
    return {name for source in group for name, _, _ in codebook.mappings(source)}

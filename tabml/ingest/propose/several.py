"""Exports of several hospitals, each with its own headers: one codebook proposed from all of them together."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from tabml.core.codebook import Codebook, ColumnMapping, IdColumn, Repeats, Source, VariableSpec
from tabml.core.config import Data
from tabml.core.findings import Finding, finding
from tabml.ingest.layout import NoTable, Table
from tabml.ingest.match.assign import match
from tabml.ingest.match.column import Column
from tabml.ingest.propose.codes import CodeList, code_list
from tabml.ingest.propose.endpoint import Endpoint, find_endpoint, polarity, with_endpoint
from tabml.ingest.propose.group import Group, group_of
from tabml.ingest.propose.hospitals import Hospital, Part, hospitals
from tabml.ingest.propose.profile import Profile, TableStyle, profiles, table_style
from tabml.ingest.propose.question import Question
from tabml.ingest.propose.roles import DATED, id_column
from tabml.ingest.propose.style import date_questions, mixed_dates
from tabml.ingest.propose.suspects import questions as suspect_questions
from tabml.ingest.propose.suspects import said_of
from tabml.ingest.propose.variables import Built, build_variable, concept_of, seats_of, variable_names
from tabml.ingest.propose.words import AGE, DATE

#: From this share of patients with several rows on, the rows are visits and no mistakes.
VISITS_SHARE = 0.2
DERIVED = 0.95


@dataclass(frozen=True)
class Several:
    """The proposed codebook, what must be asked, what was found, and the variables that settings named by a header."""

    codebook: Codebook
    questions: tuple[Question, ...]
    findings: tuple[Finding, ...]
    named: Mapping[str, str]


def propose_several(tables: Sequence[Table], names: Sequence[str], others: Sequence[NoTable], data: Data) -> Several:
    """Match the columns of all tables and write down how each fills the variables they share."""
    styles, undecided = _styles(tables, names, data)
    codes = _code_lists(tables, others)
    questions: list[Question] = []
    parts = [_part(table, name, styles[name], data, questions) for table, name in zip(tables, names, strict=True)]
    groups = _groups(hospitals(parts), styles, codes, data)
    found = [(seats := seats_of(m, groups), concept_of(seats)) for m in match([[p.column for p in g.placed] for g in groups])]
    built = [build_variable(n, s, c) for n, (s, c) in zip(variable_names(found), found, strict=True)]
    endpoint = find_endpoint([b for b in built if b.spec.kind != "date"], groups, data)
    variables, told = with_endpoint(built, endpoint, data)
    variables, index_date, loose = _dates(variables)
    codebook = _codebook(groups, variables, index_date, loose, styles, codes, others, parts)
    seen = [s for g in groups for s in g.suspects]
    questions += [*endpoint.questions, *polarity(variables, data), *undecided, *suspect_questions(seen, data)]
    findings = (*(f for g in groups for f in g.findings), *(f for b in variables for f in b.findings), *told, *said_of(seen, data),
                *mixed_dates({t.sheet.name: styles[n] for t, n in zip(tables, names, strict=True)}))  # fmt: skip
    return Several(codebook, tuple(questions), findings, endpoint.named)


def columns_of(
    tables: Sequence[Table], names: Sequence[str], others: Sequence[NoTable], data: Data
) -> tuple[tuple[Column, ...], ...]:
    """The columns that are matched, one sequence for each group of hospitals written alike."""
    styles, _ = _styles(tables, names, data)
    parts = [_part(table, name, styles[name], data, []) for table, name in zip(tables, names, strict=True)]
    groups = _groups(hospitals(parts), styles, _code_lists(tables, others), data)
    return tuple(tuple(p.column for p in g.placed) for g in groups)


def _styles(
    tables: Sequence[Table], names: Sequence[str], data: Data
) -> tuple[dict[str, TableStyle], tuple[Question, ...]]:
    """How each table writes; a sheet that does not decide its order of dates follows the other sheets of its file."""
    styles = {name: table_style(table, None) for table, name in zip(tables, names, strict=True)}
    undecided = {}
    for table, name in zip(tables, names, strict=True):
        if styles[name].order_is_certain:
            continue
        beside = {styles[n].order for t, n in zip(tables, names, strict=True)
                  if t.sheet.file == table.sheet.file and styles[n].order_is_certain} - {None}  # fmt: skip
        order = beside.pop() if len(beside) == 1 else data.date_order
        styles[name] = table_style(table, order) if order is not None else styles[name]
        if order is None:
            undecided[table.sheet.name] = styles[name]
    return styles, date_questions(undecided)


def _code_lists(tables: Sequence[Table], others: Sequence[NoTable]) -> dict[str, CodeList]:
    headers: dict[str, list[str]] = {}
    for table in tables:
        headers.setdefault(table.sheet.file, []).extend(table.headers)
    return {file: code_list([o for o in others if o.sheet.file == file], known) for file, known in headers.items()}


def _part(table: Table, name: str, style: TableStyle, data: Data, questions: list[Question]) -> Part:
    columns = profiles([table], {0: style})
    stated = data.id if data.id is not None and table.find(data.id) is not None else None
    header = table.headers[table.position(stated)] if stated is not None else id_column(columns, questions)
    return Part(name, table, columns, header)


def _groups(
    found: Sequence[Hospital], styles: Mapping[str, TableStyle], codes: Mapping[str, CodeList], data: Data
) -> tuple[Group, ...]:
    alike: dict[tuple[tuple[str, ...], ...], list[Hospital]] = {}
    for hospital in found:
        alike.setdefault(hospital.signature, []).append(hospital)
    return tuple(group_of(same[0].name, same, styles, codes, data) for same in alike.values())


def _dates(variables: Sequence[Built]) -> tuple[tuple[Built, ...], Built | None, tuple[Built, ...]]:
    """(variables with one date at most, the date of the visit, dates without a role)."""
    dates = [b for b in variables if b.spec.kind == "date"]
    visits = [b for b in dates if _is_visit(b)]
    visits.sort(key=lambda b: -len(b.spec.from_))
    chosen = visits[0] if visits and (len(visits) == 1 or len(visits[0].spec.from_) > len(visits[1].spec.from_)) else None
    loose = tuple(b for b in dates if b is not chosen)
    if chosen is None:
        return tuple(b for b in variables if b.spec.kind != "date"), None, loose
    spec = chosen.spec.model_copy(update={"role": "index_date", "timing": "baseline"})
    index = replace(chosen, spec=spec)
    return tuple(index if b is chosen else b for b in variables if b not in loose), index, loose


def _is_visit(b: Built) -> bool:
    if b.concept is not None:
        return b.concept.role in ("index_date", "visit")
    keys = {s.placed.profile.key for s in b.seats}
    return bool(keys & DATE) or any(DATED.search(key) for key in keys)


def _codebook(
    groups: Sequence[Group], variables: Sequence[Built], index_date: Built | None, loose: Sequence[Built],
    styles: Mapping[str, TableStyle], codes: Mapping[str, CodeList], others: Sequence[NoTable], parts: Sequence[Part],
) -> Codebook:  # fmt: skip
    sources: dict[str, Source] = {}
    for group in groups:
        for hospital in group.hospitals:
            for at, part in enumerate(hospital.parts):
                unused = {**group.unused[at], **_without_role(loose, part.name)}
                sources[part.name] = _source(part, hospital, group, at, unused, styles[part.name], codes, others)
    ordered = {part.name: sources[part.name] for part in parts}
    specs: dict[str, VariableSpec] = {}
    with_id = {h.base.name: h.base.id for g in groups for h in g.hospitals if h.base.id is not None}
    taken = {b.name for b in variables}
    if with_id:
        ids = {n: ColumnMapping(column=c, status="proposed", score=DERIVED) for n, c in with_id.items()}
        specs[_free("patient_id", taken)] = VariableSpec(kind="id", role="patient_id", from_=ids)
    specs[_free("centre", taken)] = _centre(groups)
    specs |= {b.name: b.spec for b in _with_ages(variables, groups, index_date)}
    return Codebook(title="", sources=ordered, variables=specs)


def _free(name: str, taken: set[str]) -> str:
    return name if name not in taken else f"{name} (file)"


def _without_role(loose: Iterable[Built], source: str) -> dict[str, str]:
    return {m.column: "date without a role" for b in loose if (m := b.spec.from_.get(source)) is not None and m.column}


def _source(
    part: Part, hospital: Hospital, group: Group, at: int, unused: Mapping[str, str], style: TableStyle,
    codes: Mapping[str, CodeList], others: Sequence[NoTable],
) -> Source:  # fmt: skip
    sheet = part.table.sheet
    beside = {o.sheet.sheet: o.reason for o in others if o.sheet.file == sheet.file and o.sheet.sheet is not None}
    join = next((j for p, j in hospital.joined if p is part), None)
    said = codes.get(sheet.file, CodeList()).missing
    facts: dict[str, Any] = {
        "file": sheet.file, "sha256": sheet.sha256, "sheet": sheet.sheet, "other_sheets": beside,
        "encoding": sheet.encoding, "delimiter": sheet.delimiter, "header_rows": part.table.header_rows,
        "missing": tuple(dict.fromkeys((*style.missing, *sorted(said)))), "decimal": "," if style.decimal == "," else ".",
        "dates": style.order if style.order in ("dmy", "mdy", "ymd") else None,
        "id": IdColumn(column=part.id) if part.id is not None and join is None else None,
        "repeats": _repeats(part), "join": join, "identifiers": group.identifiers[at], "unused": dict(unused),
    }  # fmt: skip
    return Source(**facts)


def _repeats(part: Part) -> Repeats:
    """Many patients with several rows: visits, all kept. A few: a conflict to be settled."""
    keys = [k for k in part.keys["as_is"] if k]
    counts = np.unique(keys, return_counts=True)[1] if keys else np.array([1])
    return Repeats(exact="merge", conflict="visits" if (counts > 1).mean() >= VISITS_SHARE else "ask")


def _centre(groups: Sequence[Group]) -> VariableSpec:
    """The hospital: a column where the export has one, else the source's own name."""
    levels: dict[str, str] = {}
    mappings: dict[str, ColumnMapping] = {}
    for group in groups:
        for hospital in group.hospitals:
            name = hospital.name
            if group.centre is not None:
                levels |= {text: text for text in sorted({t for t in hospital.base.table.texts(group.centre) if t})}
                mappings[name] = ColumnMapping(column=group.centre, status="proposed", score=DERIVED)
            else:
                levels[name] = name
                mappings[name] = ColumnMapping(constant=name, status="proposed", score=DERIVED)
    return VariableSpec(kind="category", role="centre", levels=levels, from_=mappings)


def _with_ages(variables: Sequence[Built], groups: Sequence[Group], index_date: Built | None) -> tuple[Built, ...]:
    """Where a hospital gives a birth date and no age, the age on the day of the visit."""
    age = next((b for b in variables if _is_age(b)), None)
    if index_date is None:
        return tuple(variables)
    mappings: dict[str, ColumnMapping] = dict(age.spec.from_) if age is not None else {}
    for group in groups:
        for hospital in group.hospitals:
            for at, part in enumerate(hospital.parts):
                seen = index_date.spec.from_.get(part.name)
                has_age = any(p.name in mappings for p in hospital.parts)
                if has_age or seen is None or seen.column is None or len(group.birth_dates[at]) != 1:
                    continue
                expr = f'completed_years(col("{group.birth_dates[at][0]}"), col("{seen.column}"))'
                said = "age from birth date and date of the visit"
                mappings[part.name] = ColumnMapping(expr=expr, status="proposed", score=min(DERIVED, seen.score or 0), evidence=said)
    if age is None:
        if not mappings:
            return tuple(variables)
        spec = VariableSpec(kind="integer", unit="a", label="age", from_=mappings)
        return (Built("age", spec, (), None), *variables)
    return tuple(replace(b, spec=b.spec.model_copy(update={"from_": mappings})) if b is age else b for b in variables)


def _is_age(b: Built) -> bool:
    return (b.concept is not None and b.concept.key == "age") or any(s.placed.profile.key in AGE for s in b.seats)

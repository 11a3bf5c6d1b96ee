"""Exports of several hospitals, each with its own headers: one codebook proposed from all of them together."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from tabml.core.codebook import Codebook
from tabml.core.config import Data
from tabml.core.errors import QuestionError
from tabml.core.findings import Finding
from tabml.ingest.layout import NoTable, Table
from tabml.ingest.match.assign import Matched, match
from tabml.ingest.match.column import Column
from tabml.ingest.propose.assemble import assembled
from tabml.ingest.propose.beside import refuse_endpoints
from tabml.ingest.propose.codes import CodeList, code_list
from tabml.ingest.propose.endpoint import find_endpoint, polarity, with_endpoint
from tabml.ingest.propose.group import Group, group_of
from tabml.ingest.propose.hospitals import Hospital, Part, hospitals
from tabml.ingest.propose.later import later_findings
from tabml.ingest.propose.longs import laboratory_findings, split_laboratories, with_laboratories
from tabml.ingest.propose.profile import profiles
from tabml.ingest.propose.question import Question, quoted
from tabml.ingest.propose.roles import DATED, id_column
from tabml.ingest.propose.stacks import stem
from tabml.ingest.propose.style import date_questions, mixed_dates
from tabml.ingest.propose.suspects import questions as suspect_questions
from tabml.ingest.propose.suspects import said_of
from tabml.ingest.propose.variables import Built, build_variable, concept_of, seats_of, variable_names
from tabml.ingest.propose.words import DATE
from tabml.ingest.propose.writing import TableStyle, table_style


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
    parts, laboratories = split_laboratories(parts)
    for part in parts:
        refuse_endpoints(part.table, part.id)
    old = {id(p.table): p.name for p in parts}
    together = _named(hospitals(parts), styles)
    parts = [p for h in together for p in h.parts]
    groups = _groups(together, styles, codes, data)
    matched = match([[p.column for p in g.placed] for g in groups])
    _refuse_strangers(groups, matched)
    found = [(seats := seats_of(m, groups), concept_of(seats)) for m in matched]
    built = [build_variable(n, s, c) for n, (s, c) in zip(variable_names(found), found, strict=True)]
    endpoint = find_endpoint([b for b in built if b.spec.kind != "date"], groups, data)
    variables, told = with_endpoint(built, endpoint, groups, data)
    variables, index_date, loose = _dates(variables)
    codebook = assembled(groups, variables, index_date, loose, styles, codes, others, parts)
    renamed = {old[id(p.table)]: p.name for p in parts}
    codebook = with_laboratories(codebook, laboratories, styles, others, renamed)
    seen = [s for g in groups for s in g.suspects]
    questions += [*endpoint.questions, *polarity(variables, data), *undecided, *suspect_questions(seen, data)]
    findings = (*(f for g in groups for f in g.findings), *(f for b in variables for f in b.findings), *told, *said_of(seen, data),
                *laboratory_findings(laboratories), *later_findings([n for n, v in codebook.variables.items() if v.timing == "later" and v.role == "feature"]),
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
    header = (
        table.headers[table.position(stated)]
        if stated is not None
        else id_column([c for c in columns if c.header not in data.keep], questions)
    )
    return Part(name, table, columns, header)


def _named(found: Sequence[Hospital], styles: dict[str, TableStyle]) -> tuple[Hospital, ...]:
    """Hospitals whose tables are all of one file by the file's name; their further sheets keep file and sheet."""
    files = [p.table.sheet.file for h in found for p in h.parts]
    done = []
    for hospital in found:
        own = [p.table.sheet.file for p in hospital.parts]
        short = " ".join(re.findall(r"\w+", stem(hospital.base.table)))
        if len(own) == 1 or len(set(own)) > 1 or files.count(own[0]) != len(own) or not short or short in styles:
            done.append(hospital)
            continue
        styles[short] = styles[hospital.base.name]
        joined = tuple((part, join.model_copy(update={"to": short})) for part, join in hospital.joined)
        done.append(replace(hospital, base=replace(hospital.base, name=short), joined=joined))
    return tuple(done)


def strangers(
    tables: Sequence[Table], names: Sequence[str], others: Sequence[NoTable], data: Data
) -> tuple[Table, ...]:
    """Tables that share nothing with the others and join to none."""
    styles, _ = _styles(tables, names, data)
    parts = [_part(table, name, styles[name], data, []) for table, name in zip(tables, names, strict=True)]
    parts, _ = split_laboratories(parts)
    groups = _groups(hospitals(parts), styles, _code_lists(tables, others), data)
    alone = _alone(groups, match([[p.column for p in g.placed] for g in groups]))
    return tuple(p.table for g in alone for h in g.hospitals for p in h.parts)


def _alone(groups: Sequence[Group], matched: Sequence[Matched]) -> list[Group]:
    """Groups that share no column with another one."""
    shared = {m.column.hospital for v in matched if len(v.members) > 1 for m in v.members if m.column.form != "date"}
    return [g for g in groups if g.key not in shared] if len(groups) > 1 else []


def _refuse_strangers(groups: Sequence[Group], matched: Sequence[Matched]) -> None:
    """Tables that share nothing with the others and join to none are no hospitals of one study."""
    alone = _alone(groups, matched)
    if not alone:
        return
    tables = [part.table.sheet for g in groups for h in g.hospitals for part in h.parts]
    one_file = len({t.file for t in tables}) == 1
    sheets = [f"--sheet {quoted(t.sheet)}" for t in tables if t.sheet is not None]
    asked = (
        f"which table is meant? {' or '.join(sheets)}"
        if one_file and sheets
        else "how do they belong together? --codebook FILE.yaml"
    )
    strange = ", ".join(p.table.sheet.name for g in alone for h in g.hospitals for p in h.parts)
    raise QuestionError(
        f"tables that have neither ids nor columns in common with the others: {strange}",
        questions=[asked],
        hint="leave out what is no patients' table, or say in a codebook how tables are joined and whose columns mean the same",
    )


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
    chosen = (
        visits[0] if visits and (len(visits) == 1 or len(visits[0].spec.from_) > len(visits[1].spec.from_)) else None
    )
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

"""From profiles and roles to a codebook: sources, variables, and the columns that are not used."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from tabml.core.codebook import Codebook, ColumnMapping, IdColumn, Repeats, Source, VariableSpec
from tabml.core.cohort import Kind, Role
from tabml.core.config import Data
from tabml.core.findings import Finding
from tabml.ingest.layout import NoTable, Table
from tabml.ingest.propose import people
from tabml.ingest.propose.beside import other_places
from tabml.ingest.propose.later import later_columns
from tabml.ingest.propose.lost import DATE, losses, reason_for_text
from tabml.ingest.propose.meaning import is_graded, range_of
from tabml.ingest.propose.people import identifying
from tabml.ingest.propose.profile import Profile
from tabml.ingest.propose.roles import Roles, is_reversed
from tabml.ingest.propose.stacks import Stack, place_of, stem
from tabml.ingest.propose.writing import TableStyle
from tabml.ingest.units import analyte_of
from tabml.ingest.values import Decimal

#: Score of a mapping made from header, kind and values of one table.
SCORE = 0.95
#: From this share of patients with several rows on, the rows are visits and no mistakes.
VISITS_SHARE = 0.2


@dataclass(frozen=True)
class Plan:
    """What becomes of each column: variable, identifier or unused with a reason."""

    variables: tuple[Profile, ...]
    identifiers: tuple[str, ...]
    unused: Mapping[str, str]
    findings: tuple[Finding, ...]


def plan_columns(columns: Sequence[Profile], roles: Roles, keep: Sequence[str]) -> Plan:
    """Sort the columns; whatever holds no usable value or identifies people is set aside with its reason."""
    played = {roles.centre, roles.index_date, roles.outcome, roles.time, roles.event}
    variables, identifiers = [], []
    unused: dict[str, str] = {}
    findings: list[Finding] = []
    for column in columns:
        if column.header == roles.patient_id:
            continue
        kept = column.header in keep or column.header in played
        tier = identifying(column)
        if column.is_birth_date or (tier is not None and not kept):
            identifiers.append(column.header)
            if tier == "shape":
                findings.append(people.set_aside(column))
        elif column.is_empty:
            unused[column.header] = "empty"
        elif (reason := _why_unused(column)) and not kept:
            unused[column.header] = reason
        else:
            variables.append(column)
    return Plan(tuple(variables), tuple(identifiers), unused, (*findings, *losses(unused, columns)))


def _why_unused(column: Profile) -> str | None:
    if column.stated.unused:
        return column.stated.unused
    if column.is_constant:
        return "one value only"
    if column.numbers_rows:
        return "numbers the rows"
    if column.is_date:
        return DATE
    if column.kind == "text":
        return reason_for_text(column)
    return None


def build(
    tables: Sequence[Table],
    others: Sequence[NoTable],
    styles: Mapping[int, TableStyle],
    columns: Sequence[Profile],
    roles: Roles,
    siblings: frozenset[str],
    plan: Plan,
    data: Data,
) -> Codebook:
    """The proposed codebook: one source per table, one variable per usable column."""
    names = source_names(tables)
    repeats = _repeats(columns, roles)
    sources = {
        name: _source(table, others, styles[i], roles, repeats, plan)
        for i, (name, table) in enumerate(zip(names, tables, strict=True))
    }
    variables: dict[str, VariableSpec] = {}
    titles = _variable_names(columns)
    if roles.patient_id is not None:
        mapping = ColumnMapping(column=roles.patient_id, status="proposed", score=SCORE)
        variables[titles[roles.patient_id]] = VariableSpec(
            kind="id", role="patient_id", from_=dict.fromkeys(names, mapping)
        )
    variables |= _derived_age(columns, roles, plan, names)
    marks = {header: mark for style in styles.values() for header, mark in style.other_marks.items()}
    later = later_columns(tables[0], data.keep)
    for column in plan.variables:
        spec = _variable(column, roles, siblings, names, data, decimal=marks.get(column.header))
        is_later = column.header in later and spec.role == "feature"
        variables[titles[column.header]] = spec.model_copy(update={"timing": "later"}) if is_later else spec
    return Codebook(title="", sources=sources, variables=variables)


def _source(
    table: Table, others: Sequence[NoTable], style: TableStyle, roles: Roles, repeats: Repeats, plan: Plan
) -> Source:
    return Source(
        **place_of(table, style),
        other_sheets=other_places(table, others),
        id=IdColumn(column=roles.patient_id) if roles.patient_id is not None else None,
        repeats=repeats,
        identifiers=plan.identifiers,
        unused=dict(plan.unused),
    )


def source_names(tables: Sequence[Table]) -> list[str]:
    """File names without suffix as source names, with the sheet, and the range in it, where one file holds several tables."""
    names: list[str] = []
    files = [t.sheet.file for t in tables]
    for table in tables:
        name = stem(table)
        if files.count(table.sheet.file) > 1 and not isinstance(table, Stack):
            shares = table.region is not None and sum(t.sheet is table.sheet for t in tables) > 1
            name = f"{name} {table.sheet.sheet or ''} {table.region.name if shares and table.region else ''}"
        name = " ".join(re.findall(r"[^\W]+", name)) or "table"
        names.append(f"{name} ({names.count(name) + 1})" if name in names else name)
    return names


def _variable_names(columns: Sequence[Profile]) -> dict[str, str]:
    """Header -> variable name: the header, or its last part where that is unique."""
    leaves = [c.header.rsplit(" / ", 1)[-1] for c in columns]
    return {c.header: leaf if leaves.count(leaf) == 1 else c.header for c, leaf in zip(columns, leaves, strict=True)}


def _repeats(columns: Sequence[Profile], roles: Roles) -> Repeats:
    """Many patients with several rows: visits, all kept. A few: a conflict to be settled."""
    found = next((c for c in columns if c.header == roles.patient_id), None)
    if found is None or not found.counts:
        return Repeats()
    repeated = sum(n > 1 for n in found.counts.values()) / len(found.counts)
    return Repeats(exact="merge", conflict="visits" if repeated >= VISITS_SHARE else "ask")


def _derived_age(columns: Sequence[Profile], roles: Roles, plan: Plan, names: Sequence[str]) -> dict[str, VariableSpec]:
    """Age at the index date from a birth date, where no age is given."""
    born = [c.header for c in columns if c.is_birth_date and c.header in plan.identifiers]
    if roles.age is not None or roles.index_date is None or len(born) != 1:
        return {}
    expr = f'completed_years(col("{born[0]}"), col("{roles.index_date}"))'
    mapping = ColumnMapping(expr=expr, status="proposed", score=SCORE)
    return {"age": VariableSpec(kind="integer", unit="a", label="age", from_=dict.fromkeys(names, mapping))}


def _variable(
    column: Profile, roles: Roles, siblings: frozenset[str], names: Sequence[str], data: Data, *, decimal: Decimal | None
) -> VariableSpec:  # fmt: skip
    role = _role(column, roles, siblings)
    kind = _kind(column, role, data)
    label, unit = column.label_and_unit
    plausible = range_of(column) if kind in ("number", "integer") and role == "feature" else None
    mapping = ColumnMapping(
        column=column.header,
        unit=unit,
        analyte=analyte_of(column.header) if unit else None,
        recode=column.recode if kind == "boolean" or column.sex_words else {},
        missing=tuple(dict.fromkeys((*column.sentinels, *sorted(column.also_missing), *column.stated.missing))),
        decimal=decimal if kind in ("number", "integer") else None,
        status="proposed",
        score=SCORE,
    )
    return VariableSpec(
        kind=kind,
        label=label,
        unit=unit,
        levels=column.levels if kind == "category" else {},
        range=plausible,
        outside="missing" if plausible is not None else "keep",
        role=role,
        ordered=column.stated.ordered and kind == "category",
        timing="outcome" if role in ("outcome", "time", "event", "sibling") else column.stated.timing or "baseline",
        from_=dict.fromkeys(names, mapping),
    )


def _role(column: Profile, roles: Roles, siblings: frozenset[str]) -> Role:
    by_header: dict[str | None, Role] = {
        roles.centre: "centre", roles.index_date: "index_date", roles.outcome: "outcome", roles.time: "time",
        roles.event: "event",
    }  # fmt: skip
    return by_header.get(column.header, "sibling" if column.header in siblings else "feature")


def _kind(column: Profile, role: Role, data: Data) -> Kind:
    """A centre and a graded outcome are categories; so is a two-level outcome whose polarity must be stated."""
    if role == "centre":
        return "category"
    if role in ("outcome", "event") and column.kind == "boolean" and (data.positive or is_reversed(column)):
        return "category"
    if role == "outcome" and column.kind == "integer" and column.distinct <= 10:
        return "category" if data.positive or not is_graded(column) else "integer"
    return column.kind

"""The proposed codebook of several hospitals put together: sources, ids, centre, ages, variables."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from tabml.core.codebook import Codebook, ColumnMapping, IdColumn, Repeats, Source, VariableSpec
from tabml.ingest.layout import NoTable
from tabml.ingest.propose.beside import other_places
from tabml.ingest.propose.codes import CodeList
from tabml.ingest.propose.group import Group
from tabml.ingest.propose.hospitals import Hospital, Part
from tabml.ingest.propose.stacks import place_of
from tabml.ingest.propose.variables import Built
from tabml.ingest.propose.words import AGE
from tabml.ingest.propose.writing import TableStyle

#: From this share of patients with several rows on, the rows are visits and no mistakes.
VISITS_SHARE = 0.2
#: Score of what follows from the exports as they are: ids, centres, ages worked out from dates.
DERIVED = 0.95


def assembled(
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
    join = next((j for p, j in hospital.joined if p is part), None)
    said = codes.get(part.table.sheet.file, CodeList()).missing
    place = place_of(part.table, style)
    facts: dict[str, Any] = {
        **place, "other_sheets": other_places(part.table, others),
        "missing": tuple(dict.fromkeys((*place["missing"], *sorted(said)))),
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
                mappings[part.name] = ColumnMapping(
                    expr=expr, status="proposed", score=min(DERIVED, seen.score or 0), evidence=said
                )
    if age is None:
        if not mappings:
            return tuple(variables)
        spec = VariableSpec(kind="integer", unit="a", label="age", from_=mappings)
        return (Built("age", spec, (), None), *variables)
    return tuple(replace(b, spec=b.spec.model_copy(update={"from_": mappings})) if b is age else b for b in variables)


def _is_age(b: Built) -> bool:
    return (b.concept is not None and b.concept.key == "age") or any(s.placed.profile.key in AGE for s in b.seats)

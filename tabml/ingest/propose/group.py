"""Hospitals whose tables have equal headers, read as one: what becomes of each column before it is matched."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from tabml.core.config import Data
from tabml.core.findings import Finding
from tabml.ingest.concepts import Concept
from tabml.ingest.match.column import MOST_CODES, Column, Form
from tabml.ingest.propose import people
from tabml.ingest.propose.codes import CodeList, Note, note_of
from tabml.ingest.propose.composite import Half, is_pressure_pair, pressure_halves, split_finding
from tabml.ingest.propose.hospitals import Hospital
from tabml.ingest.propose.later import later_columns
from tabml.ingest.propose.lost import losses, reason_for_text
from tabml.ingest.propose.meaning import certain_concept, matches_of, plausible_range
from tabml.ingest.propose.people import identifying
from tabml.ingest.propose.profile import Profile, profiles
from tabml.ingest.propose.suspects import Suspect, suspects, taken_as_missing
from tabml.ingest.propose.words import CENTRE, OUTCOME, YES_NO, name_key
from tabml.ingest.propose.writing import TableStyle
from tabml.ingest.values import Decimal, fold, is_missing


@dataclass(frozen=True, eq=False)
class Placed:
    """A column that may be a variable: as matching sees it, and where it stands."""

    column: Column
    profile: Profile
    part: int
    missing: tuple[str, ...] = ()
    """Numbers that mean missing in this column only."""
    expr: str | None = None
    """How the values are taken from the column, where they are a part of its cells."""
    concept: Concept | None = None
    decimals: Mapping[str, Decimal] = field(default_factory=dict)
    """Source -> the column's decimal sign, where it is not the source's."""


@dataclass(frozen=True, eq=False)
class Group:
    """Hospitals written alike. `identifiers` and `unused` by position of the table among a hospital's parts."""

    key: str
    hospitals: tuple[Hospital, ...]
    placed: tuple[Placed, ...]
    identifiers: tuple[tuple[str, ...], ...]
    birth_dates: tuple[tuple[str, ...], ...]
    unused: tuple[Mapping[str, str], ...]
    centre: str | None = None
    suspects: tuple[Suspect, ...] = ()
    findings: tuple[Finding, ...] = ()

    @property
    def profiles(self) -> tuple[Profile, ...]:
        return tuple(p.profile for p in self.placed)


@dataclass
class _Sorted:
    """One table's columns under way."""

    placed: list[Placed] = field(default_factory=list)
    identifiers: list[str] = field(default_factory=list)
    births: list[str] = field(default_factory=list)
    unused: dict[str, str] = field(default_factory=dict)
    suspects: list[Suspect] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    centre: str | None = None
    later: frozenset[str] = frozenset()


def group_of(
    key: str, hospitals: Sequence[Hospital], styles: Mapping[str, TableStyle], codes: Mapping[str, CodeList], data: Data
) -> Group:
    """Read the columns of hospitals with one signature; `styles` by source name, `codes` by file."""
    sorted_parts: list[_Sorted] = []
    known: set[str] = set()
    for at in range(len(hospitals[0].parts)):
        parts = [h.parts[at] for h in hospitals]
        stacked = profiles([p.table for p in parts], {i: styles[p.name] for i, p in enumerate(parts)})
        notes = codes.get(parts[0].table.sheet.file, CodeList())
        found = _Sorted(later=later_columns(parts[0].table, data.keep))
        for profile in stacked:
            if profile.header != parts[0].id:
                _sort(profile, notes, found, (key, parts[0].name, at), known, data)
        found.findings += losses(found.unused, stacked, parts[0].name)
        marks = {p.name: styles[p.name].other_marks for p in parts}
        found.placed = [
            replace(p, decimals={n: m[h] for n, m in marks.items() if (h := p.profile.header) in m})
            for p in found.placed
        ]
        known |= {name_key(p.profile.header) for p in found.placed}
        if at:
            rows = _rows_of_base(hospitals, at)
            found.placed = [
                replace(p, column=replace(p.column, rows=_aligned(p.column.numbers, rows))) for p in found.placed
            ]
        sorted_parts.append(found)
    return Group(
        key=key,
        hospitals=tuple(hospitals),
        placed=_with_endpoint([p for found in sorted_parts for p in found.placed]),
        identifiers=tuple(tuple(found.identifiers) for found in sorted_parts),
        birth_dates=tuple(tuple(found.births) for found in sorted_parts),
        unused=tuple(found.unused for found in sorted_parts),
        centre=sorted_parts[0].centre,
        suspects=tuple(s for found in sorted_parts for s in found.suspects),
        findings=tuple(f for found in sorted_parts for f in found.findings),
    )


def _rows_of_base(hospitals: Sequence[Hospital], at: int) -> NDArray[np.int64]:
    """For each patient of the stacked bases, the row of the stacked joined tables; -1 where there is none."""
    rows, start = [], 0
    for hospital in hospitals:
        part, join = hospital.joined[at - 1]
        row_of = {key: i for i, key in reversed(list(enumerate(part.keys[join.rule]))) if key}
        rows.append([start + row_of[key] if key in row_of else -1 for key in hospital.base.keys[join.rule]])
        start += len(part.table)
    return np.array([r for own in rows for r in own], dtype=np.int64)


def _aligned(numbers: NDArray[np.float64], rows: NDArray[np.int64]) -> NDArray[np.float64]:
    return np.where(rows >= 0, numbers[rows], np.nan)


def _with_endpoint(placed: Sequence[Placed]) -> tuple[Placed, ...]:
    """Mark the only column that tells an outcome: by its role in the list, its name, or what its codes mean."""
    tell = [p for p in placed if _tells_outcome(p)]
    sure = [p for p in tell if p.concept is not None and p.concept.role == "outcome"]
    only = tell if len(tell) == 1 else sure
    if len(only) != 1:
        return tuple(placed)
    return tuple(replace(p, column=replace(p.column, is_endpoint=True)) if p is only[0] else p for p in placed)


def _tells_outcome(placed: Placed) -> bool:
    exact, hints = OUTCOME
    if placed.column.form not in ("boolean", "coded", "category"):
        return False
    role = placed.concept.role if placed.concept is not None else None
    key = " ".join(word for word in placed.profile.key.split() if not word.isdigit())
    said = {word for meaning in placed.column.meanings.values() for word in name_key(meaning).split()}
    if role == "outcome" or key in exact or said & hints:
        return True
    return role != "feature" and bool(set(key.split()) & hints)


def _sort(
    profile: Profile, notes: CodeList, found: _Sorted, place: tuple[str, str, int], known: set[str], data: Data
) -> None:
    note = note_of(profile, notes)
    named = {data.target, data.time, data.event, *data.keep}
    is_kept = profile.header in named or profile.header.rsplit(" / ", 1)[-1] in named
    if profile.is_birth_date:
        found.identifiers.append(profile.header)
        found.births.append(profile.header)
    elif not is_kept and (tier := identifying(profile)) is not None:
        found.identifiers.append(profile.header)
        if tier == "shape":
            found.findings.append(people.set_aside(profile))
    elif profile.is_empty:
        found.unused[profile.header] = "empty"
    elif name_key(profile.header) in known:
        found.unused[profile.header] = "stands in another table of this hospital"
    elif (place[2] == 0 and profile.header == data.centre) or (
        found.centre is None and data.centre is None and name_key(profile.header) in CENTRE and place[2] == 0
    ):
        found.centre = profile.header
    else:
        if is_pressure_pair(profile):
            found.placed += [_placed(half, notes, note, place, data)[0] for half in pressure_halves(profile)]
            found.findings.append(split_finding(profile))
            return
        placed, seen = _placed(profile, notes, note, place, data)
        when = profile.stated.timing or ("baseline" if is_kept else "later" if profile.header in found.later else None)
        placed = replace(placed, column=replace(placed.column, told_timing=when))
        reason = None if is_kept else _why_unused(placed)
        if reason is None:
            found.placed.append(placed)
            found.suspects.extend(seen)
        else:
            found.unused[profile.header] = reason


def _why_unused(placed: Placed) -> str | None:
    column = placed.profile
    if column.stated.unused:
        return column.stated.unused
    if column.numbers_rows:
        return "numbers the rows"
    if column.kind == "text" and not column.is_empty:
        return reason_for_text(column)
    if placed.concept is not None and placed.concept.role == "patient_id":
        return "another number of the patient"
    if placed.concept is not None and placed.concept.role in ("unused", "row_number"):
        return placed.concept.label
    if column.is_constant and placed.concept is None:
        return "one value only"
    return None


def _placed(
    profile: Profile, notes: CodeList, note: Note, place: tuple[str, str, int], data: Data
) -> tuple[Placed, tuple[Suspect, ...]]:
    profile = replace(profile, also_missing=frozenset({*notes.missing, *note.missing}))
    unit = profile.label_and_unit[1] or note.unit
    matches = matches_of(profile, note.label, unit)
    concept = certain_concept(matches)
    plausible = plausible_range(concept, unit, profile.numbers[~np.isnan(profile.numbers)])
    seen = suspects(profile, plausible) if not note.meanings else ()
    gone = taken_as_missing(seen, data)
    noted = [t for t in sorted(note.missing - notes.missing) if not is_missing(t)]
    missing = (*(t for t in profile.sentinels if t not in notes.missing), *noted, *(s.text for s in gone))
    profile = replace(profile, also_missing=profile.also_missing | {s.text for s in gone})
    column = Column(
        hospital=place[0],
        source=place[1],
        header=profile.header,
        form=form_of(profile, note),
        numbers=numbers_of(profile),
        counts=dict(profile.counts),
        unit=unit if profile.kind in ("number", "integer") or not profile.counts else None,
        label=note.label,
        meanings=note.meanings,
        missing=1.0 - float(profile.filled.mean()) if len(profile.filled) else 1.0,
        matches=matches,
    )
    expr = profile.expr if isinstance(profile, Half) else None
    return Placed(column, profile, place[2], tuple(dict.fromkeys(missing)), expr, concept), seen


def form_of(profile: Profile, note: Note) -> Form:
    """How matching sees a column of this kind."""
    kind = profile.kind
    if kind in ("date", "text"):
        return "date" if kind == "date" else "text"
    if profile.is_numeric and kind != "boolean":
        return (
            "coded"
            if note.meanings or kind == "category" or (kind != "number" and profile.distinct <= MOST_CODES)
            else "measure"
        )
    return "boolean" if kind == "boolean" else "category"


def numbers_of(profile: Profile) -> np.ndarray:
    """Numbers of a column; yes and no as 1 and 0."""
    if profile.kind == "boolean" and not profile.is_numeric:
        read = {t: float(YES_NO[fold(t)]) for t in profile.counts}
        return np.array([read.get(t, np.nan) for t in profile.texts])
    return profile.numbers

"""From matched columns to the codebook's variables: name, kind, unit, levels, and one mapping per source."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from tabml.core.codebook import ColumnMapping, VariableSpec
from tabml.core.cohort import Kind, Timing
from tabml.core.findings import Finding, finding
from tabml.ingest.concepts import Concept, load
from tabml.ingest.match.assign import Matched, Member
from tabml.ingest.match.column import NAMED, Column
from tabml.ingest.propose.coding import coding_of, is_bare
from tabml.ingest.propose.group import Group, Placed
from tabml.ingest.propose.meaning import plausible_range
from tabml.ingest.propose.numeric import SHIFTED, scale_of
from tabml.ingest.units import analyte_of, split_unit

#: Score of a mapping that opens a variable, and of one that no other hospital has.
FIRST, ALONE = 0.97, 0.95
#: What a mapping can score at most when another column or variable fits nearly as well.
CLOSE = 0.85
#: From this certainty at some hospital on, a variable bears its concept's name.
SUPPORT = 0.5


@dataclass(frozen=True, eq=False)
class Seat:
    """A member of a variable with its group and place."""

    group: Group
    placed: Placed
    member: Member

    @property
    def sources(self) -> tuple[str, ...]:
        """The sources this column fills the variable from: one per hospital of the group."""
        return tuple(h.parts[self.placed.part].name for h in self.group.hospitals)

    @property
    def score(self) -> float:
        member = self.member
        return min(member.score, CLOSE) if member.is_close and member.score < 1.0 else member.score

    def values(self) -> Iterator[tuple[str, np.ndarray]]:
        """(source, its numbers without the missing ones)."""
        start = 0
        for hospital, source in zip(self.group.hospitals, self.sources, strict=True):
            stop = start + len(hospital.parts[self.placed.part].table)
            numbers = self.placed.column.numbers[start:stop]
            start = stop
            yield source, numbers[~np.isnan(numbers)]


@dataclass(frozen=True, eq=False)
class Built:
    """A variable, the seats it came from, and what was found."""

    name: str
    spec: VariableSpec
    seats: tuple[Seat, ...]
    concept: Concept | None
    findings: tuple[Finding, ...] = ()


def seats_of(matched: Matched, groups: Sequence[Group]) -> tuple[Seat, ...]:
    """Where the columns of a variable stand."""
    by_column = {id(p.column): (g, p) for g in groups for p in g.placed}
    return tuple(Seat(*by_column[id(m.column)], m) for m in matched.members)


def concept_of(seats: Sequence[Seat]) -> Concept | None:
    """The concept most names of a variable mean, where one of them means it beyond doubt."""
    votes: dict[str, float] = {}
    for seat in seats:
        for key, score in seat.placed.column.meant.items():
            if score >= SUPPORT:
                votes[key] = votes.get(key, 0.0) + score
    for key in sorted(votes, key=lambda k: (-votes[k], k)):
        if max(s.placed.column.meant.get(key, 0.0) for s in seats) >= NAMED:
            return load()[key]
        break
    return None


def build_variable(name: str, seats: Sequence[Seat], concept: Concept | None) -> Built:
    """One variable with its mappings."""
    columns = [s.placed.column for s in seats]
    if any(c.form == "date" for c in columns):
        return _built(
            name, seats, concept, "date", {s: ColumnMapping(**_base(seat, s)) for seat in seats for s in seat.sources}
        )
    if _is_measured(columns, concept):
        return _numeric(name, seats, concept)
    return _levels(name, seats, concept)


def _is_measured(columns: Sequence[Column], concept: Concept | None) -> bool:
    forms = {c.form for c in columns if c.n}
    if "measure" in forms or not forms:
        return not forms & {"category"} or concept is None or concept.kind in ("number", "integer")
    counts = concept is None or concept.kind in ("number", "integer")
    return forms == {"coded"} and counts and not any(c.meanings for c in columns) and _many_codes(columns)


def _many_codes(columns: Sequence[Column]) -> bool:
    """Two codes are two levels; more of them may be a count."""
    return any(len(set(c.values.tolist())) > 2 for c in columns) and all(is_bare(c) for c in columns if c.counts)


def _base(
    seat: Seat, source: str, *, cap: float = 1.0, reasons: Sequence[str] = (), alone: bool = False
) -> dict[str, object]:
    """The parts every mapping has."""
    member = seat.member
    score = ALONE if alone else min(seat.score, FIRST)
    said = [*member.reasons, *reasons]
    if member.runner_up is not None and member.reasons:
        said.append(f"runner-up {member.runner_up!r} {member.runner_up_score:.2f}")
    way = {"expr": seat.placed.expr} if seat.placed.expr is not None else {"column": seat.placed.column.header}
    return {
        **way, "missing": seat.placed.missing, "decimal": seat.placed.decimals.get(source), "status": "proposed",
        "score": round(min(score, cap), 2), "evidence": "; ".join(said) or None,
    }  # fmt: skip


def _numeric(name: str, seats: Sequence[Seat], concept: Concept | None) -> Built:
    stated = {source: seat.placed.column.unit for seat in seats for source in seat.sources}
    values = {source: numbers for seat in seats for source, numbers in seat.values()}
    substance = next((a for s in seats if (a := analyte_of(s.placed.column.header))), None)
    scale = scale_of(name, stated, values, concept, substance)
    mappings = {}
    for seat in seats:
        for source in seat.sources:
            reading = scale.readings[source]
            base = _base(seat, source, cap=reading.cap, reasons=reading.reasons, alone=len(stated) == 1)
            analyte = concept.analyte if concept is not None and concept.analyte else substance
            mappings[source] = ColumnMapping(**base, unit=reading.unit, analyte=analyte if reading.unit else None)  # type: ignore[arg-type]
    coarse = [s for s in seats if s.placed.column.form == "category" and s.placed.column.counts]
    for seat in coarse:
        for source in seat.sources:
            said = f"{mappings[source].evidence or ''}; levels where the others measure".strip("; ")
            score = min(mappings[source].score or 0.0, SHIFTED)
            mappings[source] = mappings[source].model_copy(update={"score": score, "evidence": said})
    findings = (*scale.findings, *(_coarser(name, seat) for seat in coarse))
    whole = all(bool(np.all(v == np.round(v))) for v in values.values())
    converted = any(r.unit != scale.unit for r in scale.readings.values())
    kind: Kind = "integer" if whole and not converted else "number"
    pooled = np.concatenate(list(values.values())) if values and not converted else np.array([])
    plausible = plausible_range(concept, scale.unit, pooled)
    return _built(name, seats, concept, kind, mappings, unit=scale.unit, range_=plausible, findings=findings)


def _coarser(name: str, seat: Seat) -> Finding:
    evidence = f"{name!r} at {seat.placed.column.source} holds levels where the others measure"
    return finding("TB119", evidence, columns=[name], count=seat.placed.column.n, source=seat.placed.column.source)


def _levels(name: str, seats: Sequence[Seat], concept: Concept | None) -> Built:
    coding = coding_of(name, [s.placed.column for s in seats], concept)
    mappings = {}
    alone = sum(len(s.sources) for s in seats) == 1
    for seat, reading in zip(seats, coding.readings, strict=True):
        for source in seat.sources:
            base = _base(seat, source, cap=reading.cap, reasons=reading.reasons, alone=alone)
            mappings[source] = ColumnMapping(**base, recode=dict(reading.recode))  # type: ignore[arg-type]
    kind: Kind = "boolean" if coding.is_boolean else "category"
    return _built(name, seats, concept, kind, mappings, levels=coding.levels, findings=coding.findings)


def _built(
    name: str, seats: Sequence[Seat], concept: Concept | None, kind: Kind, mappings: Mapping[str, ColumnMapping], *,
    unit: str | None = None, range_: tuple[float, float] | None = None, levels: Mapping[str, str] | None = None,
    findings: Sequence[Finding] = (),
) -> Built:  # fmt: skip
    spec = VariableSpec(
        kind=kind,
        label=label_of(seats, concept),
        unit=unit,
        levels=dict(levels or {}),
        range=range_,
        outside="missing" if range_ is not None else "keep",
        timing=_timing(seats, concept),
        from_=dict(mappings),
    )
    return Built(name, spec, tuple(seats), concept, tuple(findings))


def _timing(seats: Sequence[Seat], concept: Concept | None) -> Timing:
    """What the headers say of the time, else what the concept usually is."""
    said = {s.placed.column.timing for s in seats}
    if "later" in said:
        return "later"
    return "baseline" if concept is None or "baseline" in said or concept.timing == "outcome" else concept.timing


def label_of(seats: Sequence[Seat], concept: Concept | None) -> str:
    """The concept's label, else the first column's name without its unit."""
    return concept.label if concept is not None else split_unit(seats[0].placed.column.leaf)[0]


def variable_names(found: Sequence[tuple[Sequence[Seat], Concept | None]]) -> list[str]:
    """One name per variable: the concept's key, else the header; repeated ones with what tells them apart."""
    names: list[str] = []
    for seats, concept in found:
        header = re.sub(r"\W+", "_", split_unit(seats[0].placed.column.leaf)[0]).strip("_").lower() or "column"
        later = any(s.placed.column.timing == "later" for s in seats)
        name = concept.key if concept is not None and not later else header
        if name in names:
            name = header if header not in names else f"{name}_{names.count(name) + 1}"
        while name in names:
            name += "_2"
        names.append(name)
    return names

"""Laboratory tables in a proposal: rows of a patient that are measurements become one variable for each test."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from tabml.core.codebook import Codebook, ColumnMapping, Join, Source, VariableSpec
from tabml.core.findings import Finding, finding
from tabml.core.wording import counted
from tabml.ingest.concepts import Concept, lookup
from tabml.ingest.layout import NoTable, Table
from tabml.ingest.match.column import NAMED
from tabml.ingest.propose.beside import other_places
from tabml.ingest.propose.hospitals import SAME_FILE, Part
from tabml.ingest.propose.stacks import place_of
from tabml.ingest.propose.writing import TableStyle
from tabml.ingest.shapes import LongShape, long_shape
from tabml.ingest.units import canonical_unit
from tabml.ingest.values import fold

#: A test that fewer patients than this have is no variable: its name stands nowhere.
FEWEST_PATIENTS = 5
#: Score of a variable whose rows count up to a known index date, and of one whose dates nobody can compare: asked.
DATED, UNDATED = 0.95, 0.6


@dataclass(frozen=True, eq=False)
class Laboratory:
    """A long table with its columns by what they are, and the table of patients it joins to."""

    part: Part
    shape: LongShape
    base: str


def split_laboratories(parts: Sequence[Part]) -> tuple[list[Part], list[Laboratory]]:
    """(the other tables, the long ones): a long table's ids are those of a table that has each patient once."""
    shapes = {p.name: long_shape(p.table, p.id) for p in parts if p.id is not None}
    once = [p for p in parts if shapes.get(p.name) is None and p.id is not None and p.is_unique]
    found = []
    for part in parts:
        shape = shapes.get(part.name)
        base = max(once, key=lambda p: _shared(part, p), default=None) if shape is not None else None
        if shape is not None and base is not None and _shared(part, base) >= SAME_FILE:
            found.append(Laboratory(part, shape, base.name))
    left = {f.part.name for f in found}
    return [p for p in parts if p.name not in left], found


def with_laboratories(
    codebook: Codebook, found: Sequence[Laboratory], styles: Mapping[str, TableStyle], others: Sequence[NoTable],
    renamed: Mapping[str, str],
) -> Codebook:  # fmt: skip
    """The codebook with a joined source for each laboratory table and a variable for each of its tests."""
    sources, variables = dict(codebook.sources), dict(codebook.variables)
    for lab in found:
        base = renamed.get(lab.base, lab.base)
        sources[lab.part.name] = _source(lab, base, styles[lab.part.name], others)
        is_dated = lab.shape.date is not None and any(
            spec.role == "index_date" and base in spec.from_ for spec in variables.values()
        )
        for name, spec in _variables(lab, is_dated, lab.part.table).items():
            variables[_free(name, variables)] = spec
    return codebook.model_copy(update={"sources": sources, "variables": variables})


def _source(lab: Laboratory, base: str, style: TableStyle, others: Sequence[NoTable]) -> Source:
    shape, table = lab.shape, lab.part.table
    used = {shape.patient, shape.test, shape.value, shape.date, shape.unit}
    rest = [p for p in lab.part.columns if p.header not in used]
    identifiers = tuple(p.header for p in rest if p.is_birth_date or p.identifier is not None)
    unused = {p.header: "no part of a measurement" for p in rest if p.header not in identifiers}
    return Source(
        **place_of(table, style), other_sheets=other_places(table, others), date=shape.date, identifiers=identifiers,
        unused=unused, join=Join(to=base, on=shape.patient),
    )  # fmt: skip


def laboratory_findings(found: Sequence[Laboratory]) -> list[Finding]:
    """TB104 for the rows of tests that too few patients have."""
    said = []
    for lab in found:
        n = sum(rows for text, rows in lab.shape.tests if text not in _common_tests(lab))
        if n:
            evidence = f"{counted(n, 'row')} of {lab.part.table.name}: tests that fewer than {FEWEST_PATIENTS} patients have; no variables"
            said.append(
                finding(
                    "TB104",
                    evidence,
                    count=n,
                    source=lab.part.name,
                    remedy="map them in the codebook where they matter",
                )
            )
    return said


def _common_tests(lab: Laboratory) -> list[str]:
    """The texts of tests that enough patients have, the commonest first."""
    pairs = set(zip(lab.part.table.texts(lab.shape.test), lab.part.keys["as_is"], strict=True))
    patients = Counter(text for text, key in pairs if key)
    return [text for text, _ in lab.shape.tests if patients[text] >= FEWEST_PATIENTS]


def _variables(lab: Laboratory, is_dated: bool, table: Table) -> dict[str, VariableSpec]:
    tests: dict[str, tuple[Concept | None, list[str]]] = {}
    for text in _common_tests(lab):
        meant = lookup(text)
        concept = meant[0].concept if meant and meant[0].score >= NAMED else None
        name = concept.key if concept is not None else re.sub(r"\W+", "_", fold(text)).strip("_") or "test"
        tests[name] = (concept, [*tests.get(name, (concept, []))[1], text])
    return {name: _variable(lab, concept, texts, is_dated, table) for name, (concept, texts) in tests.items()}


def _variable(
    lab: Laboratory, concept: Concept | None, texts: Sequence[str], is_dated: bool, table: Table
) -> VariableSpec:
    shape = lab.shape
    unit = concept.unit if concept is not None and shape.unit is not None else None
    if unit is None and shape.unit is not None:
        cells = zip(table.texts(shape.test), table.texts(shape.unit), strict=True)
        units = [code for test, text in cells if test in texts and (code := canonical_unit(text))]
        unit = max(sorted(set(units)), key=units.count, default=None)
    said = f"rows of {shape.test!r} that say {', '.join(texts)}"
    mapping = ColumnMapping(
        column=shape.value,
        where={shape.test: tuple(texts) if len(texts) > 1 else texts[0]},
        aggregate="last_before_index" if is_dated else "last" if shape.date is not None else "first",
        unit=unit,
        unit_column=shape.unit if unit is not None else None,
        analyte=concept.analyte if concept is not None and unit is not None else None,
        status="proposed",
        score=DATED if is_dated else UNDATED,
        evidence=said if is_dated else f"{said}; no index date tells which of them were known at the prediction",
    )
    label = concept.label if concept is not None else texts[0]
    return VariableSpec(kind="number", label=label, unit=unit, from_={lab.part.name: mapping})


def _shared(part: Part, base: Part) -> float:
    mine, other = set(part.keys["as_is"]) - {""}, set(base.keys["as_is"]) - {""}
    return len(mine & other) / min(len(mine), len(other)) if mine and other else 0.0


def _free(name: str, taken: Mapping[str, VariableSpec]) -> str:
    while name in taken:
        name += "_2"
    return name

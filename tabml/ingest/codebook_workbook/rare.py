"""Which levels too few patients hold to be written into a workbook that is passed around."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from tabml.core.codebook import Codebook, ColumnMapping, VariableSpec
from tabml.ingest.values import fold

if TYPE_CHECKING:
    from tabml.ingest.read import Column, RawSheet
    from tabml.ingest.sources import SourceTable

#: Source -> variable -> folded cell text -> patients who hold it there.
Patients = Mapping[str, Mapping[str, Mapping[str, int]]]


@dataclass(frozen=True)
class Rare:
    """How many levels of a variable, and how many cell texts of it at a source, are not in the workbook."""

    levels: Mapping[str, int] = field(default_factory=dict)
    recode: Mapping[str, Mapping[str, int]] = field(default_factory=dict)

    def __bool__(self) -> bool:
        return bool(self.levels or self.recode)


def count_levels(sheets: Sequence[RawSheet], codebook: Codebook) -> Patients:
    """How many patients hold each cell text of the columns that are read as levels.

    Rows without an id count for nobody: a level is taken to be rarer, never commoner, than it is.
    """
    from tabml.ingest.sources import match_sources

    tables, _ = match_sources(sheets, codebook)
    held: dict[str, dict[str, dict[str, int]]] = {name: {} for name in tables}
    for name, at in tables.items():
        owners = _owners(at)
        for variable, spec in codebook.variables.items():
            mapping = spec.from_.get(name)
            if (
                mapping is not None
                and mapping.column is not None
                and _has_levels(spec, mapping)
                and at.has(mapping.column)
            ):
                held[name][variable] = _holders(at.column(mapping.column), owners)
    return held


def _has_levels(spec: VariableSpec, mapping: ColumnMapping) -> bool:
    return spec.kind in ("category", "boolean") or bool(mapping.recode)


def _owners(at: SourceTable) -> np.ndarray:
    """The patient of every row as a number, -1 without an id; the row itself where the source has no ids."""
    node = at.source
    header = node.id.column if node.id is not None else node.join.on if node.join is not None else None
    if header is None or not at.has(header):
        return np.arange(len(at))
    ids = at.column(header)
    known: dict[str, int] = {}
    return ids.spread(np.array([known.setdefault(fold(t), len(known)) for t in ids.distinct], dtype=np.int64), -1)


def _holders(column: Column, owners: np.ndarray) -> dict[str, int]:
    known: dict[str, int] = {}
    codes = column.spread(
        np.array([known.setdefault(fold(t), len(known)) for t in column.distinct], dtype=np.int64), -1
    )
    filled = (codes >= 0) & (owners >= 0)
    pairs = np.unique(np.stack([codes[filled], owners[filled]]), axis=1)
    n = np.bincount(pairs[0], minlength=len(known))
    return {text: int(n[code]) for text, code in known.items()}


def mask_rare(codebook: Codebook, patients: Patients, small_cell: int) -> tuple[Codebook, Rare]:
    """The codebook without levels and cell texts that fewer than `small_cell` patients hold, and their number.

    A level whose patients cannot be counted (an expression makes it) is taken to be rare.
    """
    variables: dict[str, VariableSpec] = {}
    levels: dict[str, int] = {}
    recode: dict[str, dict[str, int]] = {}
    hidden: set[str] = set()
    for name, spec in codebook.variables.items():
        codes = _common_codes(name, spec, patients, small_cell)
        kept = {code: label for code, label in spec.levels.items() if code in codes}
        hidden |= set(spec.levels) - set(kept) | {label for code, label in spec.levels.items() if code not in kept}
        mappings = {}
        for source, mapping in spec.from_.items():
            texts = {t: c for t, c in mapping.recode.items()
                     if _is_common(name, spec, source, t, patients, small_cell) and (c in kept or c not in spec.levels)}  # fmt: skip
            if len(texts) < len(mapping.recode):
                recode.setdefault(name, {})[source] = len(mapping.recode) - len(texts)
                hidden |= set(mapping.recode) - set(texts)
            mappings[source] = mapping.model_copy(update={"recode": texts})
        if len(kept) < len(spec.levels):
            levels[name] = len(spec.levels) - len(kept)
        variables[name] = spec.model_copy(update={"levels": kept, "from_": mappings})
    masked = codebook.model_copy(update={"variables": variables})
    return _scrubbed(masked, hidden), Rare(levels, recode)


def _common_codes(name: str, spec: VariableSpec, patients: Patients, small_cell: int) -> set[str]:
    """Level codes that enough patients hold over all sources, or that nobody holds at all."""
    held = dict.fromkeys(spec.levels, 0)
    is_counted = True
    for source, mapping in spec.from_.items():
        if mapping.constant is not None and mapping.constant in held:
            held[mapping.constant] += small_cell  # the name of a hospital, not a value of a patient
        if mapping.expr is not None or (mapping.column is not None and name not in patients.get(source, {})):
            is_counted = False
        codes = {fold(code): code for code in spec.levels} | {fold(label): code for code, label in spec.levels.items()}
        codes |= {fold(text): code for text, code in mapping.recode.items() if code is not None}
        for text, n in patients.get(source, {}).get(name, {}).items():
            if (code := codes.get(text)) in held:
                held[code] += n
    return {code for code, n in held.items() if n >= small_cell or (not n and is_counted)}


def _is_common(name: str, spec: VariableSpec, source: str, text: str, patients: Patients, small_cell: int) -> bool:
    """Whether enough patients of the source hold a cell text, or none of it and enough (or nobody) elsewhere."""
    counted = {s: held[name].get(fold(text), 0) for s, held in patients.items() if name in held}
    if source not in counted:
        return False
    if counted[source]:
        return counted[source] >= small_cell
    return not any(counted.values()) or max(counted.values()) >= small_cell


def _scrubbed(codebook: Codebook, hidden: set[str]) -> Codebook:
    """The codebook with hidden levels taken out of the evidence of its mappings."""
    variables = {
        name: spec.model_copy(update={"from_": {
            source: mapping.model_copy(update={"evidence": without(mapping.evidence, hidden)})
            for source, mapping in spec.from_.items()
        }})
        for name, spec in codebook.variables.items()
    }  # fmt: skip
    return codebook.model_copy(update={"variables": variables})


def without(text: str | None, hidden: set[str]) -> str | None:
    """A text in which rare levels are not named; levels of one or two characters say nothing by themselves."""
    words = sorted((w for w in hidden if len(w) > 2), key=len, reverse=True)
    if not text or not words:
        return text
    return re.sub(rf"(?<!\w)(?:{'|'.join(map(re.escape, words))})(?!\w)", "(rare)", text, flags=re.IGNORECASE)

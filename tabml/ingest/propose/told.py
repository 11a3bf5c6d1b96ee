"""What a file says of its columns (SPSS labels, a REDCap dictionary), as a proposal takes it before it guesses."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from tabml.core.cohort import Kind
from tabml.ingest.layout import Table
from tabml.ingest.propose.words import YES_NO
from tabml.ingest.read import Stated
from tabml.ingest.units import canonical_unit, split_unit
from tabml.ingest.values import fold

NOTHING = Stated()
#: Kinds a file states that its cells could not tell as well: codes with labels, and texts.
BELIEVED: tuple[Kind, ...] = ("category", "boolean", "text", "date")


def stated_by(tables: Sequence[Table], header: str) -> Stated:
    """What the first table says that says anything."""
    return next((said for table in tables if (said := table.stated(header)) != NOTHING), NOTHING)


def kind_of(stated: Stated, counts: Mapping[str, int]) -> Kind | None:
    """The kind the file states, where its cells do not contradict it."""
    is_yes_no = set(counts) <= {"0", "1"} and all(YES_NO.get(fold(stated.levels.get(c, ""))) == c for c in counts)
    if stated.kind == "category" and counts and is_yes_no:
        return "boolean"
    if stated.kind == "boolean" and not set(counts) <= {"0", "1"}:
        return None
    return next((kind for kind in BELIEVED if kind == stated.kind), None)


def levels_of(stated: Stated, counts: Mapping[str, int]) -> dict[str, str]:
    """The labelled codes in the file's order, then codes that only the cells hold."""
    return {**stated.levels, **{text: text for text in sorted(counts) if text not in stated.levels}}


def label_of(stated: Stated) -> tuple[str, str | None] | None:
    """Label and unit (UCUM) the file gives; None where it gives no label."""
    if not stated.label:
        return None
    label, unit = split_unit(stated.label)
    code = canonical_unit(stated.unit or unit or "")
    return (label, code) if code else (stated.label, None)

"""What the list of clinical concepts holds, and what looking up a header gives."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Literal

#: The languages every concept is named in; `fr` and `any` (abbreviations, code names) come beside them.
LANGUAGES = ("nb", "sv", "da", "fi", "de", "en", "es", "zh")
ALSO = ("any", "fr")

Kind = Literal["number", "integer", "category", "boolean", "date", "id", "text"]
Role = Literal[
    "feature", "outcome", "time", "event", "entry", "patient_id", "centre", "index_date", "visit", "date", "identifier",
    "treatment", "group", "weight", "row_number", "unused",
]  # fmt: skip
Timing = Literal["baseline", "later", "outcome"]
KINDS: tuple[Kind, ...] = ("number", "integer", "category", "boolean", "date", "id", "text")
ROLES: tuple[Role, ...] = (
    "feature", "outcome", "time", "event", "entry", "patient_id", "centre", "index_date", "visit", "date", "identifier",
    "treatment", "group", "weight", "row_number", "unused",
)  # fmt: skip
TIMINGS: tuple[Timing, ...] = ("baseline", "later", "outcome")


@dataclass(frozen=True)
class Level:
    """One level of a category: its code, its label and the words exports use for it, by language."""

    code: str
    label: str
    words: Mapping[str, tuple[str, ...]]


@dataclass(frozen=True)
class Concept:
    """A clinical variable: what it is, how it is measured, and what hospitals call it.

    `range` is what is physiologically possible in an adult (a child where the concept is one of childhood), in
    `unit`. `units` convert to `unit` (with `analyte` across mass and amount); `other_units` are seen too, but no factor
    links them. `role` and `timing` are the usual ones.
    """

    key: str
    label: str
    domain: str
    kind: Kind
    unit: str | None = None
    units: tuple[str, ...] = ()
    other_units: tuple[str, ...] = ()
    analyte: str | None = None
    range: tuple[float, float] | None = None
    levels: tuple[Level, ...] = ()
    role: Role = "feature"
    timing: Timing = "baseline"
    synonyms: Mapping[str, tuple[str, ...]] = field(default_factory=lambda: MappingProxyType({}))


@dataclass(frozen=True)
class Match:
    """A concept a header may mean: score from 0 to 1, why, and what the header says besides.

    `timing` is what the header states (`_v1`, `baseline`, `at discharge`), None where it states none; `qualifiers`
    are the words that change the meaning (`family`, `maximum`, `change`...).
    """

    concept: Concept
    score: float
    evidence: str
    language: str
    timing: Literal["baseline", "later"] | None = None
    qualifiers: tuple[str, ...] = ()


@dataclass(frozen=True)
class Recode:
    """Cell texts and the level codes proposed for them; `unmatched` texts have none."""

    mapping: Mapping[str, str]
    unmatched: tuple[str, ...]
    score: float
    evidence: str

"""What the list of clinical concepts says of a column: its meaning, its plausible range, its unit by values."""

from __future__ import annotations

from collections.abc import Container, Mapping, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from tabml.ingest.concepts import Concept, Match, load, lookup
from tabml.ingest.match.column import NAMED
from tabml.ingest.match.scale import overlap
from tabml.ingest.propose.profile import MOST_LEVELS, Profile
from tabml.ingest.propose.words import OTHER_NAMES
from tabml.ingest.units import can_convert, convert_factor

#: Share of a column's values that must lie in a concept's plausible range, else it is not that measurement.
IN_RANGE = 0.8
#: How much more the plausible range counts than overlap, and what another unit than the others' must gain in overlap.
IN_UNIT, OTHER_UNIT = 2.0, 0.25
#: What remains of a concept's score where the values cannot be its own.
UNSUITABLE = 0.5
#: A last part that means something by itself is not read together with the headers above it.
AMBIGUOUS = 0.75
#: Names that match but for units and fillers; what is only spelt alike scores less.
EXACT = 0.95
#: From this score on a name says that a column of few whole numbers is a graded scale.
GRADED = 0.75
Floats = NDArray[np.float64]


def matches_of(column: Profile, label: str = "", unit: str | None = None) -> tuple[Match, ...]:
    """The concepts a column may mean by its header's last part, else the whole header, or by the label of a code list.

    A concept that cannot hold such values (a measurement that is words, a yes/no of four levels) counts for less.
    """
    leaf = column.header.rsplit(" / ", 1)[-1]
    found: dict[str, Match] = {}
    for name in dict.fromkeys((leaf, label, column.header)):
        if name == column.header != leaf and max((m.score for m in found.values()), default=0.0) >= AMBIGUOUS:
            continue
        for match in lookup(name, unit=unit) if name else ():
            judged = replace(match, score=round(match.score * _suits(match.concept, column), 3))
            if judged.concept.key not in found or found[judged.concept.key].score < judged.score:
                found[judged.concept.key] = judged
    named = _in_other_languages(column) if max((m.score for m in found.values()), default=0.0) < EXACT else None
    if named is not None:
        # "Overleden" (dead) is spelt much like "overlevde" (survived): a name beats what only resembles one.
        found = {key: replace(m, score=UNSUITABLE * m.score) for key, m in found.items()}
        found[named.concept.key] = replace(named, score=named.score * _suits(named.concept, column))
    return tuple(sorted(found.values(), key=lambda m: (-m.score, m.concept.key)))


def _suits(concept: Concept, column: Profile) -> float:
    """1, or less where a column's values cannot be the concept's."""
    if column.is_empty:
        return 1.0
    measured = concept.kind in ("number", "integer")
    if (concept.kind == "date") != column.is_date:
        return UNSUITABLE
    if measured and not column.is_numeric and column.kind != "boolean":
        return UNSUITABLE
    if concept.kind == "boolean" and column.distinct > 3:
        return UNSUITABLE
    if concept.kind == "category" and column.kind == "number" and column.distinct > MOST_LEVELS:
        return UNSUITABLE
    return 1.0


def _in_other_languages(column: Profile) -> Match | None:
    """The commonest concepts under their names in languages that the list of concepts does not speak."""
    key = next((key for key, names in OTHER_NAMES.items() if column.key in names), None)
    return None if key is None else Match(load()[key], 1.0, "named so", "")


def is_graded(column: Profile) -> bool:
    """Whether a column is a scale of whole numbers by the list of concepts, such as mRS: its grades are in order."""
    matches = matches_of(column)
    return bool(matches) and matches[0].score >= GRADED and matches[0].concept.kind == "integer"


def certain_concept(matches: Sequence[Match]) -> Concept | None:
    """The concept a name means beyond doubt."""
    return matches[0].concept if matches and matches[0].score >= NAMED else None


def plausible_range(concept: Concept | None, unit: str | None, values: Floats) -> tuple[float, float] | None:
    """A concept's range in the column's unit; None where unit or range are unknown, or the values are something else.

    Without a stated unit the range holds where it holds for most values, zeros and codes apart.
    """
    if concept is None or concept.range is None:
        return None
    low, high = concept.range
    if unit is not None and concept.unit is not None and unit != concept.unit:
        if not can_convert(concept.unit, unit, concept.analyte):
            return None
        factor = convert_factor(concept.unit, unit, concept.analyte)
        low, high = float(f"{low * factor:.3g}"), float(f"{high * factor:.3g}")
    usual = values[values > 0]
    inside = float(((usual >= low) & (usual <= high)).mean()) if len(usual) else 1.0
    return (low, high) if inside >= IN_RANGE else None


def range_of(column: Profile) -> tuple[float, float] | None:
    """What a column's values can be by its name, in its own unit; None where nobody knows."""
    if not column.is_numeric or column.is_date:
        return None
    unit = column.label_and_unit[1]
    concept = certain_concept(matches_of(column, unit=unit))
    return plausible_range(concept, unit, column.numbers[~np.isnan(column.numbers)])


def candidates(concept: Concept | None, stated: Sequence[str]) -> tuple[str, ...]:
    """Units a column without one may be in: the concept's own first, then its others, then those other hospitals state."""
    own = (concept.unit, *concept.units) if concept is not None and concept.unit is not None else ()
    return tuple(dict.fromkeys((*own, *stated)))


def unit_by_values(
    values: Floats,
    concept: Concept | None,
    ways: Mapping[str, float],
    known: Floats,
    usual: Container[str],
    *,
    to_concept: float = 1.0,
) -> tuple[str, float]:
    """The unit that brings values into the plausible range and nearest to the others, and how well it does.

    `ways`: unit -> factor to the variable's unit. `known`: the others' values in the variable's unit, which are in
    the units of `usual`: another one must bring the values clearly nearer. `to_concept`: factor from the variable's unit
    to the concept's.
    """
    positive = values[values > 0]
    if not len(positive):
        return next(iter(ways)), 0.0

    def fit(unit: str) -> float:
        scaled = positive * ways[unit]
        near = (
            overlap(scaled, known) - OTHER_UNIT * (unit not in usual)
            if len(known)
            else -0.1 * _away(scaled * to_concept, concept)
        )
        return IN_UNIT * round(_inside(scaled * to_concept, concept), 1) + near

    best = max(ways, key=fit)
    return best, fit(best)


def _inside(scaled: Floats, concept: Concept | None) -> float:
    """Share of values, in the concept's unit, that lie in its range."""
    if concept is None or concept.range is None or concept.unit is None:
        return 1.0
    return float(((scaled >= concept.range[0]) & (scaled <= concept.range[1])).mean())


def _away(scaled: Floats, concept: Concept | None) -> float:
    """How far the median lies from the middle of the plausible range, on the scale of logarithms; 0 where it starts at 0."""
    if concept is None or concept.range is None or concept.range[0] <= 0:
        return 0.0
    low, high = concept.range
    return abs(float(np.log(np.median(scaled))) - float(np.log(low * high) / 2))

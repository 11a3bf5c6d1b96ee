"""What the list of clinical concepts says of a column: its meaning, its plausible range, its unit by values."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from tabml.ingest.concepts import Concept, Match, lookup
from tabml.ingest.match.column import NAMED
from tabml.ingest.match.scale import overlap
from tabml.ingest.propose.profile import Profile
from tabml.ingest.units import can_convert, convert_factor

#: Share of a column's values that must lie in a concept's plausible range, else it is not that measurement.
IN_RANGE = 0.8
Floats = NDArray[np.float64]


def matches_of(column: Profile, label: str = "", unit: str | None = None) -> tuple[Match, ...]:
    """The concepts a column may mean by its header, or by the label a code list gives it; best first."""
    found = {m.concept.key: m for m in lookup(column.header, unit=unit)}
    for match in lookup(label, unit=unit) if label else ():
        if match.concept.key not in found or found[match.concept.key].score < match.score:
            found[match.concept.key] = match
    return tuple(sorted(found.values(), key=lambda m: (-m.score, m.concept.key)))


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
        low, high = low * factor, high * factor
    usual = values[values > 0]
    inside = float(((usual >= low) & (usual <= high)).mean()) if len(usual) else 1.0
    return (low, high) if inside >= IN_RANGE else None


def candidates(concept: Concept | None, stated: Sequence[str]) -> tuple[str, ...]:
    """Units a column without one may be in: the concept's own first, then its others, then those other hospitals state."""
    own = (concept.unit, *concept.units) if concept is not None and concept.unit is not None else ()
    return tuple(dict.fromkeys((*own, *stated)))


def unit_by_values(
    values: Floats, concept: Concept | None, options: Sequence[str], target: str, known: Floats
) -> tuple[str, bool] | None:
    """The unit that brings values into the plausible range and nearest to the others, and whether it is beyond doubt.

    `known`: values of other hospitals, in `target`. None where no unit is conceivable.
    """
    analyte = concept.analyte if concept is not None else None
    ways = [(u, convert_factor(u, target, analyte)) for u in options if can_convert(u, target, analyte)]
    positive = values[values > 0]
    if not ways:
        return None
    if not len(positive):
        return target, True
    low, high = concept.range if concept is not None and concept.range is not None else (0.0, np.inf)
    if concept is not None and concept.unit is not None and concept.unit != target:
        factor = convert_factor(concept.unit, target, analyte) if can_convert(concept.unit, target, analyte) else 1.0
        low, high = low * factor, high * factor
    middle = np.log(np.median(known[known > 0])) if (known > 0).any() else _middle(low, high)

    def fit(factor: float) -> tuple[float, float]:
        scaled = positive * factor
        inside = float(((scaled >= low) & (scaled <= high)).mean())
        near = overlap(scaled, known) if len(known) else 0.0
        away = abs(float(np.log(np.median(scaled))) - middle) if middle is not None else 0.0
        return round(inside, 1), near - 0.1 * away

    ranked = sorted(ways, key=lambda way: fit(way[1]), reverse=True)
    best = ranked[0]
    # Another unit of the same factor (mEq/L, mmol/L) is no doubt, nor is the unit everybody else uses.
    return best[0], best[1] == 1.0 or not len(known)


def _middle(low: float, high: float) -> float | None:
    return float(np.log(low * high) / 2) if 0 < low < high < np.inf else None

"""A measured variable of several hospitals: its unit, the unit of each column, and scales that do not fit (TB117)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from tabml.core.findings import Finding, finding
from tabml.ingest.concepts import Concept, fits
from tabml.ingest.match.scale import FACTORS, factors_of, shift
from tabml.ingest.propose.meaning import candidates, unit_by_values
from tabml.ingest.units import can_convert, convert_factor

#: A scale that does not fit is asked about, whatever the names say.
SHIFTED = 0.8
#: Share of values outside the plausible range that gives the wrong side away.
OUTSIDE = 0.5
Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Reading:
    """How one source's numbers are read: unit, the most its mapping may score, and why."""

    unit: str | None
    cap: float = 1.0
    reasons: tuple[str, ...] = ()


@dataclass(frozen=True)
class Scale:
    """The variable's unit, how each source is read, and what was found."""

    unit: str | None
    readings: Mapping[str, Reading]
    findings: tuple[Finding, ...] = ()


def scale_of(
    name: str,
    stated: Mapping[str, str | None],
    values: Mapping[str, Floats],
    concept: Concept | None,
    analyte: str | None = None,
) -> Scale:
    """Settle the units of one variable; `stated` and `values` (missing ones left out) by source."""
    analyte = concept.analyte if concept is not None and concept.analyte is not None else analyte
    unit = _target(stated, concept)
    if unit is None:
        readings = {source: Reading(None) for source in stated}
    else:
        readings = _units(unit, stated, values, concept, analyte)
    return _shifts(name, Scale(unit, readings), values, concept, analyte)


def _target(stated: Mapping[str, str | None], concept: Concept | None) -> str | None:
    known = [u for u in stated.values() if u is not None]
    if concept is not None and concept.unit is not None and (not known or any(fits(concept, u) for u in known)):
        return concept.unit
    return max(sorted(set(known)), key=known.count) if known else None


def _units(
    unit: str,
    stated: Mapping[str, str | None],
    values: Mapping[str, Floats],
    concept: Concept | None,
    analyte: str | None,
) -> dict[str, Reading]:
    known = {s: u for s, u in stated.items() if u is not None and can_convert(u, unit, analyte)}
    pool = [values[s] * convert_factor(u, unit, analyte) for s, u in known.items()]
    reference = np.concatenate(pool) if pool else np.array([])
    readings: dict[str, Reading] = {}
    for source, own in stated.items():
        if source in known:
            readings[source] = Reading(own)
        elif own is not None:
            readings[source] = Reading(own, SHIFTED, (f"unit {own} does not convert to {unit}",))
        else:
            options = candidates(concept, tuple(dict.fromkeys(known.values())))
            found = unit_by_values(values[source], concept, options or (unit,), unit, reference)
            if found is None:
                readings[source] = Reading(None, SHIFTED, ("no unit stated",))
            else:
                guess, sure = found
                readings[source] = Reading(guess, 1.0 if sure else SHIFTED, (f"unit {guess} by values",))
    return readings


def _shifts(
    name: str, scale: Scale, values: Mapping[str, Floats], concept: Concept | None, analyte: str | None
) -> Scale:
    """Compare each source with all others together; a known factor between them is a question (TB117)."""
    scaled = {}
    for source, reading in scale.readings.items():
        factor = 1.0
        if reading.unit is not None and scale.unit is not None and can_convert(reading.unit, scale.unit, analyte):
            factor = convert_factor(reading.unit, scale.unit, analyte)
        scaled[source] = values[source] * factor
    units = (concept.unit, *concept.units) if concept is not None and concept.unit is not None else ()
    factors = tuple(sorted({*FACTORS, *factors_of(units, analyte)}))
    readings, findings = dict(scale.readings), []
    for source in sorted(scaled):
        others = [v for s, v in scaled.items() if s != source and len(v)]
        found = shift(scaled[source], np.concatenate(others), factors) if others else None
        if found is None:
            continue
        blamed = _outside(scaled[source], concept, scale.unit)
        decided = blamed or any(_outside(v, concept, scale.unit) for s, v in scaled.items() if s != source)
        if decided and not blamed:
            continue
        said = f"its numbers are about {found.factor:.4g} times those of the other sources"
        inferred = _unit_of(readings[source].unit, found.factor, units, analyte) if blamed else readings[source].unit
        readings[source] = replace(
            readings[source],
            unit=inferred,
            cap=SHIFTED,
            reasons=(*readings[source].reasons, f"shift factor {found.factor:.4g}"),
        )
        findings.append(
            finding("TB117", f"{name!r} at {source}: {said}", columns=[name], count=len(values[source]), source=source)
        )
    return replace(scale, readings=readings, findings=tuple(findings))


def _outside(values: Floats, concept: Concept | None, unit: str | None) -> bool:
    """Whether most values leave the plausible range."""
    if concept is None or concept.range is None or concept.unit is None or unit is None or not len(values):
        return False
    if not can_convert(unit, concept.unit, concept.analyte):
        return False
    read = values * convert_factor(unit, concept.unit, concept.analyte)
    return float(((read < concept.range[0]) | (read > concept.range[1])).mean()) > OUTSIDE


def _unit_of(stated: str | None, factor: float, units: Sequence[str], analyte: str | None) -> str | None:
    """The unit in which the numbers would be what the others are: `factor` times too large in the one assumed."""
    if stated is None:
        return None
    for other in units:
        if can_convert(other, stated, analyte):
            # A value in `other` is value * f in `stated`; read as `stated` it is 1/f of what it should be.
            way = convert_factor(other, stated, analyte)
            if abs(np.log(way * factor)) < 0.1:
                return other
    return stated

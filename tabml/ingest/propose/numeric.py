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
        return _shifts(name, Scale(unit, {source: Reading(None) for source in stated}), values, concept, analyte)
    readings = _units(unit, stated, values, concept, analyte)
    alike = {r.unit for r in readings.values()}
    if not any(stated.values()) and len(alike) == 1:
        unit = alike.pop() or unit  # nobody says it and all agree: the numbers stay as they are
    guessed = {s for s, u in stated.items() if u is None and readings[s].unit is not None}
    found = []
    for source in sorted(guessed if len({r.unit for r in readings.values()}) > 1 else ()):
        factor = _factor(readings[source].unit, unit, analyte)
        if not 0.99 < factor < 1.01 and len(values[source]):
            readings[source] = replace(readings[source], cap=SHIFTED)
            said = f"{name!r} at {source}: no unit stated; its numbers look like {readings[source].unit}, the others are in {unit}"
            found.append(finding("TB117", said, columns=[name], count=len(values[source]), source=source))
    return _shifts(name, Scale(unit, readings, tuple(found)), values, concept, analyte)


def _target(stated: Mapping[str, str | None], concept: Concept | None) -> str | None:
    """The unit most sources state, the concept's own where none or several do."""
    known = [u for u in stated.values() if u is not None]
    own = concept.unit if concept is not None else None
    fitting = [u for u in known if concept is None or own is None or fits(concept, u)]
    if not fitting:
        return own or (known[0] if known else None)
    most = max(fitting.count(u) for u in fitting)
    usual = sorted({u for u in fitting if fitting.count(u) == most})
    return own if own is not None and (own in usual or len(usual) > 1) else usual[0]


def _units(
    unit: str,
    stated: Mapping[str, str | None],
    values: Mapping[str, Floats],
    concept: Concept | None,
    analyte: str | None,
) -> dict[str, Reading]:
    known = {s: u for s, u in stated.items() if u is not None and can_convert(u, unit, analyte)}
    readings = {s: Reading(u) for s, u in known.items()}
    for source, own in stated.items():
        if own is not None and source not in known:
            readings[source] = Reading(own, SHIFTED, (f"unit {own} does not convert to {unit}",))
    open_sources = [s for s, u in stated.items() if u is None]
    ways = {
        u: _factor(u, unit, analyte)
        for u in (*candidates(concept, tuple(known.values())), unit)
        if can_convert(u, unit, analyte)
    }
    for source, guess in _guesses(
        open_sources, known, values, concept, ways, _to_concept(unit, concept, analyte)
    ).items():
        readings[source] = Reading(guess, 1.0, (f"unit {guess} by values",))
    return {source: readings[source] for source in stated}


def _guesses(
    sources: Sequence[str], known: Mapping[str, str], values: Mapping[str, Floats], concept: Concept | None,
    ways: Mapping[str, float], to_concept: float,
) -> dict[str, str]:  # fmt: skip
    """A unit for every source that states none: beside the stated ones, else the best for all of them together."""
    if not sources:
        return {}
    pool = [values[s] * ways[u] for s, u in known.items() if u in ways]
    if pool:
        reference = np.concatenate(pool)
        usual = set(known.values())
        return {
            s: unit_by_values(values[s], concept, ways, reference, usual, to_concept=to_concept)[0] for s in sources
        }
    first, *others = sorted(sources, key=lambda s: (-len(values[s]), s))
    best: tuple[float, dict[str, str]] = (-np.inf, {})
    for unit, factor in ways.items():
        _, fit = unit_by_values(values[first], concept, {unit: factor}, np.array([]), (), to_concept=to_concept)
        found = {first: unit}
        for source in others:
            guess, gain = unit_by_values(
                values[source], concept, ways, values[first] * factor, (unit,), to_concept=to_concept
            )
            found[source] = guess
            fit += gain
        if fit > best[0]:
            best = fit, found
    return best[1]


def _to_concept(unit: str, concept: Concept | None, analyte: str | None) -> float:
    return _factor(unit, concept.unit if concept is not None else None, analyte)


def _shifts(
    name: str, scale: Scale, values: Mapping[str, Floats], concept: Concept | None, analyte: str | None
) -> Scale:
    """Compare each source with all others together; a known factor between them is a question (TB117)."""
    scaled = {}
    for source, reading in scale.readings.items():
        scaled[source] = values[source] * _factor(reading.unit, scale.unit, analyte)
    units = (concept.unit, *concept.units) if concept is not None and concept.unit is not None else ()
    factors = tuple(sorted({*FACTORS, *factors_of(units, analyte)}))
    readings, findings = dict(scale.readings), list(scale.findings)
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


def _factor(unit: str | None, target: str | None, analyte: str | None) -> float:
    """What numbers in `unit` are multiplied by to stand in `target`; 1 where that is not known."""
    if unit is None or target is None or not can_convert(unit, target, analyte):
        return 1.0
    return convert_factor(unit, target, analyte)


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

"""Two columns of numbers: how far they overlap after conversion, and whether a unit factor lies between them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tabml.ingest.units import MOLAR_MASS, can_convert, convert_factor

#: Factors between units that laboratories use side by side, besides the molar ones (data.md section 2, start values).
FACTORS = (10.0, 18.02, 18.0, 88.4, 38.67, 1000.0)
#: Positive values a side needs before a shift of scale is looked for.
MIN_POSITIVE = 20
#: A factor explains the shift when the deciles then lie this close (mean |log|), and three times closer than before.
CLOSE, CLOSER = 0.1, 3.0
DECILES = np.arange(0.1, 0.91, 0.1)
Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Shift:
    """One side's numbers are about `factor` times the other's; `distance` is what then remains, `before` what was."""

    factor: float
    distance: float
    before: float


def overlap(a: Floats, b: Floats) -> float:
    """Share of two distributions that lies over each other, 0 to 1, on the deciles of both together.

    >>> overlap(np.arange(100.0), np.arange(100.0)), overlap(np.arange(100.0), np.arange(200.0, 300.0))
    (1.0, 0.0)
    """
    if not len(a) or not len(b):
        return 0.0
    cuts = np.unique(np.quantile(np.concatenate([a, b]), DECILES))
    edges = np.searchsorted(cuts, a, side="right"), np.searchsorted(cuts, b, side="right")
    shares = [np.bincount(e, minlength=len(cuts) + 1) / len(e) for e in edges]
    return float(round(np.minimum(*shares).sum(), 12))


def shift(a: Floats, b: Floats, factors: tuple[float, ...] = FACTORS) -> Shift | None:
    """The factor f for which a is about f times b, where one fits far better than none (TB117); else None.

    s(f) = mean over deciles of |log q_a - log q_b - log f|; both sides need 20 positive values.
    """
    a, b = a[a > 0], b[b > 0]
    if len(a) < MIN_POSITIVE or len(b) < MIN_POSITIVE:
        return None
    gap = np.log(np.quantile(a, DECILES)) - np.log(np.quantile(b, DECILES))
    before = float(np.abs(gap).mean())
    tried = sorted({f for factor in factors for f in (factor, 1 / factor)})
    best = min(tried, key=lambda f: float(np.abs(gap - np.log(f)).mean()))
    distance = float(np.abs(gap - np.log(best)).mean())
    return Shift(best, distance, before) if distance < CLOSE and distance < before / CLOSER else None


def factors_of(units: tuple[str, ...], analyte: str | None) -> tuple[float, ...]:
    """The factors between all pairs of the units in which one thing is measured."""
    found = {
        convert_factor(a, b, analyte) for a in units for b in units if a != b and can_convert(a, b, analyte)
    }  # fmt: skip
    return tuple(sorted(f for f in found if f > 1))


def any_analyte(from_unit: str, to_unit: str) -> tuple[tuple[str | None, float], ...]:
    """(analyte, factor) of every way from one unit to another; the analyte is None where none is needed."""
    if can_convert(from_unit, to_unit):
        return ((None, convert_factor(from_unit, to_unit)),)
    return tuple(
        (name, convert_factor(from_unit, to_unit, name))
        for name in sorted(MOLAR_MASS)
        if can_convert(from_unit, to_unit, name)
    )

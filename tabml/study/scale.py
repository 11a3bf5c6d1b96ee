"""A column in another unit than the model learned: found by its values, for nobody checks a plausible-looking risk."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tabml.core.errors import DataError

#: Factors between units in use: percent, mmol/L and mg/dL of glucose, cholesterol, creatinine; milli and kilo.
FACTORS = (10.0, 18.02, 38.67, 88.4, 100.0, 1000.0)
#: Fewer values say too little of a whole column; their rows are flagged one by one.
MIN_VALUES = 20
#: More than this share outside the training quantiles...
MOST_OUTSIDE = 0.5
#: ...and at least this share inside after division by a factor.
LEAST_INSIDE = 0.8


def refuse_other_unit(values: NDArray[np.float64], entry: Mapping[str, Any], where: str | None) -> None:
    """DataError where most values lie beyond the training quantiles and a known factor brings them back."""
    known = values[np.isfinite(values)]
    quantiles = entry["quantiles"]
    if quantiles is None or len(known) < MIN_VALUES or quantiles["p50"] <= 0:
        return
    if 1 - _inside(known, quantiles) <= MOST_OUTSIDE:
        return
    off = float(np.median(known)) / quantiles["p50"]
    if off <= 0 or not any(
        _inside(known / f, quantiles) >= LEAST_INSIDE for f in (*FACTORS, *(1 / f for f in FACTORS))
    ):
        return
    ratio = f"{_round(off)} times" if off > 1 else f"1/{_round(1 / off)} of"
    unit = f" than {entry['unit']}" if entry["unit"] else ""
    raise DataError(
        f"the values of column {entry['name']!r} are about {ratio} those of training: another unit{unit}?",
        where=where,
        hint="convert the column, or state its unit in a codebook given with --codebook",
    )


def _inside(values: NDArray[np.float64], quantiles: Mapping[str, float]) -> float:
    """Share of values within the training quantiles."""
    return float(np.mean((values >= quantiles["p01"]) & (values <= quantiles["p99"])))


def _round(ratio: float) -> int:
    """Two digits: the ratio of two medians is no exact factor."""
    return int(float(f"{ratio:.2g}"))

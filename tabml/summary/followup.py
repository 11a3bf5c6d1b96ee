"""Follow-up of a survival outcome: how long patients were watched, and how many were still free of the event."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tabml.core.privacy import SMALL_CELL
from tabml.core.target import Target
from tabml.metrics.survival import kaplan_meier_curve, median_follow_up, number_at_risk
from tabml.summary.columns import Group

MAX_POINTS = 200
TICKS = 6


def follow_up(target: Target, centres: Sequence[Group], small_cell: int = SMALL_CELL) -> dict[str, Any]:
    """Follow-up in days: reverse Kaplan-Meier median overall and by centre, and the Kaplan-Meier curve.

    The curve ends where fewer than `small_cell` patients are at risk: beyond that single patients can be told apart.
    """
    y = target.y
    return {
        "median_days": median_follow_up(y).value,
        "longest_days": float(np.quantile(y["time"], 0.99)),
        "n": len(y),
        "events": int((y["event"] == 1).sum()),
        "by_centre": [
            {"centre": g.label, "n": int(at.sum()), "events": int((y["event"][at] == 1).sum()),
             "median_days": median_follow_up(y[at]).value}
            for g in centres if (at := np.isin(target.rows, g.rows)).any()
        ],
        "km": km_curve(y, small_cell),
    }  # fmt: skip


def km_curve(y: NDArray[np.void], small_cell: int = SMALL_CELL) -> dict[str, Any]:
    """Kaplan-Meier points {x (days), y, lower, upper} and {ticks, at_risk}; intervals on the log(-log) scale."""
    ordered = np.sort(y["time"])
    end = float(ordered[-small_cell]) if len(ordered) >= small_cell else float(ordered[-1])
    curve = kaplan_meier_curve(y)
    shown = np.flatnonzero((curve.time <= end) & ((curve.time == 0) | np.isin(curve.time, y["time"][y["event"] == 1])))
    if len(shown) > MAX_POINTS + 1:
        shown = shown[np.unique(np.linspace(0, len(shown) - 1, MAX_POINTS + 1).round().astype(int))]
    ticks = np.unique(np.linspace(0, end, TICKS).round())
    return {
        "x": curve.time[shown].tolist(),
        "y": curve.survival[shown].round(5).tolist(),
        "lower": curve.lower[shown].round(5).tolist(),
        "upper": curve.upper[shown].round(5).tolist(),
        "end": end,
        "ticks": ticks.tolist(),
        "at_risk": list(number_at_risk(y, ticks)),
    }

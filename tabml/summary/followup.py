"""Follow-up of a survival outcome: how long patients were watched, and how many were still free of the event."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tabml.core.hazard import StepFunction, greenwood, kaplan_meier
from tabml.core.target import Target
from tabml.summary.columns import Group

MAX_POINTS = 200
TICKS = 6


def follow_up(target: Target, centres: Sequence[Group]) -> dict[str, Any]:
    """Follow-up in days: reverse Kaplan-Meier median overall and by centre, and the Kaplan-Meier curve.

    The curve ends where fewer than 5 patients are at risk: beyond that single patients can be told apart.
    """
    time, event = target.y["time"], target.y["event"]
    return {
        "median_days": reverse_median(time, event),
        "longest_days": float(np.quantile(time, 0.99)),
        "n": len(time),
        "events": int((event == 1).sum()),
        "by_centre": [
            {"centre": g.label, "n": int(at.sum()), "events": int((event[at] == 1).sum()),
             "median_days": reverse_median(time[at], event[at])}
            for g in centres if (at := np.isin(target.rows, g.rows)).any()
        ],
        "km": km_curve(time, event == 1),
    }  # fmt: skip


def reverse_median(time: NDArray[Any], event: NDArray[Any]) -> float | None:
    """Median follow-up in days, events read as censored and censored as events; None where it is not reached."""
    return _median(kaplan_meier(time, event == 0))


def km_curve(time: NDArray[Any], event: NDArray[Any]) -> dict[str, Any]:
    """Kaplan-Meier points {x (days), y, lower, upper} and {ticks, at_risk}; intervals on the log(-log) scale."""
    survival, variance = kaplan_meier(time, event), greenwood(time, event)
    ordered = np.sort(time)
    end = float(ordered[-5]) if len(ordered) >= 5 else float(ordered[-1])
    x = survival.times[survival.times <= end]
    if len(x) > MAX_POINTS:
        x = x[np.unique(np.linspace(0, len(x) - 1, MAX_POINTS).round().astype(int))]
    y, v = survival.at(x), variance.at(x)
    lower, upper = _log_log(y, v)
    ticks = np.unique(np.linspace(0, end, TICKS).round())
    return {
        "x": [0.0, *x.tolist()],
        "y": [1.0, *y.round(5).tolist()],
        "lower": [1.0, *lower.round(5).tolist()],
        "upper": [1.0, *upper.round(5).tolist()],
        "end": end,
        "ticks": ticks.tolist(),
        "at_risk": [int((time >= t).sum()) for t in ticks],
    }


def _median(survival: StepFunction) -> float | None:
    """First time at which S falls below one half; the midpoint where it stays at exactly one half (R's rule)."""
    below = np.flatnonzero(survival.values < 0.5 - 1e-12)
    if not len(below):
        return None
    at_half = np.flatnonzero(np.abs(survival.values - 0.5) <= 1e-12)
    first = float(survival.times[below[0]])
    return (float(survival.times[at_half[0]]) + first) / 2 if len(at_half) else first


def _log_log(y: NDArray[np.float64], v: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    inside = (y > 0) & (y < 1) & np.isfinite(v)
    safe = np.where(inside, y, 0.5)
    half = 1.96 * np.sqrt(np.where(inside, v, 0.0)) / np.abs(np.log(safe))
    lower = np.where(inside, safe ** np.exp(half), y)
    upper = np.where(inside, safe ** np.exp(-half), y)
    return lower, upper

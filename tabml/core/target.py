"""The target: what is predicted, as one array that serves all five tasks."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any, Literal, get_args

import numpy as np
from numpy.typing import NDArray

from tabml.core.errors import ConfigError

Task = Literal["binary", "multiclass", "regression", "survival", "competing_risks"]
TASKS: tuple[str, ...] = get_args(Task)
SURVIVAL_TASKS = ("survival", "competing_risks")

#: entry (0 unless late entry), time in days, event: 0 censored, 1 the event or first cause, 2... others.
SURVIVAL_DTYPE = np.dtype([("entry", "f8"), ("time", "f8"), ("event", "i2")])

DAYS = {"d": 1.0, "day": 1.0, "days": 1.0, "w": 7.0, "m": 30.4375, "month": 30.4375, "months": 30.4375,
        "y": 365.25, "year": 365.25, "years": 365.25}  # fmt: skip
#: Horizons offered when none is stated (foundations.md section 2).
USUAL_HORIZONS = ("30d", "90d", "180d", "1y", "2y", "3y", "5y", "10y")


@dataclass(frozen=True)
class Target:
    """The outcome of every row of a cohort.

    `y` is 0/1 (binary, 1 = `positive`), class codes 0...K-1 (multiclass), float (regression), or a
    structured array of `SURVIVAL_DTYPE`, always in days. `rows` are the cohort rows it belongs to
    (rows without outcome are left out and counted in the flow).
    """

    task: Task
    y: NDArray[Any]
    rows: NDArray[np.int64]
    name: str
    label: str = ""
    classes: tuple[str, ...] = ()
    class_labels: tuple[str, ...] = ()
    positive: str | None = None
    unit: str | None = None
    horizons: tuple[int, ...] = ()
    time_unit: str = "days"

    @property
    def n_events(self) -> int:
        """Effective number of events: smaller class, events, or rows for regression."""
        if self.task in SURVIVAL_TASKS:
            return int((self.y["event"] == 1).sum())
        if self.task == "regression":
            return len(self.y)
        counts = np.bincount(self.y.astype(int), minlength=max(2, len(self.classes)))
        return int(counts.min())

    @property
    def tau(self) -> int | None:
        """Longest horizon in days; the end of every survival metric."""
        return max(self.horizons) if self.horizons else None


def survival(time: NDArray[np.floating], event: NDArray[np.integer]) -> NDArray[np.void]:
    """Pack times (days) and event codes into the structured array."""
    y = np.zeros(len(time), dtype=SURVIVAL_DTYPE)
    y["time"], y["event"] = time, event
    return y


def days(text: str) -> int:
    """Read a horizon such as 1y, 18m or 90d in whole days.

    >>> days("5y"), days("90d")
    (1826, 90)
    """
    found = re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*([a-z]+)?\s*", text.casefold())
    unit = DAYS.get(found[2] or "d") if found else None
    if found is None or unit is None or float(found[1]) <= 0:
        raise ConfigError(f"{text!r} is not a horizon", hint="e.g. 90d, 18m or 5y")
    return round(float(found[1]) * unit)


def usual_horizons(time: NDArray[np.floating], share: NDArray[np.floating] | None = None) -> tuple[int, ...]:
    """Longest usual horizon with 10 % and 10 patients still at risk, and the longest at most half of it.

    `share` (n,): what part of a patient each row is; without it each row is one.
    """
    usual = [days(h) for h in USUAL_HORIZONS]
    part = np.ones(len(time)) if share is None else share
    least = max(10.0, 0.1 * float(part.sum())) - 1e-6
    at_risk = [h for h in usual if float(part[time >= h].sum()) >= least]
    if not at_risk:
        return (int(np.median(time)),)
    longest = at_risk[-1]
    half = [h for h in usual if h <= longest / 2]
    return (half[-1], longest) if half else (longest,)


def horizon_text(horizon_days: int) -> str:
    """A horizon in words: years where it is one, else months or days.

    >>> horizon_text(1826), horizon_text(90)
    ('5 years', '90 days')
    """
    years = horizon_days / 365.25
    if abs(years - round(years)) < 0.01 and years >= 0.99:
        return f"{round(years)} year" + ("s" if round(years) != 1 else "")
    return f"{horizon_days} days"

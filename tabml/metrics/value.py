"""What a metric answers: a number with its interval, or the reason why there is none."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from tabml.core.errors import InputError
from tabml.core.results import Status

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Value:
    """One number. `value` is None exactly where `status` is `not_estimable`, and then `reason` says why.

    `method` names the interval, `resamples` how many resamples it used and `redrawn` how many could not be
    used. `note` is what a reader must know although there is a number (few distinct risks, clipped cells).
    """

    value: float | None
    lower: float | None = None
    upper: float | None = None
    reason: str | None = None
    method: str | None = None
    resamples: int | None = None
    redrawn: int = 0
    note: str | None = None

    def __post_init__(self) -> None:
        for number in (self.value, self.lower, self.upper):
            if number is not None and not math.isfinite(number):
                raise ValueError("a Value holds finite numbers or none")
        if (self.value is None) == (self.reason is None):
            raise ValueError("a Value holds a number or a reason, not both")

    @property
    def status(self) -> Status:
        return "not_estimable" if self.value is None else "ok"

    def between(self, lower: float | None, upper: float | None, method: str, **more: Any) -> Value:
        """The same number with its interval."""
        return replace(self, lower=lower, upper=upper, method=method, **more)

    def __float__(self) -> float:
        """The number, and NaN where there is none: for arrays of resamples, never for print."""
        return math.nan if self.value is None else self.value


def known(number: ArrayLike, **more: Any) -> Value:
    """A number without interval."""
    return Value(float(np.asarray(number)), **more)


def unknown(reason: str) -> Value:
    """Not estimable, and why."""
    return Value(None, reason=reason)


def columns(*arrays: ArrayLike, weight: ArrayLike | None = None) -> tuple[Floats, ...]:
    """The arrays as float64 and the case weights (ones where none are given), all of one length and finite."""
    weights = np.ones(len(np.asarray(arrays[0]))) if weight is None else weight
    taken = tuple(np.asarray(a, dtype=float) for a in (*arrays, weights))
    if len({len(a) for a in taken}) != 1:
        raise InputError(f"metric got arrays of {', '.join(str(len(a)) for a in taken)} rows")
    if not all(np.isfinite(a).all() for a in taken):
        bad = max(int((~np.isfinite(a.reshape(len(a), -1))).any(axis=1).sum()) for a in taken)
        raise InputError(f"metric got {bad} rows with a missing or infinite number")
    return taken


def probabilities(y: ArrayLike, p: ArrayLike, weight: ArrayLike | None = None) -> tuple[Floats, Floats, Floats]:
    """Outcome 0/1, probability and weight of every row of weight above 0; refuses anything else."""
    y, p, weight = columns(y, p, weight=weight)
    if not np.isin(y, (0.0, 1.0)).all():
        raise InputError("a binary outcome holds values other than 0 and 1")
    if ((p < 0) | (p > 1)).any():
        raise InputError(f"probability outside 0-1 in {int(((p < 0) | (p > 1)).sum())} rows")
    kept = weight > 0
    return y[kept], p[kept], weight[kept]


def logit(p: ArrayLike, clip: float = 1e-12) -> Floats:
    """log(p / (1 - p)), with p held inside [clip, 1 - clip]."""
    held = np.clip(np.asarray(p, dtype=float), clip, 1 - clip)
    return np.asarray(np.log(held) - np.log1p(-held), dtype=float)


def expit(z: ArrayLike) -> Floats:
    """1 / (1 + exp(-z)), without overflow."""
    return np.asarray(0.5 * (1 + np.tanh(0.5 * np.asarray(z, dtype=float))), dtype=float)

"""Putting centres together: random effects with an interval for the mean and one for a new centre."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from tabml.metrics.intervals import Scale
from tabml.metrics.value import Floats, Value, columns, expit, known, logit, unknown

MIN_CENTRES = 3  # fewer: listed, not pooled


@dataclass(frozen=True)
class Pooled:
    """Pooled value with its Hartung-Knapp interval, the prediction interval of a new centre, and tau2 on `scale`."""

    value: Value
    prediction: tuple[float, float] | None
    tau2: float | None
    centres: int


def pool(values: ArrayLike, se: ArrayLike, *, scale: Scale = "identity", level: float = 0.95) -> Pooled:
    """Random-effects mean over centres: REML, Hartung-Knapp interval, t on k - 1 df for both intervals.

    `values`, `se` (k,) on the plain scale; they are pooled on `scale` (logit for AUC and C, log for O/E), standard
    errors carried over by the delta method. Fewer than 3 centres, or a value where the scale ends: not pooled.
    """
    values, se, _ = columns(values, se)
    k = len(values)
    if k < MIN_CENTRES:
        return Pooled(unknown(f"{k} centres: listed, not pooled"), None, None, k)
    y, v = _to(values, se, scale)
    if not (np.isfinite(y).all() and (v > 0).all() and np.isfinite(v).all()):
        return Pooled(unknown("a centre has a value without standard error"), None, None, k)
    tau2 = _reml(y, v)
    w = 1 / (v + tau2)
    mean = float((w * y).sum() / w.sum())
    spread = float((w * (y - mean) ** 2).sum() / (k - 1) / w.sum())
    from scipy.special import stdtrit

    t = float(stdtrit(k - 1, 0.5 + level / 2))
    middle, low, high = (_back(mean + s * t * math.sqrt(spread), scale) for s in (0, -1, 1))
    reach = t * math.sqrt(tau2 + spread)
    value = known(middle).between(low, high, "reml_hartung_knapp")
    return Pooled(value, (_back(mean - reach, scale), _back(mean + reach, scale)), tau2, k)


def _to(values: Floats, se: Floats, scale: Scale) -> tuple[Floats, Floats]:
    if scale == "logit":
        inside = (values > 0) & (values < 1)
        slope = np.divide(1.0, values * (1 - values), out=np.full_like(values, np.nan), where=inside)
        return np.where(inside, logit(values), np.nan), (se * slope) ** 2
    if scale == "log":
        inside = values > 0
        slope = np.divide(1.0, values, out=np.full_like(values, np.nan), where=inside)
        return np.log(np.where(inside, values, np.nan)), (se * slope) ** 2
    return values, se**2


def _back(z: float, scale: Scale) -> float:
    carry: dict[Scale, Any] = {"identity": float, "logit": expit, "log": math.exp}
    return float(carry[scale](z))


def _reml(y: Floats, v: Floats) -> float:
    """Between-centre variance by restricted maximum likelihood (Fisher scoring), 0 at the least."""
    tau2 = max(0.0, float(y.var(ddof=1) - v.mean()))
    for _ in range(200):
        w = 1 / (v + tau2)
        mean = (w * y).sum() / w.sum()
        trace = w.sum() - (w**2).sum() / w.sum()
        information = (w**2).sum() - 2 * (w**3).sum() / w.sum() + ((w**2).sum() / w.sum()) ** 2
        step = float(((w**2 * (y - mean) ** 2).sum() - trace) / information)
        new = max(0.0, tau2 + step)
        if abs(new - tau2) < 1e-12 * (1 + tau2):
            return new
        tau2 = new
    return tau2

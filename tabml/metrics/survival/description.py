"""What happened to the patients: Kaplan-Meier with intervals, medians, restricted mean, follow-up, log-rank."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from tabml.core.hazard import greenwood, kaplan_meier, risk_table
from tabml.metrics.intervals import z_of
from tabml.metrics.survival.outcome import NO_EVENTS, Outcome, outcome
from tabml.metrics.value import Floats, Value, known, unknown


@dataclass(frozen=True)
class KaplanMeierCurve:
    """Steps of a Kaplan-Meier curve with its log-log interval: each number holds from its time (days) on.

    The interval is NaN-free: before the first event and after the curve reaches 0 it is the curve itself.
    """

    time: Floats
    survival: Floats
    lower: Floats
    upper: Floats


def kaplan_meier_curve(y: NDArray[np.void], *, level: float = 0.95) -> KaplanMeierCurve:
    """The curve from (0, 1) to the last follow-up time, one step per time with an event."""
    found, _ = outcome(y)
    curve = kaplan_meier(found.time, found.event, entry=found.entry)
    last = float(found.time.max())
    time = np.unique(np.concatenate([[0.0], curve.times, [last]]))
    survival = curve.at(time)
    lower, upper = _log_log(survival, greenwood(found.time, found.event, entry=found.entry).at(time), level)
    return KaplanMeierCurve(time, survival, lower, upper)


def number_at_risk(y: NDArray[np.void], times: ArrayLike) -> tuple[int, ...]:
    """How many rows are under observation just before each time: entry < t <= time; at time 0 all who start then."""
    found, _ = outcome(y)
    at = np.asarray(times, dtype=float)[:, None]
    return tuple(((found.time >= at) & ((found.entry < at) | (found.entry == 0))).sum(axis=1).tolist())


def survival_at(y: NDArray[np.void], horizon: float, *, weight: ArrayLike | None = None, level: float = 0.95) -> Value:
    """Kaplan-Meier's probability of being event-free at a horizon (days), log-log interval."""
    found, _ = outcome(y, weight=weight)
    if not _followed(found, horizon):
        return unknown(f"nobody is followed for {horizon:g} days")
    survival = float(kaplan_meier(found.time, found.event, entry=found.entry, weight=found.weight).at(horizon))
    if survival in (0.0, 1.0):
        return known(survival, note="no interval: nobody, or everybody, had the event")
    spread = greenwood(found.time, found.event, entry=found.entry, weight=found.weight).at(horizon)
    low, high = _log_log(np.array([survival]), np.atleast_1d(spread), level)
    return known(survival).between(float(low[0]), float(high[0]), "log_log")


def median_survival(y: NDArray[np.void], *, level: float = 0.95) -> Value:
    """Time (days) by which half had the event; where the curve is exactly 0.5, the midpoint of that step.

    Limits are where the log-log band crosses one half; a limit never reached leaves the interval out, noted.
    """
    found, _ = outcome(y)
    return _median(found, found.event, level, "half of the patients never had the event")


def median_follow_up(y: NDArray[np.void], *, level: float = 0.95) -> Value:
    """Reverse Kaplan-Meier median follow-up (days): any event ends the watching, censoring is what is waited for."""
    found, _ = outcome(y)
    return _median(found, ~found.observed, level, "fewer than half of the patients would be followed to an end")


def restricted_mean(y: NDArray[np.void], tau: float, *, level: float = 0.95) -> Value:
    """Mean event-free time up to tau (days): area below Kaplan-Meier; Greenwood's variance, plain interval."""
    found, _ = outcome(y)
    if not _followed(found, tau):
        return unknown(f"nobody is followed for {tau:g} days")
    mean, se = _restricted_mean(found, tau)
    z = z_of(level)
    return known(mean).between(mean - z * se, mean + z * se, "greenwood")


@dataclass(frozen=True)
class LogRank:
    """Chi2 and its degrees of freedom; `p` is descriptive where the groups were made from the same data."""

    chi2: float
    df: int
    p: float


def log_rank(
    y: NDArray[np.void], group: ArrayLike, *, kind: Literal["log_rank", "peto"] = "log_rank"
) -> LogRank | None:
    """Log-rank test over groups, or Peto and Peto's form weighted by S(t-); None with one group or no events."""
    found, _ = outcome(y)
    labels = np.unique(group, return_inverse=True)[1]
    k = int(labels.max()) + 1
    if k < 2 or not found.event.any():
        return None
    times = np.unique(found.time[found.event])
    tables = [_at(found, labels == g, times) for g in range(k)]
    r, d = np.array([t[0] for t in tables]), np.array([t[1] for t in tables])  # (k, T)
    n, deaths = r.sum(axis=0), d.sum(axis=0)
    weight = np.ones(len(times)) if kind == "log_rank" else kaplan_meier(found.time, found.event).left(times)
    score = (weight * (d - r * deaths / n)).sum(axis=1)[:-1]
    spread = weight**2 * deaths * (n - deaths) / np.maximum(n - 1, 1) / n
    covariance = (np.diag((spread * r).sum(axis=1)) - (spread / n * r) @ r.T)[:-1, :-1]
    chi2 = float(score @ np.linalg.pinv(covariance) @ score)
    from scipy.special import gammaincc

    return LogRank(chi2, k - 1, float(gammaincc((k - 1) / 2, chi2 / 2)))


def _at(found: Outcome, here: NDArray[np.bool_], times: Floats) -> tuple[Floats, Floats]:
    time, event, entry = found.time[here], found.event[here], found.entry[here]
    at_risk = ((time[:, None] >= times) & (entry[:, None] < times)).sum(axis=0)
    return at_risk.astype(float), ((time[:, None] == times) & event[:, None]).sum(axis=0).astype(float)


def _followed(found: Outcome, horizon: float) -> bool:
    """Somebody is at risk at the horizon, or the curve has reached 0 before it."""
    whole = kaplan_meier(found.time, found.event, weight=found.weight)
    return bool((found.time >= horizon).any()) or float(whole.at(horizon)) < 1e-12


def _log_log(survival: Floats, spread: Floats, level: float) -> tuple[Floats, Floats]:
    """Interval of S on the log(-log) scale; `spread` is Greenwood's sum. S of 0 or 1 has none: S itself."""
    inside = (survival > 0) & (survival < 1)
    held = np.where(inside, survival, 0.5)
    log_s = np.log(held)
    reach = z_of(level) * np.sqrt(np.where(inside, spread, 0.0)) / np.abs(log_s)
    lower, upper = np.exp(log_s * np.exp(reach)), np.exp(log_s * np.exp(-reach))
    return np.where(inside, lower, survival), np.where(inside, upper, survival)


def _median(found: Outcome, event: NDArray[np.bool_], level: float, never: str) -> Value:
    if not event.any():
        return unknown(NO_EVENTS if never.startswith("half") else never)
    curve = kaplan_meier(found.time, event, entry=found.entry)
    spread = greenwood(found.time, event, entry=found.entry).at(curve.times)
    median = _crossing(curve.times, curve.values)
    if median is None:
        return unknown(never)
    ends = [_crossing(curve.times, band) for band in _log_log(curve.values, spread, level)]
    if ends[0] is None or ends[1] is None:
        return known(median, note="no interval: its upper limit lies beyond the follow-up")
    return known(median).between(ends[0], ends[1], "log_log")


def _crossing(times: Floats, values: Floats) -> float | None:
    """First time the curve is below one half; where it rests on exactly one half, the midpoint of that step."""
    below = np.flatnonzero(values < 0.5 - 1e-9)
    rest = np.flatnonzero(np.abs(values - 0.5) <= 1e-9)
    if len(rest):
        end = times[below[0]] if len(below) else times[rest[-1]]
        return float((times[rest[0]] + end) / 2)
    return float(times[below[0]]) if len(below) else None


def _restricted_mean(found: Outcome, tau: float) -> tuple[float, float]:
    table = risk_table(found.time, found.event, entry=found.entry)
    here = (table.events > 0) & (table.times <= tau)
    t, n, d = table.times[here], table.at_risk[here], table.events[here]
    steps = np.concatenate([[0.0], t, [tau]])
    areas = np.append(1.0, np.cumprod(1 - d / n)) * np.diff(steps)
    rest = np.cumsum(areas[::-1])[::-1][1:]
    kept = n > d
    variance = float((rest[kept] ** 2 * d[kept] / (n[kept] * (n[kept] - d[kept]))).sum())
    return float(areas.sum()), math.sqrt(variance)

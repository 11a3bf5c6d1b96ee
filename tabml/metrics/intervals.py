"""Intervals: closed forms on the right scale, and one patient-level bootstrap whose resamples all metrics share."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from statistics import NormalDist
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from tabml.core.errors import DataError
from tabml.metrics.value import Floats, Value, expit, logit, unknown

Scale = Literal["identity", "logit", "log"]
Counts = NDArray[np.int32]
MIN_USABLE = 0.5  # a bootstrap interval of fewer than half its resamples describes the lucky ones only


def z_of(level: float) -> float:
    """Two-sided normal quantile; 1.96 at 95 %."""
    return NormalDist().inv_cdf(0.5 + level / 2)


def wilson(successes: float, n: float, level: float = 0.95) -> tuple[float, float]:
    """Wilson's score interval of a proportion (Wilson 1927); `n` above 0.

    >>> [round(x, 4) for x in wilson(45, 60)]
    [0.6277, 0.8422]
    """
    z = z_of(level)
    share = successes / n
    middle = share + z * z / (2 * n)
    reach = z * math.sqrt(share * (1 - share) / n + z * z / (4 * n * n))
    scale = 1 + z * z / n
    # exact arithmetic keeps the share inside; rounding must not push it out
    return max(0.0, min(share, (middle - reach) / scale)), min(1.0, max(share, (middle + reach) / scale))


def wald(value: float, se: float, *, scale: Scale = "identity", level: float = 0.95) -> tuple[float, float]:
    """value +- z se; `se` is on the plain scale, the interval is made on `scale` by the delta method."""
    reach = z_of(level) * se
    if scale == "logit":
        middle, reach = float(logit(value)), reach / (value * (1 - value))
        return float(expit(middle - reach)), float(expit(middle + reach))
    if scale == "log":
        return value * math.exp(-reach / value), value * math.exp(reach / value)
    return value - reach, value + reach


@dataclass(frozen=True)
class Resamples:
    """Bootstrap counts: how often each row stands in each resample. One matrix serves every metric.

    `counts`: (B, n_rows). `redrawn`: resamples that were drawn again because `usable` refused them.
    """

    counts: Counts
    redrawn: int = 0


def bootstrap_counts(
    patient: ArrayLike,
    *,
    resamples: int,
    seed: int,
    strata: ArrayLike | None = None,
    usable: Callable[[Counts], bool] | None = None,
) -> Resamples:
    """Draw patients with replacement, inside strata where given; all rows of a patient share its count.

    `patient` (n_rows,): any labels. `strata` (n_rows,): one label per patient, the outcome for example.
    `usable` sees one row of counts (n_rows,) and says whether it can be used, e.g. holds both classes.
    """
    groups, row_patient = np.unique(patient, return_inverse=True)
    generator = np.random.default_rng(seed)
    members = _members(len(groups), row_patient, strata)
    counts = np.empty((resamples, len(row_patient)), dtype=np.int32)
    redrawn = 0
    for b in range(resamples):
        for attempt in range(101):
            counts[b] = _draw(generator, len(groups), members)[row_patient]
            if usable is None or usable(counts[b]):
                break
            redrawn += 1
            if attempt == 100:
                raise DataError(
                    "no bootstrap resample holds what the metrics need", hint="too few patients of one class"
                )
    return Resamples(counts, redrawn)


def bootstrap(metric: Callable[[Floats], Value], resamples: Resamples, *, level: float = 0.95) -> Value:
    """A metric with its percentile interval over patient resamples; `metric` takes the case weights (n,).

    Resamples in which the metric has no number are left out and counted. The point is the metric with weight 1.
    """
    point = metric(np.ones(resamples.counts.shape[1]))
    if point.value is None:
        return point
    draws = np.array([float(metric(row.astype(float))) for row in resamples.counts])
    return percentile(point, draws, redrawn=resamples.redrawn, level=level)


def percentile(point: Value, draws: Floats, *, redrawn: int = 0, level: float = 0.95) -> Value:
    """`point` with the percentile interval of `draws`, NaN draws left out and counted in `redrawn`.

    All draws equal: the bootstrap cannot move the number, so there is no interval; at 0 or 1, as for the AUC
    of complete separation, the number itself is not estimable.
    """
    if point.value is None:
        return point
    usable = draws[np.isfinite(draws)]
    lost = redrawn + len(draws) - len(usable)
    if len(usable) < max(2, MIN_USABLE * len(draws)):
        return replace(point, redrawn=lost, note=_join(point.note, "no interval: too few usable resamples"))
    if np.ptp(usable) == 0 and point.value in (0.0, 1.0):
        return unknown(f"{point.value:.0f} in every resample: complete separation has no interval")
    if np.ptp(usable) == 0:
        return replace(point, redrawn=lost, note=_join(point.note, "no interval: every resample gives the same number"))
    low, high = np.quantile(usable, _tails(level))
    return point.between(
        float(low), float(high), "bootstrap_patient_percentile", resamples=len(usable), redrawn=lost
    )  # fmt: skip


def recentred(point: Value, draws: Floats, *, level: float = 0.95) -> Value:
    """`point` with the percentile interval of `draws`, moved by what resampling adds to a distance; 0 at the least.

    Repeated rows make a smooth curve rougher, so a distance from it is larger in nearly every resample.
    """
    found = percentile(point, draws, level=level)
    if point.value is None or found.lower is None or found.upper is None:
        return found
    shift = float(np.mean(draws[np.isfinite(draws)])) - point.value
    low, high = max(0.0, found.lower - shift), max(0.0, found.upper - shift)
    return replace(found, lower=low, upper=high, method="bootstrap_patient_recentred")


def expanded(level: float, n: int) -> float:
    """The level at which bootstrap quantiles cover as often as t intervals of `n` observations (Hesterberg 2015).

    Resampling n observations gives a variance (n - 1) / n too small, and normal quantiles where t is due.
    """
    if n < 2:
        return level
    from scipy.special import stdtrit

    reach = math.sqrt(n / (n - 1)) * float(stdtrit(n - 1, 0.5 + level / 2))
    return 2 * NormalDist().cdf(reach) - 1


def shrunk_interval(
    draws: ArrayLike, *, factor: float, scale: Scale = "identity", level: float = 0.95
) -> tuple[float, float, float]:
    """Mean of the draws, and mean + factor x (quantile - mean) on `scale`: out-of-bag draws are too wide.

    Draws at 0 or 1 are held 1e-6 inside on the logit scale.
    """
    draws = np.asarray(draws, dtype=float)
    middle = float(draws.mean())
    ends = np.quantile(draws, _tails(level))
    to, back = _SCALES[scale]
    centre = to(middle)
    low, high = back(centre + factor * (to(ends) - centre))
    return middle, float(low), float(high)


_SCALES: dict[Scale, tuple[Callable[[ArrayLike], Floats], Callable[[ArrayLike], Floats]]] = {
    "identity": (np.asarray, np.asarray),
    "logit": (lambda p: logit(p, 1e-6), expit),
    "log": (np.log, np.exp),
}


def _tails(level: float) -> tuple[float, float]:
    return (1 - level) / 2, (1 + level) / 2


def _join(*notes: str | None) -> str:
    return "; ".join(n for n in notes if n)


def _members(n: int, row_patient: NDArray[np.intp], strata: ArrayLike | None) -> list[NDArray[np.intp]]:
    """Patients of each stratum; a patient's stratum is the last (largest) label of its rows."""
    if strata is None:
        return [np.arange(n)]
    labels = np.unique(strata, return_inverse=True)[1]
    label = np.zeros(n, dtype=np.intp)
    np.maximum.at(label, row_patient, labels)
    return [np.flatnonzero(label == s) for s in np.unique(label)]


def _draw(generator: np.random.Generator, n: int, members: list[NDArray[np.intp]]) -> Counts:
    drawn = [m[generator.integers(0, len(m), len(m))] for m in members]
    return np.bincount(np.concatenate(drawn), minlength=n).astype(np.int32)

"""Comparisons of two models on the same patients: always paired, never two intervals side by side."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from statistics import NormalDist

import numpy as np
from numpy.typing import ArrayLike

from tabml.metrics.classification import auroc_influence
from tabml.metrics.intervals import Resamples, percentile, z_of
from tabml.metrics.value import Floats, Value, known, unknown


def delong_test(
    y: ArrayLike, first: ArrayLike, second: ArrayLike, *, fold: ArrayLike | None = None, level: float = 0.95
) -> tuple[Value, Value, Value]:
    """AUROC of the first minus that of the second score, its z and two-sided p (DeLong's paired test).

    Difference above 0: the first separates better. One row per patient.
    """
    a, b = auroc_influence(y, first, fold=fold), auroc_influence(y, second, fold=fold)
    if a is None or b is None:
        nothing = unknown("no pair of a row with and a row without the outcome")
        return nothing, nothing, nothing
    difference = a.auc - b.auc
    se = math.sqrt(float(((a.rows - b.rows) ** 2).sum()))
    if se < 1e-12:
        alike = unknown("both scores rank the rows alike" if abs(difference) < 1e-12 else "no variance")
        return known(difference, note="no interval: no variance"), alike, alike
    reach = z_of(level) * se
    z = difference / se
    value = known(difference).between(difference - reach, difference + reach, "delong_paired")
    return value, known(z), known(2 * NormalDist().cdf(-abs(z)))


def paired_difference(
    first: Callable[[Floats], Value],
    second: Callable[[Floats], Value],
    resamples: Resamples,
    *,
    level: float = 0.95,
) -> Value:
    """First minus second metric with its percentile interval; both see the same resampled patients.

    Each metric takes the case weights (n,). Above 0 means the first number is larger, better or not.
    """

    def minus(weight: Floats) -> Value:
        a, b = first(weight), second(weight)
        if a.value is None or b.value is None:
            return a if a.value is None else b
        return known(a.value - b.value)

    point = minus(np.ones(resamples.counts.shape[1]))
    if point.value is None:
        return point
    draws = np.array([float(minus(row.astype(float))) for row in resamples.counts])
    found = percentile(point, draws, redrawn=resamples.redrawn, level=level)
    return found if found.value is not None else known(point.value, note="no interval: every resample is the same")


def nadeau_bengio(differences: ArrayLike, test_over_train: float) -> tuple[Value, Value]:
    """Corrected resampled t (Nadeau and Bengio 2003) over J fold differences, and its two-sided p on J - 1 df.

    t = mean / sqrt(s^2 (1/J + n_test/n_train)): folds share training patients, so the plain t is too large.
    """
    d = np.asarray(differences, dtype=float)
    if len(d) < 2 or np.ptp(d) == 0:
        nothing = unknown("fewer than two different fold differences")
        return nothing, nothing
    t = float(d.mean() / math.sqrt(d.var(ddof=1) * (1 / len(d) + test_over_train)))
    from scipy.special import stdtr

    return known(t), known(2 * stdtr(len(d) - 1, -abs(t)))


def holm(p: Sequence[float]) -> tuple[float, ...]:
    """Holm's adjusted p values (1979), in the order given.

    >>> [round(x, 3) for x in holm([0.01, 0.04, 0.03])]
    [0.03, 0.06, 0.06]
    """
    adjusted, highest = [0.0] * len(p), 0.0
    for rank, i in enumerate(sorted(range(len(p)), key=lambda i: p[i])):
        highest = max(highest, min(1.0, (len(p) - rank) * p[i]))
        adjusted[i] = highest
    return tuple(adjusted)

"""Taking a survival outcome apart, and saying until when it can be evaluated."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from tabml.core.errors import InputError
from tabml.core.hazard import StepFunction, censoring_kaplan_meier
from tabml.core.weighting import ROUNDING
from tabml.metrics.value import Floats, columns

MIN_AT_RISK = 10  # fewer patients under observation: weights explode and the curve is a guess
NO_EVENTS = "no events"


@dataclass(frozen=True)
class Outcome:
    """Rows of weight above 0: time in days, whether the event came, whether it was no censoring, case weight.

    `resampled`: the weights are counts of a resample; weights of 0 to 1 that leave nobody out are shares of patients.
    """

    time: Floats
    event: NDArray[np.bool_]
    observed: NDArray[np.bool_]
    entry: Floats
    weight: Floats
    weighted: bool
    resampled: bool

    def censoring(self) -> StepFunction:
        """G, the probability of not being censored yet."""
        return censoring_kaplan_meier(self.time, self.observed, entry=self.entry, weight=self.weight)

    def beyond(self, horizon: float) -> str | None:
        """Why nothing can be said at this horizon, or None: no events, or fewer than 10 patients at risk.

        In a resample (case weights were given) one patient at risk is enough.
        """
        if not self.event.any():
            return NO_EVENTS
        at_risk = float(self.weight[self.time >= horizon].sum()) + ROUNDING
        if at_risk >= (1 if self.resampled else MIN_AT_RISK) and float(self.censoring().at(horizon)) > 0:
            return None
        if self.weight.sum() + ROUNDING < MIN_AT_RISK:
            return f"fewer than {MIN_AT_RISK} patients"
        latest = np.argsort(-self.time, kind="stable")
        followed = np.cumsum(self.weight[latest]) + ROUNDING
        usable = np.floor(self.time[latest][np.searchsorted(followed, MIN_AT_RISK)])
        return (
            f"fewer than {MIN_AT_RISK} patients are followed for {horizon:g} days; "
            f"the largest usable horizon is {usable:g} days"
        )


def outcome(y: NDArray[np.void], *arrays: ArrayLike, weight: ArrayLike | None = None) -> tuple[Outcome, list[Floats]]:
    """The outcome and the arrays beside it, rows of weight 0 left out. Times of 0 or less are refused."""
    time, event, entry, *rest, weights = columns(y["time"], y["event"], y["entry"], *arrays, weight=weight)
    kept = weights > 0
    late = int((time[kept] <= 0).sum())
    if late:
        raise InputError(f"time must be above 0 in {late} rows", hint="settle zero and negative times at ingest")
    parts = Outcome(
        time[kept], event[kept] == 1, event[kept] != 0, entry[kept], weights[kept], weighted=weight is not None,
        resampled=weight is not None and not _are_shares(weights),
    )  # fmt: skip
    return parts, [a[kept] for a in rest]


def _are_shares(weights: Floats) -> bool:
    """Whether these are shares of patients: none is left out, none counts more than once, some rows less."""
    return bool((weights > 0).all() and (weights <= 1).all() and (weights < 1).any())

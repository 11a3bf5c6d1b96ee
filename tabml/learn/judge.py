"""Judging predictions: every metric of a task on one set of links, and under many patient weightings."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tabml.core.splits import Positions
from tabml.core.target import SURVIVAL_TASKS, Target
from tabml.core.weighting import patient_shares
from tabml.learn.loss import Floats, Link, TimeGrid, rank_score, survival_of
from tabml.learn.material import Material
from tabml.learn.pipeline import probability_of
from tabml.metrics.registry import Metric, metric
from tabml.metrics.value import Value

#: Metrics of a brief line: enough to see a model's place.
BRIEF: dict[str, tuple[str, ...]] = {
    "binary": ("auroc", "brier", "log_loss"),
    "multiclass": ("hand_till_m", "multiclass_brier", "multiclass_log_loss"),
    "regression": ("rmse", "mae", "r2"),
    "survival": ("uno_c", "harrell_c", "ibs"),
}
FULL: dict[str, tuple[str, ...]] = {
    "binary": ("auroc", "auroc_pooled", "auprc", "brier", "scaled_brier", "log_loss", "calibration_in_the_large",
               "calibration_slope", "calibration_intercept", "observed_expected", "ici"),
    "multiclass": ("hand_till_m", "one_vs_rest_auroc", "multiclass_brier", "multiclass_log_loss"),
    "regression": ("rmse", "mae", "median_absolute_error", "r2", "slope", "intercept", "concordance_correlation"),
    "survival": ("uno_c", "harrell_c", "auc_at", "brier_at", "ipa_at", "ibs", "observed_expected_at",
                 "survival_slope", "ici_at"),
}  # fmt: skip
#: Smoothers cost 20 ms a resample; their intervals rest on fewer of them.
MOST_RESAMPLES = {"ici": 100, "ici_at": 200}


@dataclass(frozen=True)
class Ask:
    """One number wanted: a metric, with the horizon, class or threshold it is asked at."""

    key: str
    horizon: int | None = None
    cls: int | None = None
    threshold: float | None = None

    @property
    def metric(self) -> Metric:
        return metric(self.key)


def most_resamples(ask: Ask) -> float:
    """Resamples that a metric is taken on at the most."""
    return MOST_RESAMPLES.get(ask.key, float("inf"))


@dataclass(frozen=True)
class Judge:
    """The truth that predictions are held against.

    `patient` (n,): whose row each is. `share` (n,): what part of its patient; every number is one of patients, not of
    rows. None where each row is a patient, so that nothing is weighted.
    """

    target: Target
    grid: TimeGrid | None
    patient: Positions
    share: Floats | None = None

    @classmethod
    def of(cls, material: Material) -> Judge:
        """The judge of a study."""
        return cls(material.target, material.grid, material.patients.of_row, patient_shares(material.patients.of_row))

    def asks(self, *, brief: bool = False, thresholds: Sequence[float] = ()) -> tuple[Ask, ...]:
        """The numbers of this task, in the order of the report."""
        keys = (BRIEF if brief else FULL)[self.target.task]
        out: list[Ask] = []
        for key in keys:
            needs = metric(key).needs
            if "horizon" in needs:
                out += [Ask(key, horizon=h) for h in self.target.horizons]
            elif "cls" in needs:
                out += [Ask(key, cls=k) for k in range(len(self.target.classes))]
            else:
                out.append(Ask(key))
        if self.target.task == "binary" and not brief:
            rates = ("sensitivity", "specificity", "ppv", "npv")
            out += [Ask(rate, threshold=t) for t in thresholds for rate in rates]
        return tuple(out)

    def value(
        self,
        ask: Ask,
        raw: Link,
        link: Link,
        *,
        fold: NDArray[np.int64] | None = None,
        weight: Floats | None = None,
        rows: Positions | None = None,
    ) -> Value:
        """One metric. `raw` (n, ...) ranks, `link` (n, ...) is the calibrated one; ranking counts pairs inside folds.

        With `rows` the links belong to these rows of the target only. `weight` (n,) are counts of patients: the rows
        of a patient share them.
        """
        y = self.target.y if rows is None else self.target.y[rows]
        pairs = ask.metric.pairs
        arguments = [self._argument(need, ask, raw if pairs else link) for need in ask.metric.needs]
        more: dict[str, Any] = {"fold": fold} if pairs and fold is not None else {}
        if self.share is not None:
            share = self.share if rows is None else self.share[rows]
            weight = share if weight is None else weight * share
        return ask.metric.function(y, *arguments, weight=weight, **more)

    def draws(
        self,
        asks: Sequence[Ask],
        weights: Floats,
        raw: Link,
        link: Callable[[int], Link],
        *,
        number: Sequence[int] | NDArray[np.int64] | None = None,
        fold: NDArray[np.int64] | None = None,
        rows: Positions | None = None,
    ) -> dict[Ask, Floats]:
        """Each metric under each row of case weights (B, n), NaN where it has no number.

        `link(i)` is the calibrated link of draw i, whose number among all draws is `number[i]`: slow metrics are
        taken on the first draws only, and are NaN on the others.
        """
        out = {a: np.full(len(weights), np.nan) for a in asks}
        for i, weight in enumerate(weights):
            place = i if number is None else int(number[i])
            here = [a for a in asks if place < most_resamples(a)]
            calibrated = link(i)
            for ask in here:
                found = self.value(ask, raw, calibrated, fold=fold, weight=weight, rows=rows)
                out[ask][i] = np.nan if found.value is None else found.value
        return out

    def _argument(self, need: str, ask: Ask, link: Link) -> Any:
        grid = self.grid
        if self.target.task in SURVIVAL_TASKS and grid is not None:
            at = grid.last if ask.horizon is None else int(np.searchsorted(grid.times, ask.horizon))
            if need == "curves":
                return survival_of(link[:, grid.steps])
            simple: dict[str, Callable[[], Any]] = {
                "log_hazard": lambda: rank_score(link, self.target.task, grid),
                "survival_at": lambda: survival_of(link[:, at]),
                "risk_at": lambda: 1 - survival_of(link[:, at]),
                "times": lambda: grid.times[grid.steps],
                "tau": lambda: float(grid.times[grid.last]),
                "horizon": lambda: ask.horizon,
            }
            return simple[need]()
        other: dict[str, Callable[[], Any]] = {
            "p": lambda: probability_of(link, self.target.task),
            "value": lambda: link,
            "cls": lambda: ask.cls,
            "threshold": lambda: ask.threshold,
        }
        return other[need]()

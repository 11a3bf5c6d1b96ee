"""The table of metrics: what each key is called, which way is better, how it is printed, and how it is computed.

Every function takes the outcome first, then what `needs` names, and `weight`; those marked `pairs` also take
`fold`, and count only pairs inside a fold.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from tabml.core.errors import ConfigError, did_you_mean
from tabml.core.labels import METRIC_LABELS
from tabml.core.results import HEADLINES, Direction
from tabml.core.target import Task
from tabml.metrics import calibration, classification, regression, survival
from tabml.metrics.intervals import Scale
from tabml.metrics.value import Value

#: What a metric is computed from, beside the outcome: `p` probability (n,) or (n, K); `value` predicted number;
#: `log_hazard` the risk score (n,); `survival_at`, `risk_at` predicted S(t) and 1 - S(t) (n,) at `horizon` in
#: days; `curves`, `times` predicted survival (n, T) on a grid; `tau` longest horizon; `cls` a class code.
Need = Literal[
    "p", "value", "log_hazard", "survival_at", "risk_at", "horizon", "curves", "times", "tau", "cls", "threshold"
]


@dataclass(frozen=True)
class Metric:
    """One line of the table. `unit` is `1`, or `y` for the outcome's own unit; `doc` is the function's docstring."""

    key: str
    direction: Direction
    decimals: int
    tasks: tuple[Task, ...]
    function: Callable[..., Value]
    needs: tuple[Need, ...]
    unit: str = "1"
    pairs: bool = False
    scale: Scale = "identity"

    @property
    def label(self) -> str:
        return METRIC_LABELS[self.key]

    @property
    def doc(self) -> str:
        return (self.function.__doc__ or "").strip()


def _rate(name: classification.Rate, title: str) -> Callable[..., Value]:
    def rate(y: object, p: object, threshold: float, *, weight: object = None) -> Value:
        return classification.at_threshold(y, p, threshold, weight=weight)[name]  # type: ignore[arg-type]

    rate.__doc__ = f"{title}, calling p >= threshold positive; Wilson interval. Higher is better."
    return rate


_HIGH: Direction = "higher_is_better"
_LOW: Direction = "lower_is_better"
_ONE: Direction = "closer_to_one"
_ZERO: Direction = "closer_to_zero"
_B: tuple[Task, ...] = ("binary",)
_M: tuple[Task, ...] = ("multiclass",)
_R: tuple[Task, ...] = ("regression",)
_S: tuple[Task, ...] = ("survival",)

_TABLE: tuple[Metric, ...] = (
    Metric("auroc", _HIGH, 2, _B, classification.auroc, ("p",), pairs=True, scale="logit"),
    Metric("auroc_pooled", _HIGH, 2, _B, classification.auroc_pooled, ("p",), scale="logit"),
    Metric("auprc", _HIGH, 2, _B, classification.auprc, ("p",)),
    Metric("partial_auroc", _HIGH, 2, _B, classification.partial_auroc, ("p",)),
    Metric("brier", _LOW, 3, _B, classification.brier, ("p",)),
    Metric("scaled_brier", _HIGH, 2, _B, classification.scaled_brier, ("p",)),
    Metric("log_loss", _LOW, 3, _B, classification.log_loss, ("p",)),
    Metric("nagelkerke_r2", _HIGH, 2, _B, classification.nagelkerke_r2, ("p",)),
    Metric("calibration_in_the_large", _ZERO, 2, _B, calibration.calibration_in_the_large, ("p",)),
    Metric("calibration_slope", _ONE, 2, _B, calibration.calibration_slope, ("p",)),
    Metric("calibration_intercept", _ZERO, 2, _B, calibration.calibration_intercept, ("p",)),
    Metric("observed_expected", _ONE, 2, _B, calibration.observed_expected, ("p",), scale="log"),
    Metric("ici", _LOW, 3, _B, calibration.ici, ("p",)),
    Metric("sensitivity", _HIGH, 2, _B, _rate("sensitivity", "Share of the affected called positive"), ("p", "threshold")),
    Metric("specificity", _HIGH, 2, _B, _rate("specificity", "Share of the unaffected called negative"), ("p", "threshold")),
    Metric("ppv", _HIGH, 2, _B, _rate("ppv", "Share of the affected among those called positive"), ("p", "threshold")),
    Metric("npv", _HIGH, 2, _B, _rate("npv", "Share of the unaffected among those called negative"), ("p", "threshold")),
    Metric("multiclass_log_loss", _LOW, 3, _M, classification.multiclass_log_loss, ("p",)),
    Metric("multiclass_brier", _LOW, 3, _M, classification.multiclass_brier, ("p",)),
    Metric("hand_till_m", _HIGH, 2, _M, classification.hand_till_m, ("p",), pairs=True, scale="logit"),
    Metric("one_vs_rest_auroc", _HIGH, 2, _M, classification.one_vs_rest_auroc, ("p", "cls"), pairs=True, scale="logit"),
    Metric("rmse", _LOW, 2, _R, regression.rmse, ("value",), unit="y"),
    Metric("mae", _LOW, 2, _R, regression.mae, ("value",), unit="y"),
    Metric("median_absolute_error", _LOW, 2, _R, regression.median_absolute_error, ("value",), unit="y"),
    Metric("r2", _HIGH, 2, _R, regression.r2, ("value",)),
    Metric("slope", _ONE, 2, _R, regression.slope, ("value",)),
    Metric("intercept", _ZERO, 2, _R, regression.intercept, ("value",), unit="y"),
    Metric("concordance_correlation", _HIGH, 2, _R, regression.concordance_correlation, ("value",)),
    Metric("uno_c", _HIGH, 2, _S, survival.uno_c, ("log_hazard", "tau"), pairs=True, scale="logit"),
    Metric("harrell_c", _HIGH, 2, _S, survival.harrell_c, ("log_hazard",), pairs=True, scale="logit"),
    Metric("auc_at", _HIGH, 2, _S, survival.auc_at, ("risk_at", "horizon"), pairs=True, scale="logit"),
    Metric("brier_at", _LOW, 3, _S, survival.brier_at, ("survival_at", "horizon")),
    Metric("ipa_at", _HIGH, 2, _S, survival.ipa_at, ("survival_at", "horizon")),
    Metric("ibs", _LOW, 3, _S, survival.ibs, ("curves", "times")),
    Metric("observed_expected_at", _ONE, 2, _S, survival.observed_expected_at, ("risk_at", "horizon"), scale="log"),
    Metric("survival_slope", _ONE, 2, _S, survival.calibration_slope, ("log_hazard",)),
    Metric("ici_at", _LOW, 3, _S, survival.ici_at, ("risk_at", "horizon")),
)  # fmt: skip

METRICS: dict[str, Metric] = {m.key: m for m in _TABLE}

#: The metric a report leads with.
HEADLINE: dict[Task, str] = {
    task: keys[0] for task, keys in HEADLINES.items() if keys[0] in METRICS and task in METRICS[keys[0]].tasks
}


def metric(key: str) -> Metric:
    """The metric of this key; an unknown one is refused with the near miss."""
    if key not in METRICS:
        raise ConfigError(f"unknown metric {key!r}", hint=did_you_mean(key, METRICS))
    return METRICS[key]


def metrics_for(task: Task) -> tuple[Metric, ...]:
    """Every metric of a task, in the order of the report."""
    return tuple(m for m in METRICS.values() if task in m.tasks)

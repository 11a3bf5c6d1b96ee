"""Results: every number of the report as one record with its interval, n and the name of the estimate it is.

Schema `tabml.results/1` (statistics.md section 8). `text` is made here, once, so that every format prints
the same characters. NaN and infinity are forbidden: a number that cannot be given has a status and a reason.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

from tabml.core.target import Task

EstimateType = Literal["apparent", "cv_winner", "corrected_bbc", "corrected_nested", "internal_external", "external"]
#: Whether the data tell more than nothing, and more than age and sex.
VerdictCode = Literal["useful", "not_better", "no_signal"]
Status = Literal["ok", "not_estimable", "suppressed", "not_run"]
Direction = Literal["higher_is_better", "lower_is_better", "closer_to_one", "closer_to_zero", "none"]

SCHEMA = "tabml.results/1"


@dataclass(frozen=True)
class EstimateName:
    """What an estimate is called: `title`, how it was made in a few words, and what it is a number of."""

    title: str
    made: str
    meaning: str

    @property
    def name(self) -> str:
        """`corrected (nested cross-validation)`."""
        return f"{self.title[:1].lower()}{self.title[1:]} ({self.made})"


ESTIMATES: dict[str, EstimateName] = {
    "apparent": EstimateName(
        "Apparent", "on the training rows", "on the patients the model was built on: always too good"
    ),
    "cv_winner": EstimateName(
        "Cross-validated winner", "not corrected for selection",
        "the best of many models by cross-validation: still too good, for it was chosen by this number",
    ),
    "corrected_bbc": EstimateName(
        "Corrected", "bootstrap bias-corrected cross-validation",
        "on patients the model had not seen, corrected for having chosen the best of many models "
        "(bootstrap bias-corrected cross-validation)",
    ),
    "corrected_nested": EstimateName(
        "Corrected", "nested cross-validation",
        "on patients seen neither by the model nor by the choice between models (nested cross-validation)",
    ),
    "internal_external": EstimateName(
        "Left-out centre", "leave one centre out", "on a centre that had no part in building the model"
    ),
    "external": EstimateName("External", "validation on another study", "on patients of another study"),
}  # fmt: skip

#: The metric a study leads with, by task, and what stands in for it where it has no honest estimate.
HEADLINES: dict[Task, tuple[str, ...]] = {
    "binary": ("auroc", "brier", "log_loss"),
    "multiclass": ("hand_till_m", "one_vs_rest_auroc", "multiclass_log_loss"),
    "regression": ("mae", "rmse", "r2"),
    "survival": ("uno_c", "harrell_c", "ibs"),
    "competing_risks": ("uno_c", "auc_at", "ibs"),
}


#: Observed per expected, and calibration slopes, beyond which risks mislead.
SENSIBLE_RATIO, SENSIBLE_SLOPE = (0.8, 1.25), (0.8, 1.2)

#: Noted beside left-out centres where the choice was not made again without each of them.
SHARED_CHOICE = "the centre took part in the choice and calibration of the model, not in its fit"


def fixed(value: float, decimals: int) -> str:
    """A number with its decimals; what rounds to nothing has no sign.

    >>> fixed(-0.001, 2), fixed(-0.005, 3)
    ('0.00', '-0.005')
    """
    said = f"{value:.{decimals}f}"
    return said if float(said) else said.removeprefix("-")


@dataclass(frozen=True)
class Estimate:
    """One number. (key, model, estimate_type, population, horizon, cls, cause, threshold, features) is unique."""

    key: str
    model: str
    estimate_type: EstimateType
    value: float | None
    lower: float | None = None
    upper: float | None = None
    population: str = "all"
    n: int | None = None
    events: int | None = None
    horizon: int | None = None
    cls: str | None = None
    cause: str | None = None
    threshold: float | None = None
    features: str | None = None
    level: float = 0.95
    ci_method: str | None = None
    resamples: int | None = None
    unit: str = "1"
    direction: Direction = "none"
    status: Status = "ok"
    reason: str | None = None
    decimals: int = 2

    @property
    def text(self) -> str:
        if self.status != "ok" or self.value is None:
            return f"not estimable: {self.reason}" if self.status == "not_estimable" else (self.reason or self.status)
        d = self.decimals
        if self.lower is None or self.upper is None:
            return fixed(self.value, d)
        return f"{fixed(self.value, d)} ({fixed(self.lower, d)} to {fixed(self.upper, d)})"

    @property
    def identity(self) -> tuple[Any, ...]:
        return (self.key, self.model, self.estimate_type, self.population, self.horizon, self.cls, self.cause,
                self.threshold, self.features)  # fmt: skip

    def record(self) -> dict[str, Any]:
        """The JSON record: `cls` is written as `class`, `text` is added, numbers are finite."""
        body = asdict(self)
        body["class"] = body.pop("cls")
        body.pop("decimals")
        for name in ("value", "lower", "upper"):
            if body[name] is not None and not math.isfinite(body[name]):
                raise ValueError(f"estimate {self.key} of {self.model}: {name} is not finite")
        return {**body, "horizon_unit": "day" if self.horizon is not None else None, "text": self.text}


def not_estimable(key: str, model: str, estimate_type: EstimateType, reason: str, **more: Any) -> Estimate:
    """An estimate that has no number, with its reason."""
    return Estimate(key, model, estimate_type, None, status="not_estimable", reason=reason, **more)


@dataclass(frozen=True)
class Curve:
    """A line of a figure: ROC, calibration, decision curve, Kaplan-Meier."""

    key: str
    model: str
    estimate_type: EstimateType
    x: tuple[float, ...]
    y: tuple[float, ...]
    lower: tuple[float, ...] = ()
    upper: tuple[float, ...] = ()
    x_unit: str = "1"
    y_unit: str = "1"
    at_risk: tuple[int, ...] = ()
    label: str = ""
    population: str = "all"
    horizon: int | None = None
    cls: str | None = None
    counts: tuple[int, ...] = ()


@dataclass(frozen=True)
class Table:
    """A table of the report: typed columns, rows of cells. A cell is a number or a text; `text` prints it."""

    key: str
    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    note: str = ""


@dataclass(frozen=True)
class Contribution:
    """One variable's part in one patient's prediction, on the link scale, with the value as the clinician knows it."""

    variable: str
    title: str
    value: str
    contribution: float


@dataclass(frozen=True)
class Example:
    """One explained patient; local reports only."""

    pseudonym: str
    predicted: str
    observed: str
    base: float
    link: float
    contributions: tuple[Contribution, ...]
    note: str = ""


@dataclass(frozen=True)
class Importance:
    """A variable's mean absolute SHAP value on held-out rows, and its direction.

    `bins`: for numbers, (value label, mean contribution, n) over quantile groups; for categories one per
    level: a picture of the effect without any patient's row.
    """

    variable: str
    title: str
    mean_abs: float
    bins: tuple[tuple[str, float, int], ...] = ()


@dataclass(frozen=True)
class Explanation:
    """SHAP overview and examples of one model. `scale` names the link, `additivity` the largest error seen."""

    model: str
    scale: str
    importances: tuple[Importance, ...]
    examples: tuple[Example, ...] = ()
    additivity: float | None = None
    note: str = ""


@dataclass(frozen=True)
class Results:
    """All that a report prints. `study`, `target` and `provenance` are plain data from the run."""

    study: Mapping[str, Any]
    target: Mapping[str, Any]
    counts: Mapping[str, Any]
    findings: Sequence[Mapping[str, Any]]
    models: Sequence[Mapping[str, Any]]
    estimates: tuple[Estimate, ...]
    curves: tuple[Curve, ...]
    tables: tuple[Table, ...]
    explanations: tuple[Explanation, ...]
    summary: Mapping[str, Any] = field(default_factory=dict)
    comparisons: tuple[Estimate, ...] = ()
    methods: tuple[str, ...] = ()
    provenance: Mapping[str, Any] = field(default_factory=dict)
    run: Mapping[str, Any] = field(default_factory=dict)

    def document(self) -> dict[str, Any]:
        """The JSON document. Clock fields stand in `run` alone, so equal runs are equal but for it."""
        identities = [e.identity for e in (*self.estimates, *self.comparisons)]
        if len(set(identities)) != len(identities):
            twice = next(i for i in identities if identities.count(i) > 1)
            raise ValueError(f"two estimates with one identity: {twice}")
        return {
            "schema": SCHEMA,
            "run": dict(self.run),
            "study": dict(self.study),
            "target": dict(self.target),
            "counts": dict(self.counts),
            "findings": [dict(f) for f in self.findings],
            "models": [dict(m) for m in self.models],
            "estimates": [e.record() for e in self.estimates],
            "comparisons": [e.record() for e in self.comparisons],
            "curves": [asdict(c) for c in self.curves],
            "tables": [asdict(t) for t in self.tables],
            "explanations": [asdict(e) for e in self.explanations],
            "summary": dict(self.summary),
            "methods": list(self.methods),
            "provenance": dict(self.provenance),
        }
